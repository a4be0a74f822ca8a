/** replay as a function of AWS: called with a question, or by its schedule. */
import { describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/replay/handler.ts';
import type { FunctionContext } from '../../../shared/queue/handler.ts';
import { previewHash } from '../../../shared/operations/replay/replay.ts';
import { startSite } from '../../fixtures/failures/site.ts';
import type { Site } from '../../fixtures/failures/site.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const WEST = 'west/istio-system/istio-ingressgateway';
const context = (milliseconds: number): FunctionContext => ({
  awsRequestId: 'r',
  functionName: 'replay',
  functionVersion: '1',
  getRemainingTimeInMillis: () => milliseconds,
});

/** Its clock stands still for whoever waits for the end of the function's time. */
function functionOf(site: Site) {
  const { clock } = site.runtime;
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    ms > 100_000
      ? new Promise((resolve) => signal?.addEventListener('abort', () => resolve()))
      : clock.sleep(ms, signal);
  const world = site.world();
  return create(
    { ...site.runtime, queues: world.queues, clock: { ...clock, sleep } },
    { failures: { ...site.failures, ...world }, previewer: world.previewer },
  );
}

/** A job for two ingresses that a console asked to start. */
async function asked(site: Site): Promise<string> {
  await site.fail(EAST, 1, [3]);
  await site.fail(WEST, 1, [4]);
  const { asks, jobs } = site.failures;
  const wanted = { kind: 'replay-plan', words: ['code:BIP421'], canary: 0, rate: 10, force: false };
  await asks.create({ id: 'plan', by: 'ada', why: 'repaired', wanted: wanted as never });
  await functionOf(site)({ ask: 'plan' } as never, context(240_000));
  const { job } = (await asks.get('plan')).answer as { readonly job: string };
  const hash = previewHash(await jobs.items(job));
  const run = { kind: 'replay-run', action: 'start', job, hash } as const;
  await asks.create({ id: 'run', by: 'ada', why: 'repaired', wanted: run });
  return job;
}

describe('replay', () => {
  test('answers the question that it is called with, and runs its job', async () => {
    const site = startSite();
    const job = await asked(site);
    await functionOf(site)({ ask: 'run' } as never, context(240_000));
    expect(await site.failures.asks.get('run')).toMatchObject({ state: 'done', answer: { job } });
    expect(site.sent).toHaveLength(2);
  });

  test('continues with its schedule what a call did not finish', async () => {
    const site = startSite();
    const job = await asked(site);
    const { asks, jobs } = site.failures;
    // The process of the call died after the job was started.
    await asks.update('run', () => ({ state: 'running' }));
    await jobs.update(job, (one) => ({ ...one, state: 'running' }));
    await functionOf(site)({ source: 'aws.events' } as never, context(240_000));
    expect(await asks.get('run')).toMatchObject({ state: 'done', answer: { job, state: 'done' } });
    expect(site.sent).toHaveLength(2);
  });

  test('refuses a question that another function answers, and does nothing for one that is none', async () => {
    const site = startSite();
    const { asks } = site.failures;
    await asks.create({ id: 'look', by: 'ada', why: 'w', wanted: { kind: 'look' } });
    await functionOf(site)({ ask: 'look' } as never, context(240_000));
    expect(await asks.get('look')).toMatchObject({
      state: 'failed',
      problem: { message: 'replay does not answer look' },
    });
    await expect(functionOf(site)({ ask: 'none' } as never, context(240_000))).rejects.toThrow(
      'No question none',
    );
  });
});
