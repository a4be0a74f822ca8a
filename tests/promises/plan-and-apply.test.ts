import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { applyPartition } from '../../functions/apply/loop/run.ts';
import { dryRunDevice } from '../../shared/device/dry-run.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { BALANCE_METHODS } from '../../shared/domain/exposure/settings/values.ts';
import { isChange } from '../../shared/domain/plan/plan-entry.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import type { MemoryDevice } from '../fixtures/device.ts';
import { memoryDevice } from '../fixtures/device.ts';
import { exposure, SETTINGS, slice } from '../fixtures/exposures.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import { createWorld } from './support/world.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const plans = tally('random plans');

const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
const job = (
  device: MemoryDevice,
  slices: readonly Slice[],
): Parameters<typeof applyPartition>[0] => ({
  device,
  partition: 'k8s',
  slices,
  sameFleet: () => false,
  clock,
  hasTime: () => true,
});

const wish = fc.record({
  port: fc.integer({ min: 1, max: 12 }),
  balance: fc.constantFrom(...BALANCE_METHODS.slice(0, 3)),
  pods: fc.integer({ min: 0, max: 3 }),
});
const wishes = fc.uniqueArray(wish, { maxLength: 8, selector: (w) => w.port });
const owners = ['a/ns/gw', 'b/ns/gw', 'c/ns/gw'];
const round = fc
  .subarray(owners)
  .chain((list) => fc.tuple(...list.map((owner) => wishes.map((w) => ({ owner, w })))));
const rounds = fc.array(round, { minLength: 1, maxLength: 4 }).map((list) =>
  list.map((said, i) =>
    said.map(({ owner, w }) =>
      slice(
        i + 1,
        w.map(({ port, balance, pods }) =>
          exposure({
            port,
            settings: { ...SETTINGS, balance },
            gateways: [`ns/gw-${port}`],
            members: Array.from({ length: pods }, (_, n) => ({
              address: `10.0.${port}.${n}`,
              port: 80,
              availability: 'ready',
            })),
          }),
        ),
        { owner, clusterUid: `uid-${owner}` },
      ),
    ),
  ),
);

describe('promise 9: apply does what was planned, or reports the difference', () => {
  test('the state that is read back is the predicted one, for every entry of the plan', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (list) => {
        plans(list.length);
        const device = memoryDevice();
        for (const slices of list) {
          const before = device.state();
          const plan = planPartition('k8s', before, slices, { sameFleet: () => false, now: 0 });
          const result = await applyPartition(job(device, slices));
          if (device.declares.length > 0) expect(device.state()).toEqual(plan.next);
          expect([...result.entries.values()]).toEqual(plan.entries);
          const changed = Object.keys({ ...before.exposures, ...device.state().exposures }).filter(
            (key) => before.exposures[key] !== device.state().exposures[key],
          );
          expect(new Set(plan.entries.filter(isChange).map((e) => e.key))).toEqual(
            new Set(changed),
          );
        }
      }),
      { numRuns: SEEDS },
    );
  });

  test('a plan from an outdated state is refused by its lock key, and planned again', async () => {
    const device = memoryDevice();
    await applyPartition(job(device, [slice(1, [exposure({ port: 1 })])]));
    const stale = await device.read('k8s');
    await applyPartition(job(device, [slice(2, [exposure({ port: 2 })])]));
    await applyPartition({
      ...job(device, [slice(1, [exposure({ port: 3 })], { owner: owners[0]! })]),
      reading: stale,
    });
    expect(Object.values(device.state().exposures).map((e) => e.port)).toEqual([2, 3]);
    expect(device.declares.map((d) => d.ok)).toEqual([true, true, false, true]);
  });

  test('a change that the device does not make is an error with its path, never a success', async () => {
    const world = createWorld();
    world.device.verify = () =>
      Promise.resolve([
        'pool /k8s/gw-172_16_100_195-1-tcp/pool has members none instead of 10.0.0.1:1',
      ]);
    await world.send(slice(1, [exposure({ port: 1 })]));
    await world.step();
    expect(world.settled().flatMap((s) => s.exposures)).toMatchObject([
      {
        outcome: 'retry',
        code: 'BIP440',
        message: expect.stringContaining('/k8s/gw-172_16_100_195-1-tcp/pool'),
      },
    ]);
    expect(world.queues.messages('slices')).toHaveLength(1);
  });
});

describe('promise 8: a dry run writes nothing', () => {
  test('apply on a dry-run device plans every event and writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (list) => {
        plans(list.length);
        const device = memoryDevice();
        device.before = () => {
          throw new DeviceError('BIP421', 'content', 'a dry run declared something');
        };
        const lines: object[] = [];
        const say = (fields: object): void => void lines.push(fields);
        const log = { debug: say, info: say, warn: say, error: say, child: () => log };
        const dry = dryRunDevice(device, log);
        const real = memoryDevice();
        for (const slices of list) {
          const pretended = await applyPartition({ ...job(device, slices), device: dry });
          const done = await applyPartition(job(real, slices));
          expect([...pretended.entries]).toEqual([...done.entries]);
        }
        expect(device.declares).toEqual([]);
        expect(lines).toHaveLength(real.declares.length);
      }),
      { numRuns: SEEDS },
    );
  });
});

describe('promise 7: only ours', () => {
  test('partitions that are not configured or belong to others are never written, whatever is requested', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('k8s', 'Common', 'theirs', 'taken'), {
          minLength: 1,
          maxLength: 6,
        }),
        async (partitions) => {
          const world = createWorld({ partitions: ['k8s', 'taken'] });
          const read = world.device.read.bind(world.device);
          world.device.read = (partition) =>
            partition === 'taken'
              ? Promise.resolve({
                  kind: 'refused',
                  code: 'OWN303',
                  reason: 'another client declared it',
                })
              : read(partition);
          await world.send(
            slice(
              1,
              partitions.map((partition, i) => exposure({ port: i + 1, partition })),
            ),
          );
          await world.drain();
          expect(world.device.declares.every((d) => d.partition === 'k8s')).toBe(true);
          const outcomes = world
            .settled()
            .at(-1)
            ?.exposures.map((e) => `${e.outcome} ${e.code}`);
          expect(outcomes).toEqual(
            partitions.map((partition) => (partition === 'k8s' ? 'applied OK' : 'rejected OWN303')),
          );
        },
      ),
      { numRuns: SEEDS },
    );
  });
});
