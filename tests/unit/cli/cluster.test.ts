import { describe, expect, test } from '@jest/globals';
import { planClusterOrder } from '../../../shared/operations/clusters/orders.ts';
import type {
  ClusterOrderPlan,
  ClusterOrderRequest,
} from '../../../shared/operations/clusters/orders.ts';
import {
  clusterRows,
  needsAttention,
  describeStanding,
} from '../../../shared/operations/clusters/rows.ts';
import { clusterTable } from '../../../functions/cli/clusters/tables.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import { clusterIdChecks } from '../../../shared/operations/doctor/device-checks.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/declared-partitions.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const T = Date.parse('2026-01-01T00:00:00.000Z');
const NOW = T + 60_000;
const config = SluiceConfig.parse({
  generation: 1,
  devices: ['bigip-1', 'bigip-2'].map((name) => ({
    name,
    url: 'https://192.0.2.1',
    username: 'u',
    password: 'env:P',
    partitions: ['k8s'],
  })),
  clusters: [{ id: 'east' }, { id: 'west' }],
  ingresses: ['east', 'west'].map((cluster) => ({
    cluster,
    service: 'istio-system/istio-ingressgateway',
    devices: ['bigip-1'],
    virtualAddress: '172.16.100.195',
  })),
});
const { owner } = slice(1, []);
const WEST = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const step = (
  state: DeclaredState,
  slices: readonly Slice[],
  rules: Partial<PlanRules> = {},
): DeclaredState =>
  planPartition('k8s', state, slices, { sameFleet: () => true, now: T, ...rules }).next;
/** Both serve one, east serves another alone. */
const both = step(EMPTY_STATE, [
  slice(7, [exposure(), exposure({ port: 9 })]),
  slice(
    3,
    [exposure({ members: [{ address: '10.9.0.1', port: 1, availability: 'ready' }] })],
    WEST,
  ),
]);
const on = (...states: readonly DeclaredState[]): readonly DeclaredPartitionView[] =>
  states.map((state, i) => ({
    device: `bigip-${i + 1}`,
    partition: 'k8s',
    state,
    milliseconds: 1,
  }));
const intent = (
  cluster: string,
  wanted: ClusterOrderRequest,
  declared = on(both),
): ClusterOrderPlan => planClusterOrder({ config, declared, now: NOW }, cluster, wanted);
const drainOf = (cluster: string, mode: 'drain' | 'out' = 'drain'): DeclaredState =>
  step(both, [], {
    orders: [
      { steering: { action: 'drain', device: 'bigip-1', cluster, mode, because: 'update' }, at: T },
    ],
  });
/** uid-new was adopted in place of uid-east, which still sends events. */
const asked = step(both, [slice(1, [], { clusterUid: 'uid-new' })]);
const stillAsked = step(
  step(asked, [], {
    orders: [
      {
        steering: { action: 'adopt', device: 'bigip-1', cluster: 'east', clusterUid: 'uid-new' },
        at: T,
      },
    ],
  }),
  [slice(9, [exposure()])],
);

test('a cluster whose newest events cannot be read is neither silent nor healthy', () => {
  const late = NOW + 24 * 60 * 60_000;
  const silent = clusterRows(config, on(both), late);
  const rows = clusterRows(config, on(both), late, new Map([['bigip-1', 'unknown']]));
  const standing = (all: typeof rows): readonly unknown[] =>
    all.map((row) => [row.cluster, row.silent, row.silenceUnknown, needsAttention(row)]);
  expect(standing(silent)).toEqual([
    ['east', true, undefined, true],
    ['west', true, undefined, true],
  ]);
  expect(standing(rows)).toEqual([
    ['east', false, true, true],
    ['west', false, true, true],
  ]);
  expect(describeStanding(rows.slice(0, 1))).toBe('silence unknown');
  expect(clusterTable(rows, late)).toMatch(/silence unknown: the failure store does not answer/);
  const heard = new Map([['east', new Date(late).toISOString()]]);
  const [east] = clusterRows(config, on(both), late, new Map([['bigip-1', heard]]));
  expect([east?.silent, east?.seen]).toEqual([false, new Date(late).toISOString()]);
});

