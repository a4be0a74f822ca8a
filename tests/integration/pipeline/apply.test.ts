import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { ownedBy, startBench, VISIBILITY, type Bench } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const at = (...ports: readonly number[]): Exposure[] => ports.map((port) => exposure({ port }));
const withRule = (port: number, rule: string): Exposure =>
  exposure({ port, settings: { ...SETTINGS, iRules: [rule] } });
const MINUTE = 60_000;
const onTwo = { device: 'bigip-2', devices: ['bigip-1', 'bigip-2'] };
const outcomes = async (cluster = 'east'): Promise<readonly string[]> =>
  (await bench.settled(cluster)).flatMap((s) =>
    s.exposures.map((e) => `${e.port} ${e.outcome} ${e.code}`),
  );

describe('an unusable device does not delay others', () => {
  test('only its records are redelivered; those of the other device are applied and reported', async () => {
    bench.devices['bigip-1'].faults.next(Infinity, { kind: 'reset' });
    await bench.sendSlice(slice(1, at(1), { devices: ['bigip-1', 'bigip-2'] }));
    await bench.sendSlice(slice(1, at(1), onTwo));
    await bench.sendSlice(slice(2, at(1, 2), onTwo));
    const { again, done } = await bench.apply();
    expect([again.length, done.length]).toEqual([1, 2]);
    expect(bench.virtualServers('bigip-2')).toEqual(['172.16.100.195:1', '172.16.100.195:2']);
    expect((await outcomes()).toSorted()).toEqual([
      '1 applied OK',
      '1 retry BIP501',
      '2 applied OK',
    ]);
    expect(await bench.deadLetters('slices')).toEqual([]);
  });

  test('when it is back, everything that waited is done in one go: the newest slice of each owner', async () => {
    const device = bench.devices['bigip-1'];
    device.faults.as3Absent();
    for (const counter of [1, 2, 3])
      await bench.sendSlice(
        slice(counter, at(...Array.from({ length: counter }, (_, i) => i + 1))),
      );
    await bench.sendSlice(slice(1, at(9), ownedBy('west')));
    expect((await bench.apply()).again).toHaveLength(4);
    expect(await outcomes()).toEqual(['1 retry BIP404', '2 retry BIP404', '3 retry BIP404']);
    expect(await outcomes('west')).toEqual(['9 retry BIP404']);
    device.faults.as3Absent(false);
    bench.clock.pass(10_000);
    expect((await bench.apply()).done).toHaveLength(4);
    expect(bench.virtualServers()).toEqual([1, 2, 3, 9].map((port) => `172.16.100.195:${port}`));
    // The creation of the tenant, and one declare for all.
    expect(device.writes.filter((write) => write.path.includes('/declare'))).toHaveLength(2);
    expect(await outcomes()).toEqual(['1 applied OK', '2 applied OK', '3 applied OK']);
  });
});

