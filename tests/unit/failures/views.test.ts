/** What readers without credentials see of devices: stored after declares and audits. */
import { describe, expect, test } from '@jest/globals';
import type { AuditFinding } from '../../../shared/device/finding.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { createViewKeeper } from '../../../shared/failures/view-keeper.ts';
import { createViewStore, VIEWS } from '../../../shared/failures/views.ts';
import { partitionsFromViews } from '../../../shared/operations/devices/seen-partitions.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';
import { logTo } from '../../fixtures/log.ts';

const START = Date.UTC(2026, 10, 30);
const OWNER = 'east/istio-system/gw';
function stateOf(...ports: readonly number[]): DeclaredState {
  const version = { epoch: 1, counter: 2, generation: 1 };
  return declaredState(
    { [OWNER]: { version, clusterUid: 'uid', held: ['172.16.100.195:9/tcp'] } },
    ports.map((port) => ({
      address: '172.16.100.195',
      port,
      protocol: 'tcp',
      settings: SETTINGS,
      contributions: [
        {
          owner: OWNER,
          gateways: ['team/web'],
          since: '2026-01-01T00:00:00Z',
          members: [{ address: '10.0.0.1', port: 8080, availability: 'ready' }],
          wish: { balance: 'round-robin' },
        },
      ],
    })),
    { drains: { east: { mode: 'drain', since: '2026-01-01T00:00:00Z', because: 'update' } } },
  );
}
/** Sleepers wake when the test advances the time. */
function manualClock() {
  let now = START;
  const sleepers: { readonly due: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
      new Promise((wake) => {
        sleepers.push({ due: now + ms, wake });
        signal?.addEventListener('abort', () => wake());
      }),
    advance: async (ms: number): Promise<void> => {
      now += ms;
      for (const { due, wake } of sleepers) if (due <= now) wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const DEVICE = { name: 'bigip-1', partitions: ['k8s'] } as unknown as Parameters<
  ReturnType<typeof partitionsFromViews>
>[0][number];

describe('the view of a partition', () => {
  test('is read as it was written, with the time at which it was seen', async () => {
    const blobs = memoryBlobs();
    const views = createViewStore(blobs, () => START);
    await views.note({
      device: 'bigip-1',
      partition: 'k8s',
      seen: stateOf(443, 80),
      seenAt: START,
    });
    expect(await createViewStore(blobs, () => 0).of('bigip-1', 'k8s')).toEqual({
      device: 'bigip-1',
      partition: 'k8s',
      at: new Date(START).toISOString(),
      seen: stateOf(443, 80),
    });
    const keys = (await blobs.list('')).map(({ key }) => key);
    expect([keys.length, keys.every((key) => key.startsWith(VIEWS))]).toEqual([1, true]);
  });

  test('is absent if another version, or somebody else, wrote it', async () => {
    const blobs = memoryBlobs();
    const views = createViewStore(blobs, () => START);
    await views.note({ device: 'bigip-1', partition: 'k8s', seen: stateOf(443), seenAt: START });
    const [{ key } = { key: '' }] = await blobs.list(VIEWS);
    const { text } = (await blobs.get(key))!;
    for (const other of [
      '{',
      text.replace('"format":1', '"format":2'),
      JSON.stringify({ ...JSON.parse(text), state: 'AAAA' }),
      JSON.stringify({ ...JSON.parse(text), more: 1 }),
    ]) {
      await blobs.put(key, other);
      expect(await views.of('bigip-1', 'k8s')).toBeUndefined();
    }
  });

  test('of a partition that is not ours says why', async () => {
    const views = createViewStore(memoryBlobs(), () => START);
    const seen = { code: 'OWN303', reason: 'another client declared it' };
    await views.note({ device: 'bigip-1', partition: 'k8s', seen, seenAt: START });
    expect(await partitionsFromViews(views)([DEVICE])).toEqual([
      { device: 'bigip-1', partition: 'k8s', code: 'OWN303', problem: seen.reason },
    ]);
  });

  test('is not replaced by an older one that another process writes late', async () => {
    const blobs = memoryBlobs();
    const clock = manualClock();
    const keeper = () =>
      createViewKeeper({ clock, log: logTo([]) }, async () => ({
        views: createViewStore(blobs, () => clock.now()),
      }));
    const see = (by: ReturnType<typeof keeper>, ...ports: readonly number[]): Promise<void> =>
      by.note([
        { device: 'bigip-1', partition: 'k8s', seen: stateOf(...ports), seenAt: clock.now() },
      ]);
    const [first, second] = [keeper(), keeper()];
    await see(first, 1);
    // Written after ten seconds, and by then a second process has seen more.
    await see(first, 1, 2);
    await clock.advance(1_000);
    await see(second, 1, 2, 3);
    await clock.advance(9_000);
    await first.close();
    const views = createViewStore(blobs, () => clock.now());
    expect((await views.of('bigip-1', 'k8s'))?.seen).toEqual(stateOf(1, 2, 3));
    await second.close();
  });

  test('is written again after another process had a newer one, though nothing changed here', async () => {
    const blobs = memoryBlobs();
    const clock = manualClock();
    const store = createViewStore(blobs, () => clock.now());
    const keeper = createViewKeeper({ clock, log: logTo([]) }, async () => ({ views: store }));
    const view = { device: 'bigip-1', partition: 'k8s' };
    const before = clock.now();
    await clock.advance(1_000);
    await store.note({ ...view, seen: stateOf(1), seenAt: clock.now() });
    await keeper.note([{ ...view, seen: stateOf(1, 2), seenAt: before }]);
    await clock.advance(20_000);
    await keeper.note([{ ...view, seen: stateOf(1, 2), seenAt: clock.now() }]);
    expect((await store.of('bigip-1', 'k8s'))?.seen).toEqual(stateOf(1, 2));
    await keeper.close();
  });

  test('replaces one whose time lies far ahead', async () => {
    const views = createViewStore(memoryBlobs(), () => START);
    const note = (seenAt: number, ...ports: readonly number[]): Promise<boolean> =>
      views.note({ device: 'bigip-1', partition: 'k8s', seen: stateOf(...ports), seenAt });
    expect(await note(START + 3_600_000, 1)).toBe(true);
    expect(await note(START, 1, 2)).toBe(true);
    expect((await views.of('bigip-1', 'k8s'))?.seen).toEqual(stateOf(1, 2));
  });

  test('that is too large to keep says where to look instead', async () => {
    const views = createViewStore(memoryBlobs(), () => START);
    const state = stateOf(443);
    const because = 'x'.repeat(17 * 1_048_576);
    const drains = { east: { mode: 'drain' as const, since: '2026-01-01T00:00:00Z', because } };
    await views.note({
      device: 'bigip-1',
      partition: 'k8s',
      seen: { ...state, drains },
      seenAt: START,
    });
    expect((await views.of('bigip-1', 'k8s'))?.seen).toMatchObject({ code: 'BIP461' });
  });
});

describe('operations that ask no device', () => {
  test('use the state as it was last seen, with what the last audit read of the device', async () => {
    const views = createViewStore(memoryBlobs(), () => START);
    await views.note({ device: 'bigip-1', partition: 'k8s', seen: stateOf(443), seenAt: START });
    await views.noteAudit({ device: 'bigip-1', hostname: 'a', software: '3.56.0', findings: [] });
    expect(await partitionsFromViews(views)([DEVICE])).toEqual([
      {
        device: 'bigip-1',
        partition: 'k8s',
        state: stateOf(443),
        at: new Date(START).toISOString(),
        facts: { hostname: 'a', software: '3.56.0', ahead: undefined },
      },
    ]);
  });

  test('say what is not known: never seen, or not reached by the audit', async () => {
    const views = createViewStore(memoryBlobs(), () => START);
    const read = partitionsFromViews(views);
    expect(await read([DEVICE])).toMatchObject([
      { code: 'BIP501', problem: expect.stringContaining('not seen yet') },
    ]);
    const problem = { code: 'BIP402', reason: 'the certificate is not trusted' };
    await views.noteAudit({ device: 'bigip-1', findings: [], problem });
    expect(await read([DEVICE])).toMatchObject([{ code: 'BIP402', problem: problem.reason }]);
  });
});

describe('the last audit of a device', () => {
  test('is kept without orders, and bounded', async () => {
    const views = createViewStore(memoryBlobs(), () => START);
    const finding: AuditFinding = {
      device: 'bigip-1',
      partition: 'k8s',
      kind: 'differs',
      code: 'BIP451',
      object: '/k8s/a',
      message: 'x'.repeat(5_000),
      repairable: true,
      order: { action: 'enable', device: 'bigip-1', cluster: 'east' },
    };
    const findings = Array.from({ length: 1_001 }, () => finding);
    await views.noteAudit({ device: 'bigip-1', findings });
    const found = await views.audit('bigip-1');
    expect([found?.found, found?.findings.length]).toEqual([1_001, 1_000]);
    expect(found?.findings[0]).toMatchObject({ code: 'BIP451', object: '/k8s/a' });
    expect(found?.findings[0]).not.toHaveProperty('order');
    expect(found?.findings[0]?.message.length).toBeLessThan(2_100);
  });
});

describe('views are written', () => {
  const desk = (isDry = false) => {
    const clock = manualClock();
    const store = createViewStore(memoryBlobs(), () => clock.now());
    const written: number[] = [];
    const lines: Record<string, unknown>[] = [];
    const at = { isAway: false };
    const keeper = createViewKeeper({ clock, log: logTo(lines), dryRun: isDry }, async () => {
      if (at.isAway) throw new Error('away');
      return {
        views: {
          ...store,
          note: (view) => {
            written.push('owners' in view.seen ? Object.keys(view.seen.exposures).length : 0);
            return store.note(view);
          },
        },
      };
    });
    const viewOf = (...ports: readonly number[]) => ({
      device: 'bigip-1',
      partition: 'k8s',
      seen: stateOf(...ports),
      seenAt: clock.now(),
    });
    const see = (...ports: readonly number[]): Promise<void> => keeper.note([viewOf(...ports)]);
    const look = (...ports: readonly number[]): Promise<void> =>
      keeper.note([viewOf(...ports)], 'looked');
    return { clock, written, lines, at, keeper, see, look };
  };

  test('only when something changed, and at most every ten seconds', async () => {
    const { clock, written, keeper, see } = desk();
    await see(1);
    await see(1);
    expect(written).toEqual([1]);
    await see(1, 2);
    await see(1, 2, 3);
    expect(written).toEqual([1]);
    // The newest follows by itself.
    await clock.advance(10_000);
    expect(written).toEqual([1, 3]);
    await clock.advance(60_000);
    await see(1, 2, 3);
    expect(written).toEqual([1, 3]);
    await see(1);
    expect(written).toEqual([1, 3, 1]);
    await keeper.close();
    expect(written).toEqual([1, 3, 1]);
  });

  test('again after each look, so that their age is that of the look', async () => {
    const { clock, written, keeper, see, look } = desk();
    await see(1);
    await clock.advance(60_000);
    await look(1);
    expect(written).toEqual([1, 1]);
    // Also a look does not exceed the pace.
    await look(1);
    expect(written).toEqual([1, 1]);
    await clock.advance(10_000);
    expect(written).toEqual([1, 1, 1]);
    await keeper.close();
  });

  test('at the latest when the process ends', async () => {
    const { written, keeper, see } = desk();
    await see(1);
    await see(1, 2);
    await keeper.close();
    expect(written).toEqual([1, 2]);
  });

  test('again after a minute if the store was away, and nobody waits for it', async () => {
    const { clock, written, lines, at, keeper, see } = desk();
    at.isAway = true;
    await see(1);
    await keeper.noteAudit({ device: 'bigip-1', findings: [] });
    expect([written, lines.length]).toEqual([[], 1]);
    at.isAway = false;
    await clock.advance(60_000);
    await see(1);
    expect(written).toEqual([1]);
    await keeper.close();
  });

  test('never in a dry run', async () => {
    const { written, keeper, see } = desk(true);
    await see(1);
    await keeper.close();
    expect(written).toEqual([]);
  });
});
