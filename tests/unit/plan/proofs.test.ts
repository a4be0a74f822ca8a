/**
 * What proves that an exposure was removed, and what does not. Each test is red with its guard
 * weakened.
 */
import { describe, expect, test } from '@jest/globals';
import type { Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const HOUR = 60 * 60_000;
const T = Date.parse('2026-01-01T00:00:00.000Z');
const { owner } = slice(1, []);
const keyOf = (port: number, protocol = 'tcp'): string => `172.16.100.195:${port}/${protocol}`;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const deleted = (name: string, kind = 'Gateway'): Slice['changes'][number] => ({
  what: 'deleted',
  kind,
  namespace: 'ns',
  name,
  resourceVersion: '',
});
const plan = (
  declared: DeclaredState,
  slices: readonly Slice[],
  over: Partial<PlanRules> = {},
): ReturnType<typeof planPartition> =>
  planPartition('k8s', declared, slices, { sameFleet: () => false, now: T, ...over });
const portsOf = (state: DeclaredState): number[] =>
  Object.values(state.exposures)
    .map((e) => e.port)
    .sort((a, b) => a - b);
const declare = (exposures: readonly Exposure[]): DeclaredState =>
  plan(EMPTY_STATE, [slice(1, exposures)]).next;

describe('an exposure that several gateways ask for', () => {
  const both = range(5).map((port) => exposure({ port, gateways: ['ns/a', 'ns/b'] }));
  const declared = declare(both);

  test('is not gone because one of them was seen to be deleted: the other one may only be missing', () => {
    const one = plan(declared, [slice(2, [], { changes: [deleted('a')] })]);
    expect(portsOf(one.next)).toEqual(range(5));
    expect(one.entries.map(({ kind, code }) => `${kind} ${code}`)).toEqual(
      Array(5).fill('held OWN310'),
    );
    expect(
      portsOf(plan(declared, [slice(2, [], { changes: [deleted('a'), deleted('b')] })]).next),
    ).toEqual([]);
  });

  test('has not moved because one of them asks for its port elsewhere', () => {
    const elsewhere = (gateways: string[]): Slice =>
      slice(
        2,
        range(5).map((port) => exposure({ port, gateways, address: '172.16.100.9' })),
      );
    expect(
      plan(declared, [elsewhere(['ns/a'])]).entries.filter(({ kind }) => kind === 'held'),
    ).toHaveLength(5);
    expect(
      plan(declared, [elsewhere(['ns/a', 'ns/b'])]).entries.filter(({ kind }) => kind === 'delete'),
    ).toHaveLength(5);
  });
});

describe('an exposure has not moved', () => {
  const declared = declare(range(5).map((port) => exposure({ port, gateways: ['ns/a'] })));

  test('to the same port of another protocol', () => {
    const udp = plan(declared, [
      slice(
        2,
        range(5).map((port) => exposure({ port, protocol: 'udp', gateways: ['ns/a'] })),
      ),
    ]);
    expect(udp.entries.filter(({ kind }) => kind === 'held').map(({ key }) => key)).toEqual(
      range(5).map((port) => keyOf(port)),
    );
  });

  test('to another port of the same gateway', () => {
    const others = plan(declared, [
      slice(
        2,
        range(5).map((port) => exposure({ port: port + 100, gateways: ['ns/a'] })),
      ),
    ]);
    expect(others.entries.filter(({ kind }) => kind === 'held')).toHaveLength(5);
  });
});

describe('a deletion that was seen', () => {
  const declared = declare(range(5).map((port) => exposure({ port, gateways: [`ns/gw-${port}`] })));
  const changed = (change: (port: number) => Slice['changes'][number]): number =>
    plan(declared, [slice(2, [], { changes: range(5).map(change) })]).entries.filter(
      ({ kind }) => kind === 'delete',
    ).length;

  test('proves nothing if it was of another kind or namespace, or if the object was seen to come', () => {
    expect(changed((port) => deleted(`gw-${port}`))).toBe(5);
    expect(changed((port) => deleted(`gw-${port}`, 'ListenerSet'))).toBe(5);
    expect(changed((port) => ({ ...deleted(`gw-${port}`), what: 'updated' }))).toBe(5);
    expect(changed((port) => deleted(`gw-${port}`, 'Service'))).toBe(0);
    expect(changed((port) => ({ ...deleted(`gw-${port}`), namespace: 'other' }))).toBe(0);
    expect(changed((port) => ({ ...deleted(`gw-${port}`), what: 'added' }))).toBe(0);
  });
});

describe('the allowance', () => {
  const many = (ports: readonly number[]): Exposure[] =>
    ports.map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));

  test('allows three removals by a complete list alone, and no fourth', () => {
    const declared = declare(many(range(8)));
    expect(portsOf(plan(declared, [slice(2, many([4, 5, 6, 7, 8]))]).next)).toEqual([
      4, 5, 6, 7, 8,
    ]);
    expect(portsOf(plan(declared, [slice(2, many([5, 6, 7, 8]))]).next)).toEqual(range(8));
  });

  test('of an owner of many is a fifth of them', () => {
    const declared = declare(many(range(20)));
    expect(portsOf(plan(declared, [slice(2, many(range(16)))]).next)).toEqual(range(16));
    expect(portsOf(plan(declared, [slice(2, many(range(15)))]).next)).toEqual(range(20));
  });

  test('is not used up by what stays: a mistake in a gateway, or a partition that cannot be written', () => {
    const declared = declare(many(range(8)));
    const servers = [1, 2, 3, 4].map((port): Slice['servers'][number] => ({
      gateway: `ns/gw-${port}`,
      api: 'istio',
      server: 0,
      port,
      protocol: 'TCP',
      verdict: 'rejected',
      code: 'GW120',
      reason: 'an annotation cannot be read',
      envoyPorts: [],
      servicePorts: [],
      missingInService: false,
    }));
    const mistaken = plan(declared, [slice(2, many([8]), { servers })]);
    expect(portsOf(mistaken.next)).toEqual([1, 2, 3, 4, 8]);
    const closed = new Map([['two', { code: 'OWN305', reason: 'another client changed it' }]]);
    const moving = many([1, 2, 3, 4]).map((e) => ({ ...e, partition: 'two' }));
    expect(portsOf(plan(declared, [slice(2, [...moving, ...many([8])])], { closed }).next)).toEqual(
      [1, 2, 3, 4, 8],
    );
  });

  test('does not let a proven removal be held by the others', () => {
    const declared = declare(many(range(8)));
    const some = plan(declared, [
      slice(2, many([8]), { changes: [deleted('gw-1'), deleted('gw-2'), deleted('gw-3')] }),
    ]);
    expect(portsOf(some.next)).toEqual([4, 5, 6, 7, 8]);
  });
});