describe('retries are spread, and reported occasionally', () => {
  const seconds = (list: readonly number[]): number[] => list.map((s) => s * 1000);

  /** Milliseconds until the message can be received again, with the longest random pause. */
  async function delays(tries: number): Promise<readonly number[]> {
    const found: number[] = [];
    for (let i = 0; i < tries; i += 1) {
      expect((await bench.apply()).again).toHaveLength(1);
      const start = bench.clock.now();
      while ((await bench.queues.queue('slices').depth()).waiting === 0) bench.clock.pass(500);
      found.push(bench.clock.now() - start);
    }
    return found;
  }

  /** The last try in the queue, then one turn per minute. */
  async function waits(minutes: number): Promise<void> {
    expect((await bench.apply()).done).toHaveLength(1);
    expect(await bench.queues.queue('slices').depth()).toMatchObject({ waiting: 0, inFlight: 0 });
    for (let minute = 0; minute < minutes; minute += 1) {
      bench.clock.pass(MINUTE);
      expect(await bench.turns()).toEqual(['bigip-1 away', 'bigip-2 nothing']);
    }
  }

  /** Every message that waited is applied. */
  async function returns(): Promise<void> {
    bench.clock.pass(MINUTE);
    expect(await bench.turns()).toEqual(['bigip-1 returned', 'bigip-2 nothing']);
    expect((await bench.apply()).done).toHaveLength(1);
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
    expect(await bench.deadLetters('slices')).toEqual([]);
  }

  test('a wrong password is retried at growing intervals, and recovers without a restart', async () => {
    bench.secrets.set('bigip-1', 'wrong');
    await bench.sendSlice(slice(1, at(1)));
    expect(await delays(5)).toEqual(seconds([10, 20, 40, 80, 160]));
    await waits(5);
    // Attempts 1, 2 and 4, and the time from which it waits in the store.
    const told = await bench.settled();
    expect(told.flatMap((s) => s.exposures.map((e) => `${e.port} ${e.outcome} ${e.code}`))).toEqual(
      Array.from({ length: 4 }, () => '1 retry BIP401'),
    );
    expect(
      told.map((s) =>
        s.exposures[0]?.message.includes('The change has been waiting since 2026-11-22T00:00:'),
      ),
    ).toEqual([false, false, false, true]);
    expect(JSON.stringify(bench.log)).not.toContain('wrong');
    bench.secrets.set('bigip-1', bench.devices['bigip-1'].password);
    await returns();
    expect(await outcomes()).toEqual(['1 applied OK']);
  });

  test('a device that does not answer is tried again sooner, up to half a minute', async () => {
    bench.devices['bigip-1'].faults.next(Infinity, { kind: 'reset' });
    await bench.sendSlice(slice(1, at(1)));
    expect(await delays(9)).toEqual(seconds([1, 2, 4, 8, 16, 30, 30, 30, 30]));
    bench.clock.pass(MINUTE);
    await waits(1);
  });

  test('a device that another client holds is asked whether it is free, and then gets the declare', async () => {
    const device = bench.devices['bigip-1'];
    device.faults.lockHeldFor(600_000);
    await bench.sendSlice(slice(1, at(1)));
    await delays(7);
    expect(device.declares.map(({ outcome }) => outcome)).toEqual(['refused']);
    // The lock of a client that died ends when somebody declares.
    await delays(1);
    expect(device.declares.map(({ outcome }) => outcome)).toEqual(['refused', 'refused']);
    device.faults.lockHeldFor(0);
    expect((await bench.apply()).done).toHaveLength(1);
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
  });

  test('no outage of a device dead-letters anything, however long', async () => {
    bench.devices['bigip-1'].faults.next(Infinity, {
      kind: 'status',
      status: 503,
      body: { message: 'busy' },
    });
    await bench.sendSlice(slice(1, at(1)));
    await delays(8);
    bench.clock.pass(MINUTE);
    await waits(40);
    bench.devices['bigip-1'].faults.clear();
    await returns();
  });

  test('without the store, retry intervals grow to ten minutes, and nothing is given up', async () => {
    bench.devices['bigip-1'].faults.next(Infinity, { kind: 'reset' });
    bench.breakStore();
    await bench.sendSlice(slice(1, at(1)));
    const found = await delays(70);
    expect(Math.max(...found)).toBe(10 * MINUTE);
    const hours = found.map(
      (_, i) => found.slice(0, i).reduce((sum, one) => sum + one, 0) / (60 * MINUTE),
    );
    expect(found.filter((ms, i) => (hours[i] ?? 0) >= 1 && ms < MINUTE)).toEqual([]);
    expect(hours.at(-1)).toBeGreaterThan(5);
    bench.devices['bigip-1'].faults.clear();
    expect((await bench.apply()).done).toHaveLength(1);
    expect(await bench.deadLetters('slices')).toEqual([]);
  });
});

describe('what BIG-IP refuses', () => {
  test("is left out and dead-lettered with BIG-IP's message; everything else stays", async () => {
    await bench.sendSlice(slice(1, [...at(1, 2), withRule(3, '/Common/missing')]));
    await bench.sendSlice(slice(1, at(4), ownedBy('west')));
    expect((await bench.apply()).again).toEqual([]);
    expect(bench.virtualServers()).toEqual([1, 2, 4].map((port) => `172.16.100.195:${port}`));
    expect(await outcomes('west')).toEqual(['4 applied OK']);
    const [settled] = await bench.settled();
    expect(settled?.exposures.map((e) => `${e.port} ${e.outcome} ${e.code}`)).toEqual([
      '1 applied OK',
      '2 applied OK',
      '3 rejected BIP424',
    ]);
    const letters = await bench.deadLetters('slices');
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({
      code: 'BIP424',
      class: 'device',
      owner: 'east/istio-system/istio-ingressgateway',
      device: 'bigip-1',
      partition: 'k8s',
      exposure: '172.16.100.195:3/tcp',
      revision: { epoch: 1, counter: 1 },
      functionVersion: '7',
      response: expect.stringMatching(/\/Common\/missing/),
      reason: expect.stringMatching(
        /172\.16\.100\.195:3\/tcp of default\/tcp-echo-gateway in partition k8s: .*\/Common\/missing/,
      ),
    });
    expect(settled?.exposures[2]?.message).toMatch(/\/Common\/missing/);
  });

  test('is applied when the cause is removed and the original is sent again', async () => {
    await bench.sendSlice(slice(1, [...at(1), withRule(3, '/Common/missing')]));
    await bench.apply();
    const [letter] = await bench.deadLetters('slices');
    const again = {
      group: letter?.group ?? '',
      deduplicationId: 'replay',
      body: letter?.original.body ?? '',
    };
    bench.devices['bigip-1'].common.iRules.add('/Common/missing');
    await bench.queues.queue('slices').send(again);
    expect((await bench.apply()).again).toEqual([]);
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1', '172.16.100.195:3']);
    expect((await outcomes()).slice(2)).toEqual(['1 unchanged OK', '3 applied OK']);
  });

  test('keeps the last accepted content if it is an update', async () => {
    await bench.sendSlice(slice(1, at(1)));
    await bench.apply();
    await bench.sendSlice(slice(2, [withRule(1, '/Common/missing')]));
    await bench.apply();
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
    expect(await outcomes()).toEqual(['1 applied OK', '1 rejected BIP424']);
  });

  test('is dead-lettered once, although the host died before it deleted the message', async () => {
    bench.loseDeletions = true;
    await bench.sendSlice(slice(1, [...at(1), withRule(3, '/Common/missing')]));
    expect((await bench.apply()).done).toHaveLength(1);
    bench.loseDeletions = false;
    bench.clock.pass(VISIBILITY);
    expect((await bench.apply()).done).toHaveLength(1);
    expect((await bench.deadLetters('slices')).map((letter) => letter.exposure)).toEqual([
      '172.16.100.195:3/tcp',
    ]);
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
    expect(await bench.queues.queue('slices').depth()).toEqual({ waiting: 0, inFlight: 0 });
  });
});