describe('sluice cluster list', () => {
  test('shows for each cluster on each device its exposures, its last event and its state', () => {
    const rows = clusterRows(config, on(both), NOW);
    expect(rows).toEqual([
      {
        cluster: 'east',
        device: 'bigip-1',
        uids: ['uid-east'],
        owners: 1,
        exposures: 2,
        members: 2,
        held: 0,
        version: '1.7',
        seen: '2026-01-01T00:00:00.000Z',
        state: 'enabled',
        silent: false,
      },
      {
        cluster: 'west',
        device: 'bigip-1',
        uids: ['uid-west'],
        owners: 1,
        exposures: 1,
        members: 1,
        held: 0,
        version: '1.3',
        seen: '2026-01-01T00:00:00.000Z',
        state: 'enabled',
        silent: false,
      },
    ]);
    expect(rows.some(needsAttention)).toBe(false);
    expect(clusterTable(rows, NOW).split('\n')[1]).toMatch(
      /^east +bigip-1 +uid-east +1 +2 +2 +1\.7 +60s ago +enabled$/,
    );
  });

  test.each<[string, DeclaredState, number, string, boolean]>([
    ['drained', drainOf('east'), NOW, 'draining since 2026-01-01T00:00:00.000Z: update', false],
    ['out', drainOf('east', 'out'), NOW, 'out since 2026-01-01T00:00:00.000Z: update', false],
    ['silent', both, T + 901_000, 'enabled; silent', true],
    [
      'silent and drained by policy',
      step(step(both, [slice(8, [exposure()])]), [], {
        orders: [
          {
            steering: {
              action: 'drain',
              device: 'bigip-1',
              cluster: 'east',
              mode: 'drain',
              because: 'silent',
              silent: { seen: '2026-01-01T00:00:00.000Z', speaking: ['west'] },
            },
            at: T,
          },
        ],
      }),
      T + 901_000,
      'draining since 2026-01-01T00:00:00.000Z by policy: silent; silent',
      true,
    ],
    [
      'claimed by another cluster',
      step(both, [slice(1, [], { clusterUid: 'uid-new' })]),
      NOW,
      'enabled; rival uid-new since 2026-01-01T00:00:00.000Z',
      true,
    ],
    [
      'claimed by its former cluster',
      stillAsked,
      NOW,
      'enabled; uid-east, replaced by adoption, has been sending again since 2026-01-01T00:00:00.000Z',
      true,
    ],
    [
      'with held removals',
      step(
        step(EMPTY_STATE, [
          slice(
            1,
            [1, 2, 3, 4].map((port) => exposure({ port })),
          ),
        ]),
        [slice(2, [])],
      ),
      NOW,
      'enabled; 4 removals held',
      true,
    ],
  ])('shows a cluster that is %s', (_what, state, now, words, look) => {
    const [row] = clusterRows(config, on(state), now);
    expect(
      row && [clusterTable([row], now).split('\n')[1]?.endsWith(words), needsAttention(row)],
    ).toEqual([true, look]);
  });

  test('names the ingresses of which something is held, each once', () => {
    const other = 'east/istio-system/other';
    const ports = (...numbers: readonly number[]) => numbers.map((port) => exposure({ port }));
    const declared = step(EMPTY_STATE, [
      slice(1, ports(1, 2, 3, 4)),
      slice(1, ports(11, 12, 13, 14), { owner: other }),
      slice(1, ports(21), WEST),
    ]);
    const held = step(declared, [slice(2, []), slice(2, [], { owner: other })]);
    expect(
      clusterRows(config, on(held), NOW).map(({ cluster, heldOwners }) => [cluster, heldOwners]),
    ).toEqual([
      ['east', [owner, other]],
      ['west', undefined],
    ]);
  });

  test('is short for sluice status: only states other than enabled', () => {
    const rows = (cluster: string, ...states: readonly DeclaredState[]) =>
      clusterRows(config, on(...states), NOW).filter((row) => row.cluster === cluster);
    expect(describeStanding(rows('east', both))).toBe('enabled');
    expect(describeStanding(rows('east', drainOf('east', 'out')))).toBe('out');
    expect(describeStanding(rows('east', both, drainOf('east')))).toBe('draining on bigip-2');
    expect(
      describeStanding(rows('east', step(both, [slice(1, [], { clusterUid: 'uid-new' })]))),
    ).toBe('another cluster uses its id');
    expect(describeStanding(rows('east', stillAsked))).toBe(
      'the replaced cluster still sends events',
    );
    expect(describeStanding([])).toBe('enabled');
  });

  test('has no row for a device that does not answer, because the state is unknown', () => {
    expect(
      clusterRows(
        config,
        [{ device: 'bigip-1', partition: 'k8s', code: 'BIP501', problem: 'away' }],
        NOW,
      ),
    ).toEqual([]);
  });

  test('has a row for a cluster that is only configured, or only declared, and none for others', () => {
    expect(
      clusterRows(config, on(EMPTY_STATE, EMPTY_STATE), NOW).map(({ cluster, device, owners }) => [
        cluster,
        device,
        owners,
      ]),
    ).toEqual([
      ['east', 'bigip-1', 0],
      ['west', 'bigip-1', 0],
    ]);
    const old = step(EMPTY_STATE, [slice(1, [exposure()], { owner: 'old/a/b' })]);
    expect(
      clusterRows(config, on(EMPTY_STATE, old), NOW).map(
        ({ cluster, device }) => `${cluster} ${device}`,
      ),
    ).toEqual(['east bigip-1', 'west bigip-1', 'old bigip-2']);
  });
});

