/** What goes wrong with paths, and what it must not cost. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { networkOf, pathSlice, podOn, routeTo, viaOf } from '../../fixtures/paths.ts';
import { createWorld, type World } from '../../promises/support/world.ts';

const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const [P1, P2] = [podOn(3), podOn(2)];

let world: World;
beforeEach(() => void (world = createWorld({ modes: { east: 'routes' } })));

const apply = async (...slices: readonly Slice[]): Promise<void> => {
  for (const one of slices) await world.send(one);
  await world.step();
};
const members = (): readonly string[] =>
  Object.values(world.device.state().exposures)
    .flatMap((e) => e.contributions.flatMap((c) => c.members.map(({ address }) => address)))
    .toSorted();
const notes = (): readonly string[] =>
  world
    .settled()
    .filter((one) => one.owner.startsWith('east/'))
    .flatMap((one) => one.notes.map(({ code, message }) => `${code} ${message}`));
const routed = (): readonly string[] => [...world.device.paths.units.active.keys()];

describe('a fault of paths', () => {
  test('that persists because of an object of the same name keeps out only the members behind it', async () => {
    world.device.paths.refuse = ({ entry }) =>
      entry.at === networkOf(2)
        ? new DeviceError('BIP430', 'transient', 'another client wrote it in the meantime', {
            response: '01020066:3: The requested route (/sluice-net/x) already exists.',
          })
        : undefined;
    await apply(pathSlice(1, [P1, P2]), slice(1, [exposure({ port: 9 })], west));
    expect(members()).toEqual([P1, '10.244.1.5'].toSorted());
    expect(routed()).toEqual([`route ${networkOf(3)}`]);
    expect(notes()).toEqual([expect.stringMatching(/^BIP470 no path to 10\.244\.2\.5.*01020066/)]);
    expect(world.deadLetters()).toMatchObject([{ code: 'BIP470' }]);
    world.device.paths.refuse = () => undefined;
    await apply(pathSlice(1, [P1, P2]));
    expect(members()).toEqual([P1, P2, '10.244.1.5'].toSorted());
  });

  test('of the device itself with one entry keeps out only the members behind it', async () => {
    world.device.paths.refuse = ({ entry }) =>
      entry.at === networkOf(2)
        ? new DeviceError('BIP509', 'ambiguous', 'a call inside the device failed')
        : undefined;
    await apply(pathSlice(1, [P1, P2]), slice(1, [exposure({ port: 9 })], west));
    expect(members()).toEqual([P1, '10.244.1.5'].toSorted());
    expect(notes()).toEqual([expect.stringMatching(/^BIP470 no path to 10\.244\.2\.5/)]);
  });

  test.each([
    new DeviceError('BIP403', 'device', 'permission denied'),
    new DeviceError('BIP421', 'content', 'BIG-IP refuses it', { response: '01070711:3: no' }),
    new DeviceError('BIP420', 'transient', 'unexpected status 400'),
  ])(
    '$code while paths are read or written delays the declare of no other owner',
    async (error) => {
      for (const isRead of [true, false]) {
        world = createWorld({ modes: { east: 'routes' } });
        world.device.paths.reach = (write) => {
          if (isRead || write?.kind === 'journal') throw error;
        };
        await apply(pathSlice(1, [P1, P2]), slice(1, [exposure({ port: 9 })], west));
        expect(members()).toContain('10.244.1.5');
        expect(routed()).toEqual([]);
        expect(notes()).toEqual([expect.stringContaining(`${error.code} no path to`)]);
        world.device.paths.reach = () => undefined;
        await apply(pathSlice(2, [P1, P2]));
        expect(world.device.paths.units.active.get(`route ${networkOf(3)}`)?.to).toBe(viaOf(3));
        expect(members()).toEqual(expect.arrayContaining([P1, P2]));
      }
    },
  );

  test.each(['BIP505', 'BIP509'] as const)(
    '%s while paths are read or the journal is written is tried again with all that it needs',
    async (code) => {
      for (const isRead of [true, false]) {
        world = createWorld({ modes: { east: 'routes' } });
        let failures = 0;
        world.device.paths.reach = (write) => {
          if (write?.kind === 'journal' || (isRead && write === undefined))
            if ((failures += 1) <= 1) throw new DeviceError(code, 'ambiguous', 'failed inside');
        };
        await world.send(pathSlice(1, [P1, P2]));
        await world.drain(60_000);
        expect(members()).toEqual([P1, P2].toSorted());
        expect(notes()).toEqual([]);
      }
    },
  );

  test('with the journal alone keeps out only the new members, and does not block the device', async () => {
    for (const code of ['BIP505', 'BIP509'] as const) {
      world = createWorld({ modes: { east: 'routes' } });
      world.device.paths.reach = (write) => {
        if (write?.kind === 'journal') throw new DeviceError(code, 'ambiguous', 'failed inside');
      };
      await world.send(pathSlice(1, [P1, P2]));
      await world.send(slice(1, [exposure({ port: 9 })], west));
      await world.drain(60_000);
      expect(members()).toContain('10.244.1.5');
      expect(notes()).toEqual([expect.stringContaining(`${code} no path to`)]);
    }
  });

  test('while entries are taken over fails the order, and does not block the device', async () => {
    await apply(pathSlice(1, [P1]));
    world.device.paths.reach = () => {
      throw new DeviceError('BIP403', 'device', 'permission denied');
    };
    const takeOver = [{ key: `route ${networkOf(3)}`, name: '/cis/k8s-n3', to: viaOf(3) }];
    await world.audit([], { takeOver });
    await world.send(slice(1, [exposure({ port: 9 })], west));
    await world.step();
    expect(members()).toContain('10.244.1.5');
  });

  test('that passes while entries are taken over is tried again', async () => {
    await apply(pathSlice(1, [P1]));
    const key = `route ${networkOf(2)}`;
    const name = '/cis/k8s-n2';
    const foreign = { kind: 'route', at: networkOf(2), to: viaOf(2), name } as const;
    world.device.paths.units.active.set(key, { ...foreign, holder: 'theirs' });
    let failures = 0;
    world.device.paths.reach = () => {
      if ((failures += 1) <= 1) throw new DeviceError('BIP509', 'ambiguous', 'failed inside');
    };
    await world.audit([], { takeOver: [{ key, name, to: viaOf(2) }] });
    await world.drain(60_000);
    expect(world.log.filter(({ message }) => message === 'nothing more is taken over')).toEqual([]);
    expect(failures).toBeGreaterThan(1);
  });

  test('that concerns many entries writes few lines to the log', async () => {
    world.device.paths.refuse = () =>
      new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' });
    const pods = Array.from({ length: 100 }, (_, i) => podOn(i + 1));
    await apply(pathSlice(1, pods));
    const lines = world.log.filter(({ message }) => message.endsWith('paths not written'));
    expect(world.log.filter(({ message }) => message === 'path not written')).toHaveLength(10);
    expect(lines).toMatchObject([{ codes: { BIP472: 90 } }]);
    expect(world.deadLetters()).toHaveLength(1);
    expect(notes()).toHaveLength(6);
    expect(notes().at(-1)).toMatch(/^BIP472 no path to .* and 92 more: .*; a new member waits/);
  });

  test('that is over lets the owner try its members again, without a change in the cluster', async () => {
    world.device.paths.refuse = ({ entry }) =>
      entry.at === networkOf(2)
        ? new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' })
        : undefined;
    await apply(pathSlice(1, [P1, P2]));
    expect(members()).toEqual([P1]);
    world.device.paths.refuse = () => undefined;
    const before = world.queues.sent('settled-east').length;
    await world.audit(['k8s']);
    await world.step();
    const asked = world.queues.sent('settled-east').slice(before);
    expect(asked.map(({ body }) => body)).toEqual([expect.stringContaining('was refused')]);
    await world.audit(['k8s']);
    await world.step();
    expect(world.queues.sent('settled-east')).toHaveLength(before + 1);
  });

  test('cannot come from a slice of which no partition says whether it is admitted', async () => {
    await apply(pathSlice(2, [P1]));
    const stranger = pathSlice(9, [P1], [routeTo(P1, { via: viaOf(9) })], { clusterUid: 'other' });
    world.device.partitions.get('k8s')!.declared = undefined;
    await apply(stranger);
    expect(world.device.paths.units.active.get(`route ${networkOf(3)}`)?.to).toBe(viaOf(3));
  });
});
