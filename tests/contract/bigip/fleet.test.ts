/**
 * The modes of a fleet over real connections through the lab's BIG-IP: which cluster answers, and
 * how often.
 */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import { applyPartition } from '../../../functions/apply/loop/run.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { firstStep } from '../../../shared/bigip/as3/steps.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { fleet, offer, pods, under } from '../../fixtures/fleets.ts';
import { call, talk, until } from '../../integration/lab-bigip/client.ts';
import { startPod } from '../../integration/lab-bigip/pods.ts';
import { closeAll, connect, lab } from './support.ts';

const VIP = '172.20.1.1';
const HOST = '127.20.1.1';
const PORT = 32_400;
const POD = 8080;

const running: { close(): Promise<void> }[] = [];
const held: Socket[] = [];
afterEach(async () => {
  for (const socket of held.splice(0)) socket.destroy();
  await closeAll();
  for (const pod of running.splice(0)) await pod.close();
});

interface Site {
  readonly bigip: LabBigip;
  readonly device: Device;
  readonly rules: PlanRules;
  apply(slices: readonly Slice[], rules?: PlanRules): Promise<PartitionResult>;
}

async function start(rules: PlanRules, partitions: readonly string[] = ['k8s']): Promise<Site> {
  const bigip = await lab({ dataPath: true });
  const device = connect(bigip, { config: { partitions: [...partitions] } });
  const apply = (
    slices: readonly Slice[],
    { sameFleet, fleetOf } = rules,
  ): Promise<PartitionResult> =>
    applyPartition({
      device,
      partition: 'k8s',
      slices,
      sameFleet,
      ...(fleetOf && { fleetOf }),
      clock: processClock,
      hasTime: () => true,
      shareNodes: partitions.length > 1,
    });
  return { bigip, device, rules, apply };
}

/** Pods that answer with the name of their cluster. */
async function run(cluster: string, size: number): Promise<void> {
  for (const { address } of pods(cluster, size))
    running.push(await startPod(address, cluster, POD));
}

/** Without monitors, so that only members that the test marks are down. */
const asks = (cluster: string, size: number, counter = 1): Slice =>
  offer(cluster, {
    counter,
    pods: size,
    settings: { monitors: [] },
    exposure: { address: VIP, port: PORT },
  });

const answers = (): Promise<string> =>
  until(async () => {
    const answer = await talk(HOST, PORT, 'x');
    return answer === 'reset' ? undefined : answer.split(' ')[0]!;
  });

async function count(connections: number): Promise<Readonly<Record<string, number>>> {
  const seen: Record<string, number> = {};
  for (let i = 0; i < connections; i += 1) {
    const cluster = await answers();
    seen[cluster] = (seen[cluster] ?? 0) + 1;
  }
  return seen;
}

/** A connection that stays open, and whether it is still answered. */
async function hold(): Promise<{ readonly cluster: string; alive(): Promise<boolean> }> {
  await answers();
  const socket = connectTcp({ host: HOST, port: PORT });
  held.push(socket);
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  const ask = async (): Promise<string> => {
    socket.write('x');
    const closed = once(socket, 'close').then(() => 'closed');
    return Promise.race([once(socket, 'data').then(([chunk]) => String(chunk)), closed]);
  };
  const cluster = (await ask()).split(' ')[0]!;
  return { cluster, alive: async () => !socket.destroyed && (await ask()) !== 'closed' };
}

const nodes = async (bigip: LabBigip): Promise<Readonly<Record<string, number>>> => {
  const { body } = await call(bigip, 'GET', '/mgmt/tm/ltm/node');
  return Object.fromEntries(
    (body['items'] as readonly { readonly address: string; readonly ratio: number }[]).map(
      ({ address, ratio }) => [address, ratio],
    ),
  );
};
const state = async (device: Device): Promise<DeclaredState> => {
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return reading.declared.state;
};
const quiet = async ({ device }: Site): Promise<void> => {
  const declared = await state(device);
  expect(await device.drift('k8s', declared)).toEqual([]);
  expect(await device.verify('k8s', declared)).toEqual([]);
};
const share = (seen: Readonly<Record<string, number>>, cluster: string): number =>
  (seen[cluster] ?? 0) / Object.values(seen).reduce((a, b) => a + b, 0);

