/**
 * `npm run promises`: runs the tests of the promises, prints what was tried and what was found, and
 * writes docs/reliability.md. See --help.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runTests, type TestRun } from './run-tests.ts';
import { tryGuards } from './mutants.ts';
import { changedSince, readRecord } from '../mutation/record.ts';
import { PROMISES, type Promised } from './promises.ts';
import { readTallies, reliabilityPage } from './page.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/reliability.md');

const USAGE = `npm run promises                    run them, print the result, write docs/reliability.md
npm run promises -- --only 3,rig    some promises or test files; writes no page
npm run promises -- --mutants       take the guards out, one at a time, and expect their tests to fail
npm run promises -- --check FOLDER  compare the page with what a run of the tests noted in SLUICE_TALLY`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      check: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(USAGE, 0);
  if (values.check !== undefined) return checkPage(values.check);
  const chosen = chosenBy(values.only);
  if (values.mutants) return tryGuards(ROOT, chosen);
  return runPromises(chosen, values.only === undefined);
}

function chosenBy(only: string | undefined): readonly Promised[] {
  if (only === undefined) return PROMISES;
  const wanted = only.split(',');
  const names = ({ number, tests }: Promised): readonly string[] => [
    `${number}`,
    ...tests.map((file) => basename(file, '.test.ts')),
  ];
  const unknown = wanted.find((name) => !PROMISES.some((one) => names(one).includes(name)));
  if (unknown !== undefined)
    throw new Error(
      `--only ${only}: ${unknown} is neither a promise, 1 to ${PROMISES.length}, nor one of their tests`,
    );
  return PROMISES.flatMap((one) => {
    if (wanted.includes(`${one.number}`)) return [one];
    const tests = one.tests.filter((file) => wanted.includes(basename(file, '.test.ts')));
    return tests.length === 0 ? [] : [{ ...one, tests }];
  });
}

async function runPromises(chosen: readonly Promised[], isWhole: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-promises-'));
  try {
    const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
    const run = await runTests(ROOT, files, { SLUICE_TALLY: folder });
    for (const promised of chosen) say(resultLine(promised, run), 0);
    for (const text of run.failures) say(text, 0);
    if (run.failed.size > 0) return 1;
    if (isWhole) {
      writeFileSync(PAGE, reliabilityPage(readTallies(folder), readRecord(ROOT)));
      say('docs/reliability.md is written.', 0);
      say(recordLine(), 0);
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultLine({ number, name, tests }: Promised, run: TestRun): string {
  const passed = tests.reduce((sum, file) => sum + (run.passed.get(file) ?? 0), 0);
  const failed = tests.reduce((sum, file) => sum + (run.failed.get(file) ?? 0), 0);
  const found = failed === 0 ? 'kept' : `BROKEN in ${failed} tests`;
  return `${String(number).padStart(2)}  ${name.padEnd(62)} ${String(passed).padStart(4)} tests  ${found}`;
}

/** How old the record of mutants is. */
function recordLine(): string {
  const record = readRecord(ROOT);
  const sources = Object.values(record).reduce((n, one) => n + Object.keys(one.sources).length, 0);
  const changed = changedSince(record, ROOT).length;
  return `Mutants: ${changed} of the ${sources} sources changed since their last whole run.`;
}

function checkPage(folder: string): number {
  if (!existsSync(join(folder, 'tally.jsonl')))
    throw new Error(`--check ${folder}: no test noted anything there; run them with SLUICE_TALLY`);
  if (readFileSync(PAGE, 'utf8') === reliabilityPage(readTallies(folder), readRecord(ROOT)))
    return 0;
  return say('docs/reliability.md does not say what the tests tried: run "npm run promises".', 1);
}

function say(text: string, code: number): number {
  process.stdout.write(`${text}\n`);
  return code;
}

process.exitCode = await main().catch((error: unknown) =>
  say(`promises: ${error instanceof Error ? error.message : String(error)}`, 1),
);
