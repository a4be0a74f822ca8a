import { describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../shared/device/errors.ts';
import type { Exposure } from '../../shared/domain/exposure/exposure.ts';
import { exposure, SETTINGS, slice } from '../fixtures/exposures.ts';
import type { World } from './support/world.ts';
import { CLUSTERS, createWorld, ownerOf } from './support/world.ts';

/**
 * Red with the guard removed: when `refused` (loop/step.ts) fails with the fault instead of
 * isolating the refused change, no other change is applied; without the stored quarantine
 * (`quarantineFor` in quarantine.ts) every later batch isolates the poison again, and time and
 * number of declares exceed the limits.
 */
const DECLARE = 3_000;
const GATEWAYS = 100;
const POISON = 37;

interface Outcome {
  readonly world: World;
  /** Milliseconds from the event to the virtual server, for each healthy gateway. */
  readonly waited: readonly number[];
}

/**
 * 100 gateways in 4 clusters, one event for each, all at once; each event contains the ingress so
 * far.
 */
async function burst(poison: number | undefined, named: boolean): Promise<Outcome> {
  const world = createWorld();
  const begun = world.clock.now();
  const seen = new Map<number, number>();
  world.device.before = (_p, next) => {
    world.clock.advance(DECLARE);
    const bad = Object.values(next.exposures).find((e) => e.settings.iRules.length > 0);
    if (bad)
      throw new DeviceError('BIP421', 'content', 'refused', {
        response: named
          ? `01070734:3: /k8s/${world.device.capabilities.nameOf(bad)}/virtual`
          : '01070734:3: something is wrong',
      });
  };
  world.device.after = (_before, next) => {
    for (const e of Object.values(next.exposures))
      if (!seen.has(e.port)) seen.set(e.port, world.clock.now() - begun);
  };
  const said = new Map<string, Exposure[]>();
  for (let i = 0; i < GATEWAYS; i++) {
    const owner = ownerOf(CLUSTERS[i % CLUSTERS.length]!);
    const list = [
      ...(said.get(owner) ?? []),
      exposure({
        port: i + 1,
        gateways: [`ns/gw-${i}`],
        ...(i === poison ? { settings: { ...SETTINGS, iRules: ['/Common/bad'] } } : {}),
      }),
    ];
    said.set(owner, list);
    await world.send(slice(i + 1, list, { owner, clusterUid: `uid-${owner}` }));
  }
  await world.drain();
  const waited = [...seen].filter(([port]) => port !== POISON + 1).map(([, time]) => time);
  return { world, waited: waited.toSorted((a, b) => a - b) };
}

const p99 = (times: readonly number[]): number => times[Math.ceil(times.length * 0.99) - 1]!;

describe('promise 5: a faulty neighbour does not affect you', () => {
  test('with one faulty gateway among 100 of 4 clusters, 99 are applied almost as fast as without it', async () => {
    const clean = await burst(undefined, true);
    const sick = await burst(POISON, true);
    expect(sick.waited).toHaveLength(GATEWAYS - 1);
    expect(p99(sick.waited) / p99(clean.waited)).toBeLessThanOrEqual(1.2);
    expect(sick.world.device.declares.length).toBeLessThanOrEqual(
      clean.world.device.declares.length + 2,
    );
  });

  test('only the faulty exposure is dead-lettered, once, with the message of the device', async () => {
    const { world } = await burst(POISON, true);
    expect(world.deadLetters().map((d) => d.exposure)).toEqual([
      `172.16.100.195:${POISON + 1}/tcp`,
    ]);
    const last = new Map(world.settled().map((s) => [s.owner, s]));
    const rejected = [...last.values()]
      .flatMap((s) => s.exposures)
      .filter((e) => e.outcome !== 'applied' && e.outcome !== 'unchanged');
    expect(rejected.map((e) => [e.port, e.outcome])).toEqual([[POISON + 1, 'rejected']]);
  });

  test('a faulty exposure that BIG-IP does not name is still found, and all others are applied', async () => {
    const { world, waited } = await burst(POISON, false);
    expect(waited).toHaveLength(GATEWAYS - 1);
    // The failing batch is split by owner and by halves; later batches are not split.
    const failing = world.device.declares.filter((d) => !d.ok).length;
    expect(failing).toBeLessThanOrEqual(6);
  });

  test('a message that cannot be parsed stops no other message of its group', async () => {
    const world = createWorld();
    for (let i = 0; i < 9; i++)
      await world.send(slice(1, [exposure({ port: i + 1 })], { owner: `east/ns/gateway-${i}` }));
    await world.queues
      .queue('slices')
      .send({ group: 'bigip-1', deduplicationId: 'poison', body: 'not json' });
    await world.step();
    expect(world.queues.messages('slices')).toEqual([]);
    expect(Object.keys(world.device.state().exposures)).toHaveLength(9);
    expect(world.deadLetters().map((d) => d.code)).toEqual(['Q610']);
  });
});
