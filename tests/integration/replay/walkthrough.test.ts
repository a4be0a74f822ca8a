/**
 * An outage at night: 500 failures of 6 kinds in 4 clusters, with the device over HTTPS, the
 * failure store over S3's protocol, and the real functions.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { groupFailures, matchesFilter, parseFilter } from '../../../shared/failures/filter.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { controlJob } from '../../../shared/failures/replay/control.ts';
import { runJob } from '../../../shared/failures/replay/driver.ts';
import { countResults, type ReplayItem } from '../../../shared/failures/replay/job.ts';
import { createJob, previewItems, selectItems } from '../../../shared/failures/replay/select.ts';
import { createS3Blobs } from '../../../shared/failures/s3/blobs.ts';
import { startNight, type Night } from '../../fixtures/failures/night.ts';
import { CLUSTERS } from '../../fixtures/failures/runtime.ts';
import { startLocalS3, type LocalS3 } from '../../fixtures/s3.ts';

let night: Night;
let s3: LocalS3;

beforeAll(async () => {
  s3 = await startLocalS3();
  night = await startNight(Date.UTC(2026, 10, 23, 3), (clock) =>
    failuresOver(createS3Blobs({ ...s3.options, prefix: 'story' }), { clock, id: randomUUID }),
  );
});
afterAll(async () => {
  await night.stop();
  await s3.stop();
});

describe('a night with 500 failures', () => {
  const verdicts = (items: readonly ReplayItem[]): Record<string, number> =>
    Object.fromEntries(
      [...Map.groupBy(items, (i) => i.preview!.verdict)].map(([v, list]) => [v, list.length]),
    );

  test('are found, grouped, previewed and replayed with a canary; counts are exact, no rollback', async () => {
    await night.goWrong();
    await night.work(night.configOf(false));

    // Found and grouped without reading a single event.
    const found = await night.failures.store.list();
    expect(found).toHaveLength(500);
    const byCode = Object.fromEntries(
      groupFailures(found, ['code']).map((g) => [g.values[0], g.failures]),
    );
    expect(byCode).toEqual({
      BIP424: 40,
      GW104: 60,
      RPL701: 100,
      OWN303: 100,
      Q612: 100,
      Q610: 100,
    });
    // A message that is not JSON has no cluster.
    const byCluster = groupFailures(
      found.filter((h) => h.code !== 'Q610'),
      ['cluster'],
    ).map((g) => [g.values[0], g.failures] as const);
    expect(new Map(byCluster)).toEqual(new Map(CLUSTERS.map((id) => [id, 100])));
    const east = parseFilter(['cluster:east code:BIP424'], night.clock.now());
    expect(found.filter((h) => matchesFilter(east, h))).toHaveLength(10);
    const one = await night.failures.store.get(found.find((h) => h.code === 'BIP424')!.id);
    expect(one?.details.response).toContain('/Common/geo');

    // The causes are corrected; in the meantime newer revisions superseded 20 of the events that
    // never ran.
    await night.mend();
    const mended = night.configOf(true);
    await night.work(mended);

    // Previews the replay.
    const world = night.worldOf(mended);
    night.pass(1_000);
    const now = night.clock.now();
    const filter = parseFilter(['state:open'], now);
    const items = await previewItems(
      world,
      await selectItems(world.store, filter, now),
      () => undefined,
    );
    expect(verdicts(items)).toEqual({ 'would-apply': 40 + 60 + 80, superseded: 20, invalid: 300 });

    // One as a canary, then the rest.
    const job = createJob(
      { id: 'night', filter, by: 'ada', why: 'mended', canary: 1, rate: 100, now },
      items,
    );
    await world.jobs.create(job, items);
    await controlJob(world, 'start', { id: job.id, who: 'ada', why: 'mended' });
    const passed: boolean[] = [];
    expect(
      await runJob(world, job.id, { onProgress: (current) => passed.push(current.canaryPassed) }),
    ).toMatchObject({ state: 'done' });
    expect([passed[0], passed.at(-1)]).toEqual([false, true]);

    expect(countResults(await world.jobs.items(job.id))).toEqual({
      applied: 180,
      superseded: 20,
      invalid: 300,
    });
    const states = Object.fromEntries(
      groupFailures(await night.failures.store.list(), ['state']).map((g) => [
        g.values[0],
        g.failures,
      ]),
    );
    expect(states).toEqual({ replayed: 180, healed: 20, open: 300 });
    expect((await night.failures.audit.list()).map((e) => e.action)).toEqual([
      'replay start',
      'replay done',
    ]);

    // The device confirms it.
    const reading = await night.device.read('k8s');
    if (reading.kind !== 'ours') throw new Error(reading.reason);
    expect(Object.keys(reading.declared.state.exposures)).toHaveLength(4 + 40 + 60 + 100);
    expect(night.falls).toEqual([]);
  }, 240_000);
});
