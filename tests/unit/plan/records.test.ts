/**
 * What a plan stores and reports about its owners, independent of the order in which slices arrive.
 */
import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { OwnerRecord } from '../../../shared/domain/declared/owner-record.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Plan, PlanRules } from '../../../shared/domain/plan/plan.ts';
import { nextQuarantine } from '../../../shared/domain/plan/quarantine.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const KEY = '172.16.100.195:32400/tcp';
const NOW = Date.parse('2026-03-01T00:00:00.000Z');
const DAY = 24 * 60 * 60_000;
const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const plan = (
  declared: DeclaredState,
  slices: readonly Slice[],
  rules: Partial<PlanRules> = {},
): Plan => planPartition('k8s', declared, slices, { sameFleet: () => false, now: NOW, ...rules });
const recorded = (more: Partial<OwnerRecord>): DeclaredState =>
  declaredState(
    {
      [EAST]: { version: { epoch: 1, counter: 1, generation: 1 }, clusterUid: 'uid-east', ...more },
    },
    [],
  );
const eastIn = (state: DeclaredState): OwnerRecord | undefined => state.owners[EAST];

describe('the record of an owner', () => {
  test('holds who sent its newest event', () => {
    const { next } = plan(EMPTY_STATE, [slice(1, [exposure()], { sender: 'role-east' })]);
    expect(eastIn(next)?.sender).toBe('role-east');
  });

  test('lists held and approved removals in order, and leaves empty lists out', () => {
    const ports = [5, 4, 3, 2, 1, 10];
    const many = plan(EMPTY_STATE, [
      slice(
        1,
        ports.map((port) => exposure({ port, gateways: [`ns/${port}`] })),
      ),
    ]).next;
    const approve = (keys: string[]): NonNullable<PlanRules['orders']> => [
      { at: NOW, steering: { action: 'approve', device: 'bigip-1', owner: EAST, keys } },
    ];
    const key = (port: number): string => `172.16.100.195:${port}/tcp`;
    const approved = plan(many, [], { orders: approve([5, 1, 3].map(key)) }).next;
    expect(eastIn(approved)?.approved).toEqual([1, 3, 5].map(key));
    const held = eastIn(plan(many, [slice(2, [])]).next);
    expect(held?.held).toEqual([1, 10, 2, 3, 4, 5].map(key));
    expect(held).not.toHaveProperty('approved');
  });

  test('lists no held removals if only a mistake of the author keeps the exposure', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const report = {
      gateway: 'default/tcp-echo-gateway',
      api: 'istio',
      server: 0,
      port: 1,
      protocol: 'TCP',
      verdict: 'rejected',
      code: 'GW120',
      reason: 'because',
      envoyPorts: [],
      servicePorts: [],
      missingInService: false,
    } as const;
    const p = plan(declared, [slice(2, [], { servers: [report] as never })]);
    expect(p.entries).toMatchObject([{ kind: 'held', code: 'GW120' }]);
    expect(eastIn(p.next)).not.toHaveProperty('held');
  });

  test('drops an approval for an exposure that neither is declared nor requested', () => {
    const { next } = plan(recorded({ approved: [KEY] }), [slice(2, [])]);
    expect(eastIn(next)).not.toHaveProperty('approved');
  });

  test.each([
    [DAY - 1, true],
    [DAY, false],
  ])('%i ms after a rival sent its last event names it: %s', (ms, named) => {
    const rival = { clusterUid: 'uid-rival', since: new Date(NOW - ms).toISOString() };
    const { next } = plan(recorded({ rival }), [slice(2, [exposure()])]);
    expect(eastIn(next)?.rival !== undefined).toBe(named);
  });

  test('keeps the first rival, and an adopted one only until another one asks', () => {
    const asks = (clusterUid: string): Slice => slice(9, [exposure()], { clusterUid });
    const rivalOf = (replaced: readonly string[], first: string, second: string) => {
      const before = { ...recorded({}), replaced: { east: replaced } };
      const once = plan(before, [asks(first)]).next;
      return eastIn(plan(once, [asks(second)]).next)?.rival?.clusterUid;
    };
    expect(rivalOf([], 'uid-a', 'uid-b')).toBe('uid-a');
    expect(rivalOf(['uid-a'], 'uid-a', 'uid-b')).toBe('uid-b');
    expect(rivalOf(['uid-b'], 'uid-a', 'uid-b')).toBe('uid-a');
    expect(rivalOf(['uid-a', 'uid-b'], 'uid-a', 'uid-b')).toBe('uid-a');
  });
});

