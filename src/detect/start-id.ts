/**
 * The id of a start: its onset in base 36, and a hash of its scope (FNV-1a, 48 bits are plenty beside the time).
 * The same start found again after a restart has the same id.
 */
export function startId(scope: string, atMs: number): string {
  let low = 0x811c9dc5;
  let high = 0x1000193;
  for (let i = 0; i < scope.length; i += 1) {
    low = Math.imul(low ^ scope.charCodeAt(i), 0x01000193) >>> 0;
    high = Math.imul(high ^ (scope.charCodeAt(i) + i), 0x01000193) >>> 0;
  }
  const hash = (low * 0x10000 + (high >>> 16)).toString(36).padStart(10, '0');
  return `${Math.floor(atMs).toString(36)}-${hash}`;
}