describe('what an order about a cluster would do', () => {
  test('a drain counts what it affects; exposures without other members are a risk', () => {
    expect(intent('west', { action: 'drain', because: 'update' })).toEqual({
      orders: [
        { action: 'drain', device: 'bigip-1', cluster: 'west', mode: 'drain', because: 'update' },
      ],
      question:
        'Drain cluster west: 1 exposure with 1 member on bigip-1. Its members get no new ' +
        'connections; existing connections continue. Do it?',
    });
    expect(intent('east', { action: 'out', because: 'update' })).toMatchObject({
      orders: [{ mode: 'out' }],
      question: expect.stringContaining(
        'existing connections are cut. Only east serves 1 exposure (172.16.100.195:9/tcp on bigip-1).',
      ),
      risk:
        'Only east serves 1 exposure (172.16.100.195:9/tcp on bigip-1); these exposures ' +
        'would then accept no new connections',
    });
  });

  test('what a drained cluster serves as well does not count as served', () => {
    expect(intent('west', { action: 'drain', because: 'x' }, on(drainOf('east'))).risk).toContain(
      'Only west serves 1 exposure',
    );
  });

  test('enable says since when and why it is drained', () => {
    expect(intent('east', { action: 'enable' }, on(drainOf('east'))).question).toContain(
      'drained on bigip-1 since 2026-01-01T00:00:00.000Z: update',
    );
    expect(intent('east', { action: 'enable' }).question).toContain('it is not drained there');
  });

  test('forget names every owner at the version that was looked at, on the devices that have it', () => {
    expect(intent('east', { action: 'forget' }, on(both, EMPTY_STATE))).toEqual({
      orders: [
        {
          action: 'forget',
          device: 'bigip-1',
          cluster: 'east',
          upTo: { [owner]: { epoch: 1, counter: 7, generation: 1 } },
          whole: true,
        },
      ],
      question:
        'Forget cluster east: remove its part of 2 exposures of 1 ingress on bigip-1; ' +
        'exposures that it does not share are removed completely. Its last event was 60s ' +
        'ago; if it sends again, it is added again. Do it?',
    });
    expect(intent('east', { action: 'forget', owner }).orders).toMatchObject([
      { whole: false, upTo: { [owner]: {} } },
    ]);
  });

  test('adopt uses the rival cluster, or the named one', () => {
    expect(intent('east', { action: 'adopt' }, on(asked))).toMatchObject({
      orders: [{ action: 'adopt', device: 'bigip-1', cluster: 'east', clusterUid: 'uid-new' }],
      question: expect.stringContaining(
        'kube-system UID uid-new the owner of what uid-east declared as east',
      ),
    });
    expect(intent('east', { action: 'adopt', uid: 'other' }, on(asked)).orders).toMatchObject([
      { clusterUid: 'other' },
    ]);
  });

  /** Red without `replaced` in orders.ts. */
  test('a second adopt does not hand the cluster back to the one it was taken from, unless that one is named', () => {
    expect(() => intent('east', { action: 'adopt' }, on(stillAsked))).toThrow(
      'the id east is requested only by clusters that an adoption replaced: uid-east; to ' +
        'hand the id back, name one of these UIDs',
    );
    expect(
      intent('east', { action: 'adopt', uid: 'uid-east' }, on(stillAsked)).orders,
    ).toMatchObject([{ clusterUid: 'uid-east' }]);
    const third = step(stillAsked, [slice(1, [], { clusterUid: 'uid-third' })]);
    expect(intent('east', { action: 'adopt' }, on(third, stillAsked)).orders).toMatchObject([
      { device: 'bigip-1', clusterUid: 'uid-third' },
      { device: 'bigip-2', clusterUid: 'uid-third' },
    ]);
  });

  test.each<[string, string, ClusterOrderRequest, readonly DeclaredPartitionView[], string]>([
    ['an unknown cluster', 'north', { action: 'enable' }, on(both), 'known clusters: east, west'],
    [
      'a device that gives no answer',
      'east',
      { action: 'drain', because: 'x' },
      [...on(both), { device: 'bigip-2', partition: 'k8s', code: 'BIP501', problem: 'away' }],
      'bigip-2, partition k8s: BIP501: away',
    ],
    [
      'nothing to forget',
      'east',
      { action: 'forget', owner: 'east/a/b' },
      on(both),
      'there is nothing to forget',
    ],
    ['no cluster to adopt', 'east', { action: 'adopt' }, on(both), 'name its kube-system UID'],
    [
      'the cluster that has it already',
      'east',
      { action: 'adopt', uid: 'uid-east' },
      on(both),
      'there is nothing to adopt',
    ],
    [
      'several clusters that claim it',
      'east',
      { action: 'adopt' },
      on(
        step(both, [slice(1, [], { clusterUid: 'a' })]),
        step(both, [slice(1, [], { clusterUid: 'b' })]),
      ),
      'a, b; name one of them',
    ],
  ])('is refused for %s, with the remedy', (_what, cluster, wanted, declared, sentence) => {
    expect(() => intent(cluster, wanted, declared)).toThrow(sentence);
  });
});

