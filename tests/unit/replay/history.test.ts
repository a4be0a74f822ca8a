import { describe, expect, test } from '@jest/globals';
import type { ExposureResult, Settled } from '../../../shared/domain/exposure/exposure.ts';
import { createHistoryStore } from '../../../shared/failures/history.ts';
import { memoryBlobs, watched } from '../../fixtures/failures/blobs.ts';

const OWNER = 'east/istio-system/istio-ingressgateway';
const MINUTE = 60_000;

function settled(counter: number, over: Partial<ExposureResult> = {}, device = 'bigip-1'): Settled {
  const e: ExposureResult = {
    address: '172.16.100.195',
    port: 80,
    protocol: 'tcp',
    partition: 'k8s',
    gateways: ['team/web'],
    outcome: 'applied',
    code: 'OK',
    message: 'made',
    ...over,
  };
  return {
    owner: OWNER,
    clusterUid: 'uid',
    version: { epoch: 7, counter, generation: 1 },
    device,
    devices: [device],
    servers: [],
    notes: [],
    exposures: [e],
  };
}
const WAY = {
  hops: [{ at: '2026-11-23T03:00:00Z', where: 'watch' }],
  attempt: 1,
  deduplicationId: 'e-1',
};
const BUSY = { outcome: 'retry', code: 'BIP503', message: 'busy' } as const;

/**
 * Red with the guard removed: without `REPEAT_MS` (history.ts) every resync writes; without
 * `MAX_ENTRIES` (history.ts) the history grows without a limit.
 */
function kept(): {
  readonly history: ReturnType<typeof createHistoryStore>;
  writes: number;
  now: number;
} {
  const state = {
    writes: 0,
    now: 1_000,
    history: undefined as unknown as ReturnType<typeof createHistoryStore>,
  };
  const blobs = watched(
    memoryBlobs(),
    (what) => void (state.writes += what.startsWith('before put') ? 1 : 0),
  );
  state.history = createHistoryStore(blobs, () => state.now);
  return state;
}

describe('the history of an owner', () => {
  test('keeps each result with its hops, across retries and replays', async () => {
    const k = kept();
    await k.history.note(settled(1, BUSY), WAY);
    await k.history.note(settled(1), { ...WAY, attempt: 2 });
    await k.history.note(
      settled(1, { outcome: 'rejected', code: 'BIP424', message: 'no iRule' }),
      WAY,
    );
    await k.history.note(settled(1), { ...WAY, deduplicationId: 'replay.7c1e2f0a.x' });
    const story = await k.history.of(OWNER);
    expect(story?.chapters.map((c) => [c.attempt, c.job, c.outcomes, c.lines[0]?.code])).toEqual([
      [1, undefined, { retry: 1 }, 'BIP503'],
      [2, undefined, { applied: 1 }, 'OK'],
      [1, undefined, { rejected: 1 }, 'BIP424'],
      [1, '7c1e2f0a', { applied: 1 }, 'OK'],
    ]);
    expect(story?.chapters[0]).toMatchObject({
      hops: WAY.hops,
      device: 'bigip-1',
      revision: { epoch: 7, counter: 1 },
      lines: [{ gateways: ['team/web'] }],
    });
  });

  test('counts repetitions of the last result, and writes them once a minute at most', async () => {
    const k = kept();
    const same = (counter: number): Promise<void> =>
      k.history.note(settled(counter, { outcome: 'unchanged' }), WAY);
    await same(1);
    k.now += MINUTE - 1;
    await same(2);
    expect(k.writes).toBe(1);
    k.now += 1;
    await same(3);
    expect(k.writes).toBe(2);
    expect((await k.history.of(OWNER))?.chapters).toMatchObject([
      { at: 1_000, last: 1_000 + MINUTE, times: 2, revision: { counter: 3 }, lines: [] },
    ]);
  });

  test('stays short, however much happens, and distinguishes devices', async () => {
    const k = kept();
    for (let n = 0; n < 60; n++)
      await k.history.note(settled(n, { message: `change ${n}` }, `bigip-${n % 2}`), WAY);
    const chapters = (await k.history.of(OWNER))!.chapters;
    expect([chapters.length, chapters.at(-1)?.revision.counter]).toEqual([20, 59]);
    expect((await k.history.all()).map((story) => story.owner)).toEqual([OWNER]);
  });

  test('does not fail because of content that another version wrote', async () => {
    const blobs = memoryBlobs();
    const history = createHistoryStore(blobs, () => 1);
    await history.note(settled(1), WAY);
    const [entry] = await blobs.list('history/');
    // Stored under a name that every version finds.
    expect(entry?.key).toMatch(/^history\/[0-9a-f]{16}\.json$/);
    await blobs.put(entry!.key, '{"format":9}');
    const fresh = createHistoryStore(blobs, () => 1);
    expect(await fresh.all()).toStrictEqual([]);
    await fresh.note(settled(2), WAY);
    expect((await fresh.of(OWNER))?.chapters).toHaveLength(1);
  });

  test('keeps twenty lines of a result, each of 300 characters at most, and counts all', async () => {
    const k = kept();
    const one = settled(1).exposures[0]!;
    const exposures = Array.from({ length: 30 }, (_, n) => ({
      ...one,
      port: n,
      message: 'x'.repeat(400),
    }));
    await k.history.note({ ...settled(1), exposures }, WAY);
    const [entry] = (await k.history.of(OWNER))!.chapters;
    expect(entry).toMatchObject({ outcomes: { applied: 30 } });
    expect(entry?.lines.map(({ message }) => message.length)).toEqual(
      Array.from({ length: 20 }, () => 300),
    );
  });

  test('is continued by a new process', async () => {
    const blobs = memoryBlobs();
    await createHistoryStore(blobs, () => 1).note(settled(1), WAY);
    await createHistoryStore(blobs, () => 2).note(settled(2, BUSY), WAY);
    const story = await createHistoryStore(blobs, () => 3).of(OWNER);
    expect(story?.chapters.map(({ revision }) => revision.counter)).toEqual([1, 2]);
  });

  test('is read for a list only if another process wrote it, and once by its writer', async () => {
    const blobs = memoryBlobs();
    let reads = 0;
    const counted = {
      ...blobs,
      get: (key: string) => {
        reads += 1;
        return blobs.get(key);
      },
    };
    const history = createHistoryStore(counted, () => 1);
    for (let n = 1; n <= 3; n++) await history.note(settled(n, { message: `${n}` }), WAY);
    await history.all();
    expect(reads).toBe(1);
    await createHistoryStore(blobs, () => 2).note(settled(4, { message: '4' }), WAY);
    for (let n = 1; n <= 2; n++)
      expect((await history.all()).map(({ chapters }) => chapters.length)).toEqual([4]);
    expect(reads).toBe(2);
  });
});
