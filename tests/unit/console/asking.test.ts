/** A run outlives the console; a question is waited for shortly; the console has no credentials. */
import { describe, expect, test } from '@jest/globals';
import { createAsking } from '../../../functions/console/asking.ts';
import { create } from '../../../functions/console/main.ts';
import { controlJob } from '../../../shared/failures/replay/control.ts';
import type { Ledger } from '../../../shared/failures/replay/jobs.ts';
import type { Previewer } from '../../../shared/failures/replay/preview.ts';
import { answerReplayAsk, continueRuns } from '../../../shared/operations/replay/answers.ts';
import { previewHash } from '../../../shared/operations/replay/replay.ts';
import { startSite } from '../../fixtures/failures/site.ts';
import type { Site } from '../../fixtures/failures/site.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const contextOf = (site: Site) => ({ ...site.world(), asks: site.failures.asks });

/** A job for two ingresses, previewed and asked to start. */
async function asked(site: Site) {
  await site.fail(EAST, 1, [3]);
  await site.fail('west/istio-system/istio-ingressgateway', 1, [4]);
  const { asks, jobs } = site.failures;
  const words = ['code:BIP421'];
  const wanted = { kind: 'replay-plan', words, canary: 0, rate: 10, force: false } as const;
  await asks.create({ id: 'plan', by: 'ada', why: 'repaired', wanted });
  const { answer } = await answerReplayAsk(contextOf(site), 'plan');
  const { job } = answer as { readonly job: string };
  const hash = previewHash(await jobs.items(job));
  const run = { kind: 'replay-run', action: 'start', job, hash } as const;
  await asks.create({ id: 'run', by: 'ada', why: 'repaired', wanted: run });
  return job;
}

describe('a run that a console asked for', () => {
  test('ends although its process stops in the middle', async () => {
    const site = startSite();
    const job = await asked(site);
    const stop = new AbortController();
    // The process stops after its first event.
    site.step = (what) => what === 'after send slices' && stop.abort();
    await answerReplayAsk(contextOf(site), 'run', stop.signal);
    expect(await site.failures.asks.get('run')).toMatchObject({ state: 'running' });
    expect(await site.failures.jobs.get(job)).toMatchObject({ state: 'running' });
    site.step = () => undefined;
    expect(await continueRuns(contextOf(site))).toBe(1);
    expect(await site.failures.asks.get('run')).toMatchObject({
      state: 'done',
      answer: { job, state: 'done' },
    });
    expect((await site.failures.jobs.items(job)).map(({ result }) => result?.kind)).toEqual([
      'applied',
      'applied',
    ]);
    expect(await continueRuns(contextOf(site))).toBe(0);
  });

  test('is left to the process that has it', async () => {
    const site = startSite();
    const job = await asked(site);
    const now = site.runtime.clock.now();
    await site.failures.asks.update('run', () => ({ state: 'running' }));
    await site.failures.jobs.update(job, (one) => ({
      ...one,
      state: 'running',
      lease: { holder: 'other', until: now + 30_000 },
    }));
    expect(await continueRuns(contextOf(site))).toBe(0);
    expect(site.sent).toEqual([]);
  });

  test('that two people ask for at the same time has one driver, whom the other leaves alone', async () => {
    const site = startSite();
    const job = await asked(site);
    const { asks, jobs } = site.failures;
    const { wanted } = await asks.get('run');
    await asks.create({ id: 'second', by: 'bob', why: 'repaired', wanted });
    const context = contextOf(site);
    let ledger: Ledger | undefined;
    const preview: Previewer['preview'] = async (...given) => {
      if (ledger === undefined) {
        await controlJob(context, 'start', { id: job, who: 'ada', why: 'repaired' });
        ledger = await jobs.ledger(job);
      }
      return context.previewer.preview(...given);
    };
    const previewer = { ...context.previewer, preview };
    const second = await answerReplayAsk({ ...context, previewer }, 'second');
    expect(second).toMatchObject({ state: 'failed', problem: { code: 'RPL703' } });
    // The driver holds the items as they were; a write of somebody else would stop it.
    await ledger!.save(new Map([[0, ledger!.items[0]!]]));
  });

  test('of a job that a process runs already is refused, and does not stop that one', async () => {
    const site = startSite();
    const job = await asked(site);
    const { asks, jobs } = site.failures;
    const until = site.runtime.clock.now() + 30_000;
    const lease = { holder: 'other', until };
    await jobs.update(job, (one) => ({ ...one, state: 'running', lease }));
    const ledger = await jobs.ledger(job);
    const hash = previewHash(ledger.items);
    const wanted = { kind: 'replay-run', action: 'resume', job, hash } as const;
    await asks.create({ id: 'again', by: 'bob', why: 'repaired', wanted });
    const answer = await answerReplayAsk(contextOf(site), 'again');
    expect(answer).toMatchObject({ state: 'failed', problem: { code: 'RPL704' } });
    await ledger.save(new Map([[0, ledger.items[0]!]]));
  });

  test('that a person cancelled meanwhile is not continued', async () => {
    const site = startSite();
    const job = await asked(site);
    await site.failures.asks.update('run', () => ({ state: 'running' }));
    await site.failures.jobs.update(job, (one) => ({ ...one, state: 'cancelled' }));
    expect(await continueRuns(contextOf(site))).toBe(1);
    expect(await site.failures.asks.get('run')).toMatchObject({ state: 'done' });
    expect(site.sent).toEqual([]);
  });
});

