/** Runs tests against mutants, in this process. */
import type { Loader, LoadedTest } from './load.ts';
import type { Mutant } from './mutants.ts';
import type { Fate } from './protocol.ts';
import { mutation } from './switch.ts';

/**
 * Milliseconds. A test that waits for something that a mutant prevents is aborted after this time;
 * `took` is its duration without a mutant.
 */
function patienceFor(took: number): number {
  return Math.max(3_000, Math.min(20 * took, 5_000 + 3 * took));
}

/**
 * A test that loops reaches the places of mutants repeatedly: at most this often, or more if it
 * does so without a mutant.
 */
const STEPS = { least: 1_000_000, times: 20 } as const;
/** The number of retries of an aborted test, without the mutant and with it. */
const TRIES = 2;

/**
 * Milliseconds of processor time, so that a busy machine does not matter. Tests that need more are
 * left out, and reported.
 */
const SLOW = 6_000;

export interface Verdict {
  readonly fate: Fate;
  /** The test that noticed the mutant. */
  readonly by?: string;
}

type Outcome = 'passed' | 'failed' | 'stuck';

/** The cost of a test without a mutant. */
interface Cost {
  readonly took: number;
  readonly steps: number;
}

async function attempt({ body }: LoadedTest, { took, steps }: Cost): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve('stuck'), patienceFor(took));
  });
  mutation.steps = Math.max(STEPS.least, STEPS.times * steps);
  const ran = body().then(
    (): Outcome => 'passed',
    (): Outcome => 'failed',
  );
  return Promise.race([ran, late]).finally(() => {
    clearTimeout(timer);
    mutation.steps = Number.POSITIVE_INFINITY;
  });
}

/**
 * Whether it waits forever because of the mutant, and not because the machine is busy: without the
 * mutant it must end.
 */
async function isStuckByMutant(test: LoadedTest, cost: Cost): Promise<boolean> {
  const { on } = mutation;
  for (let again = 0; again < TRIES; again += 1) {
    mutation.on = 0;
    const without = await attempt(test, cost);
    mutation.on = on;
    const withIt = await attempt(test, cost);
    if (withIt !== 'stuck') return withIt === 'failed';
    if (without === 'passed') return true;
  }
  return false;
}

/** The first test that notices the mutant. */
async function judge(
  tests: readonly LoadedTest[],
  costOf: (test: LoadedTest) => Cost,
): Promise<Verdict> {
  for (const test of tests) {
    const outcome = await attempt(test, costOf(test));
    if (outcome === 'failed') return { fate: 'killed', by: test.name };
    if (outcome === 'stuck' && (await isStuckByMutant(test, costOf(test))))
      return { fate: 'timeout', by: test.name };
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

/**
 * Records which test reaches which mutants, with none switched on; throws if a test fails anyway.
 */
async function observe(tests: readonly LoadedTest[]): Promise<readonly Timed[]> {
  const timed: Timed[] = [];
  for (const test of tests) {
    const hits = new Set<number>();
    mutation.hits = hits;
    mutation.steps = Number.MAX_SAFE_INTEGER;
    const started = performance.now();
    const computed = process.cpuUsage();
    try {
      await test.body();
    } catch (error) {
      throw new Error(`the test "${test.name}" fails without any mutant: ${String(error)}`, {
        cause: error,
      });
    }
    const took = performance.now() - started;
    const { user, system } = process.cpuUsage(computed);
    const cost = (user + system) / 1_000;
    if (cost > SLOW) {
      process.stderr.write(`left out, because it computes ${Math.round(cost)} ms: ${test.name}\n`);
      continue;
    }
    timed.push({ test, took, steps: Number.MAX_SAFE_INTEGER - mutation.steps, hits });
  }
  mutation.hits = undefined;
  return timed.toSorted((a, b) => a.took - b.took);
}

export async function createSuite(loader: Loader): Promise<Suite> {
  const whileLoading = new Set<number>();
  mutation.on = 0;
  mutation.hits = whileLoading;
  const observed = await observe(await loader.load(loader.filesFor()));
  const ranks = new Map(
    observed.map(({ test, took, steps }, rank) => [test.name, { rank, took, steps }]),
  );
  const costOf = ({ name }: LoadedTest): Cost => ranks.get(name) ?? { took: 0, steps: 0 };
  const rankOf = ({ name }: LoadedTest): number => ranks.get(name)?.rank ?? 0;

  /**
   * Values that are computed while a module loads, such as a table, change only when it is loaded
   * again.
   */
  async function tryAnew({ file }: Mutant): Promise<Verdict> {
    const again = await loader
      .load(loader.filesFor(file))
      .catch((error: unknown) => `loading: ${String(error)}`);
    if (typeof again === 'string') return { fate: 'killed', by: again };
    return judge(
      again.filter(({ name }) => ranks.has(name)).toSorted((a, b) => rankOf(a) - rankOf(b)),
      costOf,
    );
  }

  return {
    try: async (mutant) => {
      const reached = observed.filter(({ hits }) => hits.has(mutant.id)).map(({ test }) => test);
      const early = whileLoading.has(mutant.id);
      if (!early && reached.length === 0) return { fate: 'unreached' };
      mutation.on = mutant.id;
      try {
        return early ? await tryAnew(mutant) : await judge(reached, costOf);
      } finally {
        mutation.on = 0;
      }
    },
  };
}
