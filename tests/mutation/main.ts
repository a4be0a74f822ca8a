/**
 * `npm run mutate`: does a test notice when the port mapping is wrong? Every comparison, condition, literal and call of
 * `shared/domain/ingress` is made wrong, one at a time, and the tests of that folder are run.
 */
import { parseArgs } from 'node:util';
import { mutateFolder } from './load.ts';
import type { Mutant } from './mutants.ts';
import type { Fate } from './protocol.ts';
import { supervise, type Tried } from './supervise.ts';

const FOLDER = 'shared/domain/ingress';
const TESTS = ['tests/unit/ingress', 'tests/property/ingress'];
const EVERY = 200;

const { values } = parseArgs({
  options: {
    /** Seconds for everything. */
    budget: { type: 'string', default: '600' },
    /** So many mutants, chosen by the seed; all of them without it. */
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Only files whose path holds this. */
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

/** Mulberry32: small, and the same everywhere. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const a = Math.imul(state ^ (state >>> 15), 1 | state);
    const b = (a + Math.imul(a ^ (a >>> 7), 61 | a)) ^ a;
    return ((b ^ (b >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function choose(mutants: readonly Mutant[]): readonly number[] {
  const ids = mutants.filter(({ file }) => file.includes(values.only)).map(({ id }) => id);
  if (values.sample === undefined) return ids;
  const chance = chanceOf(Number(values.seed));
  return ids.map((id) => ({ id, rank: chance() })).toSorted((a, b) => a.rank - b.rank).slice(0, Number(values.sample)).map(({ id }) => id);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

interface Judged extends Mutant {
  readonly fate: Fate;
}

const NOTICED: ReadonlySet<Fate> = new Set<Fate>(['killed', 'timeout']);

function report(judged: readonly Judged[]): readonly string[] {
  const files = [...Map.groupBy(judged, ({ file }) => file)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const table = files.map(([file, own]) => {
    const noticed = own.filter(({ fate }) => NOTICED.has(fate)).length;
    return `${file.slice(FOLDER.length + 1).padEnd(34)} ${String(own.length).padStart(5)} ${String(noticed).padStart(8)} ${percent(noticed, own.length).padStart(8)}`;
  });
  const left = judged.filter(({ fate }) => !NOTICED.has(fate));
  const count = (fate: Fate): number => judged.filter((one) => one.fate === fate).length;
  return [
    ...left.map(({ file, line, what, source, fate, id }) => `${file}:${line} #${id} ${fate}: \`${source}\` ${what}`),
    '',
    `${'file'.padEnd(34)} mutants  noticed     rate`,
    ...table,
    '',
    `${judged.length} mutants: ${count('killed')} killed, ${count('timeout')} never came back, ${count('survived')} survived, ${count('unreached')} not reached by any test; ${percent(judged.length - left.length, judged.length)} noticed`,
  ];
}

const { mutants } = mutateFolder(FOLDER);
const ids = choose(mutants);
const started = performance.now();
say(`${ids.length} of ${mutants.length} mutants of ${FOLDER}, against ${TESTS.join(' and ')}`);
let done = 0;
const each = (): void => {
  done += 1;
  if (done % EVERY === 0) say(`${done} tried after ${((performance.now() - started) / 1000).toFixed(0)} s`);
};
const tried: readonly Tried[] = await supervise({ folder: FOLDER, tests: TESTS, ids, budget: Number(values.budget) * 1000, each });
const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
const judged = tried.toSorted((a, b) => a.id - b.id).flatMap(({ id, fate }): Judged[] => {
  const mutant = byId.get(id);
  return mutant === undefined ? [] : [{ ...mutant, fate }];
});
process.stdout.write(values.json ? `${JSON.stringify(judged, null, 2)}\n` : `${report(judged).join('\n')}\n`);
if (judged.length < ids.length) say(`${ids.length - judged.length} were not tried: the budget of ${values.budget} s is spent`);
say(`${((performance.now() - started) / 1000).toFixed(0)} s`);