describe('outdated slices', () => {
  test('an older slice is superseded: nothing is declared, the watcher gets the declared version', async () => {
    await bench.sendSlice(slice(5, at(1, 2)));
    await bench.apply();
    await bench.settled();
    const writes = bench.devices['bigip-1'].writes.length;
    await bench.sendSlice(slice(4, at(1, 7)));
    expect((await bench.apply()).again).toEqual([]);
    const [settled] = await bench.settled();
    expect(settled?.supersededBy).toEqual({ epoch: 1, counter: 5, generation: 1 });
    expect(settled?.exposures.map((e) => `${e.port} ${e.outcome}`)).toEqual([
      '1 superseded',
      '7 superseded',
    ]);
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1', '172.16.100.195:2']);
    expect(bench.devices['bigip-1'].writes).toHaveLength(writes);
    expect(await bench.deadLetters('slices')).toEqual([]);
  });

  test('the same slice again changes nothing and writes nothing', async () => {
    await bench.sendSlice(slice(1, at(1)));
    await bench.apply();
    const writes = bench.devices['bigip-1'].writes.length;
    for (let i = 0; i < 3; i += 1) {
      await bench.sendSlice(slice(1, at(1)));
      expect((await bench.apply()).again).toEqual([]);
    }
    expect(await outcomes()).toEqual([
      '1 applied OK',
      '1 unchanged OK',
      '1 unchanged OK',
      '1 unchanged OK',
    ]);
    expect(bench.devices['bigip-1'].writes).toHaveLength(writes);
  });

  test('the same content under a new configuration is newer, and only moves the fence', async () => {
    await bench.sendSlice(slice(1, at(1)));
    await bench.apply();
    await bench.sendSlice(slice(1, at(1), { version: { epoch: 1, counter: 1, generation: 2 } }));
    await bench.apply();
    await bench.sendSlice(slice(1, at(1, 2)));
    await bench.apply();
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
    expect((await bench.settled()).at(-1)?.supersededBy).toMatchObject({ generation: 2 });
  });
});

describe('slices that cannot be used', () => {
  test('are dead-lettered with code and reason, and the rest of the batch continues', async () => {
    const queue = bench.queues.queue('slices');
    await queue.send({ group: 'bigip-1', deduplicationId: 'a', body: '{' });
    await queue.send({ group: 'bigip-1', deduplicationId: 'b', body: '[]' });
    await bench.sendSlice(slice(1, at(1)));
    await bench.sendSlice(slice(1, at(1), { device: 'bigip-9' }));
    expect((await bench.apply()).again).toEqual([]);
    expect(bench.virtualServers()).toEqual(['172.16.100.195:1']);
    const letters = await bench.deadLetters('slices');
    expect(letters.map((letter) => letter.code).toSorted()).toEqual(['GW106', 'Q610', 'Q611']);
    expect(letters.find((letter) => letter.code === 'GW106')?.reason).toContain(
      'bigip-9 is not in sluice.yaml',
    );
  });

  test('a partition that is not configured for the device is refused for that exposure only', async () => {
    await bench.sendSlice(slice(1, [...at(1), exposure({ port: 2, partition: 'elsewhere' })]));
    await bench.apply();
    expect(await outcomes()).toEqual(['1 applied OK', '2 rejected OWN303']);
    expect((await bench.deadLetters('slices')).map((letter) => letter.code)).toEqual(['OWN303']);
  });
});
