/** docs/reliability.md: each promise, what was tried, and the guards that its tests watch. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GUARDS } from './guards.ts';
import { recordRows, type MutationRecord } from '../mutation/record.ts';
import { PROMISES, type Promised } from './promises.ts';
import type { Tally } from './support/tally.ts';

/** What the tests noted in the folder that `SLUICE_TALLY` named. */
export function readTallies(folder: string): readonly Tally[] {
  const file = join(folder, 'tally.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Tally);
}

/** The text of the page. */
export function reliabilityPage(tallies: readonly Tally[], record: MutationRecord): string {
  const mutants = recordRows(record);
  return `# Reliability

\`npm run promises\` writes this page. It runs the tests of each promise: apply, queue, device and failure store stand in one process with a
virtual clock, and faults, crashes and slow twins come at random, always with the same seed. \`rig\` and \`rig-paths\` run the whole chain in this
way, from the Kubernetes APIs of several clusters to the device and back to the status. The page has no times, because they depend on the
machine. CI refuses it if it differs from what its own run tried. What a test fails with is kept, shrunk, in
[tests/promises/regressions](../tests/promises/regressions), and tried first from then on; the message names the file. CI only prints it.

    npm run promises                 # all of them; a failing test prints the command that tries it again
    npm run promises -- --mutants    # takes out each guard below in a scratch copy, and expects its tests to fail
    SLUICE_SEEDS=200000 npm run promises -- --only 3   # for a night; CI has 2000
    SLUICE_SEED=random npm run promises -- --only rig  # other histories, of one test

| | promise | tests |
|---|---|---|
${PROMISES.map(promiseRow).join('\n')}

## What they try

A test that is not in the table tries fixed cases; see its file in [tests/promises](../tests/promises).

| test | in one run |
|---|---|
${triedRows(tallies).join('\n')}

## Where a process ends

All that a process does goes through ports: queues, devices, the failure store, marks, the clock and, for the watcher, the Kubernetes API. A
gate before them counts each call, and ends the process before it, or after it so that its answer is lost. A method that a port gets later is
covered at once. Whatever the point, others must bring about what would have been without the crash. A process that is delayed goes on when
others have done its work. A fault is what a call answers instead, before or after it had its effect. Of calls in a row that only read, the
watcher ends at the first: what it read ends with it.

| test | scenario | crash points | points of delay | faults |
|---|---|---|---|---|
${pointRows(tallies).join('\n')}

## Guards

Without its guard, a promise breaks. Each row is one edit of [tests/promises/guards.ts](../tests/promises/guards.ts).

| promise | without the guard | where | noticed by |
|---|---|---|---|
${GUARDS.map(({ promise, without, file, noticedBy }) => `| ${promise} | ${without} | \`${file}\` | ${noticedBy.join(', ')} |`).join('\n')}

## Mutants of what decides

A run of [\`npm run mutate\`](mutation.md) makes each condition and each choosing call wrong, one at a time. Whole runs take hours, so CI does
not repeat them: this is the last one of each target, by [its record](../tests/mutation/record.json), which has the hash of each source as it
was then. \`npm run promises\` prints how many sources changed since, and a test fails when it is more than half of them. *Explained* are mutants
that no test can notice; [the reasons](../tests/mutation/equivalents.ts) are compared with the sources by a test. The rate leaves them out.
Targets that are not in the table have their figures in [mutation.md](mutation.md).

| target | sources | mutants | noticed | explained | open | rate |
|---|---:|---:|---:|---:|---:|---:|
${mutants.targets.join('\n')}

${openMutants(mutants.open)}
`;
}

function openMutants(rows: readonly string[]): string {
  if (rows.length === 0) return 'None is open: each other one is noticed by a test or explained.';
  return `Open are these, which no test notices and nobody explained.

| source | function | code | change | |
|---|---|---|---|---|
${rows.join('\n')}`;
}

function promiseRow({ number, name, tests }: Promised): string {
  return `| ${number} | ${name} | ${tests.map((file) => basename(file, '.test.ts')).join(', ')} |`;
}

/** What is counted for each scenario of a test is noted as `what: scenario`. */
function partsOf({ what }: Tally): readonly [what: string, scenario?: string] {
  const [first = '', ...rest] = what.split(': ');
  return rest.length === 0 ? [first] : [first, rest.join(': ')];
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function sumOf(tallies: readonly Tally[]): string {
  return tallies.reduce((sum, { count }) => sum + count, 0).toLocaleString('en-US');
}

function triedRows(tallies: readonly Tally[]): readonly string[] {
  return [...Map.groupBy(tallies, ({ test }) => test)]
    .toSorted(([a], [b]) => byName(a, b))
    .map(([test, own]) => {
      const counts = [...Map.groupBy(own, (one) => partsOf(one)[0])]
        .toSorted(([a], [b]) => byName(a, b))
        .map(([what, some]) => `${sumOf(some)} ${what}`);
      return `| ${test} | ${counts.join(', ')} |`;
    });
}

function pointRows(tallies: readonly Tally[]): readonly string[] {
  const named = tallies.filter((one) => partsOf(one)[1] !== undefined);
  return [...Map.groupBy(named, (one) => `| ${one.test} | ${partsOf(one)[1]} |`)]
    .toSorted(([a], [b]) => byName(a, b))
    .map(([row, own]) => {
      const cells = ['crash points', 'points of delay', 'faults'].map((what) => {
        const some = own.filter((one) => partsOf(one)[0] === what);
        return some.length === 0 ? '' : sumOf(some);
      });
      return `${row} ${cells.join(' | ')} |`;
    });
}
