/** Runs tests against mutants, in this process. */
import type { CollectedTest } from './jest-globals.ts';
import type { Loader } from './load.ts';
import { mutation } from './switch.ts';

/** Undefined where nothing failed. */
async function firstFailure(tests: readonly CollectedTest[]): Promise<string | undefined> {
  for (const { name, body } of tests) {
    try {
      await body();
    } catch {
      return name;
    }
  }
  return undefined;
}

export interface Suite {
  /** The test that notices the mutant, or undefined when it survives. */
  try(id: number): Promise<string | undefined>;
  /** Whether any test comes by it at all. */
  isReached(id: number): boolean;
}

interface Timed {
  readonly test: CollectedTest;
  readonly took: number;
  readonly hits: ReadonlySet<number>;
}

/** Learns which test comes by which mutant, with nothing switched on; throws where a test fails even so. */
async function observe(tests: readonly CollectedTest[]): Promise<readonly Timed[]> {
  const timed: Timed[] = [];
  for (const test of tests) {
    const hits = new Set<number>();
    mutation.hits = hits;
    const started = performance.now();
    try {
      await test.body();
    } catch (error) {
      throw new Error(`the test "${test.name}" fails without any mutant: ${String(error)}`, { cause: error });
    }
    timed.push({ test, took: performance.now() - started, hits });
  }
  mutation.hits = undefined;
  return timed.toSorted((a, b) => a.took - b.took);
}

export async function createSuite(loader: Loader): Promise<Suite> {
  const whileLoading = new Set<number>();
  mutation.on = 0;
  mutation.hits = whileLoading;
  const observed = await observe(await loader.load());
  const inOrder = observed.map(({ test }) => test.name);
  return {
    isReached: (id) => whileLoading.has(id) || observed.some(({ hits }) => hits.has(id)),
    try: async (id) => {
      mutation.on = id;
      try {
        // What is computed while a module loads, such as a table, is there only after another load.
        if (!whileLoading.has(id)) return await firstFailure(observed.filter(({ hits }) => hits.has(id)).map(({ test }) => test));
        const again = await loader.load().catch((error: unknown) => `loading: ${String(error)}`);
        if (typeof again === 'string') return again;
        return await firstFailure(again.toSorted((a, b) => inOrder.indexOf(a.name) - inOrder.indexOf(b.name)));
      } finally {
        mutation.on = 0;
      }
    },
  };
}
