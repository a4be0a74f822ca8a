import { beforeEach, describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import {
  memberAt,
  networkOf,
  pathSlice,
  podOn,
  routeTo,
  tunnelTo,
  viaOf,
} from '../../fixtures/paths.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { createWorld, type World } from '../../promises/support/world.ts';
import { live, route, TUNNEL } from '../paths/support.ts';

const MINUTE = 60_000;
const { owner } = slice(1, []);
const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const [P1, P2, P3] = [podOn(1), podOn(2), podOn(3)];
const notConnected = new DeviceError('BIP472', 'content', 'the gateway is in no network', {
  response: '01070330:3: Static route gateway 192.0.2.2 is not directly connected.',
});

let world: World;
const start = (modes: Record<string, 'routes' | 'vxlan'> = { east: 'routes' }): void => {
  world = createWorld({ modes });
};
beforeEach(() => start());

const apply = async (...slices: readonly Slice[]): Promise<void> => {
  for (const one of slices) await world.send(one);
  await world.drain();
};
/** `route 10.244.1.0/24 192.0.2.1` */
const entries = (unit: 'active' | 'peer' = 'active'): readonly string[] =>
  [...world.device.paths.units[unit]].map(([key, { to }]) => `${key} ${to}`).toSorted();
const routes = (...nodes: readonly number[]): readonly string[] =>
  nodes.map((n) => `route ${networkOf(n)} ${viaOf(n)}`);
const members = (): readonly string[] =>
  Object.values(world.device.state().exposures).flatMap((e) =>
    e.contributions.flatMap((c) => c.members.map(({ address }) => address)),
  );
const notes = (): readonly string[] =>
  (world.settled().at(-1)?.notes ?? []).map(({ code, message }) => `${code} ${message}`);
const refuse = (network: string, error: DeviceError = notConnected): void => {
  world.device.paths.refuse = ({ entry }) => (entry.at === network ? error : undefined);
};
/** How much was written to the paths since. */
const writesOf = async (work: () => Promise<void>): Promise<readonly string[]> => {
  const before = world.device.paths.writes.length;
  await work();
  return world.device.paths.writes.slice(before).map(({ kind, what }) => `${kind} ${what}`);
};
/** A later run for the device, about nothing. */
const later = async (ms: number): Promise<void> => {
  world.clock.advance(ms);
  await world.audit(['k8s']);
  await world.drain();
};

describe('a path', () => {
  test('is on the device, and in the journal, before the member that needs it', async () => {
    const seen: object[] = [];
    world.device.before = (_partition, next) => {
      if (Object.keys(next.exposures).length > 0)
        seen.push([entries(), [...world.device.paths.current().records.keys()]]);
    };
    await apply(pathSlice(1, [P1, P2]));
    expect(seen).toEqual([[routes(1, 2), [`route ${networkOf(1)}`, `route ${networkOf(2)}`]]]);
    expect(members()).toEqual([P1, P2]);
  });

  test('costs no write and no reading after the declare while nothing changes', async () => {
    await apply(pathSlice(1, [P1]));
    let reads = 0;
    world.device.paths.reach = () => void (reads += 1);
    expect(await writesOf(() => apply(pathSlice(2, [P1])))).toEqual([]);
    expect(reads).toBe(1);
  });

  test('of a replaced node costs two writes and no declare', async () => {
    await apply(pathSlice(1, [P1]));
    const declares = world.device.declares.length;
    const moved = [routeTo(P1, { via: viaOf(9), node: 'n9' })];
    const written = await writesOf(() => apply(pathSlice(2, [P1], moved)));
    expect(written).toEqual(['journal 2', `put route ${networkOf(1)}`]);
    expect(entries()).toEqual([`route ${networkOf(1)} ${viaOf(9)}`]);
    expect(world.device.declares.slice(declares).filter(({ ok }) => !ok)).toEqual([]);
    expect(world.device.paths.units.active.get(`route ${networkOf(1)}`)?.mark).toMatchObject({
      node: 'n9',
      version: { counter: 2 },
    });
  });

  test('causes no request if no cluster of the run has paths', async () => {
    world.device.paths.reach = () => {
      throw new Error('nobody needs to know');
    };
    await apply(slice(1, [exposure()], west));
    expect(members()).toHaveLength(1);
    start({});
    world.device.paths.reach = () => {
      throw new Error('nobody needs to know');
    };
    await world.audit(['k8s']);
    await apply(pathSlice(1, [P1]));
    expect(members()).toEqual([P1]);
  });

  test('is not written for an older slice, or one of another cluster with the same id', async () => {
    await apply(pathSlice(5, [P1]));
    const stale = pathSlice(4, [P1], [routeTo(P1, { via: viaOf(9) })]);
    const stranger = pathSlice(9, [P1], [routeTo(P1, { via: viaOf(9) })], { clusterUid: 'other' });
    expect(await writesOf(() => apply(stale))).toEqual([]);
    expect(await writesOf(() => apply(stranger))).toEqual([]);
    expect(entries()).toEqual(routes(1));
  });

  test('of a device that is away waits with everything else', async () => {
    world.device.paths.reach = (write) => {
      if (write !== undefined) throw new DeviceError('BIP501', 'transient', 'not reachable');
    };
    await world.send(pathSlice(1, [P1]));
    await world.step();
    expect(world.device.declares).toEqual([]);
    expect(world.settled().at(-1)?.exposures).toMatchObject([{ outcome: 'retry', code: 'BIP501' }]);
    world.device.paths.reach = () => undefined;
    await world.drain();
    expect([entries(), members()]).toEqual([routes(1), [P1]]);
  });
});

describe('a path that BIG-IP refuses', () => {
  test("keeps out the new member that needs it, and is reported with BIG-IP's message", async () => {
    refuse(networkOf(2));
    await apply(pathSlice(1, [P1, P2]));
    expect([entries(), members()]).toEqual([routes(1), [P1]]);
    const words = expect.stringMatching(
      /BIP472 no path to 10\.244\.2\.5: node n2: .*01070330.*connected.*give each unit a self IP/,
    );
    expect(notes()).toEqual([words]);
    expect(world.deadLetters()).toMatchObject([
      { code: 'BIP472', owner, reason: expect.stringContaining('01070330') },
    ]);
  });

  test('is reported once, and tried again with each slice until it exists', async () => {
    refuse(networkOf(2));
    await apply(pathSlice(1, [P1, P2]));
    await apply(pathSlice(2, [P1, P2]));
    expect(world.deadLetters()).toHaveLength(1);
    expect(notes()).toHaveLength(1);
    world.device.paths.refuse = () => undefined;
    await apply(pathSlice(3, [P1, P2]));
    expect([entries(), members(), notes()]).toEqual([routes(1, 2), [P1, P2], []]);
    expect([...world.device.paths.current().records.values()]).not.toContainEqual(
      expect.objectContaining({ refused: 'BIP472' }),
    );
  });

  test('removes no declared member', async () => {
    await apply(pathSlice(1, [P1, P2]));
    refuse(networkOf(2));
    const moved = [routeTo(P1), routeTo(P2, { via: viaOf(9) })];
    await apply(pathSlice(2, [P1, P2], moved));
    expect(members()).toEqual([P1, P2]);
    expect(entries()).toEqual(routes(1, 2));
    expect(notes()).toHaveLength(1);
  });

  test('leaves no pool empty', async () => {
    refuse(networkOf(2));
    await apply(pathSlice(1, [P2]));
    expect(members()).toEqual([P2]);
  });

  test('counts as present if another route leads to the pod', async () => {
    refuse(networkOf(2));
    const other = live(route('10.244.0.0/16', '192.0.2.99'), 'theirs');
    world.device.paths.units.active.set('route 10.244.0.0/16', other);
    await apply(pathSlice(1, [P1, P2]));
    expect(members()).toEqual([P1, P2]);
  });

  test('is reported with its holder if another client has it', async () => {
    const theirs = { ...live(route(networkOf(2), '192.0.2.99'), 'theirs'), name: '/Common/other' };
    world.device.paths.units.active.set(`route ${networkOf(2)}`, theirs);
    await apply(pathSlice(1, [P1, P2]));
    expect(members()).toEqual([P1]);
    expect(notes()).toEqual([
      expect.stringMatching(
        /^BIP471 .*node n2: .*\/Common\/other has it, and leads to 192\.0\.2\.99; a new member waits.*remove it, or/,
      ),
    ]);
    expect(world.deadLetters()).toMatchObject([{ code: 'BIP471' }]);
    expect(world.device.paths.units.active.get(`route ${networkOf(2)}`)).toBe(theirs);
  });

  test('of a second cluster names the first one', async () => {
    start({ east: 'routes', west: 'routes' });
    await apply(pathSlice(1, [P1, P2]));
    const other = exposure({
      port: 9,
      members: [P2, P3].map((address) => ({ address, port: 9, availability: 'ready' as const })),
    });
    const paths = [routeTo(P2, { via: '192.0.2.99' }), routeTo(P3)];
    await apply(slice(1, [other], { ...west, paths }));
    expect(entries()).toEqual(routes(1, 2, 3));
    expect(notes()).toEqual([expect.stringMatching(/^BIP471 .*cluster east has it; a new/)]);
    expect(members().toSorted()).toEqual([P1, P2, P3]);
  });

  test('keeps the new member waiting if no path to it is known', async () => {
    await apply(pathSlice(1, [P1, P2], [routeTo(P1)], { pathless: [P2] }));
    expect(members()).toEqual([P1]);
    expect(notes()).toEqual([expect.stringMatching(/^BIP478 no path to 10\.244\.2\.5/)]);
    expect(world.deadLetters()).toEqual([]);
  });
});

describe('the journal', () => {
  test('that another client changed stops writes and removals, and other clusters continue', async () => {
    await apply(pathSlice(1, [P1]));
    const { paths } = world.device;
    paths.journals.set(1, [{ name: 'x', data: 'y' }]);
    const written = await writesOf(async () => {
      await apply(pathSlice(2, [P1, P2]), slice(1, [exposure({ port: 9 })], west));
      await later(24 * 60 * MINUTE);
    });
    expect(written).toEqual([]);
    expect(entries()).toEqual(routes(1));
    expect(members().toSorted()).toEqual([P1, '10.244.1.5'].toSorted());
    const east = world.settled().filter((one) => one.owner === owner);
    expect(east.at(-1)?.notes).toMatchObject([{ code: 'BIP474' }]);
  });

  test('that was lost is rebuilt from the marks of routes', async () => {
    await apply(pathSlice(1, [P1]));
    world.device.paths.journals.clear();
    await later(MINUTE);
    expect([...world.device.paths.current().records]).toMatchObject([
      [`route ${networkOf(1)}`, { owner, to: viaOf(1) }],
    ]);
  });

  test('that another process wrote at the same moment is read again', async () => {
    const { paths } = world.device;
    let others = 0;
    paths.reach = (write) => {
      if (write?.kind === 'journal' && (others += 1) === 1) paths.journals.set(1, []);
    };
    await apply(pathSlice(1, [P1]));
    expect([entries(), members(), paths.current().number]).toEqual([routes(1), [P1], 2]);
  });
});

describe('another installation of Sluice on the same device', () => {
  const other = 'elsewhere/istio-system/gateway';
  const mark = { owner: other, node: 'n7', version: { epoch: 1, counter: 1, generation: 1 } };

  test('keeps its paths and its records, whatever this one does', async () => {
    const { paths } = world.device;
    const line = `to=192.0.2.7 owner=${other} node=n7 version=1.1.1`;
    const gone = `route ${networkOf(8)}`;
    paths.journals.set(4, [
      { name: `route ${networkOf(2)}`, data: line },
      { name: gone, data: `${line} left=1 gone=1` },
      { name: `route ${networkOf(10)}`, data: `${line} refused=BIP472` },
    ]);
    const theirs = { ...live(route(networkOf(2), '192.0.2.7')), mark };
    const lost = { ...live(route(networkOf(9), '192.0.2.7')), mark };
    paths.units.active.set(`route ${networkOf(2)}`, theirs);
    paths.units.active.set(`route ${networkOf(9)}`, lost);
    await apply(pathSlice(1, [P1, P2]));
    await later(24 * 60 * MINUTE);
    expect(members()).toEqual([P1]);
    const told = world.settled().at(-1)?.notes;
    expect(told).toMatchObject([
      { code: 'BIP471', message: expect.stringContaining('cluster elsewhere has it') },
    ]);
    expect([...paths.units.active.values()]).toEqual(expect.arrayContaining([theirs, lost]));
    const { records } = paths.current();
    expect([...records.keys()].toSorted()).toEqual(
      [1, 2, 8, 10].map((n) => `route ${networkOf(n)}`).toSorted(),
    );
    expect(records.get(`route ${networkOf(10)}`)).toMatchObject({ refused: 'BIP472' });
    expect(records.get(`route ${networkOf(2)}`)).toMatchObject({ owner: other, to: '192.0.2.7' });
  });
});

describe('a path that nobody needs', () => {
  test('stays for a grace period, and is removed by any later run', async () => {
    await apply(pathSlice(1, [P1, P2]));
    await apply(pathSlice(2, [P1]));
    await later(60_000);
    expect(entries()).toEqual(routes(1, 2));
    await later(10 * MINUTE);
    expect(entries()).toEqual(routes(1));
  });

  test('stays longer if connections were open when its last member left', async () => {
    await apply(pathSlice(1, [P1, P2]));
    world.device.paths.busyMembers.add(P1).add(P2);
    await apply(pathSlice(2, [P1]));
    await later(30 * MINUTE);
    expect(entries()).toEqual(routes(1, 2));
    await later(45 * MINUTE);
    expect(entries()).toEqual(routes(1));
  });

  test('stays longer if nobody knows how many connections were open', async () => {
    await apply(pathSlice(1, [P1, P2]));
    world.device.paths.connections = () =>
      Promise.reject(new DeviceError('BIP420', 'transient', 'unexpected status 404'));
    await apply(pathSlice(2, [P1]));
    await later(30 * MINUTE);
    expect(entries()).toEqual(routes(1, 2));
    await later(45 * MINUTE);
    expect(entries()).toEqual(routes(1));
  });

  test('stays longer if its member left more pools than are asked for connections', async () => {
    const ports = Array.from({ length: 25 }, (_, i) => 9_000 + i);
    const all = (counter: number, pods: readonly string[]): Slice =>
      slice(
        counter,
        ports.map((port) => exposure({ port, members: pods.map((pod) => memberAt(pod)) })),
        { paths: pods.map((pod) => routeTo(pod)) },
      );
    await apply(all(1, [P1, P2]));
    await apply(all(2, [P1]));
    await later(30 * MINUTE);
    expect(entries()).toEqual(routes(1, 2));
  });

  test('stays if it is needed again meanwhile', async () => {
    await apply(pathSlice(1, [P1, P2]));
    await apply(pathSlice(2, [P1]));
    await apply(pathSlice(3, [P1, P2]));
    await later(60 * MINUTE);
    expect(entries()).toEqual(routes(1, 2));
  });

  test('stays while a member drains, or its slice names no path any more', async () => {
    await apply(pathSlice(1, [P1, P2]));
    const draining = slice(
      2,
      [
        exposure({
          members: [
            { address: P1, port: 32_400, availability: 'ready' },
            { address: P2, port: 32_400, availability: 'draining' },
          ],
        }),
      ],
      { paths: [], pathless: [P1, P2] },
    );
    await apply(draining);
    await later(60 * MINUTE);
    expect(entries()).toEqual(routes(1, 2));
    expect(members()).toEqual([P1, P2]);
  });

  test('stays while a partition cannot be read', async () => {
    await apply(pathSlice(1, [P1, P2]));
    await apply(pathSlice(2, [P1]));
    const state = world.device.partitions.get('k8s')!;
    const { declared } = state;
    state.declared = undefined;
    await later(60 * MINUTE);
    expect(entries()).toEqual(routes(1, 2));
    state.declared = declared;
    await later(MINUTE);
    expect(entries()).toEqual(routes(1));
  });

  test('waits for an approval if it is one of many, and an approval without effect is reported', async () => {
    const pods = Array.from({ length: 12 }, (_, i) => podOn(i + 1));
    await apply(pathSlice(1, pods));
    await apply(pathSlice(2, pods.slice(5)));
    await later(60 * MINUTE);
    expect(entries()).toHaveLength(12);
    await apply(pathSlice(3, pods.slice(5)));
    expect(notes()).toEqual([
      expect.stringMatching(
        /^BIP475 5 paths .* run "sluice approve east\/istio-system\/istio-ingressgateway"$/,
      ),
    ]);
    await world.approve({ owner, keys: [`route ${networkOf(1)}`] });
    await world.drain();
    expect(entries()).toHaveLength(11);
    await later(MINUTE);
    expect(entries()).toHaveLength(11);
    await world.approve({ owner });
    await world.drain();
    expect(entries()).toHaveLength(7);
    expect(world.deadLetters()).toEqual([]);
    await world.approve({ owner });
    await world.drain();
    expect(world.deadLetters()).toMatchObject([{ code: 'OWN311' }]);
  });

  test('leaves the journal once no delayed write is possible', async () => {
    await apply(pathSlice(1, [P1, P2]));
    await apply(pathSlice(2, [P1]));
    await later(10 * MINUTE);
    expect(world.device.paths.current().records.size).toBe(2);
    await later(10 * MINUTE);
    expect(world.device.paths.current().records.size).toBe(1);
  });
});

describe('what others do to paths', () => {
  test('is undone by a run: a removed route is created again, and a changed one corrected', async () => {
    await apply(pathSlice(1, [P1, P2]));
    const { active } = world.device.paths.units;
    active.delete(`route ${networkOf(1)}`);
    const changed = active.get(`route ${networkOf(2)}`)!;
    active.set(`route ${networkOf(2)}`, { ...changed, to: '192.0.2.99' });
    await later(MINUTE);
    expect(entries()).toEqual(routes(1, 2));
  });

  test('right after they were written is undone after the declare', async () => {
    world.device.before = () => {
      world.device.paths.units.active.clear();
    };
    await apply(pathSlice(1, [P1]));
    expect(entries()).toEqual(routes(1));
  });
});

describe('tunnels', () => {
  beforeEach(() => start({ east: 'vxlan' }));
  const through = (n: number, pod: string): readonly string[] => [
    `arp ${pod} 0a:00:00:00:00:0${n}`,
    `fdb ${TUNNEL} 0a:00:00:00:00:0${n} ${viaOf(n)}`,
  ];

  test('get a record for each node and an ARP entry for each pod', async () => {
    await apply(pathSlice(1, [P1, P2], [tunnelTo(P1), tunnelTo(P2)]));
    expect(entries()).toEqual([...through(1, P1), ...through(2, P2)].toSorted());
    expect(members()).toEqual([P1, P2]);
  });

  test('lead to the new MAC of a node before the old record goes, without a declare', async () => {
    await apply(pathSlice(1, [P1], [tunnelTo(P1)]));
    const declares = world.device.declares.length;
    const renewed = tunnelTo(P1, { mac: '0a:00:00:00:00:09' });
    const written = await writesOf(() => apply(pathSlice(2, [P1], [renewed])));
    expect(written.slice(0, 3)).toEqual([
      'journal 2',
      `put fdb ${TUNNEL} 0a:00:00:00:00:09`,
      `put arp ${P1}`,
    ]);
    expect(world.device.declares.length - declares).toBeLessThanOrEqual(1);
    expect(entries()).toHaveLength(3);
    await later(10 * MINUTE);
    expect(entries()).toEqual([
      `arp ${P1} 0a:00:00:00:00:09`,
      `fdb ${TUNNEL} 0a:00:00:00:00:09 ${viaOf(1)}`,
    ]);
  });

  test('lose the ARP entry of a pod that left, and keep the record for the others', async () => {
    const other = podOn(1, 6);
    await apply(pathSlice(1, [P1, other], [tunnelTo(P1, { members: [P1, other] })]));
    await apply(pathSlice(2, [P1], [tunnelTo(P1)]));
    await later(10 * MINUTE);
    expect(entries()).toEqual(through(1, P1));
  });

  test('of Cilium keep the record as long as one of its pods is a member', async () => {
    const cilium = { neighbours: false, source: 'cilium' as const };
    const other = podOn(1, 6);
    await apply(pathSlice(1, [P1, other], [tunnelTo(P1, { ...cilium, members: [P1, other] })]));
    await apply(pathSlice(2, [other], [tunnelTo(P1, { ...cilium, members: [other] })]));
    await later(60 * MINUTE);
    expect(entries()).toEqual([`fdb ${TUNNEL} 0a:00:00:00:00:01 ${viaOf(1)}`]);
    await apply(pathSlice(3, [P2], [tunnelTo(P2, cilium)]));
    await later(60 * MINUTE);
    expect(entries()).toEqual([`fdb ${TUNNEL} 0a:00:00:00:00:02 ${viaOf(2)}`]);
  });

  test('of Cilium forget pods that left, so that a record has room for new ones', async () => {
    start({ east: 'vxlan' });
    const cilium = { neighbours: false, source: 'cilium' as const };
    const podsOf = (round: number): readonly string[] =>
      Array.from({ length: 200 }, (_, i) => `10.244.${round}.${i + 1}`);
    for (let round = 1; round <= 7; round += 1) {
      const pods = [P1, ...podsOf(round + 1)];
      await apply(pathSlice(round, pods, [tunnelTo(P1, { ...cilium, members: pods })]));
    }
    const { records } = world.device.paths.current();
    const known = [...records.values()].flatMap((one) => one.members ?? []);
    expect(known.length).toBeLessThan(700);
    expect(known).toEqual(expect.arrayContaining([P1, ...podsOf(8)]));
  });

  test('replace routes, which then go by the rule for removals', async () => {
    start({ east: 'vxlan' });
    await apply(pathSlice(1, [P1]));
    await apply(pathSlice(2, [P1], [tunnelTo(P1)]));
    expect(entries()).toEqual([...through(1, P1), ...routes(1)]);
    await later(10 * MINUTE);
    expect(entries()).toEqual(through(1, P1));
  });

  test('that are not configured any more lose what is left, and get nothing', async () => {
    start({ east: 'routes' });
    const { journals, units } = world.device.paths;
    const words = `owner=${owner} node=n1 version=1.1.1`;
    const [mac, tunnel] = ['0a:00:00:00:00:01', TUNNEL];
    journals.set(1, [
      { name: `arp ${P1}`, data: `to=${mac} ${words}` },
      { name: `arp ${P2}`, data: `to=${mac} ${words}` },
      { name: `fdb ${tunnel} ${mac}`, data: `to=${viaOf(1)} ${words}` },
    ]);
    units.active.set(`arp ${P1}`, live({ kind: 'arp', at: P1, to: mac }));
    units.active.set(`fdb ${tunnel} ${mac}`, live({ kind: 'fdb', at: mac, tunnel, to: viaOf(1) }));
    await apply(pathSlice(2, [P1]));
    expect(entries()).toEqual([...through(1, P1), ...routes(1)]);
    await later(10 * MINUTE);
    expect(entries()).toEqual(routes(1));
  });

  test('are written on both units, each with a result of its own', async () => {
    world.device.paths.peer = 'there';
    world.device.paths.refuse = ({ unit, entry }) =>
      unit === 'peer' && entry.kind === 'arp'
        ? new DeviceError('BIP470', 'content', 'refused', { response: 'no' })
        : undefined;
    await apply(pathSlice(1, [P1], [tunnelTo(P1)]));
    expect(entries()).toEqual(through(1, P1));
    expect(entries('peer')).toEqual(through(1, P1).slice(1));
    expect(members()).toEqual([P1]);
    world.device.paths.refuse = () => undefined;
    await later(MINUTE);
    expect(entries('peer')).toEqual(through(1, P1));
  });

  test('of a unit that fails while they are written need one try, and not one each', async () => {
    world.device.paths.peer = 'there';
    let tries = 0;
    world.device.paths.reach = (write) => {
      if (write?.unit !== 'peer') return;
      tries += 1;
      throw new DeviceError('BIP501', 'transient', 'no answer');
    };
    const pods = Array.from({ length: 20 }, (_, i) => podOn(i + 1));
    await apply(
      pathSlice(
        1,
        pods,
        pods.map((pod) => tunnelTo(pod)),
      ),
    );
    expect(members()).toHaveLength(20);
    // Four at a time, before the declare and after it.
    expect(tries).toBe(8);
    world.device.paths.reach = () => undefined;
    await later(MINUTE);
    expect(entries('peer')).toEqual(entries());
  });

  test('of a unit that is away are written when it answers, and none is forgotten', async () => {
    world.device.paths.peer = 'away';
    await apply(pathSlice(1, [P1, P2], [tunnelTo(P1), tunnelTo(P2)]));
    expect(members()).toEqual([P1, P2]);
    world.device.paths.peer = 'there';
    await later(MINUTE);
    expect(entries('peer')).toEqual(entries());
    world.device.paths.peer = 'away';
    await apply(pathSlice(2, [P1], [tunnelTo(P1)]));
    await later(10 * MINUTE);
    await later(60 * MINUTE);
    expect(entries()).toEqual(through(1, P1));
    world.device.paths.peer = 'there';
    await later(MINUTE);
    expect(entries('peer')).toEqual(through(1, P1));
  });
});
