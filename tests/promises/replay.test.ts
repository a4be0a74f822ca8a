import { describe, expect, test } from '@jest/globals';
import { controlJob } from '../../shared/failures/replay/control.ts';
import { DRIVER_LEASE_MS } from '../../shared/failures/replay/job.ts';
import { selectItems } from '../../shared/failures/replay/select.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import { owner, startSite, type Site } from '../fixtures/failures/site.ts';

/**
 * Red with the guard removed: without the state `sending` and its stored deduplication id an event
 * is sent twice under two ids after a crash; without reading the job before every step a cancel
 * comes too late; without `head.last <= cutoff` later failures join in; without quarantine a
 * poisoned event is sent in every job.
 */
class Crash extends Error {}

const kinds = async (site: Site, job: { readonly id: string }): Promise<Record<string, number>> => {
  const items = await site.failures.jobs.items(job.id);
  return Object.fromEntries(
    [...Map.groupBy(items, (i) => i.result?.kind ?? i.status)].map(([k, list]) => [k, list.length]),
  );
};

async function siteWith(count: number): Promise<Site> {
  const site = startSite();
  for (let n = 0; n < count; n++) await site.fail(owner(n), 1, [1_000 + n]);
  expect(await site.failures.store.list()).toHaveLength(count);
  return site;
}

