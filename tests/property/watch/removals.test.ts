/** Removals of members that wait for each other (decision 79). */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Emitter } from '../../../functions/watch/emit/emitter.ts';
import { DelayedRemovals } from '../../../functions/watch/emit/removals.ts';
import type { Content } from '../../../functions/watch/emit/snapshot-content.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createManualClock, idle } from '../../contract/queue/manual-clock.ts';

const COLLECT_MS = 10_000;
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => log,
};
const change = (what: Change['what'], name: string): Change => ({
  what,
  kind: 'Pod',
  namespace: 'istio-system',
  name,
  resourceVersion: '1',
});

/** What happens, one after the other. `pod`: one with this address, which stays. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('ends' as const),
    address: fc.constantFrom(...ADDRESSES),
    isOut: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('pod' as const), address: fc.constantFrom(...ADDRESSES) }),
  fc.record({ kind: fc.constant('change' as const) }),
  fc.record({ kind: fc.constant('settled' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 12_000 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A removal, and when it may and does happen. Milliseconds. */
interface Removal {
  readonly address: string;
  readonly ended: number;
  /** The latest time; later than `ended` only if it may wait. */
  due: number;
  sent?: number;
}

function world() {
  const clock = createManualClock(0);
  const removals = new Map<string, Removal>();
  const used = new Set<string>();
  let [snapshots, isOut, news] = [0, false, 0];
  const emitter = new Emitter({
    clock,
    random: () => 0.5,
    log,
    debounce: { quietMs: 100, maxMs: 1_000 },
    content: () => ({ removed: false, objects: { pods: [{ news }] } }) as unknown as Content,
    send: async (_, changes) => {
      for (const { what, name } of changes) {
        const one = removals.get(name);
        if (what === 'deleted' && one !== undefined) one.sent ??= clock.monotonic();
      }
      snapshots += 1;
      return Promise.resolve({ epoch: 1, counter: snapshots });
    },
    observed: () => undefined,
    isOwnWrite: () => false,
  });
  const collected = new DelayedRemovals({
    emitter,
    clock,
    isOut: () => isOut,
    isUsed: (addresses) => addresses.some((one) => used.has(one)),
  });
  emitter.start();
  const handle = async (one: Step): Promise<void> => {
    const now = clock.monotonic();
    if (one.kind === 'ends' || one.kind === 'change') news += 1;
    switch (one.kind) {
      case 'ends': {
        const name = `pod-${removals.size}`;
        const mayWait = one.isOut && !used.has(one.address);
        removals.set(name, {
          address: one.address,
          ended: now,
          due: mayWait ? now + COLLECT_MS : now,
        });
        isOut = one.isOut;
        const since = { epoch: 1, counter: snapshots };
        collected.add({ change: change('deleted', name), addresses: [one.address], since });
        break;
      }
      case 'pod':
        used.add(one.address);
        for (const removal of removals.values())
          if (removal.address === one.address) removal.due = Math.min(removal.due, now);
        collected.seen([one.address]);
        break;
      case 'change':
        emitter.changed(change('updated', `other-${now}`), false);
        break;
      case 'settled':
        emitter.settled({
          revision: { epoch: 1, counter: snapshots },
          device: 'a',
          devices: ['a'],
        });
        break;
      default:
        await clock.pass(one.ms);
    }
    await idle();
  };
  return { clock, emitter, removals, handle, snapshots: () => snapshots };
}

test('no removal waits for more than 10 s, without confirmation, or for an address that is back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { clock, emitter, removals, handle } = world();
      for (const one of steps) await handle(one);
      await clock.pass(COLLECT_MS);
      for (const { sent = Infinity, due } of removals.values())
        expect(sent).toBeLessThanOrEqual(due);
      await emitter.stop();
    }),
    { numRuns: 200 },
  );
});

test('removals within 10 s are sent together', async () => {
  const { clock, emitter, removals, handle, snapshots } = world();
  for (const [i, address] of ADDRESSES.entries()) {
    await handle({ kind: 'ends', address, isOut: true });
    await clock.pass(i * 2_000);
  }
  expect(snapshots()).toBe(0);
  await clock.pass(COLLECT_MS);
  expect([...removals.values()].map(({ sent }) => sent)).toEqual(Array(3).fill(COLLECT_MS));
  expect(snapshots()).toBe(1);
  await emitter.stop();
});

test('a removal that waits is sent with the next change', async () => {
  const { clock, emitter, removals, handle, snapshots } = world();
  await handle({ kind: 'ends', address: ADDRESSES[0]!, isOut: true });
  await clock.pass(3_000);
  await handle({ kind: 'change' });
  await clock.pass(100);
  expect([[...removals.values()].map(({ sent }) => sent), snapshots()]).toEqual([[3_100], 1]);
  await emitter.stop();
});
