/** Runs tests against mutants, in this process. */
import type { Loader, LoadedTest } from './load.ts';
import type { Mutant } from './mutants.ts';
import type { Fate } from './protocol.ts';
import { mutation } from './switch.ts';

/** A test that waits for what a mutant keeps from happening is given up after so many milliseconds, more if it is slow by itself. */
const PATIENCE = { least: 3_000, times: 20 } as const;
/** A test that goes round in circles comes by the places of mutants again and again: so often at most, more if it does so by itself. */
const STEPS = { least: 1_000_000, times: 20 } as const;

/** Milliseconds. Slower tests are left out: beside other work they could outlast the supervisor's patience and pass for one that noticed. */
const SLOW = 4_000;

export interface Verdict {
  readonly fate: Fate;
  /** The test that noticed. */
  readonly by?: string;
}

type Outcome = 'passed' | 'failed' | 'stuck';

async function outcomeOf(body: () => Promise<void>, patience: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve('stuck'), patience);
  });
  const ran = body().then(
    (): Outcome => 'passed',
    (): Outcome => 'failed',
  );
  return Promise.race([ran, late]).finally(() => clearTimeout(timer));
}

/** What a test costs where nothing is wrong. */
interface Cost {
  readonly took: number;
  readonly steps: number;
}

/** The first test that notices. */
async function judge(
  tests: readonly LoadedTest[],
  costOf: (test: LoadedTest) => Cost,
  alive: () => void,
): Promise<Verdict> {
  for (const test of tests) {
    alive();
    const { took, steps } = costOf(test);
    mutation.steps = Math.max(STEPS.least, STEPS.times * steps);
    const outcome = await outcomeOf(test.body, Math.max(PATIENCE.least, PATIENCE.times * took));
    mutation.steps = Number.POSITIVE_INFINITY;
    if (outcome !== 'passed')
      return { fate: outcome === 'failed' ? 'killed' : 'timeout', by: test.name };
  }
  return { fate: 'survived' };
}

export interface Suite {
  try(mutant: Mutant): Promise<Verdict>;
}

interface Timed extends Cost {
  readonly test: LoadedTest;
  readonly hits: ReadonlySet<number>;
}

/** Learns which test comes by which mutant, with nothing switched on; throws where a test fails even so. */
async function observe(tests: readonly LoadedTest[]): Promise<readonly Timed[]> {
  const timed: Timed[] = [];
  for (const test of tests) {
    const hits = new Set<number>();
    mutation.hits = hits;
    mutation.steps = Number.MAX_SAFE_INTEGER;
    const started = performance.now();
    try {
      await test.body();
    } catch (error) {
      throw new Error(`the test "${test.name}" fails without any mutant: ${String(error)}`, {
        cause: error,
      });
    }
    const took = performance.now() - started;
    if (took > SLOW) {
      process.stderr.write(`left out, because it takes ${Math.round(took)} ms: ${test.name}\n`);
      continue;
    }
    timed.push({ test, took, steps: Number.MAX_SAFE_INTEGER - mutation.steps, hits });
  }
  mutation.hits = undefined;
  return timed.toSorted((a, b) => a.took - b.took);
}

/** `alive` is called before every test of a mutant. */
export async function createSuite(loader: Loader, alive: () => void): Promise<Suite> {
  const whileLoading = new Set<number>();
  mutation.on = 0;
  mutation.hits = whileLoading;
  const observed = await observe(await loader.load(loader.filesFor()));
  const ranks = new Map(
    observed.map(({ test, took, steps }, rank) => [test.name, { rank, took, steps }]),
  );
  const costOf = ({ name }: LoadedTest): Cost => ranks.get(name) ?? { took: 0, steps: 0 };
  const rankOf = ({ name }: LoadedTest): number => ranks.get(name)?.rank ?? 0;

  /** What is computed while a module loads, such as a table, is there only after another load. */
  async function tryAnew({ file }: Mutant): Promise<Verdict> {
    const again = await loader
      .load(loader.filesFor(file))
      .catch((error: unknown) => `loading: ${String(error)}`);
    if (typeof again === 'string') return { fate: 'killed', by: again };
    return judge(
      again.filter(({ name }) => ranks.has(name)).toSorted((a, b) => rankOf(a) - rankOf(b)),
      costOf,
      alive,
    );
  }

  return {
    try: async (mutant) => {
      const reached = observed.filter(({ hits }) => hits.has(mutant.id)).map(({ test }) => test);
      const early = whileLoading.has(mutant.id);
      if (!early && reached.length === 0) return { fate: 'unreached' };
      mutation.on = mutant.id;
      try {
        return early ? await tryAnew(mutant) : await judge(reached, costOf, alive);
      } finally {
        mutation.on = 0;
      }
    },
  };
}
