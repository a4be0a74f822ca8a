/** Serves the page: its document under the path of each room, and files with hashed names. */
import { gunzipSync } from 'node:zlib';
import type { Context, Hono } from 'hono';
import { etag } from 'hono/etag';
import type { PageFile } from '../page/files.ts';
import { ROOM_PATHS } from '../page/logic/place.ts';
import { Refused } from './problems.ts';

const DOCUMENT = 'index.html';

/** The name changes with the content. */
const FOREVER = 'public, max-age=31536000, immutable';

/** Of a browser that follows a link, not of a program. */
function isOfBrowser(c: Context): boolean {
  const isPage = !/^\/(?:api|assets)\//.test(c.req.path);
  return isPage && (c.req.header('Accept') ?? '').includes('text/html');
}

/**
 * The files hold no data, so they need no login. Returns what answers an address that does not
 * exist: to a browser the page, which leads on.
 */
export function addPage(
  app: Pick<Hono, 'get' | 'use'>,
  files: readonly PageFile[],
): (c: Context) => Response {
  const contents = new Map(files.map((file) => [file.name, { ...file, bytes: bytesOf(file) }]));
  const send = (c: Context, name: string): Response => {
    const file = contents.get(name);
    if (file === undefined) throw missing(name);
    c.header('Content-Type', file.type);
    c.header('Vary', 'Accept-Encoding');
    if (name !== DOCUMENT) c.header('Cache-Control', FOREVER);
    if (!/\bgzip\b/.test(c.req.header('Accept-Encoding') ?? ''))
      return c.body(new Uint8Array(gunzipSync(file.bytes)));
    c.header('Content-Encoding', 'gzip');
    return c.body(file.bytes);
  };
  for (const path of ROOM_PATHS) {
    app.use(path, etag());
    app.get(path, (c) => send(c, DOCUMENT));
  }
  app.get('/assets/:name', (c) => send(c, c.req.param('name')));
  return (c) => {
    c.status(404);
    if (isOfBrowser(c) && contents.has(DOCUMENT)) return send(c, DOCUMENT);
    return c.json({ error: { message: `${c.req.path} does not exist here.` } });
  };
}

function bytesOf({ gzip }: PageFile): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(gzip, 'base64'));
}

/** Files have a hash in their names, so a missing one belongs to another version of the page. */
function missing(name: string): Refused {
  return name === DOCUMENT
    ? new Refused(404, 'This console was built without its page; run "npm run build".')
    : new Refused(404, 'This file belongs to another version of the console; reload the page.');
}
