import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFenceKeeper } from '../../functions/apply/fences.ts';
import { applyGroup } from '../../functions/apply/group.ts';
import { settledAsRetry, settledOf } from '../../functions/apply/results.ts';
import { SettledRun } from '../../functions/watch/emit/settled-run.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import { isNewerStamp } from '../../shared/domain/express/stamp.ts';
import type { Availability, Exposure, Slice } from '../../shared/domain/exposure/exposure.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import { memoryDevice, refusing } from '../fixtures/device.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import { virtualClock } from './support/clock.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const histories = tally('random histories');

/** Promise 3, newer is never rolled back, where fences wait. */

/** What first happens to an event. */
const FATES = ['processed', 'unanswered', 'parked', 'rejected', 'retried'] as const;
type Fate = (typeof FATES)[number];

/** A watcher, express and apply of one ingress, with the result of every message. */
function world(partitions: readonly string[] = ['k8s']) {
  const device = memoryDevice();
  const clock = virtualClock();
  const run = new SettledRun();
  const sent: Slice[] = [];
  // On Lambda one process handles a batch and another one the next; neither has the memory of the
  // other.
  let fences = [createFenceKeeper(), createFenceKeeper()] as const;
  let mine: 0 | 1 = 0;
  let newest: Slice | undefined;

  /** Writes the node ahead of the slice, unless a newer event did. */
  const express = async ({ owner, version, exposures }: Slice): Promise<void> => {
    const nodes = device.openNodes();
    const wish = exposures[0]?.members.find(({ address }) => address === POD);
    const node = (await nodes.nodes('k8s')).find(({ address }) => address === POD);
    if (wish === undefined || node === undefined || isNewerStamp(node.stamp, 'east', version))
      return;
    if (compareVersions((await nodes.declared('k8s')).owners[owner]!.version, version) > 0) return;
    if (node.availability === wish.availability) return;
    const { availability } = wish;
    const stamp = { cluster: 'east', version };
    await nodes.write('k8s', { name: POD, address: POD, availability, stamp });
  };
  /** As the handler does. Resolves with the result for the watcher. */
  const apply = async (event: Slice): Promise<ReturnType<typeof settledOf>> => {
    const results = await applyGroup({
      device,
      partitions,
      slices: [event],
      sameFleet: () => true,
      clock,
      hasTime: () => true,
      deferred: fences[mine].of('bigip-1'),
    });
    fences[mine].note('bigip-1', results);
    const settled = settledOf(event, results);
    if (!newest || compareVersions(event.version, newest.version) > 0) newest = event;
    return settled;
  };
  return {
    device,
    sent,
    ports: (partition?: string) =>
      Object.values(device.state(partition).exposures).map(({ port }) => port),
    /** Apply had a newer version, whatever its result. */
    isOld: (event: Slice) =>
      newest !== undefined && compareVersions(event.version, newest.version) < 0,
    version: () => Object.values(device.state().owners)[0]?.version.counter,
    restart: () => {
      fences = [createFenceKeeper(), createFenceKeeper()];
    },
    goesOnIn: (one: 0 | 1) => {
      mine = one;
    },
    replay: apply,
    /** The members that the declaration calls draining. */
    drained: () =>
      Object.values(device.state().exposures).flatMap(({ contributions }) =>
        contributions.flatMap(({ members }) =>
          members.filter(({ availability }) => availability === 'draining'),
        ),
      ),
    pod: () => device.partitions.get('k8s')?.nodes.get(POD)?.availability,
    /** `other`: the port in a second partition, if it has one. */
    send: async (
      port: number,
      fate: Fate,
      {
        pod = 'ready',
        isAhead = true,
        other = 0,
      }: { pod?: Availability; isAhead?: boolean; other?: number } = {},
    ): Promise<void> => {
      const counter = sent.length + 1;
      const settledSince = run.next({ epoch: 1, counter });
      const wanted = [exposure({ port, members: membersWith(pod) }), ...inSecond(other)];
      const event = slice(counter, wanted, {
        settledSince,
        // The removal of what the previous event requested is proven.
        changes: [
          { what: 'updated', kind: 'Gateway', namespace: 'a', name: 'b', resourceVersion: '1' },
        ],
      });
      sent.push(event);
      if (fate === 'parked') return;
      if (isAhead) await express(event);
      if (fate === 'retried') {
        const fault = new DeviceError('BIP501', 'transient', 'away');
        return run.settled(settledAsRetry(event, fault));
      }
      const isThere = Object.values(device.state().exposures).some((e) => e.port === port);
      if (fate === 'rejected' && !isThere) device.before = refusing((e) => e.port === port);
      const settled = await apply(event);
      device.before = () => undefined;
      if (fate !== 'unanswered') run.settled(settled);
    },
  };
}

