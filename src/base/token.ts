import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Access tokens and what is kept of them. A token is 256 random bits, made here and shown once; settings hold its
 * SHA-256. A slow hash (scrypt, argon2) protects passwords that can be guessed; nobody guesses 2^256, and a fast one
 * can be checked at every request (docs/decisions/access-tokens.md).
 */
const prefix = 'rackwatt_';
const randomBytesCount = 32;
const scheme = 'sha256:';

/** Anything longer is no token, and is not hashed. */
export const tokenLengthMax = 512;

/** What stands in the settings: `sha256:` and 43 characters of base64url. */
export const tokenHashPattern = /^sha256:[A-Za-z0-9_-]{43}$/;

/** `rackwatt_` and 43 characters: whoever finds one in the wrong place knows what it is. */
export function makeToken(): string {
  return `${prefix}${randomBytes(randomBytesCount).toString('base64url')}`;
}

export function hashOfToken(token: string): string {
  return scheme + createHash('sha256').update(token, 'utf8').digest('base64url');
}

/** Compares two hashes in a time that does not tell how far they agree. */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
