import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Approval, Order } from '../../../shared/domain/steering/steering.ts';
import { Steering } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const { owner } = slice(1, []);
const keyOf = (port: number): string => `172.16.100.195:${port}/tcp`;
const ports = [1, 2, 3, 4, 5, 6, 7, 8];
const many = (list: readonly number[]): Slice['exposures'] =>
  list.map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));
const plan = (
  declared: DeclaredState,
  slices: readonly Slice[],
  over: Partial<PlanRules> = {},
): ReturnType<typeof planPartition> =>
  planPartition('k8s', declared, slices, { sameFleet: () => false, now: 0, ...over });
const approval = (keys?: string[]): Approval => ({
  action: 'approve',
  device: 'bigip-1',
  owner,
  ...(keys && { keys }),
});
const orders = (...approvals: readonly Approval[]): readonly Order[] =>
  approvals.map((steering) => ({ steering, at: 0 }));
const portsOf = (state: DeclaredState): number[] =>
  Object.values(state.exposures).map((e) => e.port);

const declared = plan(EMPTY_STATE, [slice(1, many(ports))]).next;
const held = plan(declared, [slice(2, many([8]))]).next;

describe('removals that are held', () => {
  test('are remembered, and their reason names the command that lets them go', () => {
    expect(held.owners[owner]?.held).toEqual(ports.slice(0, 7).map(keyOf));
    expect(plan(declared, [slice(2, many([8]))]).entries[0]?.reason).toContain(
      `sluice approve ${owner} --keys ${keyOf(1)}`,
    );
  });

  test('go at once when they are approved, all or those that are named', () => {
    expect(portsOf(plan(held, [], { orders: orders(approval()) }).next)).toEqual([8]);
    const some = plan(held, [], { orders: orders(approval([keyOf(1), keyOf(2)])) });
    expect(portsOf(some.next)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(
      some.entries.every((e) => e.kind === 'delete' && e.reason === 'its removal was approved'),
    ).toBe(true);
    expect(some.next.owners[owner]?.held).toEqual([3, 4, 5, 6, 7].map(keyOf));
  });

  test('are not held any more when the gateways are there again', () => {
    expect(plan(held, [slice(3, many(ports))]).next.owners[owner]).not.toHaveProperty('held');
  });
});

describe('an approval', () => {
  test("given ahead is kept until the owner's next slice, which it lets through", () => {
    const ahead = plan(declared, [], { orders: orders(approval(ports.map(keyOf))) }).next;
    expect(portsOf(ahead)).toEqual(ports);
    expect(portsOf(plan(ahead, [slice(2, many([8]))]).next)).toEqual([8]);
  });

  test('is void as soon as the owner wants the exposure', () => {
    const ahead = plan(declared, [], { orders: orders(approval(ports.map(keyOf))) }).next;
    const wanted = plan(ahead, [slice(2, many(ports))]).next;
    expect(portsOf(plan(wanted, [slice(3, [])]).next)).toEqual(ports);
  });

  test('covers what was held when it was given; later holds stay until the next approval', () => {
    const minute = 60_000;
    const back = plan(held, [slice(3, many(ports))], { now: 5 * minute }).next;
    const anew = plan(back, [slice(4, many([8]))], { now: 10 * minute }).next;
    expect(anew.owners[owner]?.held).toEqual(ports.slice(0, 7).map(keyOf));
    const { version } = held.owners[owner]!;
    for (const one of [approval(), approval([keyOf(1)]), { ...approval([keyOf(1)]), version }])
      expect(portsOf(plan(anew, [], { now: 11 * minute, orders: orders(one) }).next)).toEqual(
        ports,
      );
    // Given by a person who saw the exposure, it counts although the owner sends events before the
    // order arrives.
    const now: Order = {
      steering: { ...approval([keyOf(1)]), version: anew.owners[owner]!.version },
      at: 10 * minute,
    };
    const later = plan(anew, [slice(5, many([8]))], { now: 10 * minute + 30_000 }).next;
    expect(portsOf(plan(later, [], { now: 11 * minute, orders: [now] }).next)).toEqual(
      ports.slice(1),
    );
  });

  test('of the declared version counts however long it waited', () => {
    const { version } = held.owners[owner]!;
    const waited = { steering: { ...approval([keyOf(1)]), version }, at: -13 * 86_400_000 };
    expect(portsOf(plan(held, [], { now: 0, orders: [waited] }).next)).toEqual(ports.slice(1));
    expect(
      portsOf(
        plan(held, [], { now: 0, orders: [{ ...waited, steering: approval([keyOf(1)]) }] }).next,
      ),
    ).toEqual(ports);
  });

  test('lasts over several declares of one plan, and over a crash between them', () => {
    const given = orders(approval());
    const half = plan(held, [], {
      orders: given,
      only: new Set([1, 2, 3].map((p) => `${owner} ${keyOf(p)}`)),
    }).next;
    expect(portsOf(half)).toEqual([4, 5, 6, 7, 8]);
    expect(portsOf(plan(half, [slice(3, many([8]))]).next)).toEqual([8]);
  });

  test('affects only its owner, and only exposures that the owner has', () => {
    const west = { owner: 'west/istio-system/gateway', clusterUid: 'uid-west' };
    expect(
      plan(declared, [], { orders: orders({ ...approval(ports.map(keyOf)), owner: west.owner }) })
        .changed,
    ).toBe(false);
    expect(plan(declared, [], { orders: orders(approval(['10.0.0.1:1/tcp'])) }).changed).toBe(
      false,
    );
  });

  test('has to name an owner as cluster/namespace/service', () => {
    expect(Steering.safeParse({ ...approval(), owner: 'gateway' }).success).toBe(false);
  });
});

describe('what is no removal', () => {
  test('all exposures moving to another address, another partition or another device are not held', () => {
    const address = many(ports).map((e) => ({ ...e, address: '172.16.100.200' }));
    expect(Object.keys(plan(declared, [slice(2, address)]).next.exposures)).toEqual(
      ports.map((p) => `172.16.100.200:${p}/tcp`),
    );
    const partition = plan(declared, [
      slice(
        2,
        many(ports).map((e) => ({ ...e, partition: 'other' })),
      ),
    ]);
    expect(partition.next.exposures).toEqual({});
    expect(partition.entries[0]?.reason).toBe(
      'moves to partition other, which cuts its connections, because an address can be in one partition only',
    );
    expect(plan(declared, [slice(2, [], { devices: ['bigip-2'] })]).next.exposures).toEqual({});
  });
});
