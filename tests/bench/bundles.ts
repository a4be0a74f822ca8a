/** Sizes of the bundles with what they import, and what importing one costs a fresh process. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { table, time } from './measure.ts';

const dist = resolve(import.meta.dirname, '../../dist');
const BUNDLES = ['map/handler.mjs', 'apply/handler.mjs', 'watch/main.mjs'];

function start(code: string): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
}

/** Kilobytes of the bundle and the files that it shares with others. */
function sizeOf(name: string): number {
  const { files } = JSON.parse(readFileSync(resolve(dist, 'stamp.json'), 'utf8')) as {
    files: Readonly<Record<string, readonly string[]>>;
  };
  const own = files[dirname(name)] ?? [];
  return own.reduce((sum, path) => sum + statSync(resolve(dist, path)).size, 0) / 1024;
}

export async function benchBundles(): Promise<void> {
  const empty = (await time(5, () => start(''))).median;
  const rows: (string | number)[][] = [];
  for (const name of BUNDLES) {
    const file = resolve(dist, name);
    const cold = (
      await time(5, () =>
        start(`await import(${JSON.stringify(pathToFileURL(file).href)}); process.exit(0)`),
      )
    ).median;
    rows.push([name, sizeOf(name), cold - empty]);
  }
  table(
    `Bundles (an empty process takes ${empty.toFixed(0)} ms)`,
    ['bundle', 'KB', 'cold start ms'],
    rows,
  );
}
