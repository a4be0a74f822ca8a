import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DeviceError } from '../../shared/device/errors.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../shared/domain/declared/declared.ts';
import type { Fleet } from '../../shared/domain/plan/fleet.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import { settings } from '../fixtures/arbitraries.ts';
import { exposure, slice, SETTINGS } from '../fixtures/exposures.ts';
import { fleet, offer, ownerOf, pods, under } from '../fixtures/fleets.ts';
import type { World } from './support/world.ts';
import { createWorld } from './support/world.ts';

/**
 * No cluster of a fleet can disturb another. Red when the youngest decides (`deciderOf` in
 * shared-exposure.ts): the settings differ, and the poison reaches the device; and when `settle`
 * (settle-shared.ts) keeps a decision although the device refused it: leaving the exposure then
 * never finishes.
 */
const KEY = '172.16.100.195:32400/tcp';
const LATER = '2026-02-01T00:00:00Z';

const fleets: fc.Arbitrary<Fleet> = fc
  .record({
    mode: fc.constantFrom('active-active' as const, 'ratio' as const, 'active-standby' as const),
    minimumActive: fc.integer({ min: 1, max: 3 }),
  })
  .map((over) => fleet(over));

/** What west may send: anything, as long as its gateway is the younger one. */
const saying = fc.array(
  fc.record({
    pods: fc.integer({ min: 0, max: 4 }),
    ports: fc.uniqueArray(fc.constantFrom(32_400, 1, 2), { maxLength: 3 }),
    settings: settings.map((all) => ({ ...all, mode: 'tcp' as const })),
    removed: fc.boolean(),
    generation: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);

function westSays(
  {
    ports,
    removed,
    generation,
    ...one
  }: {
    pods: number;
    ports: number[];
    settings: typeof SETTINGS;
    removed: boolean;
    generation: number;
  },
  counter: number,
): Slice {
  const wanted = ports.map((port) =>
    exposure({
      port,
      since: LATER,
      members: pods('west', one.pods),
      settings: one.settings,
      gateways: [`ns/${port}`],
    }),
  );
  return slice(counter, removed ? [] : wanted, {
    owner: ownerOf('west'),
    clusterUid: 'uid-west',
    removed,
    version: { epoch: 1, counter, generation },
  });
}

describe('promise 5, in a fleet: no cluster can disturb another', () => {
  test('an older cluster keeps its members, their priorities and its settings, whatever a younger one sends', () => {
    fc.assert(
      fc.property(fleets, saying, (one, said) => {
        const rules = under(one);
        const east = offer('east', {
          pods: 3,
          settings: { balance: 'least-connections-member', iRules: ['/Common/theirs'] },
        });
        const before = planPartition('k8s', EMPTY_STATE, [east], rules).next;
        let state: DeclaredState = before;
        for (const [i, words] of said.entries()) {
          state = planPartition('k8s', state, [westSays(words, i + 2)], rules).next;
          const now = state.exposures[KEY]!;
          const { wish: _wish, ...mine } = now.contributions.find(
            (c) => c.owner === ownerOf('east'),
          )!;
          expect(mine).toEqual(before.exposures[KEY]!.contributions[0]);
          // A fleet of mode ratio balances by ratio, whichever clusters share.
          expect({ ...now.settings, balance: 'least-connections-member' }).toEqual(
            before.exposures[KEY]!.settings,
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  const poisoned = (): World => {
    const world = createWorld({ fleets: [{ name: 'production', clusters: ['east', 'west'] }] });
    world.device.before = (_partition, next) => {
      if (Object.values(next.exposures).some((e) => e.settings.iRules.includes('/Common/bad')))
        throw new DeviceError('BIP421', 'content', 'refused', {
          response: '01020036:3: The requested iRule (/Common/bad) was not found.',
        });
    };
    return world;
  };
  const west = offer('west', { since: LATER, pods: 2, settings: { iRules: ['/Common/bad'] } });

  test('a setting that the device would refuse is not tried while another owner decides', async () => {
    const world = poisoned();
    await world.send(offer('east'));
    await world.drain();
    await world.send(west);
    await world.drain();
    expect(world.device.declares.every(({ ok }) => ok)).toBe(true);
    expect(world.device.state().exposures[KEY]?.contributions.map((c) => c.members.length)).toEqual(
      [1, 2],
    );
    const [told] = world.settled().filter(({ owner }) => owner === ownerOf('west'));
    expect(told?.exposures).toMatchObject([
      { outcome: 'applied', message: expect.stringContaining('iRules') },
    ]);
    expect(told?.notes).toMatchObject(
      [
        'Service istio-system/istio-ingressgateway',
        `Gateway ${told?.exposures[0]?.gateways[0] ?? ''}`,
      ].map((object) => ({
        code: 'OWN340',
        object,
        message: expect.stringContaining('/Common/bad'),
      })),
    );
  });

  test('the deciding owner can leave, and the members of the next one keep serving', async () => {
    const world = poisoned();
    await world.send(offer('east'));
    await world.send(west);
    await world.drain();
    await world.send(
      slice(2, [], { owner: ownerOf('east'), clusterUid: 'uid-east', removed: true }),
    );
    await world.drain();
    expect(world.device.state().exposures[KEY]).toMatchObject({
      settings: SETTINGS,
      contributions: [{ owner: ownerOf('west') }],
    });
    // The next snapshot of west reports it, to west alone.
    await world.send({ ...west, version: { ...west.version, counter: 3 } });
    await world.drain();
    const last = world
      .settled()
      .filter(({ owner }) => owner === ownerOf('west'))
      .at(-1);
    expect(last?.exposures).toMatchObject([{ outcome: 'rejected', code: 'BIP421' }]);
    expect(world.device.state().exposures[KEY]?.settings).toEqual(SETTINGS);
  });

  test('refused settings of the next owner take effect once the device accepts them', async () => {
    const world = poisoned();
    await world.send(offer('east'));
    await world.send(west);
    await world.drain();
    await world.send(
      slice(2, [], { owner: ownerOf('east'), clusterUid: 'uid-east', removed: true }),
    );
    await world.drain();
    world.device.before = () => undefined;
    const another = (counter: number): Promise<void> =>
      world.send(
        slice(counter, [exposure({ port: counter })], {
          owner: ownerOf('north'),
          clusterUid: 'uid-north',
        }),
      );
    await another(1);
    await world.drain();
    expect(world.device.state().exposures[KEY]?.settings).toEqual(SETTINGS);
    world.clock.advance(61_000);
    await another(2);
    await world.drain();
    expect(world.device.state().exposures[KEY]?.settings.iRules).toEqual(['/Common/bad']);
    expect(world.device.state().owners[ownerOf('west')]).not.toHaveProperty('quarantine');
  });

  test('refused settings of the deciding owner do not affect others: their members are updated', async () => {
    const world = poisoned();
    await world.send(offer('east'));
    await world.send(offer('west', { since: LATER }));
    await world.drain();
    await world.send(offer('east', { counter: 2, settings: { iRules: ['/Common/bad'] } }));
    await world.send(offer('west', { counter: 2, since: LATER, pods: 5 }));
    await world.drain();
    expect(world.device.state().exposures[KEY]?.contributions.map((c) => c.members.length)).toEqual(
      [1, 5],
    );
    expect(world.deadLetters().map((d) => d.owner)).toEqual([ownerOf('east')]);
  });
});
