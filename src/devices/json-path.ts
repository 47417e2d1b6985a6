/** Where in a JSON value a figure stands: keys of objects, places in lists. `undefined` stands for `[*]`. */
export type JsonPath = readonly (string | number | undefined)[];

const stepsMax = 16;
const keyLengthMax = 100;

const key = /[^.[\]"'\s]+/y;
const bracket = /\[\s*(?:(\d{1,6})|(\*)|"([^"\\]{1,100})"|'([^'\\]{1,100})')\s*\]/y;

/**
 * `outputs[0].load`, `a["b c"].0`, `outputs[*].load` → its steps; undefined: no path. No wildcard but `[*]`, and
 * that once. An empty text is the value itself.
 */
export function parsePath(text: string): JsonPath | undefined {
  const steps: (string | number | undefined)[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === '[') {
      const found = matchAt(bracket, text, at);
      if (found === undefined) return undefined;
      const [whole, place, , double, single] = found;
      steps.push(place === undefined ? (double ?? single) : Number(place));
      at += whole.length;
    } else {
      if (at > 0) {
        if (text[at] !== '.') return undefined;
        at += 1;
      }
      const [word] = matchAt(key, text, at) ?? [];
      if (word === undefined || word.length > keyLengthMax) return undefined;
      steps.push(/^\d{1,6}$/.test(word) ? Number(word) : word);
      at += word.length;
    }
    if (steps.length > stepsMax) return undefined;
  }
  return steps.filter((step) => step === undefined).length <= 1 ? steps : undefined;
}

/** What stands there; undefined: nothing. Only what the payload itself holds: no `__proto__`, no `length`. */
export function lookUp(value: unknown, path: JsonPath): unknown {
  let found = value;
  for (let index = 0; index < path.length; index++) {
    found = member(found, path[index]);
    if (found === undefined) return undefined;
  }
  return found;
}

/** One step. What JSON cannot hold, functions and the prototype, is what all objects have: not the payload's. */
export function member(value: unknown, step: string | number | undefined): unknown {
  if (typeof value !== 'object' || value === null || step === undefined) return undefined;
  if (typeof step !== 'number' && Array.isArray(value)) return undefined;
  const found = (value as Record<string | number, unknown>)[step];
  return typeof found === 'function' || found === Object.prototype ? undefined : found;
}

/** A sticky expression, tried at one place. */
export function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | undefined {
  expression.lastIndex = at;
  return expression.exec(text) ?? undefined;
}
