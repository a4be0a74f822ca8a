/**
 * Red without the guards: without retrying blamed changes (`isOwed` in loop/retry.ts), a fault that
 * ends while its cause is isolated leaves a change in quarantine; without the samples
 * (`firstSample` in loop/isolate.ts) a script that cannot run blames all changes; when faults
 * inside the device count as content (outcomes.ts), nearly everything here fails.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import { faultOfResult } from '../../../shared/bigip/rest/outcomes.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import type { World } from '../../promises/support/world.ts';
import { createWorld, ownerOf } from '../../promises/support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEST = ownerOf('west');
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const inner = (call: string, code = 400, message = 'declaration failed'): DeviceError =>
  faultOfResult('bigip-1', 'k8s', {
    code,
    message,
    response: `${call} response=500 body={"code":500,"message":"injected fault"}`,
  })!;
const reading = (): DeviceError =>
  inner(
    'GET http://admin:XXXXXX@localhost:8100/mgmt/tm/sys/provision query target BIG-IP provisioning',
    500,
    'failed',
  );
const script = (): DeviceError =>
  inner('POST http://admin:XXXXXX@localhost:8100/mgmt/tm/task/cli/script run cli script');
const saving = (): DeviceError =>
  faultOfResult('bigip-1', 'k8s', {
    code: 500,
    message:
      'failed to save BIG-IP config (POST ' +
      'http://admin:XXXXXX@localhost:8100/mgmt/tm/task/sys/config create task save sys ' +
      'config response=500 body={})',
  })!;

let world: World;
beforeEach(() => {
  world = createWorld();
});
const ports = (state: DeclaredState = world.device.state()): number[] =>
  Object.values(state.exposures)
    .map((e) => e.port)
    .sort((a, b) => a - b);
const quarantine = (): object => world.device.state().owners[slice(1, []).owner]?.quarantine ?? {};
const outcomes = (): Record<string, string> =>
  Object.fromEntries(
    (world.settled().at(-1)?.exposures ?? []).map((e) => [e.port, `${e.outcome} ${e.code}`]),
  );
const errors = (): readonly Record<string, unknown>[] =>
  world.log.filter(({ level }) => level === 'error');
/** Fails while the function returns true; it receives the declared state and the next one. */
const failing = (
  error: () => DeviceError,
  when: (next: DeclaredState, present: DeclaredState) => boolean,
): void => {
  world.device.before = (_p, next) => {
    if (when(next, world.device.state())) throw error();
  };
};
/** AS3 runs a script only if something changes. */
const changes = (next: DeclaredState, present: DeclaredState): boolean =>
  JSON.stringify(next.exposures) !== JSON.stringify(present.exposures);
const apply = async (counter: number, numbers: readonly number[]): Promise<void> => {
  await world.send(
    slice(
      counter,
      numbers.map((port) => exposure({ port })),
    ),
  );
  await world.step();
};

describe('a fault inside the device that passes', () => {
  test('costs one declare more, whatever the number of changes', async () => {
    let left = 1;
    failing(reading, () => left-- > 0);
    await apply(1, range(20));
    expect(ports()).toEqual(range(20));
    expect(world.device.declares).toHaveLength(2);
    expect([world.deadLetters(), errors(), quarantine()]).toEqual([[], [], {}]);
  });

  test('after everything was done costs no declare: declared and live state are read first', async () => {
    let left = 1;
    const looks: number[] = [];
    world.device.verify = (_p, state) =>
      Promise.resolve((looks.push(Object.keys(state.exposures).length), []));
    world.device.before = (_p, _n, commit) => {
      if (left-- <= 0) return;
      commit();
      throw script();
    };
    await apply(1, range(3));
    expect(world.device.declares).toHaveLength(1);
    expect(looks).toEqual([3]);
    expect(outcomes()).toMatchObject({ 1: 'applied OK' });
  });

  test('that prevented saving the configuration repeats the declare, though all is done', async () => {
    let left = 1;
    world.device.before = (_p, _n, commit) => {
      if (left-- <= 0) return;
      commit();
      throw saving();
    };
    await apply(1, range(3));
    expect(world.device.declares.map(({ ok }) => ok)).toEqual([false, true]);
  });

  test('that left the device half done is repaired: the live objects differ, so the same is declared again', async () => {
    let left = 1;
    world.device.verify = () =>
      Promise.resolve(world.device.declares.length < 2 ? ['pool /k8s/x has members none'] : []);
    world.device.before = (_p, _n, commit) => {
      if (left-- <= 0) return;
      commit();
      throw script();
    };
    await apply(1, range(3));
    expect(world.device.declares).toHaveLength(2);
  });
});

