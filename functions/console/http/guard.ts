/**
 * What every request has to pass, whatever it asks for: names of hosts and origins against other
 * pages and rebound names, and a token against forged changes.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { Refused } from './problems.ts';

/** No resource of others, no inline code, no frame. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
    "frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'private, no-cache',
};

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The header with the token that the session names. */
export const CSRF_HEADER = 'X-Sluice-Csrf';

/** Sets the headers of every answer, also of refusals. */
export const secureHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS))
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
};

/** Without authentication, only this machine may ask, by one of its own names. */
export function loopbackOnly(): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('Host') ?? '';
    if (!LOOPBACK.has(host.replace(/:\d+$/, '')))
      throw new Refused(
        403,
        'Without authentication the console answers only to localhost, 127.0.0.1 and [::1]. ' +
          'Open it under one of these names.',
      );
    assertOwnOrigin(c, `http://${host}`);
    await next();
  };
}

/** With a login, only under the configured URL. */
export function ownHostOnly({ host, origin }: URL): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.header('Host') !== host)
      throw new Refused(403, `The console answers only under ${origin}, which console.url names.`);
    assertOwnOrigin(c, origin);
    await next();
  };
}

/**
 * A browser sends `Origin` with requests from other pages; programs send none and prove themselves
 * by a token. Throws Refused 403.
 */
function assertOwnOrigin(c: Context, own: string): void {
  const origin = c.req.header('Origin');
  if (origin !== undefined && origin !== own)
    throw new Refused(
      403,
      'The request comes from another page, so it is refused. Open the console itself',
    );
}

/**
 * A change needs the token that only a page of this origin can read. `csrf` is absent if the person
 * proved itself by something that browsers do not add by themselves.
 */
export function assertToken(c: Context, csrf: string | undefined): void {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return;
  if (!/^application\/json\s*(;|$)/.test(c.req.header('Content-Type') ?? ''))
    throw new Refused(415, 'Send the request as application/json.');
  if (csrf === undefined) return;
  const [given, wanted] = [Buffer.from(c.req.header(CSRF_HEADER) ?? ''), Buffer.from(csrf)];
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    throw new Refused(
      403,
      `The header ${CSRF_HEADER} is missing or from an earlier session. Reload the page.`,
    );
}