describe('runs of several jobs', () => {
  test('are continued although the job of one of them is gone', async () => {
    const site = startSite();
    const job = await asked(site);
    const { asks } = site.failures;
    const gone = { kind: 'replay-run', action: 'start', job: 'gone', hash: 'h' } as const;
    await asks.create({ id: 'a-gone', by: 'ada', why: 'repaired', wanted: gone });
    await asks.update('a-gone', () => ({ state: 'running' }));
    await asks.update('run', () => ({ state: 'running' }));
    await site.failures.jobs.update(job, (one) => ({ ...one, state: 'running' }));
    expect(await continueRuns(contextOf(site))).toBe(1);
    expect(await site.failures.jobs.get(job)).toMatchObject({ state: 'done' });
    expect(await asks.get('a-gone')).toMatchObject({
      state: 'failed',
      problem: { code: 'RPL702', message: expect.stringContaining('gone') },
    });
  });
});

describe('a question of the console', () => {
  test('is waited for at most six seconds', async () => {
    const { runtime, failures } = startSite();
    const asking = createAsking(runtime, failures.asks, () => Promise.resolve());
    const began = runtime.clock.now();
    const ask = await asking.ask({ kind: 'look' }, { who: 'ada', why: 'because' });
    expect(ask.state).toBe('waiting');
    expect(runtime.clock.now() - began).toBeLessThan(7_000);
  });

  test('that others wait for already is not asked again', async () => {
    const { runtime, failures } = startSite();
    const called: string[] = [];
    const asking = createAsking(runtime, failures.asks, async (name, id) => {
      called.push(`${name} ${id}`);
    });
    const author = { who: 'ada', why: 'because' };
    const first = await asking.ask({ kind: 'look' }, author);
    const second = await asking.ask({ kind: 'look' }, { ...author, who: 'bob' });
    expect([second.id, called.length]).toEqual([first.id, 1]);
    // A question whose function died is asked again.
    runtime.advance(60_000);
    const third = await asking.ask({ kind: 'look' }, author);
    expect([third.id === first.id, called.length]).toEqual([false, 2]);
    // Also if it seems to be from the future, because a clock was corrected.
    await failures.asks.update(third.id, () => ({ state: 'done' }));
    await failures.asks.update(first.id, () => ({ state: 'done' }));
    runtime.advance(3_600_000);
    const ahead = await asking.ask({ kind: 'look' }, author);
    runtime.advance(-3_600_000);
    const back = await asking.ask({ kind: 'look' }, author);
    expect([back.id === ahead.id, called.length]).toEqual([false, 4]);
  });

  test('that no function takes says so', async () => {
    const { runtime, failures } = startSite();
    const call = () => Promise.reject(new Error('no such function'));
    const ask = await createAsking(runtime, failures.asks, call).ask(
      { kind: 'doctor' },
      { who: 'ada', why: 'because' },
    );
    expect(ask).toMatchObject({
      state: 'failed',
      problem: { message: 'audit could not be asked: no such function' },
    });
  });
});

test('no route can read a secret: all are answered although each secret is a fault', async () => {
  const site = startSite();
  let read = 0;
  const secrets = { resolve: () => Promise.reject(new Error(`read ${(read += 1)}`)) };
  const { fetch } = create({
    runtime: { ...site.runtime, secrets },
    failures: site.failures,
    who: 'ada',
    role: 'admin',
    call: () => Promise.resolve(),
  });
  for (const path of ['now', 'status', 'ports', 'clusters', 'drift', 'addresses', 'search?q=1'])
    expect(
      (
        await fetch(
          new Request(`http://localhost/api/v1/${path}`, { headers: { Host: 'localhost' } }),
        )
      ).status,
    ).toBe(200);
  expect(read).toBe(0);
});
