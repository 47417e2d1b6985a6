import { ProblemError } from './problem.ts';

/** What is sent with an acknowledgement or a silence: names and notes of people, lists of scopes and rules. */

export const nameLengthMax = 100;
export const noteLengthMax = 1_000;

type Body = Readonly<Record<string, unknown>>;

export function refuseUnknown(body: Body, keys: readonly string[]): void {
  const unknown = Object.keys(body).find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  const detail = `${unknown.slice(0, 40)} is unknown here; there are ${keys.join(', ')}.`;
  throw new ProblemError('bad-parameter', detail, { parameter: unknown.slice(0, 40) });
}

/** Text for people: trimmed, on one line. */
export function textOf(body: Body, key: string, lengthMax: number): string {
  const text = optionalTextOf(body, key, lengthMax);
  if (text !== undefined) return text;
  const detail = `${key} is missing: text of 1 to ${lengthMax} characters, e.g. {"${key}":"Ada"}.`;
  throw new ProblemError('bad-parameter', detail, { parameter: key });
}

export function optionalTextOf(body: Body, key: string, lengthMax: number): string | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  const text = typeof value === 'string' ? value.replace(/\p{Cc}+/gu, ' ').trim() : '';
  if (typeof value === 'string' && text === '') return undefined;
  if (text.length > 0 && text.length <= lengthMax) return text.toWellFormed();
  const detail = `${key} has to be text of 1 to ${lengthMax} characters.`;
  throw new ProblemError('bad-parameter', detail, { parameter: key });
}

/** Absent, or a list that is not empty. */
export function optionalListOf<T extends string>(
  body: Body,
  key: string,
  countMax: number,
  accept: (text: string) => T,
): T[] | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  const texts: unknown[] = Array.isArray(value) ? value : [];
  if (texts.length === 0 || texts.length > countMax || !texts.every((text) => typeof text === 'string')) {
    const detail = `${key} has to be a list of 1 to ${countMax} texts; leave it out for all.`;
    throw new ProblemError('bad-parameter', detail, { parameter: key });
  }
  return (texts as string[]).map(accept);
}
