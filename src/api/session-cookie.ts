/**
 * The cookie of a session. Encrypted, its name begins with `__Host-`: browsers then take it only from this very host,
 * over TLS, for all of its paths (RFC 6265bis §4.1.3.2).
 */
export function sessionCookie(id: string, secure: boolean, maxAgeSeconds: number): string {
  const rest = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict`;
  return `${nameOf(secure)}=${id}; ${rest}${secure ? '; Secure' : ''}`;
}

/** Has the browser forget it. */
export function noSessionCookie(secure: boolean): string {
  return sessionCookie('', secure, 0);
}

/** The id of the session a request comes with; undefined: none that could be one. */
export function sessionIdIn(cookies: string | undefined, secure: boolean): string | undefined {
  const name = nameOf(secure);
  for (const cookie of cookies?.split(';') ?? []) {
    const at = cookie.indexOf('=');
    if (at > 0 && cookie.slice(0, at).trim() === name) {
      const id = cookie.slice(at + 1).trim();
      return /^[A-Za-z0-9_-]{43}$/.test(id) ? id : undefined;
    }
  }
  return undefined;
}

function nameOf(secure: boolean): string {
  return secure ? '__Host-rackwatt' : 'rackwatt';
}