describe('sluice doctor on one id that several clusters use', () => {
  const says = (...states: readonly DeclaredState[]): readonly string[] =>
    clusterIdChecks(on(...states).flatMap((one) => ('state' in one ? [one] : [])))
      .filter(({ ok }) => !ok)
      .map(describeFinding);

  test('recommends adopting a rebuilt cluster', () => {
    expect(says(asked)).toEqual([
      expect.stringMatching(
        /^2 clusters use it: uid-east .*; if a cluster was rebuilt, run "sluice cluster adopt east"$/,
      ),
    ]);
  });

  /**
   * Red when `clusterIdChecks` (device-checks.ts) does not check `replaced`: the advice would give the
   * cluster back.
   */
  test('recommends stopping a cluster that was replaced by adoption, and adopting none', () => {
    expect(says(stillAsked)).toEqual([
      expect.stringContaining(
        'uid-east was replaced by adoption: stop its watcher, or give that cluster its own id',
      ),
    ]);
    expect(says(stillAsked)[0]).not.toContain('sluice cluster adopt');
  });

  test('recommends naming the intended cluster if a new one sends events as well', () => {
    expect(
      says(step(stillAsked, [slice(1, [], { clusterUid: 'uid-third' })]), stillAsked)[0],
    ).toContain('run "sluice cluster adopt east"');
  });
});
