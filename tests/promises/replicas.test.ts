/**
 * Several replicas of apply share the patience with a device that does not answer. Red with the
 * guard removed: when `tryAll` (shared/queue/trial.ts) does not leave the messages behind, 41 tries
 * a minute with three replicas, and when `prepare.ts` takes no turns, 15.
 */
import { expect, test } from '@jest/globals';
import { DeviceError } from '../../shared/device/errors.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { createWorld, ownerOf } from './support/world.ts';

const MINUTE = 60_000;
/** Tries in a minute that one process makes at most (promise 15). */
const AGREED = 6;

test.each([1, 3, 12])(
  '%i replicas together try a device that is away at most six times a minute',
  async (replicas) => {
    const world = createWorld({ replicas });
    const begun = world.clock.now();
    const tries: number[] = [];
    const fail = (): Promise<never> => {
      tries.push(world.clock.now() - begun);
      return Promise.reject(new DeviceError('BIP501', 'transient', 'no answer'));
    };
    Object.assign(world.device, { read: fail, prepare: fail });
    for (let i = 0; i < 40; i += 1) {
      await world.send(slice(1 + i, [exposure({ port: 1 })], { owner: ownerOf('east') }));
      const end = world.clock.now() + MINUTE / 4;
      await world.turn();
      await world.drain(MINUTE / 4);
      world.clock.advance(Math.max(0, end - world.clock.now()));
    }
    const inMinuteFrom = (from: number): number =>
      tries.filter((at) => at >= from && at < from + MINUTE).length;
    // The first minute begins with shorter pauses, which are those of the message.
    const later = tries.filter((at) => at >= MINUTE);
    expect(Math.max(...later.map(inMinuteFrom))).toBeLessThanOrEqual(AGREED);
    expect(later.length).toBeGreaterThan(0);
  },
);
