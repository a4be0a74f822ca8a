import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Plan, PlanRules } from '../../../shared/domain/plan/plan.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const alone: PlanRules = { sameFleet: () => false };
const fleet: PlanRules = { sameFleet: () => true };
const plan = (declared: DeclaredState, slices: readonly Slice[], rules: PlanRules = alone): Plan =>
  planPartition('k8s', declared, slices, rules);
const kinds = (p: Plan): string[] => p.entries.map((e) => `${e.kind} ${e.key}`);
const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };

describe('the plan of a partition', () => {
  test('creates what is not declared yet', () => {
    const p = plan(EMPTY_STATE, [slice(1, [exposure()])]);
    expect(kinds(p)).toEqual(['create 172.16.100.195:32400/tcp']);
    expect(p.changed).toBe(true);
  });

  test('changes nothing when the same slice arrives again', () => {
    const first = plan(EMPTY_STATE, [slice(1, [exposure()])]);
    const again = plan(first.next, [slice(1, [exposure()])]);
    expect(kinds(again)).toEqual(['unchanged 172.16.100.195:32400/tcp']);
    expect(again.changed).toBe(false);
  });

  test('never rolls back: an older slice changes nothing and says so', () => {
    const newer = plan(EMPTY_STATE, [slice(5, [exposure()])]).next;
    const p = plan(newer, [slice(4, [exposure({ port: 9 })])]);
    expect(kinds(p)).toEqual(['superseded 172.16.100.195:9/tcp']);
    expect(p.changed).toBe(false);
  });

  test('keeps the fence of an owner whose last exposure went', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const emptied = plan(declared, [slice(2, [])]);
    expect(kinds(emptied)).toEqual(['delete 172.16.100.195:32400/tcp']);
    expect(kinds(plan(emptied.next, [slice(1, [exposure()])]))).toEqual([
      'superseded 172.16.100.195:32400/tcp',
    ]);
  });

  test('says which setting changed', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const p = plan(declared, [
      slice(2, [exposure({ settings: { ...exposure().settings, balance: 'ratio-member' } })]),
    ]);
    expect(p.entries[0]).toMatchObject({ kind: 'update', reason: 'balance changed' });
  });

  test('leaves exposures of other partitions alone', () => {
    expect(
      plan(EMPTY_STATE, [slice(1, [exposure({ partition: 'other' })])]).next.exposures,
    ).toEqual({});
  });

  test('a device that never offered the ingress and is not asked to stays untouched', () => {
    expect(plan(EMPTY_STATE, [slice(1, [], { devices: ['another'] })]).changed).toBe(false);
  });

  test('an ingress that moved to another device leaves this one', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    expect(plan(declared, [slice(2, [], { devices: ['another'] })]).next.exposures).toEqual({});
  });

  test('does not declare members that are out, and keeps those that drain', () => {
    const members = [
      { address: '10.0.0.1', port: 1, availability: 'out' as const },
      { address: '10.0.0.2', port: 1, availability: 'draining' as const },
    ];
    const [declared] = Object.values(
      plan(EMPTY_STATE, [slice(1, [exposure({ members })])]).next.exposures,
    );
    expect(declared?.contributions[0]?.members).toEqual([members[1]]);
  });
});

describe('claims on address and port', () => {
  test('the present owner keeps it, and the loser is told who that is', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const p = plan(declared, [
      slice(1, [exposure({ since: '2020-01-01T00:00:00Z', gateways: ['other/gw'] })], west),
    ]);
    expect(p.entries[0]).toMatchObject({ kind: 'conflict', code: 'OWN301' });
    expect(p.entries[0]?.reason).toContain(
      'east/istio-system/istio-ingressgateway (default/tcp-echo-gateway)',
    );
    expect(p.next.exposures).toEqual(declared.exposures);
  });

  test('among newcomers the oldest gateway wins, in every order of arrival', () => {
    const young = slice(1, [exposure({ since: '2026-02-01T00:00:00Z' })]);
    const old = slice(1, [exposure({ since: '2025-02-01T00:00:00Z' })], west);
    for (const order of [
      [young, old],
      [old, young],
    ]) {
      const [declared] = Object.values(plan(EMPTY_STATE, order).next.exposures);
      expect(declared?.contributions.map((c) => c.owner)).toEqual([west.owner]);
    }
  });

  test('members of a fleet share one virtual server', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])], fleet).next;
    const [shared] = Object.values(
      plan(declared, [slice(1, [exposure()], west)], fleet).next.exposures,
    );
    expect(shared?.contributions.map((c) => c.owner)).toEqual([
      'east/istio-system/istio-ingressgateway',
      west.owner,
    ]);
  });

  test('one leaves a shared virtual server: the other stays', () => {
    const both = plan(
      EMPTY_STATE,
      [slice(1, [exposure()]), slice(1, [exposure()], west)],
      fleet,
    ).next;
    const [rest] = Object.values(plan(both, [slice(2, [])], fleet).next.exposures);
    expect(rest?.contributions.map((c) => c.owner)).toEqual([west.owner]);
  });

  test('an address given up is free for another in the same plan', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const p = plan(declared, [slice(2, []), slice(1, [exposure()], west)]);
    expect(kinds(p)).toEqual([
      'delete 172.16.100.195:32400/tcp',
      'create 172.16.100.195:32400/tcp',
    ]);
  });

  test('another cluster under the same id is refused', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const p = plan(declared, [slice(9, [exposure()], { clusterUid: 'another-cluster' })]);
    expect(p.entries[0]).toMatchObject({ kind: 'conflict', code: 'OWN302' });
    // Only the new owner is recorded; the rest is unchanged.
    expect(p.next).toEqual({
      ...declared,
      owners: {
        ...declared.owners,
        [slice(9, []).owner]: {
          ...declared.owners[slice(9, []).owner],
          rival: { clusterUid: 'another-cluster', since: expect.any(String) },
        },
      },
    });
    expect(plan(p.next, [slice(10, [exposure()], { clusterUid: 'another-cluster' })]).changed).toBe(
      false,
    );
  });
});

