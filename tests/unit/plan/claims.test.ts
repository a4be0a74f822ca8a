import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { AddressHolder } from '../../../shared/domain/plan/foreign.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const key = '172.16.100.195:32400/tcp';
const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const north = { owner: 'north/istio-system/istio-ingressgateway', clusterUid: 'uid-north' };
const members = [{ address: '10.8.8.8', port: 8080, availability: 'ready' as const }];
const plan = (
  declared: DeclaredState,
  slices: readonly Slice[],
  over: Partial<PlanRules> = {},
): ReturnType<typeof planPartition> =>
  planPartition('k8s', declared, slices, { sameFleet: () => false, now: 0, ...over });
const ownersOf = (state: DeclaredState): readonly string[] =>
  state.exposures[key]?.contributions.map((c) => c.owner) ?? [];

/** East has the address, west requests it. */
const lost = plan(EMPTY_STATE, [
  slice(1, [exposure()]),
  slice(1, [exposure({ since: '2026-02-01T00:00:00Z', members })], west),
]).next;

describe('a claim that was lost', () => {
  test('is remembered completely', () => {
    expect(lost.owners[west.owner]?.claims?.[key]).toMatchObject({
      since: '2026-02-01T00:00:00Z',
      members,
      gateways: ['default/tcp-echo-gateway'],
    });
  });

  test('takes over in the plan in which the winner leaves, without a new event of its owner', () => {
    const p = plan(lost, [slice(2, [])]);
    expect(p.entries.map((e) => `${e.kind} ${e.owner.split('/')[0]}`)).toEqual([
      'delete east',
      'create west',
    ]);
    expect(p.next.exposures[key]?.contributions).toMatchObject([{ owner: west.owner, members }]);
    expect(p.next.owners[west.owner]).not.toHaveProperty('claims');
  });

  test('follows its owner: newer members, another wish, or none', () => {
    const newer = [{ ...members[0]!, address: '10.8.8.9' }];
    const follow = plan(lost, [slice(2, [exposure({ members: newer })], west)]).next;
    expect(follow.owners[west.owner]?.claims?.[key]?.members).toEqual(newer);
    const none = plan(lost, [slice(2, [], west)]).next;
    expect(ownersOf(plan(none, [slice(2, [])]).next)).toEqual([]);
  });

  test('among several the oldest takes over, then the name decides', () => {
    const three = plan(lost, [slice(1, [exposure({ since: '2026-01-15T00:00:00Z' })], north)]).next;
    expect(ownersOf(plan(three, [slice(2, [])]).next)).toEqual([north.owner]);
    const same = plan(lost, [slice(1, [exposure({ since: '2026-02-01T00:00:00Z' })], north)]).next;
    expect(ownersOf(plan(same, [slice(2, [])]).next)).toEqual([north.owner]);
  });

  test('does not take over what is only going to become free', () => {
    const p = plan(lost, [slice(2, [])], { only: new Set() });
    expect(ownersOf(p.next)).toEqual(['east/istio-system/istio-ingressgateway']);
    expect(p.next.owners[west.owner]?.claims?.[key]).toEqual(
      lost.owners[west.owner]?.claims?.[key],
    );
  });

  test('joins when both become one fleet', () => {
    expect(
      ownersOf(plan(lost, [slice(2, [exposure()])], { sameFleet: () => true }).next),
    ).toHaveLength(2);
  });
});

describe('addresses that others on the device hold', () => {
  const holders = (over: object): AddressHolder[] => [
    {
      path: '/Common/their-app',
      partition: 'Common',
      address: '172.16.100.195',
      port: 32_400,
      ...over,
    },
  ];

  test('a virtual server elsewhere on the same address and port is a conflict that names its path', () => {
    const p = plan(EMPTY_STATE, [slice(1, [exposure(), exposure({ port: 2 })])], {
      holders: holders({ protocol: 'tcp' }),
    });
    expect(p.entries.find((e) => e.key === key)).toMatchObject({
      kind: 'conflict',
      code: 'BIP422',
      reason: expect.stringContaining('/Common/their-app'),
    });
    expect(Object.keys(p.next.exposures)).toEqual(['172.16.100.195:2/tcp']);
  });

  test('it recovers by itself when that virtual server goes', () => {
    const state = plan(EMPTY_STATE, [slice(1, [exposure()])], { holders: holders({}) }).next;
    expect(ownersOf(state)).toEqual([]);
    expect(ownersOf(plan(state, [slice(1, [], north)], { holders: [] }).next)).toEqual([
      slice(1, []).owner,
    ]);
  });

  test('an address of another partition is a conflict whatever the port, with or without a virtual server', () => {
    for (const port of [1, undefined]) {
      const held = [
        {
          path: '/theirs/172.16.100.195',
          partition: 'theirs',
          address: '172.16.100.195%2/32',
          ...(port === undefined ? {} : { port }),
        },
      ];
      expect(plan(EMPTY_STATE, [slice(1, [exposure()])], { holders: held }).entries).toMatchObject([
        { kind: 'conflict', code: 'BIP423', reason: expect.stringContaining('theirs') },
      ]);
    }
  });

  test('no conflict where BIG-IP allows it: other ports or protocols, wildcards, declared ones', () => {
    for (const over of [{ port: 1 }, { protocol: 'udp' }, { port: 0 }, { address: '10.0.0.1' }]) {
      expect(
        plan(EMPTY_STATE, [slice(1, [exposure()])], { holders: holders(over) }).entries,
      ).toMatchObject([{ kind: 'create' }]);
    }
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    expect(
      plan(declared, [slice(2, [exposure({ members })])], { holders: holders({}) }).entries,
    ).toMatchObject([{ kind: 'update' }]);
  });
});
