/** Sizes of the bundles, and what importing one costs a fresh process beyond an empty one. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { table, time } from './measure.ts';

const dist = resolve(import.meta.dirname, '../../dist/standalone');
const BUNDLES = ['map/handler.mjs', 'apply/handler.mjs', 'watch/main.mjs'];

function start(code: string): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
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
    rows.push([name, statSync(file).size / 1024, cold - empty]);
  }
  table(
    `Bundles (an empty process takes ${empty.toFixed(0)} ms)`,
    ['bundle', 'KB', 'cold start ms'],
    rows,
  );
}
