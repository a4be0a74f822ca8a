/**
 * `npm run mutate`: does a test notice when a guard is wrong? Each comparison, condition and
 * choosing call of the named targets (of all targets by default) is made wrong, one at a time, and
 * the tests that reach it are run.
 */
import { parseArgs } from 'node:util';
import { chanceOf } from '../fixtures/chance.ts';
import { mutateTarget, ROOT } from './load.ts';
import type { Mutant } from './mutants.ts';
import { writeRecord } from './record.ts';
import { rateOf, reportOf, type Judged } from './report.ts';
import { supervise, type Tried } from './supervise.ts';
import { targetsNamed, type Target } from './targets.ts';

const EVERY = 200;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Time limit of the whole run, in seconds. */
    budget: { type: 'string', default: '3600' },
    /** The number of mutants of each target, chosen by the seed; default: all. */
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Only files whose path contains one of these, separated by commas. */
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    /** Puts the result into record.json, with `--only` that of these files; not of a sample. */
    record: { type: 'boolean', default: false },
    /** Percentage of mutants that must be noticed or explained; below it the exit code is 1. */
    'at-least': { type: 'string' },
  },
});

function choose(mutants: readonly Mutant[], { kinds }: Target): readonly number[] {
  const ids = mutants
    .filter(
      ({ file, kind }) =>
        kinds.includes(kind) && values.only.split(',').some((part) => file.includes(part)),
    )
    .map(({ id }) => id);
  if (values.sample === undefined) return ids;
  const chance = chanceOf(Number(values.seed));
  return ids
    .map((id) => ({ id, rank: chance() }))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, Number(values.sample))
    .map(({ id }) => id);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0);

async function tryTarget(target: Target, budget: number): Promise<readonly Judged[]> {
  const { mutants } = mutateTarget(target);
  const ids = choose(mutants, target);
  if (ids.length === 0) return [];
  say(`${target.name}: ${ids.length} mutants, against ${target.tests.join(' ')}`);
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  let done = 0;
  const each = ({ id, fate }: Tried): void => {
    done += 1;
    const mutant = byId.get(id);
    if (fate === 'timeout' && mutant !== undefined)
      say(`never came back: ${mutant.file}:${mutant.line} \`${mutant.source}\` ${mutant.what}`);
    if (done % EVERY === 0) say(`${done} tried after ${seconds()} s`);
  };
  const tried = await supervise({ target, ids, budget, each });
  if (tried.length < ids.length) {
    say(
      `${target.name}: ${ids.length - tried.length} were not tried, because the time of ${values.budget} s is spent`,
    );
    if (values.record) process.exitCode = 1;
  }
  return tried.flatMap((one): Judged[] => {
    const mutant = byId.get(one.id);
    return mutant === undefined ? [] : [{ ...mutant, ...one, target: target.name }];
  });
}

if (values.record && values.sample !== undefined)
  throw new Error('--record is for all mutants of a file: leave out --sample');

const judged: Judged[] = [];
for (const target of targetsNamed(positionals)) {
  const left = Number(values.budget) * 1000 - (performance.now() - started);
  if (left > 0) judged.push(...(await tryTarget(target, left)));
}
process.stdout.write(
  values.json ? `${JSON.stringify(judged, null, 2)}\n` : `${reportOf(judged).join('\n')}\n`,
);
say(`${seconds()} s`);
if (values.record && process.exitCode !== 1) writeRecord(ROOT, judged, values.only === '');
const least = values['at-least'];
if (least !== undefined && rateOf(judged) < Number(least)) {
  say(`${rateOf(judged).toFixed(1)} % are noticed or explained, and ${least} % are wanted`);
  process.exitCode = 1;
}
