/**
 * Names come from topics and settings and may hold anything; a tag may not hold control characters, nor end
 * with a backslash, nor have one before a character that is itself escaped (line protocol has no escape for the
 * backslash). Those are written as ␛ and four hex digits, so that every name has its own tag and comes back
 * as it was.
 */
const mark = '␛';
const clean = /^[\x20-\x5b\x5d-\x7e]+$/;
const unwritable = /[\p{Cc}␛]|\p{Cs}|\\(?=[\\ ,="]|$)/gu;
const written = /␛([0-9a-f]{4})/g;

/** The tag value that stands for a name, before any escaping of line protocol or InfluxQL. */
export function tagValue(name: string): string {
  if (clean.test(name)) return name;
  return name.replace(unwritable, (found) => mark + found.charCodeAt(0).toString(16).padStart(4, '0'));
}

export function nameOfTagValue(value: string): string {
  if (!value.includes(mark)) return value;
  return value.replace(written, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** `,key=value` as line protocol wants it; an empty value is no tag at all, which InfluxQL finds as ''. */
export function tagText(key: string, name: string): string {
  if (name === '') return '';
  const value = tagValue(name);
  return `,${key}=${special.test(value) ? value.replace(specials, '\\$&') : value}`;
}

const special = /[ ,=]/;
const specials = /[ ,=]/g;

/** A string literal of InfluxQL that equals the tag of a name. */
export function tagLiteral(name: string): string {
  return `'${tagValue(name).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A pattern of InfluxQL that the tags of all names beginning so match. */
export function tagPattern(beginning: string): string {
  return `/^${tagValue(beginning).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}/`;
}

/** An identifier of InfluxQL: database, policy, user. */
export function identifier(name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
