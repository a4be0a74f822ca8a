/** What starts of bundles do not load. Needs `npm run bundle`. */
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = resolve(import.meta.dirname, '../../../dist');
/** Modules of Node that take milliseconds to load, and that only packages ask for. */
const SELDOM_NEEDED = ['child_process', 'cluster', 'http2', 'inspector', 'worker_threads'];

test.each(['watch/main.mjs', 'map/handler.mjs', 'apply/handler.mjs', 'express/handler.mjs'])(
  '%s starts without the modules of Node that it seldom needs',
  (bundle) => {
    const program = `await import(${JSON.stringify(pathToFileURL(join(dist, bundle)).href)});
      console.log(JSON.stringify(process.moduleLoadList));`;
    const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e'];
    const loaded = JSON.parse(
      execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' }),
    ) as readonly string[];
    const names = loaded.map((line) => line.replace('NativeModule ', ''));
    expect(names).toContain('zlib');
    expect(names.filter((name) => SELDOM_NEEDED.includes(name))).toEqual([]);
  },
);
