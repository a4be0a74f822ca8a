/** The failure store of a process. */
import { expect, test } from '@jest/globals';
import { createStore } from '../../../shared/failures/opened-once.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';

test('is opened once, and again only after it could not be opened', async () => {
  const runtime = testRuntime();
  let reads = 0;
  const config = {
    ...runtime.config,
    get failures() {
      reads += 1;
      if (reads === 1) throw new Error('not yet');
      return runtime.config.failures;
    },
  };
  const store = createStore({ ...runtime, config });
  await expect(store.open()).rejects.toThrow('not yet');
  const [one, other] = await Promise.all([store.open(), store.open()]);
  expect(other).toBe(one);
  expect(reads).toBe(2);
  await store.close();
});
