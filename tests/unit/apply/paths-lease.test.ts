/** Who writes paths holds the message (decision 71), and has time. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { PathJob } from '../../../functions/apply/paths/job.ts';
import { startPaths } from '../../../functions/apply/paths/paths.ts';
import { OutOfTime } from '../../../functions/apply/outage.ts';
import { LeaseLost } from '../../../shared/queue/lease.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { memoryDevice, type MemoryDevice } from '../../fixtures/device.ts';
import { pathSlice, podOn } from '../../fixtures/paths.ts';
import { createWorld } from '../../promises/support/world.ts';

const PODS = Array.from({ length: 6 }, (_, i) => podOn(i + 1));

let device: MemoryDevice;
beforeEach(() => {
  device = memoryDevice();
});

function jobWith(over: Partial<PathJob>): PathJob {
  const { config } = createWorld({ modes: { east: 'routes' } });
  return {
    device,
    config: config.devices[0]!,
    site: config,
    slices: [pathSlice(1, PODS)],
    orders: [],
    tries: 1,
    isAnyCluster: false,
    clock: { now: () => 0 },
    log: createLogger('silent'),
    prove: () => Promise.resolve(),
    hasTime: () => true,
    ...over,
  };
}

const kinds = (): readonly string[] => device.paths.writes.map(({ kind }) => kind);

describe('a process that writes paths', () => {
  test('proves before each write that it holds its messages', async () => {
    let proofs = 0;
    const seen: number[] = [];
    device.paths.reach = (write) => void (write !== undefined && seen.push(proofs));
    await startPaths(jobWith({ prove: () => Promise.resolve(void (proofs += 1)) }));
    expect(seen).toHaveLength(7);
    expect(proofs).toBe(7);
    expect(seen[0]).toBe(1);
  });

  test.each([
    [0, []],
    [1, ['journal']],
    [3, ['journal', 'put', 'put']],
  ] as const)('writes nothing after it lost them (after %d writes)', async (writes, made) => {
    let proofs = 0;
    const prove = (): Promise<void> =>
      (proofs += 1) > writes ? Promise.reject(new LeaseLost()) : Promise.resolve();
    await expect(startPaths(jobWith({ prove }))).rejects.toThrow(LeaseLost);
    expect(kinds()).toEqual(made);
  });

  test('does nothing more after its declares once it lost them, and does not save', async () => {
    const lost = { now: false };
    const prove = (): Promise<void> =>
      lost.now ? Promise.reject(new LeaseLost()) : Promise.resolve();
    let saved = 0;
    device.paths.settle = () => Promise.resolve(void (saved += 1));
    const run = await startPaths(jobWith({ prove }));
    lost.now = true;
    device.paths.units.active.clear();
    await expect(run.settle([])).rejects.toThrow(LeaseLost);
    expect(saved).toBe(0);
  });

  test('ends between two writes when its time is almost over, and the next one continues', async () => {
    let looks = 0;
    const hasTime = (): boolean => (looks += 1) <= 4;
    await expect(startPaths(jobWith({ hasTime }))).rejects.toThrow(OutOfTime);
    expect(kinds()).toEqual(['journal', 'put', 'put', 'put', 'put']);
    await startPaths(jobWith({}));
    expect(device.paths.units.active.size).toBe(6);
    expect(device.paths.writes).toHaveLength(7);
  });
});