describe('14 replay is a job, not a button', () => {
  test('killed before and after each of its steps, a job is resumed and counts every item once', async () => {
    let steps = 0;
    for (let k = 0; ; k++) {
      const site = await siteWith(4);
      site.poison.add(1_002);
      const job = await site.plan('code:BIP421', { canary: 1 });
      let seen = 0;
      site.step = (what) => {
        if (seen++ === k) throw new Crash(what);
      };
      const died = await site.run(job).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Crash) return true;
          throw error;
        },
      );
      if (!died) {
        steps = k;
        break;
      }
      site.step = () => undefined;
      // Results of sent events arrive whether or not a process drives the job.
      await site.runtime.clock.sleep(DRIVER_LEASE_MS + 1);
      const { state } = await site.failures.jobs.get(job.id);
      if (state !== 'done') expect(await site.run(job)).toMatchObject({ state: 'done' });
      expect(await kinds(site, job)).toEqual({ applied: 3, quarantined: 1 });
      // An event that was sent twice has one id, which the queue deduplicates.
      expect(new Set(site.sent.map((s) => s.message.deduplicationId)).size).toBe(4);
      expect(
        new Set(
          (await site.failures.store.list()).map((h) => `${h.exposure} ${h.state} ${h.count}`),
        ),
      ).toEqual(
        new Set([
          '172.16.100.195:1000/tcp replayed 1',
          '172.16.100.195:1001/tcp replayed 1',
          '172.16.100.195:1002/tcp quarantined 2',
          '172.16.100.195:1003/tcp replayed 1',
        ]),
      );
    }
    expect(steps).toBeGreaterThan(40);
  });

  test('killed after it sent an event, and resumed before the event is handled, a job uses the same id', async () => {
    const site = await siteWith(1);
    const working = site.work;
    site.work = async () => undefined;
    const job = await site.plan('code:BIP421');
    site.step = (what) => {
      if (what === 'after send slices') throw new Crash(what);
    };
    await expect(site.run(job)).rejects.toThrow(Crash);
    site.step = () => undefined;
    site.runtime.advance(DRIVER_LEASE_MS + 1);
    const resumed = site.run(job, { onProgress: () => void (site.work = working) });
    expect(await resumed).toMatchObject({ state: 'done' });
    expect(site.sent).toHaveLength(2);
    expect(new Set(site.sent.map((s) => s.message.deduplicationId)).size).toBe(1);
    expect(site.versions).toHaveLength(2);
    expect(await kinds(site, job)).toEqual({ applied: 1 });
  });

  test('sends the original bytes to the original queue and group, under a new id', async () => {
    const site = startSite();
    await site.fail(owner(1), 1, [1_001]);
    await site.run(await site.plan('code:BIP421'));
    expect(site.sent.map((s) => [s.queue, s.message.group, s.message.body])).toEqual([
      [
        'slices',
        'bigip-1',
        (await site.failures.store.get((await site.failures.store.list())[0]!.id))!.details.event
          .body,
      ],
    ]);
    expect(site.device.state().exposures['172.16.100.195:1001/tcp']).toBeDefined();
  });

  test('keeps the rate within a tenth', async () => {
    const site = await siteWith(50);
    await site.run(await site.plan('code:BIP421', { rate: 4 }));
    const times = site.sent.map((s) => s.at);
    expect(times).toHaveLength(50);
    const rate = 49_000 / (times.at(-1)! - times[0]!);
    expect(rate).toBeGreaterThan(3.6);
    expect(rate).toBeLessThan(4.4);
  });

  test.each(['pause', 'cancel'] as const)('after %s not one more event is sent', async (action) => {
    const site = await siteWith(10);
    const job = await site.plan('code:BIP421', { rate: 1 });
    const run = site.run(job, {
      onProgress: () => {
        if (site.sent.length === 3)
          site.work = async () =>
            void (await controlJob(site.failures, action, {
              id: job.id,
              who: 'ada',
              why: 'lunch',
            }).catch(() => undefined));
      },
    });
    expect(await run).toMatchObject({
      state: action === 'pause' ? 'paused' : 'cancelled',
      reason: 'lunch',
    });
    expect(site.sent).toHaveLength(3);
    expect((await site.failures.audit.list()).at(-1)).toMatchObject({
      who: 'ada',
      action: `replay ${action}`,
      why: 'lunch',
    });
    if (action === 'cancel') await expect(site.run(job)).rejects.toMatchObject({ code: 'RPL703' });
  });

  test('failures after the cut-off are not touched', async () => {
    const site = await siteWith(3);
    const cutoff = site.runtime.clock.now();
    const job = await site.plan('code:BIP421');
    site.runtime.advance(1);
    await site.fail(owner(9), 1, [1_999]);
    expect(
      (await selectItems(site.failures.store, {}, cutoff)).map((item) => item.failure),
    ).toEqual((await site.items(job)).map((item) => item.failure));
    await site.run(job);
    expect(await kinds(site, job)).toEqual({ applied: 3 });
    expect(
      (await site.failures.store.list()).filter((h) => h.state === 'open').map((h) => h.exposure),
    ).toEqual(['172.16.100.195:1999/tcp']);
  });

  test('a failed canary stops it before the rest; resuming sends the rest', async () => {
    const site = await siteWith(6);
    site.poison.add(1_000);
    const job = await site.plan('code:BIP421', { canary: 2 });
    expect(await site.run(job)).toMatchObject({ state: 'paused', code: 'RPL707' });
    expect(site.sent).toHaveLength(2);
    expect(await site.run(job)).toMatchObject({ state: 'done' });
    expect(await kinds(site, job)).toEqual({ quarantined: 1, applied: 5 });
  });

  test('a good canary lets the rest go by itself', async () => {
    const site = await siteWith(6);
    const job = await site.plan('code:BIP421', { canary: 2 });
    const order: number[] = [];
    await site.run(job, {
      onProgress: (current) =>
        order.push(current.canaryPassed ? site.sent.length : -site.sent.length),
    });
    // At most two were sent before the canary had passed.
    expect(Math.min(...order)).toBe(-2);
    expect(await kinds(site, job)).toEqual({ applied: 6 });
  });

  test('only the newest revision of an owner is sent, and no revision decreases', async () => {
    const site = startSite();
    for (const counter of [1, 2, 3]) await site.fail(owner(1), counter, [2_000 + counter]);
    await site.fail(owner(2), 7, [3_000]);
    const job = await site.plan('code:BIP421');
    await site.run(job);
    expect(site.sent).toHaveLength(2);
    expect(await kinds(site, job)).toEqual({ applied: 2, superseded: 2 });
    expect(
      compareVersions(site.device.state().owners[owner(1)]!.version, {
        epoch: 1,
        counter: 3,
        generation: 1,
      }),
    ).toBe(0);
    expect(site.sent.map((s) => s.message.body)).toContain(
      site
        .body(owner(2), 7, [3_000])
        .replace(/"time":"[^"]*"/, /"time":"[^"]*"/.exec(site.sent.at(-1)!.message.body)![0]),
    );
  });

  test('an event whose owner is declared in a newer revision is not sent', async () => {
    const site = await siteWith(1);
    const job = await site.plan('code:BIP421');
    await site.runtime.queues
      .queue('slices')
      .send({ group: 'bigip-1', deduplicationId: 'newer', body: site.body(owner(0), 5, [1_000]) });
    await site.work();
    await site.run(job);
    expect(site.sent).toEqual([]);
    expect(await kinds(site, job)).toEqual({ superseded: 1 });
    expect(await site.failures.store.list()).toMatchObject([
      { state: 'healed', note: 'healed by 1.5' },
    ]);
  });

  test('a failure that fails again is quarantined, and only a selection by name sends it', async () => {
    const site = await siteWith(1);
    site.poison.add(1_000);
    const first = await site.plan('code:BIP421');
    await site.run(first);
    expect(await kinds(site, first)).toEqual({ quarantined: 1 });
    await expect(site.plan('code:BIP421')).rejects.toMatchObject({ code: 'RPL705' });
    site.poison.clear();
    const second = await site.plan('code:BIP421 state:quarantined');
    await site.run(second);
    expect(await kinds(site, second)).toEqual({ applied: 1 });
    expect(site.sent).toHaveLength(2);
  });

  test('an unreachable device pauses the job, and nothing is lost', async () => {
    const site = await siteWith(2);
    site.away.device = true;
    const job = await site.plan('code:BIP421');
    expect(await site.run(job)).toMatchObject({ state: 'paused', code: 'RPL708' });
    expect(site.sent).toEqual([]);
    site.away.device = false;
    expect(await site.run(job)).toMatchObject({ state: 'done' });
    expect(await kinds(site, job)).toEqual({ applied: 2 });
  });

  test('an exposure that is not tried again gets its result in seconds', async () => {
    const site = startSite();
    await site.fail(owner(1), 1, [1_001, 1_002, 1_003]);
    site.poison.add(1_001);
    site.silent.add(1_002).add(1_003);
    const job = await site.plan('code:BIP421');
    const started = site.runtime.clock.now();
    await site.run(job);
    expect(await kinds(site, job)).toEqual({ quarantined: 1, failed: 2 });
    expect(site.runtime.clock.now() - started).toBeLessThan(20_000);
    expect((await site.failures.store.list()).map((h) => h.state).sort()).toEqual([
      'open',
      'open',
      'quarantined',
    ]);
  });

  test('without working functions there is no result, and the failure stays open', async () => {
    const site = await siteWith(1);
    site.work = async () => undefined;
    const job = await site.plan('code:BIP421');
    expect(await site.run(job)).toMatchObject({ state: 'done' });
    expect(await kinds(site, job)).toEqual({ 'no-result': 1 });
    expect(await site.failures.store.list()).toMatchObject([{ state: 'open' }]);
  });

  test('two processes never drive one job', async () => {
    const site = await siteWith(3);
    const job = await site.plan('code:BIP421', { rate: 1 });
    let second: unknown;
    await site.run(job, {
      onProgress: () => {
        second ??= site.run(job).catch((error: unknown) => error);
      },
    });
    expect(await second).toMatchObject({ code: 'RPL704' });
    expect(site.sent).toHaveLength(3);
  });
});
