/** Takes each guard out of a scratch copy of the repository, and runs the tests that must notice. */
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUARDS, type Guard } from './guards.ts';
import { type Promised, testFile } from './promises.ts';
import { runTests } from './run-tests.ts';

const COPIED = [
  'functions',
  'shared',
  'infra',
  'tests',
  'package.json',
  'jest.config.mjs',
  'tsconfig.json',
];

/** A guard that is missing shows within that many histories, and most tests of a file still pass. */
const ENOUGH = process.env['SLUICE_SEEDS'] ?? '300';

/** The code without the guard. Throws if the guard is not there exactly once. */
export function withoutGuard({ file, code, becomes }: Guard, source: string): string {
  const parts = source.split(code);
  if (parts.length !== 2)
    throw new Error(`${file} has ${parts.length - 1} places with ${JSON.stringify(code)}`);
  return parts.join(becomes);
}

/** Whether one of the chosen tests of its promise must notice that the guard is missing. */
function isChosen({ promise, noticedBy }: Guard, chosen: readonly Promised[]): boolean {
  const tests = chosen.find(({ number }) => number === promise)?.tests ?? [];
  return noticedBy.some((name) => tests.includes(testFile(name)));
}

/** Exit code 1 if nothing noticed that a guard of the chosen promises and tests was taken out. */
export async function tryGuards(root: string, chosen: readonly Promised[]): Promise<number> {
  const copy = mkdtempSync(join(realpathSync(tmpdir()), 'sluice-mutants-'));
  try {
    for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const guards = GUARDS.filter((guard) => isChosen(guard, chosen));
    let unnoticed = 0;
    for (const guard of guards) {
      const isNoticed = await isRedWithout(copy, guard);
      unnoticed += isNoticed ? 0 : 1;
      process.stdout.write(
        `${String(guard.promise).padStart(2)}  ${isNoticed ? 'red      ' : 'UNNOTICED'}  ${guard.without} (${guard.file})\n`,
      );
    }
    process.stdout.write(`${guards.length} guards taken out, ${unnoticed} unnoticed\n`);
    return unnoticed === 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function isRedWithout(copy: string, guard: Guard): Promise<boolean> {
  const file = join(copy, guard.file);
  const source = readFileSync(file, 'utf8');
  writeFileSync(file, withoutGuard(guard, source));
  try {
    const tests = guard.noticedBy.map(testFile);
    // In CI a test keeps nothing, so each guard is noticed by a history of its own.
    const env = { SLUICE_SEEDS: ENOUGH, CI: 'true' };
    const run = await runTests(copy, tests, env, { bail: true });
    return run.failed.size > 0;
  } finally {
    writeFileSync(file, source);
  }
}
