/** Runs test files with jest in a process of its own. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { SEEDS } from './support/seeds.ts';

/** What became of the tests, by file relative to the folder. */
export interface TestRun {
  readonly passed: ReadonlyMap<string, number>;
  /** Files without a failure are absent. A file that could not be run counts as one. */
  readonly failed: ReadonlyMap<string, number>;
  /** What jest prints of each failure. */
  readonly failures: readonly string[];
}

interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Milliseconds after which a run counts as hung; more histories take longer. */
const LONGEST_MS = 900_000 + SEEDS * 600;

/** `bail`: stop at the first failure. If the run crashes or hangs, every file counts as failed. */
export async function runTests(
  folder: string,
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  { bail = false }: { readonly bail?: boolean } = {},
): Promise<TestRun> {
  const out = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  try {
    const report = join(out, 'report.json');
    await jest(
      folder,
      [...files, '--json', `--outputFile=${report}`, ...(bail ? ['--bail'] : [])],
      env,
    );
    return existsSync(report)
      ? runOf(folder, JSON.parse(readFileSync(report, 'utf8')) as JestReport)
      : crashed(files);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function jest(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--silent', ...args],
    { cwd: folder, env: { ...process.env, ...env }, stdio: 'ignore', timeout: LONGEST_MS },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.on('error', reject);
  child.on('exit', () => resolve());
  return promise;
}

function crashed(files: readonly string[]): TestRun {
  const failures = [`jest ended without a report of ${files.join(', ')}`];
  return { passed: new Map(), failed: new Map(files.map((file) => [file, 1])), failures };
}

function runOf(folder: string, { testResults }: JestReport): TestRun {
  const count = (wanted: string): ReadonlyMap<string, number> =>
    new Map(
      testResults.flatMap(({ name, status, assertionResults }): [string, number][] => {
        const own = assertionResults.filter((one) => one.status === wanted).length;
        const all = wanted === 'failed' && status === 'failed' ? Math.max(1, own) : own;
        return all === 0 ? [] : [[relative(folder, name), all]];
      }),
    );
  const failures = testResults.filter(({ status }) => status === 'failed');
  return {
    passed: count('passed'),
    failed: count('failed'),
    failures: failures.map(({ message }) => message),
  };
}