describe('an event that is not admitted', () => {
  const declared = plan(EMPTY_STATE, [slice(5, [exposure()])]).next;

  test('is reported for each of its exposures in this partition, and no other', () => {
    const late = slice(4, [exposure(), exposure({ port: 2, partition: 'other' })]);
    expect(plan(declared, [late]).entries).toMatchObject([{ kind: 'superseded', key: KEY }]);
  });

  test('of another cluster names the remedy: an adoption, or none after one', () => {
    const stranger = [slice(9, [exposure()], { clusterUid: 'uid-other' })];
    expect(plan(declared, stranger).entries[0]?.reason).toBe(
      `another cluster (kube-system UID uid-east) already uses the id of ${EAST}; run ` +
        '"sluice cluster adopt" if this cluster replaces it',
    );
    const adopted = { ...declared, replaced: { east: ['uid-other'] } };
    expect(plan(adopted, stranger).entries[0]?.reason).toContain('was adopted as the owner');
  });
});

describe('a removal says why', () => {
  const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
  const reasonOf = (more: Partial<Slice>, rules: Partial<PlanRules> = {}): string | undefined =>
    plan(declared, [slice(2, [], more)], rules).entries.find(({ kind }) => kind === 'delete')
      ?.reason;
  const moved = (more: object): Partial<Slice> => ({
    exposures: [exposure({ address: '172.16.100.200', ...more })],
  });

  test.each<[string, Partial<Slice>, string]>([
    ['the Service was deleted', { removed: true }, 'the ingress Service was deleted'],
    [
      'another device has it now',
      { devices: ['b', 'c'] },
      'the configuration exposes the ingress on b, c instead',
    ],
    [
      'no device has it now',
      { devices: [] },
      'the configuration exposes the ingress on no device instead',
    ],
    ['it moves within the partition', moved({}), 'moves to 172.16.100.200'],
    [
      'it moves to another partition',
      moved({ partition: 'other' }),
      'moves to partition other, which cuts its connections, because an address can be in one partition only',
    ],
    ['no gateway requests it', {}, 'no gateway requests it any more'],
  ])('%s', (_, more, reason) => {
    expect(reasonOf(more)).toBe(reason);
  });

  test('it was approved', () => {
    const orders: NonNullable<PlanRules['orders']> = [
      {
        at: NOW,
        steering: { action: 'approve', device: 'bigip-1', owner: EAST, keys: [KEY] },
      },
    ];
    expect(reasonOf({}, { orders })).toBe('its removal was approved');
  });
});

describe('nodes that are shared between partitions', () => {
  const rules = (shareNodes: boolean) => ({ shareNodes });
  const one = [slice(1, [exposure()])];
  const shareIn = (before: DeclaredState, more: Partial<PlanRules>, slices = one) =>
    plan(before, slices, more).next.shareNodes;

  test('stay in /Common while anything is declared, whatever the configuration says', () => {
    const declared = plan(EMPTY_STATE, one, rules(true)).next;
    expect(declared.shareNodes).toBe(true);
    expect(shareIn(declared, rules(false), [slice(2, [exposure({ port: 2 })])])).toBe(true);
    const empty = plan(declared, [slice(2, [])], rules(false)).next;
    expect(shareIn(empty, rules(false), [slice(3, [exposure()])])).toBe(false);
  });

  test('are where they were if the configuration does not say', () => {
    for (const before of [true, false])
      expect(shareIn({ ...EMPTY_STATE, shareNodes: before }, {})).toBe(before);
    expect(shareIn(EMPTY_STATE, {})).toBeUndefined();
  });
});

test('the order of slices in a batch changes neither the result nor what is reported', () => {
  const both = [slice(1, [exposure()]), slice(1, [exposure({ port: 2 })], west)];
  const declared = plan(EMPTY_STATE, both).next;
  for (const slices of [
    both,
    [slice(2, []), slice(2, [], west)],
    [slice(0, [exposure()]), slice(0, [exposure()], west)],
  ]) {
    const turned = plan(declared, slices.toReversed());
    expect(JSON.stringify(turned)).toBe(JSON.stringify(plan(declared, slices)));
  }
});

test('removals are reported in order of owners', () => {
  const { next } = plan(EMPTY_STATE, [
    slice(1, [exposure()]),
    slice(1, [exposure({ port: 2 })], west),
  ]);
  const gone = plan(next, [slice(2, [], west), slice(2, [])]);
  expect(gone.entries.map(({ owner }) => owner)).toEqual([EAST, west.owner]);
});

test('a refusal of a change without fingerprint is of the empty one', () => {
  const refusal = { code: 'BIP421', reason: 'no' };
  expect(nextQuarantine({}, refusal, { before: undefined, now: 0 }).hash).toBe('');
});