describe('mode ratio', () => {
  const rules = under(fleet({ mode: 'ratio', ratio: { east: 3, west: 1 } }));

  test('three to one between the clusters, with ten pods against two, and with five', async () => {
    const site = await start(rules);
    await run('east', 10);
    await run('west', 2);
    await site.apply([asks('east', 10), asks('west', 2)]);
    const seen = await count(160);
    expect(share(seen, 'east')).toBeGreaterThan(0.71);
    expect(share(seen, 'east')).toBeLessThan(0.79);
    await quiet(site);

    await site.apply([asks('east', 5, 2)]);
    expect((await nodes(site.bigip))['10.1.0.1']).toBe(100);
    const fewer = await count(120);
    expect(share(fewer, 'east')).toBeGreaterThan(0.71);
    expect(share(fewer, 'east')).toBeLessThan(0.79);
    await quiet(site);
  });

  test('a new pod cuts no connections of others', async () => {
    const site = await start(rules);
    await run('east', 3);
    await run('west', 1);
    await site.apply([asks('east', 2), asks('west', 1)]);
    const connections = [await hold(), await hold(), await hold()];
    await site.apply([asks('east', 3, 2)]);
    for (const connection of connections) expect(await connection.alive()).toBe(true);
  });

  test('another mode resets node ratios to 1; a manual ratio is drift only while the mode sets one', async () => {
    const site = await start(rules);
    await run('east', 2);
    await run('west', 2);
    await site.apply([asks('east', 2), asks('west', 2)]);
    expect(await nodes(site.bigip)).toEqual({
      '10.1.0.1': 100,
      '10.1.0.2': 100,
      '10.2.0.1': 33,
      '10.2.0.2': 33,
    });
    await call(site.bigip, 'PATCH', '/mgmt/tm/ltm/node/~k8s~10.1.0.1', { body: { ratio: 5 } });
    expect(await site.device.drift('k8s', await state(site.device))).toEqual([
      {
        kind: 'differs',
        path: '/k8s/10.1.0.1',
        message: 'is a node that should be ready with ratio 100',
        heal: 'declare',
      },
    ]);
    await site.device.reconcileMembers('k8s', await state(site.device));
    await quiet(site);
    await site.apply([asks('east', 2, 2)], under(fleet()));
    expect(new Set(Object.values(await nodes(site.bigip)))).toEqual(new Set([1]));
    expect(share(await count(40), 'east')).toBe(0.5);
    await call(site.bigip, 'PATCH', '/mgmt/tm/ltm/node/~k8s~10.1.0.1', { body: { ratio: 5 } });
    await quiet(site);
  });

  test('load-based: open connections are also distributed three to one', async () => {
    const site = await start(rules);
    await run('east', 1);
    await run('west', 1);
    const least = (cluster: string): Slice =>
      offer(cluster, {
        pods: 1,
        settings: { monitors: [], balance: 'least-connections-node' },
        exposure: { address: VIP, port: PORT },
      });
    await site.apply([least('east'), least('west')]);
    expect((await state(site.device)).exposures[`${VIP}:${PORT}/tcp`]?.settings.balance).toBe(
      'ratio-least-connections-node',
    );
    await answers();
    const open: string[] = [];
    for (let i = 0; i < 12; i += 1) open.push((await hold()).cluster);
    const east = open.filter((cluster) => cluster === 'east').length;
    expect(east).toBeGreaterThanOrEqual(8);
    expect(east).toBeLessThanOrEqual(10);
  });

  test("with several partitions the ratio is each member's", async () => {
    const site = await start(rules, ['k8s', 'other']);
    await run('east', 1);
    await run('west', 1);
    const result = await site.apply([asks('east', 1), asks('west', 1)]);
    expect(
      [...result.entries.values()].every(({ remarks = [] }) =>
        remarks.some(({ code }) => code === 'OWN341'),
      ),
    ).toBe(true);
    expect(share(await count(40), 'east')).toBe(0.75);
    await quiet(site);
  });
});

describe('active-standby', () => {
  const rules = under(
    fleet({ mode: 'active-standby', clusters: ['east', 'west'], minimumActive: 2 }),
  );

  test('the next cluster joins below the minimum, takes over when no member is left, and yields again', async () => {
    const site = await start(rules);
    await run('east', 2);
    await run('west', 2);
    await site.apply([asks('east', 2), asks('west', 2)]);
    expect(await count(20)).toEqual({ east: 20 });
    site.bigip.faults.health('10.1.0.1', 'down');
    // One of east and two of west, in turn.
    expect(await count(30)).toEqual({ east: 10, west: 20 });
    site.bigip.faults.health('10.1.0.2', 'down');
    expect(await count(20)).toEqual({ west: 20 });
    for (const address of ['10.1.0.1', '10.1.0.2']) site.bigip.faults.health(address, undefined);
    expect(await count(20)).toEqual({ east: 20 });
    await quiet(site);
  });

  test('a drained or cordoned node does not count, and new pods cut no connections', async () => {
    const site = await start(rules);
    await run('east', 3);
    await run('west', 1);
    await site.apply([asks('east', 2), asks('west', 1)]);
    const connection = await hold();
    const draining = pods('east', 2).map((member) => ({
      ...member,
      availability: 'draining' as const,
    }));
    await site.apply([
      offer('east', {
        counter: 2,
        settings: { monitors: [] },
        exposure: { address: VIP, port: PORT, members: draining },
      }),
    ]);
    expect(await count(10)).toEqual({ west: 10 });
    await site.apply([asks('east', 3, 3)]);
    expect(await count(10)).toEqual({ east: 10 });
    expect(connection.cluster).toBe('east');
    expect(await connection.alive()).toBe(true);
  });

  test('another order applies at once, with a new pod in the same plan', async () => {
    const site = await start(rules);
    await run('east', 2);
    await run('west', 3);
    await site.apply([asks('east', 2), asks('west', 2)]);
    expect(await count(10)).toEqual({ east: 10 });
    await site.apply(
      [asks('west', 3, 2)],
      under(fleet({ mode: 'active-standby', clusters: ['west', 'east'], minimumActive: 2 })),
    );
    expect(await count(12)).toEqual({ west: 12 });
    await quiet(site);
  });

  test('a manually changed priority or minimum is drift', async () => {
    const site = await start(rules);
    await site.apply([asks('east', 1), asks('west', 1)]);
    await call(
      site.bigip,
      'PATCH',
      `/mgmt/tm/ltm/pool/~k8s~gw-172_20_1_1-${PORT}-tcp~pool/members/~k8s~10.1.0.1:${POD}`,
      { body: { priorityGroup: 3 } },
    );
    expect(
      (await site.device.drift('k8s', await state(site.device))).map(({ message }) => message),
    ).toEqual([`has member 10.1.0.1:${POD} in priority group 3 instead of 1000`]);
  });
});