describe('absence must be proven', () => {
  const ports = [1, 2, 3, 4, 5, 6, 7, 8];
  const many = (gateway = (port: number) => `ns/gw-${port}`): ReturnType<typeof exposure>[] =>
    ports.map((port) => exposure({ port, gateways: [gateway(port)] }));
  const declared = plan(EMPTY_STATE, [slice(1, many())]).next;
  const change = (name: string): Slice['changes'][number] => ({
    what: 'deleted',
    kind: 'Gateway',
    namespace: 'ns',
    name,
    resourceVersion: '1',
  });

  test('if everything is suddenly missing without observed deletions, nothing is removed', () => {
    const p = plan(declared, [slice(2, [])]);
    expect(new Set(p.entries.map((e) => e.kind))).toEqual(new Set(['held']));
    expect(Object.keys(p.next.exposures)).toHaveLength(ports.length);
  });

  test('only unproven removals are held; observed ones are carried out', () => {
    const p = plan(declared, [slice(2, [], { changes: [change('gw-1'), change('gw-2')] })]);
    expect(p.entries.filter((e) => e.kind === 'delete').map((e) => e.key)).toEqual([
      '172.16.100.195:1/tcp',
      '172.16.100.195:2/tcp',
    ]);
  });

  /** Red while only the name was compared. */
  test('the deletion of another object with the name of a gateway proves nothing', () => {
    const other = (kind: string): Slice['changes'][number] => ({
      ...change('gw-1'),
      what: 'updated',
      kind,
    });
    const p = plan(declared, [
      slice(2, [], { changes: ['Service', 'ConfigMap', 'Pod', 'VirtualService'].map(other) }),
    ]);
    expect(new Set(p.entries.map((e) => e.kind))).toEqual(new Set(['held']));
  });

  test('new exposures go through while removals are held', () => {
    const p = plan(declared, [slice(2, [exposure({ port: 99 })])]);
    expect(p.entries.filter((e) => e.kind === 'held').map((e) => e.key)).toEqual(
      ports.map((port) => `172.16.100.195:${port}/tcp`),
    );
    expect(p.entries.filter((e) => e.kind === 'create').map((e) => e.key)).toEqual([
      '172.16.100.195:99/tcp',
    ]);
    expect(Object.keys(p.next.exposures)).toEqual(
      expect.arrayContaining(['172.16.100.195:99/tcp', ...Object.keys(declared.exposures)]),
    );
  });

  test('a complete list may remove up to three', () => {
    expect(Object.keys(plan(declared, [slice(2, many().slice(3))]).next.exposures)).toHaveLength(5);
    expect(Object.keys(plan(declared, [slice(2, many().slice(4))]).next.exposures)).toHaveLength(8);
  });

  test('a mistake in a request keeps what ran before, and a policy that forbids it does not', () => {
    const report = (code: string): Slice['servers'][number] => ({
      gateway: 'ns/gw-1',
      api: 'istio',
      server: 0,
      port: 1,
      protocol: 'TCP',
      verdict: 'rejected',
      code,
      reason: 'because',
      envoyPorts: [],
      servicePorts: [],
      missingInService: false,
    });
    const edited = { changes: [{ ...change('gw-1'), what: 'updated' as const }] };
    const mistake = plan(declared, [
      slice(2, many().slice(1), { ...edited, servers: [report('GW120')] }),
    ]);
    expect(mistake.entries.find((e) => e.kind === 'held')).toMatchObject({
      key: '172.16.100.195:1/tcp',
      code: 'GW120',
    });
    expect(mistake.next.exposures['172.16.100.195:1/tcp']).toEqual(
      declared.exposures['172.16.100.195:1/tcp'],
    );
    const forbidden = plan(declared, [
      slice(2, many().slice(1), { ...edited, servers: [report('GW133')] }),
    ]);
    expect(forbidden.next.exposures['172.16.100.195:1/tcp']).toBeUndefined();
  });

  test('a deleted ingress Service takes everything with it', () => {
    expect(plan(declared, [slice(2, [], { removed: true })]).next.exposures).toEqual({});
  });
});
