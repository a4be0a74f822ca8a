/**
 * Inventories, orders and approvals: how each affects the declared state, on both sides of each
 * rule.
 */
import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { absentSlices, overtakenAbsences } from '../../../shared/domain/plan/remove-absent.ts';
import type { DeclaredExposure, DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { isOrderInEffect } from '../../../shared/domain/plan/apply-orders.ts';
import type { Approval, ClusterOrder } from '../../../shared/domain/steering/steering.ts';
import { approvedKeys } from '../../../shared/domain/steering/steering.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const version = (epoch: number, counter = 0, generation = 0): Slice['version'] => ({
  epoch,
  counter,
  generation,
});
const key = (port: number): string => `172.16.100.195:${port}/tcp`;
const record = (more: object = {}): DeclaredState['owners'][string] => ({
  version: version(1, 5, 1),
  clusterUid: 'uid-east',
  ...more,
});
const shown = (port: number, owners: readonly string[]): DeclaredExposure => ({
  address: '172.16.100.195',
  port,
  protocol: 'tcp',
  settings: SETTINGS,
  contributions: owners.map((owner) => ({
    owner,
    gateways: [],
    since: '2026-01-01T00:00:00Z',
    members: [],
  })),
});

describe('what an inventory misses', () => {
  const absence = {
    cluster: 'east',
    clusterUid: 'uid-east',
    device: 'bigip-1',
    version: version(2, 5, 1),
    absent: [EAST],
  };
  const having = (more: object): readonly DeclaredState[] => [
    EMPTY_STATE,
    { ...EMPTY_STATE, owners: { [EAST]: record(more) } },
  ];
  test.each<[string, object, number, number]>([
    ['was taken out at its version', { version: version(2, 5, 1), gone: 'x' }, 1, 0],
    ['is still there', { version: version(2, 5, 1) }, 0, 0],
    ['was taken out by something else', { version: version(2, 5, 2), gone: 'x' }, 0, 0],
    [
      'belongs to another cluster',
      { version: version(2, 5, 1), gone: 'x', clusterUid: 'other' },
      0,
      0,
    ],
    ['was declared in a later term', { version: version(3) }, 0, 1],
    ['was declared later in the same term', { version: version(2, 9) }, 0, 0],
    [
      'was declared in a later term by another cluster',
      { version: version(3), clusterUid: 'other' },
      0,
      0,
    ],
    ['was removed in a later term', { version: version(3), gone: 'x' }, 0, 0],
  ])('%s', (_, more, taken, overtaken) => {
    expect(
      [absentSlices(absence, having(more)), overtakenAbsences(absence, having(more))].map(
        (list) => list.length,
      ),
    ).toEqual([taken, overtaken]);
  });

  test('is reported with its reason if it was taken out, and without one if the watcher is behind', () => {
    const [taken] = absentSlices(
      { ...absence, sender: 'role' },
      having({ version: version(2, 5, 1), gone: 'x' }),
    );
    expect(taken).toMatchObject({
      owner: EAST,
      sender: 'role',
      exposures: [],
      notes: [{ code: 'OWN330', object: 'Service istio-system/istio-ingressgateway' }],
    });
    const [late] = overtakenAbsences(absence, having({ version: version(3) }));
    expect(late).toMatchObject({ owner: EAST, notes: [] });
    expect(late).not.toHaveProperty('sender');
  });
});

describe('an owner that an inventory misses goes', () => {
  const declared: DeclaredState = declaredState({ [EAST]: record() }, [shown(1, [EAST])]);
  test.each([
    ['at the version of the inventory', 5, true],
    ['at an older one', 4, true],
    ['not at a newer one', 6, false],
  ])('%s', (_, counter, goes) => {
    const state = { ...declared, owners: { [EAST]: record({ version: version(1, counter, 1) }) } };
    const absences = [
      {
        cluster: 'east',
        clusterUid: 'uid-east',
        device: 'bigip-1',
        version: version(1, 5, 1),
        absent: [EAST],
      },
    ];
    const { next } = planPartition('k8s', state, [], { sameFleet: () => true, now: 0, absences });
    expect(Object.keys(next.exposures)).toEqual(goes ? [] : [key(1)]);
  });
});

