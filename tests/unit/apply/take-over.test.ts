import { beforeEach, describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { PathUnit } from '../../../shared/device/paths.ts';
import type { Entry } from '../../../shared/domain/paths/entry.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import { liveEntries } from '../../../shared/domain/paths/live.ts';
import { inheritance, type TakeOver, takeOverOf } from '../../../shared/domain/take-over/cis.ts';
import {
  macOf,
  networkOf,
  pathSlice,
  podOn,
  routeTo,
  tunnelTo,
  viaOf,
} from '../../fixtures/paths.ts';
import { takeOverPaths } from '../../../functions/apply/take-over.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { createWorld, type World } from '../../promises/support/world.ts';
import { arp, fdb, live, route } from '../paths/support.ts';

const [P1, P2] = [podOn(1), podOn(2)];
let world: World;
const start = (modes: Record<string, 'routes' | 'vxlan'> = { east: 'routes' }): void => {
  world = createWorld({ modes });
};
beforeEach(() => start());

const leave = (entry: Entry, name: string, unit: PathUnit = 'active'): void => {
  const theirs = { ...live(entry, 'theirs'), name: `/cis/${name}` };
  world.device.paths.units[unit].set(entryKey(entry), theirs);
};
const apply = async (...pods: readonly string[]): Promise<void> => {
  await world.send(pathSlice(1, pods));
  await world.drain();
};
const shown = (unit: PathUnit = 'active'): readonly TakeOver[] => {
  const { paths } = world.device;
  const there = liveEntries([...paths.units[unit].values()]);
  const { take } = inheritance(paths.current().records, there);
  return take.map((one) => takeOverOf(one, unit === 'peer'));
};
const order = async (takeOver: readonly TakeOver[]): Promise<void> => {
  await world.audit([], { takeOver: [...takeOver] });
  await world.drain();
};
const entries = (unit: PathUnit = 'active'): readonly string[] =>
  [...world.device.paths.units[unit]].map(([key, one]) => `${key} ${one.to} ${one.holder}`);
const told = (message: string): readonly object[] =>
  world.log.filter((line) => line.message === message);
const journal = (key: string): object | undefined => world.device.paths.current().records.get(key);

describe('an order to take routes over', () => {
  const [R1, R2] = [route(networkOf(1), viaOf(1)), route(networkOf(2), viaOf(2))];

  test('makes each of them ours, also in the journal', async () => {
    leave(R1, 'k8s-n1');
    leave(route(networkOf(2), '192.0.2.99'), 'k8s-n2');
    await apply(P1, P2);
    expect(journal(entryKey(R1))).toMatchObject({ found: true });
    expect(journal(entryKey(R2))).toMatchObject({ refused: 'BIP471' });
    await order(shown());
    expect(entries()).toEqual([
      `${entryKey(R1)} ${viaOf(1)} ours`,
      `${entryKey(R2)} ${viaOf(2)} ours`,
    ]);
    expect(journal(entryKey(R1))).not.toHaveProperty('found');
    expect(journal(entryKey(R2))).not.toHaveProperty('refused');
    expect(told('path taken over')).toHaveLength(2);
  });

  test('declares nothing', async () => {
    leave(R1, 'k8s-n1');
    await apply(P1);
    const before = world.device.declares.length;
    await order(shown());
    expect(world.device.declares.length).toBe(before);
  });

  test('leaves what differs from what was shown, and reports it', async () => {
    leave(R1, 'k8s-n1');
    await apply(P1);
    const before = shown();
    leave(route(networkOf(1), '192.0.2.99'), 'k8s-n1');
    await order(before);
    expect(entries()).toEqual([`${entryKey(R1)} 192.0.2.99 theirs`]);
    expect(told('not taken over: it is not as it was shown')).toHaveLength(1);
  });

  test('changes nothing that it does not name', async () => {
    leave(R1, 'k8s-n1');
    leave(R2, 'k8s-n2');
    leave(route('10.9.0.0/24', viaOf(9)), 'k8s-n9');
    await apply(P1, P2);
    await order(shown().slice(0, 1));
    expect(entries()).toEqual([
      `${entryKey(R1)} ${viaOf(1)} ours`,
      `${entryKey(R2)} ${viaOf(2)} theirs`,
      `route 10.9.0.0/24 ${viaOf(9)} theirs`,
    ]);
  });

  test('leaves what another installation wants', async () => {
    leave(R1, 'k8s-n1');
    await apply(P1);
    const { journals } = world.device.paths;
    const lines = [...journals.values()].at(-1) ?? [];
    journals.clear();
    journals.set(
      1,
      lines.map((one) => ({ ...one, data: one.data.replace('owner=east/', 'owner=far/') })),
    );
    await order([{ key: entryKey(R1), name: '/cis/k8s-n1', to: viaOf(1) }]);
    expect(entries()).toEqual([`${entryKey(R1)} ${viaOf(1)} theirs`]);
    expect(told('not taken over: it is not as it was shown')).toHaveLength(1);
  });

  test('reports if the standby unit does not answer', async () => {
    world.device.paths.peer = 'away';
    await order([{ key: entryKey(R1), name: '/cis/k8s-n1', to: viaOf(1), peer: true }]);
    expect(told('not taken over: the standby unit does not answer')).toHaveLength(1);
  });

  test("that the device refuses fails for that route only, and is reported with the device's message", async () => {
    leave(R1, 'k8s-n1');
    leave(R2, 'k8s-n2');
    await apply(P1, P2);
    world.device.paths.refuse = ({ entry }) =>
      entry.at === networkOf(1)
        ? new DeviceError('BIP472', 'content', 'not connected', { response: '01070330:3: words' })
        : undefined;
    await order(shown());
    expect(entries()).toEqual([
      `${entryKey(R1)} ${viaOf(1)} theirs`,
      `${entryKey(R2)} ${viaOf(2)} ours`,
    ]);
    expect(told('path not taken over')).toMatchObject([
      { code: 'BIP472', error: expect.stringContaining('01070330') },
    ]);
  });

  test('continues after a kill at any write', async () => {
    leave(R1, 'k8s-n1');
    leave(R2, 'k8s-n2');
    await apply(P1, P2);
    let writes = 0;
    world.device.paths.reach = (write) => {
      if (write?.kind !== 'takeOver') return;
      writes += 1;
      if (writes === 2) throw new DeviceError('BIP501', 'transient', 'gone');
    };
    await order(shown());
    expect(entries().map((one) => one.split(' ').at(-1))).toEqual(['ours', 'ours']);
    expect(journal(entryKey(R2))).not.toHaveProperty('found');
    expect(told('not taken over: it is not as it was shown')).toEqual([]);
  });

  test('does nothing if the journal cannot be read', async () => {
    leave(R1, 'k8s-n1');
    await apply(P1);
    const before = shown();
    const { journals } = world.device.paths;
    journals.set(Math.max(...journals.keys()) + 1, [{ name: 'x', data: 'y' }]);
    await order(before);
    expect(entries()).toEqual([`${entryKey(R1)} ${viaOf(1)} theirs`]);
    expect(told('nothing is taken over')).toMatchObject([{ code: 'BIP474' }]);
  });

  test.each([
    [
      'the process no longer holds the message',
      { prove: () => Promise.reject(new Error('lease lost')) },
      'lease lost',
    ],
    [
      'the time of the function is up',
      { hasTime: () => false },
      "not finished within three quarters of the function's timeout",
    ],
  ])('writes nothing if %s', async (_what, over, words) => {
    leave(R1, 'k8s-n1');
    await apply(P1);
    const device = world.device.connect(['k8s']);
    const log = createLogger('silent');
    const prove = (): Promise<void> => Promise.resolve();
    const clusters = new Set(['east']);
    const work = { device, clusters, log, prove, hasTime: () => true, tries: 1, ...over };
    await expect(takeOverPaths(work, shown())).rejects.toThrow(words);
    expect(entries()).toEqual([`${entryKey(R1)} ${viaOf(1)} theirs`]);
  });

  test('takes ARP entries over on each unit', async () => {
    start({ east: 'vxlan' });
    world.device.paths.peer = 'there';
    const entry = arp(P1, macOf(1));
    for (const unit of ['active', 'peer'] as const) leave(entry, `k8s-${P1}`, unit);
    await world.send(pathSlice(1, [P1], [tunnelTo(P1)]));
    await world.drain();
    await order([...shown(), ...shown('peer')]);
    for (const unit of ['active', 'peer'] as const)
      expect(entries(unit)).toContain(`${entryKey(entry)} ${macOf(1)} ours`);
  });
});

describe('an order to take records of a tunnel over', () => {
  const record = fdb(macOf(1), '192.0.2.99');
  const key = `fdb /Common/east ${macOf(1)}`;
  beforeEach(async () => {
    start({ east: 'vxlan' });
    const theirs = { ...record, tunnel: '/Common/east' };
    world.device.paths.units.active.set(key, live(theirs));
    await world.send(pathSlice(1, [P1], [tunnelTo(P1)]));
    await world.drain();
  });

  test('corrects a record that was refused, so that it leads where members need it', async () => {
    expect(journal(key)).toMatchObject({ refused: 'BIP471' });
    await order(shown());
    expect(journal(key)).not.toHaveProperty('refused');
    expect(entries()).toContain(`${key} ${viaOf(1)} unmarked`);
    expect(told('path taken over')).toHaveLength(1);
  });

  test('leaves a record that differs from what was shown', async () => {
    const before = shown();
    world.device.paths.units.active.set(key, {
      ...live(record),
      tunnel: '/Common/east',
      to: '192.0.2.98',
    });
    await order(before);
    expect(journal(key)).toMatchObject({ refused: 'BIP471' });
    expect(entries()).toContain(`${key} 192.0.2.98 unmarked`);
  });
});

test('a record that changed on one unit since it was shown is claimed on none', async () => {
  start({ east: 'vxlan' });
  world.device.paths.peer = 'there';
  const { units } = world.device.paths;
  const key = `fdb /Common/east ${macOf(1)}`;
  const theirs = (to: string): void =>
    void units.peer.set(key, { ...live(fdb(macOf(1), to)), tunnel: '/Common/east' });
  theirs('192.0.2.99');
  units.active.set(key, units.peer.get(key)!);
  await world.send(pathSlice(1, [P1], [tunnelTo(P1)]));
  await world.drain();
  const before = [...shown(), ...shown('peer')];
  theirs('192.0.2.98');
  await order(before);
  expect(journal(key)).toMatchObject({ refused: 'BIP471' });
  expect(entries('peer')).toContain(`${key} 192.0.2.98 unmarked`);
  await order([...shown(), ...shown('peer')]);
  for (const unit of ['active', 'peer'] as const)
    expect(entries(unit)).toContain(`${key} ${viaOf(1)} unmarked`);
});

test('a route that was taken over is removed with its members', async () => {
  leave(route(networkOf(1), viaOf(1)), 'k8s-n1');
  await apply(P1, P2);
  await order(shown());
  await world.send(pathSlice(2, [P2], [routeTo(P2)]));
  await world.drain();
  world.clock.advance(60 * 60_000 * 2);
  await world.audit(['k8s']);
  await world.drain();
  expect(entries()).toEqual([`route ${networkOf(2)} ${viaOf(2)} ours`]);
});
