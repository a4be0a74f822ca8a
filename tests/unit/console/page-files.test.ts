/** The page is served under the address of each room, with names that change with the content. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { create } from '../../../functions/console/main.ts';
import type { PageFile } from '../../../functions/console/page/files.ts';
import { startSite } from '../../fixtures/failures/site.ts';

const file = (name: string, type: string, text: string): PageFile => ({
  name,
  type,
  gzip: gzipSync(text).toString('base64'),
});
const PAGE = [
  file('index.html', 'text/html; charset=utf-8', '<!doctype html>'),
  file('console-1a.js', 'text/javascript; charset=utf-8', 'export {};'),
];

function consoleWith(page: readonly PageFile[]) {
  const site = startSite();
  const { fetch } = create({
    runtime: site.runtime,
    failures: site.failures,
    who: 'ada',
    role: 'viewer',
    call: () => Promise.resolve(),
    page,
  });
  return async (path: string, headers: Record<string, string> = {}) =>
    fetch(new Request(`http://localhost${path}`, { headers: { Host: 'localhost', ...headers } }));
}

test.each(['/', '/failures', '/failures/62b067b7', '/fleet/drift', '/search?q=443', '/audit'])(
  '%s is the document, which is asked for again each time',
  async (path) => {
    const answer = await consoleWith(PAGE)(path);
    expect(await answer.text()).toBe('<!doctype html>');
    expect(answer.headers.get('Cache-Control')).toBe('private, no-cache');
    expect(answer.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    const tag = answer.headers.get('ETag')!;
    expect((await consoleWith(PAGE)(path, { 'If-None-Match': tag })).status).toBe(304);
  },
);

test('a file is kept for ever, and sent compressed to who can read it', async () => {
  const fetch = consoleWith(PAGE);
  const plain = await fetch('/assets/console-1a.js');
  expect(await plain.text()).toBe('export {};');
  expect(plain.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
  expect(plain.headers.get('X-Content-Type-Options')).toBe('nosniff');
  const small = await fetch('/assets/console-1a.js', { 'Accept-Encoding': 'br, gzip' });
  expect(small.headers.get('Content-Encoding')).toBe('gzip');
  expect(String(gunzipSync(await small.arrayBuffer()))).toBe('export {};');
});

test('an address that leads nowhere is told to programs, and to browsers by the page', async () => {
  const fetch = consoleWith(PAGE);
  const answer = await fetch('/nowhere/at/all', { Accept: 'text/html,*/*' });
  expect([answer.status, await answer.text()]).toEqual([404, '<!doctype html>']);
  for (const [path, accept] of [
    ['/nowhere', '*/*'],
    ['/api/v1/nowhere', 'text/html'],
    ['/assets/none/at/all', 'text/html'],
  ] as const) {
    const told = await fetch(path, { Accept: accept });
    expect([told.status, await told.json()]).toEqual([
      404,
      { error: { message: `${path} does not exist here.` } },
    ]);
  }
});

test('a file of another version, a path that is none, and a console without a page say what to do', async () => {
  const fetch = consoleWith(PAGE);
  const told = async (answer: Response) => [answer.status, await answer.text()];
  expect(await told(await fetch('/assets/console-00.js'))).toEqual([
    404,
    expect.stringContaining('reload the page'),
  ]);
  expect((await fetch('/nowhere')).status).toBe(404);
  expect(await told(await consoleWith([])('/'))).toEqual([
    404,
    expect.stringContaining('npm run build'),
  ]);
});
