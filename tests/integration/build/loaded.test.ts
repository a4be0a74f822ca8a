/** What starts of bundles do not load. Needs `npm run bundle`. */
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = resolve(import.meta.dirname, '../../../dist');
/** Modules of Node that take milliseconds to load, and that only packages ask for. */
const SELDOM_NEEDED = ['child_process', 'cluster', 'http2', 'inspector', 'worker_threads', 'zlib'];

test.each([
  ['watch/main.mjs', SELDOM_NEEDED],
  ['map/handler.mjs', [...SELDOM_NEEDED, 'net']],
  ['apply/handler.mjs', [...SELDOM_NEEDED, 'net']],
])('%s starts without the modules of Node that it seldom needs', (bundle, unwanted) => {
  const program = `await import(${JSON.stringify(pathToFileURL(join(dist, bundle)).href)});
      console.log(JSON.stringify(process.moduleLoadList));`;
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e'];
  const loaded = JSON.parse(
    execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' }),
  ) as readonly string[];
  const names = loaded.map((line) => line.replace('NativeModule ', ''));
  expect(names).toContain('sqlite');
  expect(names.filter((name) => unwanted.includes(name))).toEqual([]);
});
