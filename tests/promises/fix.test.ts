import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DeviceError } from '../../shared/device/errors.ts';
import { exposure, SETTINGS, slice } from '../fixtures/exposures.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import { createWorld } from './support/world.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const histories = tally('random histories');

const bad = exposure({ port: 7, settings: { ...SETTINGS, iRules: ['/Common/missing'] } });
const good = exposure({ port: 7, settings: { ...SETTINGS, balance: 'ratio-member' } });

type Event = 'work' | 'busy' | 'lost reply' | 'minute' | 'hour' | 'replay v1';
const events = fc.array(
  fc.constantFrom<Event>('work', 'work', 'busy', 'lost reply', 'minute', 'hour', 'replay v1'),
  { maxLength: 8 },
);

describe('promise 11: a fix is never blocked by the fault it fixes', () => {
  test('bad v1, then good v2: v2 is applied with the first batch the device accepts, v1 never again', async () => {
    await fc.assert(
      fc.asyncProperty(events, events, fc.boolean(), async (before, after, accepted) => {
        histories();
        const world = createWorld();
        let fault: Event | undefined;
        let fixed = false;
        const postsOfBad: boolean[] = [];
        world.device.before = (_p, next, commit) => {
          const isBad = Object.values(next.exposures).some((e) => e.settings.iRules.length > 0);
          if (isBad) postsOfBad.push(fixed);
          const now = fault;
          fault = undefined;
          if (now === 'busy') throw new DeviceError('BIP503', 'transient', 'busy');
          if (isBad) throw new DeviceError('BIP424', 'content', 'not found');
          if (now === 'lost reply') commit();
          if (now === 'lost reply') throw new DeviceError('BIP505', 'ambiguous', 'no answer');
        };
        const play = async (list: readonly Event[]): Promise<void> => {
          for (const event of list) {
            if (event === 'minute' || event === 'hour')
              world.clock.advance(event === 'minute' ? 60_000 : 3_600_000);
            else if (event === 'replay v1') await world.send(slice(2, [bad]));
            else {
              fault = event;
              await world.step();
            }
          }
        };
        if (accepted) await world.send(slice(1, [exposure({ port: 7 })]));
        await world.drain();
        await world.send(slice(2, [bad]));
        await play(before);
        await world.drain();
        await world.send(slice(3, [good]));
        fixed = true;
        await play(after);
        fault = undefined;
        await world.drain();
        expect(world.device.state().exposures['172.16.100.195:7/tcp']?.settings).toEqual(
          good.settings,
        );
        expect(postsOfBad).not.toContain(true);
        expect(world.device.state().owners[slice(1, []).owner]).not.toHaveProperty('quarantine');
      }),
      { numRuns: SEEDS },
    );
  });

  test('the fix is applied within one batch, however long the quarantine would have lasted', async () => {
    const world = createWorld();
    world.device.before = (_p, next) => {
      if (Object.values(next.exposures).some((e) => e.settings.iRules.length > 0))
        throw new DeviceError('BIP424', 'content', 'not found');
    };
    for (let i = 1; i <= 9; i++) {
      await world.send(slice(i, [bad]));
      await world.drain();
      world.clock.advance(3_600_000);
    }
    await world.send(slice(10, [good]));
    await world.step();
    expect(world.settled().at(-1)?.exposures).toMatchObject([{ outcome: 'applied' }]);
  });
});
