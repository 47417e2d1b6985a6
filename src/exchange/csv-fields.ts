/** `Active (W)` → `active_w` */
export function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

export function indexOfAny(names: readonly string[], wanted: readonly string[]): number | undefined {
  for (const name of wanted) {
    const index = names.indexOf(name);
    if (index >= 0) return index;
  }
  return undefined;
}

/** RFC 4180 fields: in quotes the delimiter is text, and a quote stands doubled. */
export function fieldsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter);
  const fields = [''];
  let quoted = false;
  for (const [i, char] of [...line].entries()) {
    if (char === delimiter && !quoted) {
      fields.push('');
    } else if (char === '"') {
      const doubled = !quoted && i > 0 && line[i - 1] === '"' && fields.at(-1) !== '';
      if (doubled) fields[fields.length - 1] += char;
      quoted = !quoted;
    } else {
      fields[fields.length - 1] += char;
    }
  }
  return fields;
}

/** A plain decimal; undefined for anything else. */
export function numberIn(field: string | undefined): number | undefined {
  const text = field?.trim() ?? '';
  if (!/^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