const BOTH = ['k8s', 'two'];

/** With its own address and nodes. */
function inSecond(port: number): readonly Exposure[] {
  const members = [{ address: '10.244.2.5', port, availability: 'ready' as const }];
  const address = '172.16.100.196';
  return port === 0 ? [] : [exposure({ port, address, partition: 'two', members })];
}

const [A, B] = [1, 2];

/** The pod that drains and becomes ready again, beside one that stays ready. */
const POD = '10.0.0.2';
const membersWith = (pod: Availability): Exposure['members'] => [
  { address: '10.0.0.1', port: 80, availability: 'ready' },
  { address: POD, port: 80, availability: pod },
];

function permutations<T>(list: readonly T[]): readonly (readonly T[])[] {
  if (list.length <= 1) return [list];
  return list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

describe('a fence that waits', () => {
  test('costs no declare where everything before was settled', async () => {
    const at = world(BOTH);
    for (let n = 0; n < 5; n += 1) await at.send(A, 'processed');
    // One for each partition.
    expect(at.device.declares).toHaveLength(2);
    expect(at.version()).toBe(1);
  });

  test.each(FATES.filter((fate) => fate !== 'processed'))(
    'A, then B %s, then A: no order of replays brings B back',
    async (fate) => {
      for (const order of permutations([0, 1, 2, 3]))
        for (const isRestarted of [false, true]) {
          const at = world();
          await at.send(A, 'processed');
          await at.send(B, fate);
          await at.send(A, 'processed');
          await at.send(A, 'processed');
          if (isRestarted) at.restart();
          for (const index of order) {
            await at.replay(at.sent[index]!);
            expect(at.ports()).toEqual([A]);
          }
        }
    },
  );

  test('a drain costs no declare, and neither does what follows until it ends', async () => {
    const at = world();
    await at.send(A, 'processed');
    for (let n = 0; n < 3; n += 1) await at.send(A, 'processed', { pod: 'draining' });
    expect([at.device.declares.length, at.version(), at.pod()]).toEqual([1, 1, 'draining']);
    await at.send(A, 'processed');
    expect([at.device.declares.length, at.version(), at.pod()]).toEqual([2, 5, 'ready']);
  });

  test('a drain without express is declared', async () => {
    const at = world();
    await at.send(A, 'processed');
    await at.send(A, 'processed', { pod: 'draining', isAhead: false });
    expect([at.device.declares.length, at.version(), at.pod()]).toEqual([2, 2, 'draining']);
  });

  test('ready, draining, ready: no order of replays drains it again', async () => {
    for (const order of permutations([0, 1, 2, 3]))
      for (const isRestarted of [false, true]) {
        const at = world();
        await at.send(A, 'processed');
        await at.send(A, 'processed', { pod: 'draining' });
        await at.send(A, 'processed');
        await at.send(A, 'processed');
        if (isRestarted) at.restart();
        for (const index of order) {
          await at.replay(at.sent[index]!);
          expect([at.pod(), at.drained()]).toEqual(['ready', []]);
        }
      }
  });

  test('is only ever one that no older event can undo, whatever happens', async () => {
    const event = fc.record({
      port: fc.integer({ min: 1, max: 2 }),
      pod: fc.constantFrom('ready', 'draining'),
      isAhead: fc.boolean(),
      fate: fc.constantFrom(...FATES),
      replays: fc.array(fc.nat(7), { maxLength: 3 }),
      isRestarted: fc.boolean(),
      process: fc.constantFrom(0 as const, 1 as const),
      other: fc.constantFrom(0, 11, 12),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 8 }), async (events) => {
        histories();
        const at = world(BOTH);
        for (const { port, other, pod, isAhead, fate, replays, isRestarted, process } of events) {
          at.goesOnIn(process);
          await at.send(port, fate, { pod, isAhead, other });
          if (fate === 'processed' && at.ports().includes(port)) expect(at.pod()).toBe(pod);
          if (isRestarted) at.restart();
          for (const index of replays) {
            const again = at.sent[index];
            if (again === undefined || !at.isOld(again)) continue;
            const seen = () => [at.ports(), at.ports('two'), at.pod(), at.drained()];
            const before = seen();
            await at.replay(again);
            expect(seen()).toEqual(before);
          }
        }
      }),
      { numRuns: SEEDS },
    );
  });
});
