import { beforeEach, describe, expect, test } from '@jest/globals';
import { applicationName } from '../../../shared/bigip/as3/names.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { refusing } from '../../fixtures/device.ts';
import type { World } from '../../promises/support/world.ts';
import { createWorld } from '../../promises/support/world.ts';

const MINUTE = 60_000;
const bad = exposure({ port: 7, settings: { ...SETTINGS, iRules: ['/Common/missing'] } });
const named = `01070734:3: Configuration error: /k8s/${applicationName(bad)}/virtual`;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const portsOn = (world: World): number[] =>
  Object.values(world.device.state().exposures)
    .map((e) => e.port)
    .sort((a, b) => a - b);
const outcomes = (world: World): Record<string, string> =>
  Object.fromEntries((world.settled().at(-1)?.exposures ?? []).map((e) => [e.port, e.outcome]));

let world: World;
beforeEach(() => {
  world = createWorld();
  world.device.before = refusing((e) => e.settings.iRules.length > 0, named);
});
const apply = async (
  counter: number,
  ...exposures: ReturnType<typeof exposure>[]
): Promise<void> => {
  await world.send(slice(counter, exposures));
  await world.drain();
};

describe('a change that BIG-IP refuses', () => {
  test('is found and remembered in two declares, and costs the next snapshot none', async () => {
    await apply(1, bad, ...range(6).map((port) => exposure({ port })));
    expect(world.device.declares.map((d) => d.ok)).toEqual([false, true]);
    expect(portsOn(world)).toEqual(range(6));
    await apply(2, bad, ...range(6).map((port) => exposure({ port })));
    expect(world.device.declares).toHaveLength(3);
    expect(outcomes(world)).toMatchObject({ 7: 'rejected', 1: 'unchanged' });
  });

  test("is dead-lettered once, with BIG-IP's message and every declare that failed with it", async () => {
    await apply(1, bad, exposure({ port: 1 }));
    await apply(2, bad, exposure({ port: 1 }));
    expect(world.deadLetters()).toMatchObject([
      {
        code: 'BIP421',
        exposure: '172.16.100.195:7/tcp',
        response: named,
        plan: expect.arrayContaining([
          expect.objectContaining({ key: '172.16.100.195:7/tcp', kind: 'rejected' }),
        ]),
        attempts: [{ code: 'BIP421', reason: expect.stringContaining('01070734') }],
      },
    ]);
  });

  test('says in the result what BIG-IP said, how often it was tried and when it is tried again', async () => {
    await apply(1, bad);
    expect(world.settled()[0]?.exposures[0]?.message).toMatch(
      /BIG-IP says: 01070734:3.*tried once; the next try is after 2026-01-01T00:01/,
    );
  });

  test('is tried alone when its time has come, after all the others, and then waits twice as long', async () => {
    await apply(1, bad);
    world.clock.advance(MINUTE);
    const before = world.device.declares.length;
    await apply(2, bad, exposure({ port: 1 }));
    expect(world.device.declares.slice(before)).toMatchObject([
      { ports: [1], ok: true },
      { ports: [1, 7], ok: false },
      { ports: [1], ok: true },
    ]);
    expect(
      world.device.state().owners[slice(1, []).owner]?.quarantine?.['172.16.100.195:7/tcp'],
    ).toMatchObject({ tries: 2, next: '2026-01-01T00:03:00.000Z' });
    expect(world.deadLetters()).toHaveLength(1);
  });

  test('is declared when it is due and its cause is gone, with others of the same cause', async () => {
    const others = [8, 9, 10].map((port) => ({ ...bad, port }));
    await apply(1, bad, ...others);
    world.device.before = () => undefined;
    world.clock.advance(MINUTE);
    const before = world.device.declares.length;
    await apply(2, bad, ...others);
    expect(portsOn(world)).toEqual([7, 8, 9, 10]);
    // The fence, one change alone, the rest together.
    expect(world.device.declares.length - before).toBe(3);
    expect(outcomes(world)).toEqual({ 7: 'applied', 8: 'applied', 9: 'applied', 10: 'applied' });
  });

  test('is declared at once when it is corrected', async () => {
    await apply(1, bad);
    await apply(2, exposure({ port: 7 }));
    expect(portsOn(world)).toEqual([7]);
    expect(world.device.state().owners[slice(1, []).owner]).not.toHaveProperty('quarantine');
  });

  test('is tried at once when its message is replayed, and dead-lettered again when it fails again', async () => {
    await apply(1, bad);
    await apply(1, bad);
    expect(world.deadLetters()).toHaveLength(2);
    world.device.before = () => undefined;
    await apply(1, bad);
    expect(portsOn(world)).toEqual([7]);
  });

  test('when many are due and all fail, only five of them cost this run a declare', async () => {
    const many = range(12).map((port) => ({ ...bad, port }));
    world.device.before = refusing((e) => e.settings.iRules.length > 0);
    await apply(1, ...many);
    world.clock.advance(MINUTE);
    const before = world.device.declares.length;
    await apply(2, ...many);
    expect(world.device.declares.slice(before).filter((d) => !d.ok)).toHaveLength(5);
  });
});

