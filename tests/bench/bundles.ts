/** Sizes of the functions as they are packed, and what importing one costs a fresh process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { linkAlone, writeWhole } from '../../infra/build/esbuild.ts';
import { median, table } from './measure.ts';

const dist = resolve(import.meta.dirname, '../../dist');
const FUNCTIONS = ['map', 'apply'];
/** In turn, so that a busy moment of the machine meets all of them. */
const ROUNDS = 15;

const EMPTY = 'export const handler = async () => {};';

/** Milliseconds of processor time of a process that imports the file and ends. */
function importOf(file: string): number {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      `await import(${JSON.stringify(pathToFileURL(file).href)});
       const { user, system } = process.cpuUsage();
       process.stdout.write(String((user + system) / 1000), () => process.exit(0));`,
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

/** Writes the code of a function's archive; returns its file and its size in KB. */
async function unpack(name: string, folder: string): Promise<{ file: string; size: number }> {
  const files = await linkAlone([name], dist);
  for (const { path, content } of files) writeWhole(join(folder, name, path), content);
  const code = files.filter(({ path }) => path.endsWith('.mjs'));
  return {
    file: join(folder, name, name, 'handler.mjs'),
    size: code.reduce((sum, { content }) => sum + content.length, 0) / 1024,
  };
}

export async function benchBundles(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const empty = join(folder, 'empty.mjs');
    writeWhole(empty, EMPTY);
    const each = [{ name: 'an empty function', file: empty, size: EMPTY.length / 1024 }];
    for (const name of FUNCTIONS) each.push({ name, ...(await unpack(name, folder)) });
    const times = new Map<string, number[]>(each.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1)
      for (const { name, file } of each) times.get(name)?.push(importOf(file));
    const floor = median(times.get('an empty function') ?? []);
    table(
      'Packaged functions: processor time of an import',
      ['function', 'KB', 'ms', 'times an empty one'],
      each.map(({ name, size }) => {
        const took = median(times.get(name) ?? []);
        return [name, size, took, took / floor];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