describe('a drain where partitions share their nodes', () => {
  test.each<['drain' | 'out', string]>([
    ['drain', 'disable'],
    ['out', 'offline'],
  ])(
    '%s: the members of the cluster get no new connections, others are added in the same plan, and it converges',
    async (mode) => {
      const rules = under(fleet());
      const site = await start(rules, ['k8s', 'other']);
      await run('east', 2);
      await run('west', 3);
      await site.apply([asks('east', 2), asks('west', 2)]);
      const before = await state(site.device);
      const { next } = planPartition('k8s', before, [asks('west', 3, 2)], {
        ...rules,
        shareNodes: true,
      });
      const drained = {
        ...next,
        drains: { east: { since: '2026-01-01T00:00:00Z', mode, because: 'maintenance' } },
      };
      // In one declare AS3 would omit the new member and report success.
      await declareNow(site.device, firstStep(before, drained));
      await declareNow(site.device, drained);
      expect(await count(12)).toEqual({ west: 12 });
      expect(
        (await state(site.device)).exposures[`${VIP}:${PORT}/tcp`]?.contributions.map(
          (c) => c.members.length,
        ),
      ).toEqual([2, 3]);
      await quiet(site);
      const { drains: _ended, ...rest } = await state(site.device);
      await declareNow(site.device, rest);
      expect((await count(10))['east']).toBe(4);
      await quiet(site);
    },
  );
});

describe('a device whose other partitions are taken out of the configuration', () => {
  // Without the guard: "static address 10.1.0.1 conflicts with bigip node /Common/10.1.0.1", for every
  // declare from then on.
  test('keeps its nodes in /Common, follows its pods, can drain, and uses its own nodes once it is empty', async () => {
    const rules = under(fleet());
    const site = await start(rules, ['k8s', 'other']);
    await run('east', 2);
    await run('west', 2);
    await site.apply([asks('east', 2), asks('west', 1)]);
    const alone = connect(site.bigip, { config: { partitions: ['k8s'] } });
    const apply = (
      slices: readonly Slice[],
      more: Partial<Parameters<typeof applyPartition>[0]> = {},
    ): Promise<PartitionResult> =>
      applyPartition({
        device: alone,
        partition: 'k8s',
        slices,
        sameFleet: rules.sameFleet,
        clock: processClock,
        hasTime: () => true,
        shareNodes: false,
        ...more,
      });
    await apply([asks('west', 2, 2)]);
    await apply([], {
      orders: [
        {
          steering: {
            action: 'drain',
            device: 'bigip',
            cluster: 'east',
            mode: 'drain',
            because: 'maintenance',
          },
          at: 1,
        },
      ],
    });
    expect(await count(10)).toEqual({ west: 10 });
    expect((await state(alone)).shareNodes).toBe(true);
    await apply([], {
      orders: [
        {
          steering: {
            action: 'forget',
            device: 'bigip',
            cluster: 'east',
            upTo: { [asks('east', 2).owner]: asks('east', 2).version },
            whole: true,
          },
          at: 2,
        },
        {
          steering: {
            action: 'forget',
            device: 'bigip',
            cluster: 'west',
            upTo: { [asks('west', 2).owner]: asks('west', 2, 2).version },
            whole: true,
          },
          at: 2,
        },
      ],
    });
    expect((await state(alone)).exposures).toEqual({});
    await apply([asks('west', 2, 4)]);
    expect((await state(alone)).shareNodes).toBe(false);
    expect(await count(4)).toEqual({ west: 4 });
  });
});

async function declareNow(device: Device, next: DeclaredState): Promise<void> {
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  await device.declare('k8s', next, reading.declared.lockKey);
  expect(await device.verify('k8s', next)).toEqual([]);
}