/** Red when `removeApproved` (remove.ts) requires only one of the two. */
describe('an approval', () => {
  const many = range(8).map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));
  const held = plan(declare(many), [slice(2, many.slice(7))]).next;
  const approve = (port: number): NonNullable<PlanRules['orders']> => [
    { steering: { action: 'approve', device: 'bigip-1', owner, keys: [keyOf(port)] }, at: T },
  ];

  test('takes nothing away that is not held, as long as its owner does not give it up', () => {
    expect(portsOf(plan(held, [], { orders: approve(8) }).next)).toEqual(range(8));
  });

  test('takes away what is held and approved, and leaves what is only held', () => {
    expect(portsOf(plan(held, [], { orders: approve(1) }).next)).toEqual([2, 3, 4, 5, 6, 7, 8]);
  });
});

/** Red when `hasNewerSlice` (update-owner-record.ts) does not compare the cluster's UID. */
describe('another cluster that uses the id', () => {
  const declared = declare([exposure()]);
  const stranger = slice(9, [exposure()], { clusterUid: 'uid-new' });

  test('proves nothing about an ingress that the inventory of the owner misses', () => {
    const absences = [
      {
        cluster: 'east',
        clusterUid: 'uid-east',
        device: 'bigip-1',
        version: { epoch: 1, counter: 2, generation: 1 },
        absent: [owner],
      },
    ];
    expect(plan(declared, [stranger], { absences }).next).toMatchObject({
      exposures: {},
      owners: { [owner]: { clusterUid: 'uid-east', gone: expect.any(String) } },
    });
    expect(portsOf(plan(declared, [slice(9, [exposure()])], { absences }).next)).toEqual([32_400]);
  });

  test('does not keep an owner that is to be forgotten', () => {
    const orders = [
      {
        steering: {
          action: 'forget',
          device: 'bigip-1',
          cluster: 'east',
          upTo: { [owner]: declared.owners[owner]!.version },
          whole: true,
        } satisfies Steering,
        at: T,
      },
    ];
    expect(plan(declared, [stranger], { orders }).next.exposures).toEqual({});
    expect(portsOf(plan(declared, [slice(9, [exposure()])], { orders }).next)).toEqual([32_400]);
  });
});

describe('an order to forget a whole cluster', () => {
  const declared = declare([exposure()]);
  const orders = [
    {
      steering: {
        action: 'forget',
        device: 'bigip-1',
        cluster: 'east',
        upTo: { [owner]: declared.owners[owner]!.version },
        whole: true,
      } satisfies Steering,
      at: T + HOUR,
    },
  ];
  const drained = (hours: number): DeclaredState => ({
    ...declared,
    drains: {
      east: {
        mode: 'drain',
        since: new Date(T + hours * HOUR).toISOString(),
        because: 'maintenance',
      },
    },
  });

  test('ends its drain', () => {
    expect(plan(drained(0), [], { orders }).next).not.toHaveProperty('drains');
  });

  /**
   * Red without the check of its time. What an earlier version declared does not say when orders
   * were sent.
   */
  test('leaves a drain that is newer than the order', () => {
    expect(plan(drained(2), [], { orders, now: T + 3 * HOUR }).next).toMatchObject({
      exposures: {},
      drains: { east: { because: 'maintenance' } },
    });
  });
});