describe('a fault inside the device that stays', () => {
  test('with and without a change makes the device wait: no change is blamed, one alarm is raised', async () => {
    await apply(1, [1]);
    failing(reading, () => true);
    await apply(2, range(20));
    // Twice, then without any change.
    expect(world.device.declares.slice(1)).toHaveLength(3);
    expect(outcomes()).toMatchObject({ 1: 'retry BIP509', 20: 'retry BIP509' });
    expect(errors()).toMatchObject([
      { code: 'BIP509', device: 'bigip-1', call: 'GET /mgmt/tm/sys/provision: HTTP 500' },
    ]);
    expect([world.deadLetters(), quarantine()]).toEqual([[], {}]);
    world.device.before = () => undefined;
    await world.drain(MINUTE);
    expect(ports()).toEqual(range(20));
  });

  test('with every change, but not without one, makes the device wait and blames no change', async () => {
    failing(script, changes);
    await apply(1, range(20));
    expect(world.device.declares.length).toBeLessThanOrEqual(6);
    expect(errors()).toMatchObject([
      { code: 'BIP509', call: 'POST /mgmt/tm/task/cli/script: HTTP 500' },
    ]);
    expect([world.deadLetters(), quarantine()]).toEqual([[], {}]);
    world.device.before = () => undefined;
    await world.drain(MINUTE);
    expect(ports()).toEqual(range(20));
  });

  test.each([1, 7, 20])(
    'with change %d alone leaves that one out, under a code of the device, and declares the others',
    async (bad) => {
      failing(script, (next) => ports(next).includes(bad));
      await apply(1, range(20));
      expect(ports()).toEqual(range(20).filter((port) => port !== bad));
      expect(quarantine()).toMatchObject({ [`172.16.100.195:${bad}/tcp`]: { code: 'BIP509' } });
      expect(outcomes()).toMatchObject({ [bad]: 'retry BIP509' });
      expect(world.deadLetters()).toEqual([]);
      expect(errors()).toMatchObject([
        {
          code: 'BIP509',
          exposure: `172.16.100.195:${bad}/tcp`,
          call: 'POST /mgmt/tm/task/cli/script: HTTP 500',
        },
      ]);
      expect(world.device.declares.length).toBeLessThan(24);
    },
  );

  test('makes an order to forget wait: it is carried out once the fault is over, without a new order', async () => {
    await apply(1, range(3));
    await world.send(slice(1, [exposure({ port: 9 })], { owner: WEST, clusterUid: 'west' }));
    await world.drain();
    const all = ports();
    failing(script, (next) => ports(next).length < all.length);
    await world.steer({
      action: 'forget',
      device: 'bigip-1',
      cluster: 'west',
      upTo: { [WEST]: slice(1, []).version },
      whole: true,
    });
    await world.drain(HOUR);
    expect([ports(), world.deadLetters()]).toEqual([all, []]);
    expect(await world.waiting.list()).toMatchObject([{ entry: { kind: 'order' } }]);
    // No other owner waits for it in the meantime.
    await apply(2, range(4));
    expect(ports()).toEqual([1, 2, 3, 4, 9]);
    world.device.before = () => undefined;
    await world.drain(5 * MINUTE);
    expect([ports(), world.deadLetters(), await world.waiting.list()]).toEqual([range(4), [], []]);
  });

  test('with the only change there is leaves it out too, and does not hold up what comes later', async () => {
    await apply(1, range(3));
    failing(script, (next) => ports(next).includes(7));
    await apply(2, [...range(3), 7]);
    expect(outcomes()).toMatchObject({ 1: 'unchanged OK', 7: 'retry BIP509' });
    const before = world.device.declares.length;
    await apply(3, [...range(4), 7]);
    expect(ports()).toEqual(range(4));
    expect(world.device.declares.slice(before)).toMatchObject([{ ports: range(4), ok: true }]);
  });

  test('is retried every few minutes, however long it lasts, and never dead-lettered', async () => {
    failing(script, (next) => ports(next).includes(7));
    for (const counter of range(8)) {
      await apply(counter, [1, 7]);
      world.clock.advance(10 * MINUTE);
    }
    expect(world.deadLetters()).toEqual([]);
    const { next } = Object.values(quarantine())[0] as { next: string };
    expect(Date.parse(next) - world.clock.now()).toBeLessThan(0);
    world.device.before = () => undefined;
    await apply(9, [1, 7]);
    expect(ports()).toEqual([1, 7]);
    expect(quarantine()).toEqual({});
  });
});