describe('a change that BIG-IP names although another one is at fault', () => {
  test('is declared after all, and the one that was not named is found', async () => {
    const culprit = exposure({ port: 3 });
    world.device.before = refusing(
      (e) => e.port === culprit.port,
      `/k8s/${applicationName(exposure({ port: 5 }))}/virtual`,
    );
    await apply(1, ...range(6).map((port) => exposure({ port })));
    expect(portsOn(world)).toEqual([1, 2, 4, 5, 6]);
    expect(world.deadLetters().map((d) => d.exposure)).toEqual(['172.16.100.195:3/tcp']);
  });
});

describe('an update that BIG-IP refuses', () => {
  test('keeps what was accepted, and pods that come and go are followed', async () => {
    await apply(1, exposure({ port: 7 }));
    const members = [{ address: '10.9.9.9', port: 7, availability: 'ready' as const }];
    await apply(2, { ...bad, members });
    expect(world.device.state().exposures['172.16.100.195:7/tcp']).toMatchObject({
      settings: SETTINGS,
      contributions: [{ members }],
    });
    expect(outcomes(world)).toEqual({ 7: 'rejected' });
  });

  test('keeps the members too when BIG-IP refuses these', async () => {
    await apply(1, exposure({ port: 7 }));
    world.device.before = (_p, next) => {
      const text = JSON.stringify(next.exposures);
      if (text.includes('/Common/missing') || text.includes('10.9.9.9'))
        throw new DeviceError('BIP421', 'content', 'refused');
    };
    const before = world.device.state().exposures;
    await apply(
      2,
      { ...bad, members: [{ address: '10.9.9.9', port: 7, availability: 'ready' }] },
      exposure({ port: 1 }),
    );
    expect(world.device.state().exposures).toMatchObject(before);
    expect(outcomes(world)).toEqual({ 1: 'applied', 7: 'rejected' });
  });
});

describe('addresses of foreign objects on the device', () => {
  test('are found before posting and named, and the conflict ends by itself', async () => {
    world.device.before = () => undefined;
    world.device.foreign = () =>
      Promise.resolve([
        {
          path: '/Common/theirs',
          partition: 'Common',
          address: '172.16.100.195',
          port: 1,
          protocol: 'tcp',
        },
      ]);
    await apply(1, exposure({ port: 1 }), exposure({ port: 2 }));
    expect(portsOn(world)).toEqual([2]);
    expect(world.device.declares.every((d) => d.ok)).toBe(true);
    expect(outcomes(world)).toEqual({ 1: 'conflict', 2: 'applied' });
    world.device.foreign = () => Promise.resolve([]);
    await apply(2, exposure({ port: 1 }), exposure({ port: 2 }));
    expect(portsOn(world)).toEqual([1, 2]);
  });

  test('that appear during a declare are a conflict too, not a quarantine', async () => {
    let seen = false;
    world.device.foreign = () =>
      Promise.resolve(
        seen
          ? [{ path: '/Common/theirs', partition: 'Common', address: '172.16.100.195', port: 1 }]
          : [],
      );
    world.device.before = (_p, next) => {
      if (!next.exposures['172.16.100.195:1/tcp']) return;
      seen = true;
      throw new DeviceError('BIP422', 'content', 'taken', {
        response: `01070333:3 ${applicationName(exposure({ port: 1 }))}`,
      });
    };
    await apply(1, exposure({ port: 1 }), exposure({ port: 2 }));
    expect(outcomes(world)).toEqual({ 1: 'conflict', 2: 'applied' });
    expect(world.device.state().owners[slice(1, []).owner]).not.toHaveProperty('quarantine');
    expect(world.deadLetters()).toEqual([]);
  });
});

describe('large plans', () => {
  test('go in declares of at most 100 changes, each stored before the next', async () => {
    world.device.before = () => undefined;
    await apply(1, ...range(250).map((port) => exposure({ port })));
    expect(world.device.declares.map((d) => d.ports.length)).toEqual([100, 200, 250]);
  });
});
