import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Reference } from '../../../shared/device/references.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import type { World } from '../../promises/support/world.ts';
import { createWorld } from '../../promises/support/world.ts';

const MINUTE = 60_000;
const KEY = '172.16.100.195:7/tcp';
const withRule = (port: number, ...iRules: string[]): ReturnType<typeof exposure> =>
  exposure({ port, settings: { ...SETTINGS, iRules } });
const portsOn = (): number[] =>
  Object.values(world.device.state().exposures)
    .map((e) => e.port)
    .sort((a, b) => a - b);
const record = () => world.device.state().owners[slice(1, []).owner];

let world: World;
let asked: Reference[];
let there: Set<string>;
beforeEach(() => {
  world = createWorld();
  asked = [];
  there = new Set(['/Common/good']);
  world.device.missing = (references) => {
    asked.push(...references);
    return Promise.resolve(
      references
        .filter(({ path }) => !there.has(path))
        .map((one) => ({
          ...one,
          response: `01020036:3: The requested iRule (${one.path}) was not found.`,
        })),
    );
  };
});
const apply = async (
  counter: number,
  ...exposures: ReturnType<typeof exposure>[]
): Promise<void> => {
  await world.send(slice(counter, exposures));
  await world.drain();
};

/** Red when `checkReferences` (loop/step.ts) looks nothing up. */
describe('a change that refers to what the device lacks', () => {
  test("costs the others no declare, and is dead-lettered once with the device's message", async () => {
    await apply(
      1,
      withRule(7, '/Common/missing'),
      exposure({ port: 1 }),
      withRule(2, '/Common/good'),
    );
    expect(portsOn()).toEqual([1, 2]);
    expect(world.device.declares.map(({ ok }) => ok)).toEqual([true]);
    expect(record()?.quarantine?.[KEY]).toMatchObject({ code: 'BIP424', tries: 1 });
    expect(world.deadLetters()).toMatchObject([
      { code: 'BIP424', exposure: KEY, response: expect.stringContaining('/Common/missing') },
    ]);
    await apply(
      2,
      withRule(7, '/Common/missing'),
      exposure({ port: 1 }),
      withRule(2, '/Common/good'),
    );
    expect(world.deadLetters()).toHaveLength(1);
  });

  test('waits twice as long each time without a declare that fails, and is declared once it is there', async () => {
    await apply(1, withRule(7, '/Common/missing'));
    world.clock.advance(MINUTE);
    await apply(2, withRule(7, '/Common/missing'));
    expect(record()?.quarantine?.[KEY]).toMatchObject({ tries: 2 });
    there.add('/Common/missing');
    world.clock.advance(2 * MINUTE);
    await apply(3, withRule(7, '/Common/missing'));
    expect(portsOn()).toEqual([7]);
    expect(world.device.declares.every(({ ok }) => ok)).toBe(true);
    expect(record()).not.toHaveProperty('quarantine');
  });

  test('keeps what was accepted when it is an update, and its members follow', async () => {
    await apply(1, exposure({ port: 7 }));
    const members = [{ address: '10.9.9.9', port: 7, availability: 'ready' as const }];
    await apply(2, { ...withRule(7, '/Common/missing'), members });
    expect(world.device.state().exposures[KEY]).toMatchObject({
      settings: SETTINGS,
      contributions: [{ members }],
    });
    expect(world.settled().at(-1)?.exposures).toMatchObject([
      { outcome: 'rejected', code: 'BIP424' },
    ]);
  });
});

test('each object is looked for once, and not again for members that come and go', async () => {
  await apply(1, withRule(1, '/Common/good'), withRule(2, '/Common/good'));
  expect(asked).toEqual([{ kind: 'iRule', path: '/Common/good' }]);
  await apply(2, { ...withRule(1, '/Common/good'), members: [] }, withRule(2, '/Common/good'));
  expect(asked).toHaveLength(1);
});

test('what is declared already is not looked for when another setting changes', async () => {
  await apply(1, withRule(1, '/Common/good'));
  const rules = ['/Common/good'];
  await apply(
    2,
    exposure({ port: 1, settings: { ...SETTINGS, balance: 'ratio-member', iRules: rules } }),
  );
  expect(asked).toEqual([{ kind: 'iRule', path: '/Common/good' }]);
});

test('an object of another kind with the same name is no reason to leave a change out', async () => {
  const path = '/Common/both';
  there.add(path);
  const profile = exposure({ port: 2, settings: { ...SETTINGS, profiles: { tcp: path } } });
  const real = { ...world.device };
  world.device.missing = async (references) => [
    ...(await real.missing(references)),
    { kind: 'iRule', path, response: 'not found' },
  ];
  await apply(1, withRule(1, path), profile);
  expect(portsOn()).toEqual([2]);
});