describe('a fault inside the device that ends while a culprit is looked for', () => {
  test.each(range(7))(
    'after %d declares that contained it: what was blamed meanwhile is tried at once',
    async (times) => {
      let left = times;
      failing(script, (next) => ports(next).includes(7) && left-- > 0);
      await apply(1, range(20));
      expect(ports()).toEqual(range(20));
      expect([world.deadLetters(), quarantine()]).toEqual([[], {}]);
      expect(outcomes()).toMatchObject({ 7: 'applied OK' });
    },
  );

  test.each(range(4))(
    'after %d declares that changed anything: everything is done in the same call',
    async (times) => {
      let left = times;
      failing(script, (next, present) => changes(next, present) && left-- > 0);
      await apply(1, range(20));
      expect(ports()).toEqual(range(20));
      expect([world.deadLetters(), quarantine()]).toEqual([[], {}]);
    },
  );

  test.each(range(8))(
    'after %d declares of any kind: everything is applied in the end, and no change was blamed',
    async (times) => {
      let left = times;
      failing(reading, () => left-- > 0);
      await apply(1, range(20));
      await world.drain(MINUTE);
      expect(ports()).toEqual(range(20));
      expect([world.deadLetters(), quarantine()]).toEqual([[], {}]);
    },
  );

  test('several that were blamed come back together', async () => {
    let over = false;
    failing(script, (next) => {
      over ||= ports(next).includes(20) && ![3, 4, 5].some((port) => ports(next).includes(port));
      return !over && [3, 4, 5].some((port) => ports(next).includes(port));
    });
    await apply(1, range(20));
    expect(ports()).toEqual(range(20));
    expect(quarantine()).toEqual({});
    expect(outcomes()).toMatchObject({ 3: 'applied OK', 5: 'applied OK' });
  });
});

describe("AS3's message about the content after an internal fault", () => {
  const withRule = exposure({ port: 7, settings: { ...SETTINGS, iRules: ['/Common/r1'] } });
  const unfound = (): DeviceError =>
    faultOfResult('bigip-1', 'k8s', {
      code: 422,
      message: 'Unable to find /Common/r1 for /k8s/gw-172.16.100.195-7-tcp/virtual/iRules/0',
    })!;
  const send = async (): Promise<void> => {
    await world.send(slice(1, [exposure({ port: 1 }), withRule]));
    await world.step();
  };

  test('an existing object that AS3 did not find was not looked up: one more declare, no change blamed', async () => {
    let left = 1;
    failing(unfound, () => left-- > 0);
    await send();
    expect(world.device.declares).toHaveLength(2);
    expect(ports()).toEqual([1, 7]);
  });

  test('a missing object stays the fault of the exposure that refers to it', async () => {
    let looks = 0;
    // The object disappears between the look-up before the declare and the one after.
    world.device.missing = (references) =>
      Promise.resolve(
        (looks += 1) === 1
          ? []
          : references.map((one) => ({
              ...one,
              response: '01020036:3: The requested iRule (/Common/r1) was not found.',
            })),
      );
    failing(unfound, (next) => ports(next).includes(7));
    await send();
    expect(outcomes()).toMatchObject({ 1: 'applied OK', 7: 'rejected BIP424' });
    expect(world.deadLetters()).toMatchObject([{ code: 'BIP424' }]);
  });

  test('existing objects that AS3 did not read are blamed on no change while nothing succeeds', async () => {
    await apply(1, range(3));
    failing(
      () =>
        faultOfResult('bigip-1', 'k8s', {
          code: 422,
          message: 'declaration failed',
          response:
            '01020066:3: The requested Pool (/k8s/gw-172.16.100.195-1-tcp/pool) already exists in partition k8s.',
        })!,
      () => true,
    );
    await apply(2, range(5));
    expect([world.deadLetters(), quarantine()]).toEqual([[], {}]);
    expect(errors()).toMatchObject([{ code: 'BIP509' }]);
    world.device.before = () => undefined;
    await world.drain(MINUTE);
    expect(ports()).toEqual(range(5));
  });
});
