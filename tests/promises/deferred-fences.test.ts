import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFenceKeeper } from '../../functions/apply/fences.ts';
import { applyGroup } from '../../functions/apply/group.ts';
import { settledAsRetry, settledOf } from '../../functions/apply/results.ts';
import { SettledRun } from '../../functions/watch/emit/settled-run.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import { memoryDevice, refusing } from '../fixtures/device.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { SEEDS } from './support/seeds.ts';
import { virtualClock } from './support/clock.ts';

/**
 * Promise 3, newer is never rolled back, where fences wait. Red with the guard removed: when
 * `mayWait` (deferred-fences.ts) does not ask for `settledSince`, or `SettledRun` counts a snapshot
 * that was not answered, retried or rejected as settled.
 */

/** What becomes of an event at first. */
const FATES = ['processed', 'unanswered', 'parked', 'rejected', 'retried'] as const;
type Fate = (typeof FATES)[number];

/** A watcher and apply of one ingress, with what every message said. */
function world() {
  const device = memoryDevice();
  const clock = virtualClock();
  const run = new SettledRun();
  const sent: Slice[] = [];
  let fences = createFenceKeeper();
  let newest: Slice | undefined;

  /** As the handler does it. Resolves with the answer for the watcher. */
  const apply = async (event: Slice): Promise<ReturnType<typeof settledOf>> => {
    const results = await applyGroup({
      device,
      partitions: ['k8s'],
      slices: [event],
      sameFleet: () => true,
      clock,
      hasTime: () => true,
      deferred: fences.of('bigip-1'),
    });
    fences.note('bigip-1', results);
    const settled = settledOf(event, results);
    if (!newest || compareVersions(event.version, newest.version) > 0) newest = event;
    return settled;
  };
  return {
    device,
    sent,
    ports: () => Object.values(device.state().exposures).map(({ port }) => port),
    /** Apply had a newer one, whatever its result. */
    isOld: (event: Slice) =>
      newest !== undefined && compareVersions(event.version, newest.version) < 0,
    version: () => Object.values(device.state().owners)[0]?.version.counter,
    restart: () => {
      fences = createFenceKeeper();
    },
    replay: apply,
    send: async (port: number, fate: Fate): Promise<void> => {
      const counter = sent.length + 1;
      const settledSince = run.next({ epoch: 1, counter });
      const event = slice(counter, [exposure({ port })], {
        settledSince,
        // The removal of what the event before asked for is proven.
        changes: [
          { what: 'updated', kind: 'Gateway', namespace: 'a', name: 'b', resourceVersion: '1' },
        ],
      });
      sent.push(event);
      if (fate === 'parked') return;
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

const [A, B] = [1, 2];

function permutations<T>(list: readonly T[]): readonly (readonly T[])[] {
  if (list.length <= 1) return [list];
  return list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

describe('a fence that waits', () => {
  test('costs no declare where everything before was settled', async () => {
    const at = world();
    for (let n = 0; n < 5; n += 1) await at.send(A, 'processed');
    expect(at.device.declares).toHaveLength(1);
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

  test('is only ever one that no older event can undo, whatever happens', async () => {
    const event = fc.record({
      port: fc.integer({ min: 1, max: 2 }),
      fate: fc.constantFrom(...FATES),
      replays: fc.array(fc.nat(7), { maxLength: 3 }),
      isRestarted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 8 }), async (events) => {
        const at = world();
        for (const { port, fate, replays, isRestarted } of events) {
          await at.send(port, fate);
          if (isRestarted) at.restart();
          for (const index of replays) {
            const again = at.sent[index];
            if (again === undefined || !at.isOld(again)) continue;
            const before = at.ports();
            await at.replay(again);
            expect(at.ports()).toEqual(before);
          }
        }
      }),
      { numRuns: SEEDS },
    );
  });
});