describe('an order is obeyed', () => {
  const drained = (mode: 'drain' | 'out', silent?: true): DeclaredState => ({
    ...EMPTY_STATE,
    drains: { east: { mode, since: 'x', because: 'y', ...(silent && { silent }) } },
  });
  const upTo = { [EAST]: version(1) };
  test.each<[string, DeclaredState, Record<string, unknown>, boolean]>([
    ['drained as wanted', drained('drain'), { action: 'drain', mode: 'drain' }, true],
    ['drained otherwise', drained('out'), { action: 'drain', mode: 'drain' }, false],
    ['not drained', EMPTY_STATE, { action: 'drain', mode: 'drain' }, false],
    [
      'another cluster drained',
      drained('drain'),
      { action: 'drain', mode: 'drain', cluster: 'west' },
      false,
    ],
    ['enabled', EMPTY_STATE, { action: 'enable' }, true],
    [
      'enabled, but for another cluster',
      drained('drain'),
      { action: 'enable', cluster: 'west' },
      true,
    ],
    ['not enabled', drained('drain'), { action: 'enable' }, false],
    ['not enabled, though policy drained it', drained('drain', true), { action: 'enable' }, false],
    [
      'nothing for policy to enable, because a person drained it',
      drained('drain'),
      { action: 'enable', silent: true },
      true,
    ],
    [
      'policy has not enabled yet',
      drained('drain', true),
      { action: 'enable', silent: true },
      false,
    ],
    [
      'forgotten',
      { ...EMPTY_STATE, owners: { [EAST]: record({ gone: 'x' }) } },
      { action: 'forget', upTo, whole: true },
      true,
    ],
    ['an unknown cluster', EMPTY_STATE, { action: 'forget', upTo, whole: true }, true],
    [
      'not forgotten',
      { ...EMPTY_STATE, owners: { [EAST]: record() } },
      { action: 'forget', upTo, whole: true },
      false,
    ],
    [
      'one of two forgotten',
      { ...EMPTY_STATE, owners: { [EAST]: record(), 'east/a/b': record({ gone: 'x' }) } },
      { action: 'forget', upTo: { ...upTo, 'east/a/b': version(1) }, whole: true },
      false,
    ],
    [
      'adopted',
      { ...EMPTY_STATE, owners: { [EAST]: record() } },
      { action: 'adopt', clusterUid: 'uid-east' },
      true,
    ],
    [
      'not adopted',
      { ...EMPTY_STATE, owners: { [EAST]: record() } },
      { action: 'adopt', clusterUid: 'new' },
      false,
    ],
    [
      'one of two adopted',
      { ...EMPTY_STATE, owners: { [EAST]: record(), 'east/a/b': record({ clusterUid: 'new' }) } },
      { action: 'adopt', clusterUid: 'new' },
      false,
    ],
    [
      'adopted, whatever the state of another cluster',
      {
        ...EMPTY_STATE,
        owners: { [EAST]: record(), 'west/a/b': record({ clusterUid: 'uid-west' }) },
      },
      { action: 'adopt', clusterUid: 'uid-east' },
      true,
    ],
  ])('%s', (_, state, steering, obeyed) => {
    expect(
      isOrderInEffect(state, { device: 'd', cluster: 'east', ...steering } as ClusterOrder),
    ).toBe(obeyed);
  });
});

describe('an approval', () => {
  const T = Date.parse('2026-01-01T00:00:00.000Z');
  const seen = (ms: number): string => new Date(T + ms).toISOString();
  const state = (more: object): DeclaredState =>
    declaredState({ [EAST]: record({ held: [key(1), key(2)], ...more }) }, [
      shown(1, [EAST]),
      shown(2, ['west/a/b']),
      shown(3, [EAST]),
    ]);
  test.each<[string, object, Partial<Approval>, readonly string[]]>([
    ['of all covers the held removals of the owner', {}, {}, [key(1)]],
    ['of some covers these, held or not', {}, { keys: [key(3), key(9)] }, [key(3)]],
    ['does not cover exposures of another owner', {}, { keys: [key(2)] }, []],
    ["is valid within a minute of the owner's event", { seen: seen(60_000) }, {}, [key(1)]],
    ['is not valid later', { seen: seen(60_001) }, {}, []],
    [
      'is valid later if the version is the one that was shown',
      { seen: seen(60_001) },
      { version: version(1, 5, 1) },
      [key(1)],
    ],
    [
      'is valid later if a newer version was shown',
      { seen: seen(60_001) },
      { version: version(2) },
      [key(1)],
    ],
    [
      'is not valid later if an older version was shown',
      { seen: seen(60_001) },
      { version: version(1, 5, 0) },
      [],
    ],
    [
      'is valid within a minute although an older version was shown',
      { seen: seen(1) },
      { version: version(1, 5, 0) },
      [key(1)],
    ],
  ])('%s', (_, more, over, keys) => {
    expect(
      approvedKeys(state(more), {
        steering: { action: 'approve', device: 'd', owner: EAST, ...over },
        at: T,
      }),
    ).toEqual(keys);
  });

  test('for an unknown owner has no effect', () => {
    expect(
      approvedKeys(EMPTY_STATE, {
        steering: { action: 'approve', device: 'd', owner: EAST, version: version(1) },
        at: T,
      }),
    ).toEqual([]);
    expect(
      approvedKeys(
        { ...state({}), owners: {} },
        { steering: { action: 'approve', device: 'd', owner: EAST }, at: T },
      ),
    ).toEqual([]);
  });
});

describe('an order to try again', () => {
  const refused = {
    hash: 'h',
    code: 'BIP424',
    reason: 'no such iRule',
    next: '2026-01-01T01:00:00.000Z',
    tries: 4,
    members: 'follow' as const,
  };
  const before: DeclaredState = declaredState(
    { [EAST]: record({ quarantine: { [key(1)]: refused, [key(2)]: refused } }) },
    [shown(1, [EAST])],
    {},
  );
  const after = (keys?: string[]): DeclaredState =>
    planPartition('k8s', before, [], {
      sameFleet: () => false,
      orders: [
        {
          steering: { action: 'retry', device: 'd', owner: EAST, ...(keys && { keys }) },
          at: 0,
        },
      ],
    }).next;

  test('forgets what was refused of these exposures, or of all, and changes nothing that is declared', () => {
    expect(Object.keys(after([key(2)]).owners[EAST]?.quarantine ?? {})).toEqual([key(1)]);
    expect(after().owners[EAST]?.quarantine).toBeUndefined();
    expect(after().exposures).toEqual(before.exposures);
    expect(after().owners[EAST]?.version).toEqual(before.owners[EAST]?.version);
  });
});
