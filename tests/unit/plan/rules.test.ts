/** The small rules of the plan, each on both sides. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { lostClaim } from '../../../shared/domain/plan/claims.ts';
import type { DeclaredExposure, DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { checkFence } from '../../../shared/domain/plan/fence.ts';
import { fingerprint } from '../../../shared/domain/plan/fingerprint.ts';
import { type AddressHolder, conflictWithForeign } from '../../../shared/domain/plan/foreign.ts';
import { heldRemovals, leavesDevice, moveTarget } from '../../../shared/domain/plan/guards.ts';
import { movesBetween } from '../../../shared/domain/plan/moves.ts';
import { describeOverride } from '../../../shared/domain/plan/overrides.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { isRetryDue, nextQuarantine } from '../../../shared/domain/plan/quarantine.ts';
import { removalAllowance } from '../../../shared/domain/removal-allowance.ts';
import {
  compareRevisions,
  compareVersions,
  formatRevision,
} from '../../../shared/domain/revision.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const version = (epoch: number, counter = 0, generation = 0): Slice['version'] => ({
  epoch,
  counter,
  generation,
});
const shown = (
  port: number,
  owners: readonly string[],
  over: Partial<DeclaredExposure> = {},
): DeclaredExposure => ({
  address: '172.16.100.195',
  port,
  protocol: 'tcp',
  settings: SETTINGS,
  contributions: owners.map((owner) => ({
    owner,
    gateways: [`ns/gw-${port}`],
    since: '2026-01-01T00:00:00Z',
    members: [],
  })),
  ...over,
});
const key = (port: number): string => `172.16.100.195:${port}/tcp`;
const record = (more: object = {}): DeclaredState['owners'][string] => ({
  version: version(1, 5, 1),
  clusterUid: 'uid-east',
  ...more,
});

describe('a version', () => {
  const some = fc.record({ epoch: fc.nat(2), counter: fc.nat(2), generation: fc.nat(2) });

  test('is older by its epoch, then by its counter, then by its generation', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [x, y] = [a, b].map((v) => v.epoch * 100 + v.counter * 10 + v.generation) as [
          number,
          number,
        ];
        expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(x - y));
        expect(Math.sign(compareRevisions(a, b))).toBe(
          Math.sign(Math.floor(x / 10) - Math.floor(y / 10)),
        );
      }),
    );
    expect(formatRevision({ epoch: 3, counter: 4 })).toBe('3.4');
  });

  test.each<[string, Parameters<typeof checkFence>[0], Partial<Slice>, string]>([
    [
      'equal to the declared one is accepted',
      { owners: { [EAST]: record() } },
      { version: version(1, 5, 1) },
      'open',
    ],
    [
      'newer than the declared one is accepted',
      { owners: { [EAST]: record() } },
      { version: version(1, 5, 2) },
      'open',
    ],
    [
      'older than the declared one is refused',
      { owners: { [EAST]: record() } },
      { version: version(1, 5, 0) },
      'behind',
    ],
    [
      'of another cluster is refused, however new',
      { owners: { [EAST]: record() } },
      { version: version(9), clusterUid: 'other' },
      'stranger',
    ],
    [
      'without a record, above the floor, is accepted',
      { owners: {}, floors: { east: version(1, 5, 1) } },
      { version: version(1, 5, 2) },
      'open',
    ],
    [
      'without a record, at the floor, is refused',
      { owners: {}, floors: { east: version(1, 5, 1) } },
      { version: version(1, 5, 1) },
      'behind',
    ],
    [
      'without a record, below the floor of another cluster, is accepted',
      { owners: {}, floors: { west: version(9) } },
      { version: version(1) },
      'open',
    ],
    [
      'with a record, below the floor of its cluster, is accepted',
      { owners: { [EAST]: record() }, floors: { east: version(9) } },
      { version: version(2) },
      'open',
    ],
    [
      'without a record, for another device, does not concern this one',
      { owners: {} },
      { version: version(1), devices: ['bigip-2'] },
      'unasked',
    ],
    [
      'with a record, now for another device, is accepted: its exposures are removed',
      { owners: { [EAST]: record() } },
      { version: version(2), devices: ['bigip-2'] },
      'open',
    ],
  ])('%s', (_, state, over, kind) => {
    expect(checkFence(state, slice(1, [], over)).kind).toBe(kind);
  });
});

describe('foreign objects on the device', () => {
  const at = (over: Partial<AddressHolder>): AddressHolder => ({
    path: '/Common/vs',
    partition: 'Common',
    address: '10.0.0.1',
    ...over,
  });
  test.each<[string, AddressHolder, string | undefined]>([
    ['a virtual server at this address and port', at({ port: 443, protocol: 'tcp' }), 'BIP422'],
    ['one for any protocol', at({ port: 443, protocol: 'any' }), 'BIP422'],
    ['one without a protocol', at({ port: 443 }), 'BIP422'],
    ['one for the other protocol', at({ port: 443, protocol: 'udp' }), undefined],
    ['one at another port', at({ port: 80, protocol: 'tcp' }), undefined],
    ['one for all ports, which does not conflict', at({ port: 0, protocol: 'tcp' }), undefined],
    ['one at another address', at({ address: '10.0.0.2', port: 443 }), undefined],
    ['one in a route domain', at({ address: '10.0.0.1%1', port: 443 }), 'BIP422'],
    ['a virtual address in /Common', at({}), undefined],
    ['a virtual address of another partition', at({ partition: 'other' }), 'BIP423'],
    [
      'another port at an address of another partition',
      at({ partition: 'other', port: 80, protocol: 'tcp' }),
      'BIP423',
    ],
  ])('%s: %j', (_, holder, code) => {
    expect(
      conflictWithForeign({ address: '10.0.0.1', port: 443, protocol: 'tcp' }, [holder])?.code,
    ).toBe(code);
  });
});

describe('a removal', () => {
  test.each([
    [0, 3],
    [15, 3],
    [19, 3],
    [20, 4],
    [25, 5],
    [29, 5],
    [100, 20],
  ])('of %i exposures, so many at once need no proof: %i', (owned, allowed) => {
    expect(removalAllowance(owned)).toBe(allowed);
  });

  test('of everything is intended if the Service was deleted, or the configuration names other devices', () => {
    const on = { device: 'a', devices: ['a', 'b'], removed: false };
    expect([on, { ...on, removed: true }, { ...on, devices: ['b'] }].map(leavesDevice)).toEqual([
      false,
      true,
      true,
    ]);
  });

  const gone = (
    port: number,
    gateways = [`ns/gw-${port}`],
  ): Parameters<typeof heldRemovals>[1][number] => ({
    key: key(port),
    exposure: shown(port, [EAST]),
    gateways,
  });
  test.each<[string, Partial<Slice['exposures'][number]>, boolean]>([
    ['the same gateway at another address', {}, true],
    ['the same gateway and one more', { gateways: ['ns/gw-1', 'ns/other'] }, true],
    ['another gateway', { gateways: ['ns/other'] }, false],
    ['another port', { port: 2 }, false],
    ['the other protocol', { protocol: 'udp' }, false],
  ])('is a move where %s is wanted: %s', (_, over, moved) => {
    const wanted = slice(2, [
      exposure({ address: '10.0.0.9', port: 1, gateways: ['ns/gw-1'], ...over }),
    ]);
    expect(moveTarget(wanted, gone(1)) !== undefined).toBe(moved);
    if (!('gateways' in over))
      expect(moveTarget(wanted, gone(1, ['ns/gw-1', 'ns/second']))).toBeUndefined();
  });

  const permits = { owned: 8, approved: new Set<string>(), closed: new Map() };
  const four = [1, 2, 3, 4].map((port) => gone(port));
  const change = (
    name: string,
    over: Partial<Slice['changes'][number]> = {},
  ): Slice['changes'][number] => ({
    what: 'deleted',
    kind: 'Gateway',
    namespace: 'ns',
    name,
    resourceVersion: '1',
    ...over,
  });
  test.each<[string, Partial<Slice>, Partial<typeof permits>, number]>([
    ['four of eight without proof: all', {}, {}, 4],
    ['four of twenty: none', {}, { owned: 20 }, 0],
    ['one of them deleted: none, because three are allowed', { changes: [change('gw-1')] }, {}, 0],
    ['a ListenerSet deleted', { changes: [change('gw-1', { kind: 'ListenerSet' })] }, {}, 0],
    ['one changed', { changes: [change('gw-1', { what: 'updated' })] }, {}, 0],
    ['one added, which proves nothing', { changes: [change('gw-1', { what: 'added' })] }, {}, 4],
    ['one of another namespace', { changes: [change('gw-1', { namespace: 'x' })] }, {}, 4],
    ['a Service of that name', { changes: [change('gw-1', { kind: 'Service' })] }, {}, 4],
    ['one approved', {}, { approved: new Set([key(1)]) }, 0],
    ['something else approved', {}, { approved: new Set([key(9)]) }, 4],
    [
      'one that moves',
      { exposures: [exposure({ address: '10.0.0.9', port: 1, gateways: ['ns/gw-1'] })] },
      {},
      0,
    ],
    ['the Service was deleted', { removed: true }, {}, 0],
  ])('is held: %s', (_, over, more, held) => {
    const found = heldRemovals(slice(2, [], over), four, { ...permits, ...more });
    expect([...found.values()].map(({ code }) => code)).toEqual(Array(held).fill('OWN310'));
  });

  test('of an exposure with two gateways needs both to be seen', () => {
    const [one, ...rest] = four;
    const both = [{ ...one!, gateways: ['ns/gw-1', 'ns/second'] }, ...rest];
    expect(heldRemovals(slice(2, [], { changes: [change('gw-1')] }), both, permits).size).toBe(4);
    expect(
      heldRemovals(slice(2, [], { changes: [change('gw-1'), change('second')] }), both, permits)
        .size,
    ).toBe(0);
  });

  test('waits where the partition that it moves to cannot be written, and counts for nothing else', () => {
    const wanted = slice(2, [
      exposure({ address: '10.0.0.9', port: 1, partition: 'edge', gateways: ['ns/gw-1'] }),
    ]);
    const closed = new Map([['edge', { code: 'BIP401', reason: 'it is locked' }]]);
    const held = heldRemovals(wanted, four, { ...permits, closed });
    expect([...held]).toEqual([
      [key(1), { code: 'BIP401', reason: expect.stringContaining('it is locked') }],
    ]);
    expect(
      heldRemovals(wanted, four, {
        ...permits,
        closed: new Map([['other', { code: 'BIP401', reason: '' }]]),
      }).size,
    ).toBe(0);
  });
});

describe('the next try of what the device refused', () => {
  const before = {
    hash: 'x',
    code: 'BIP421',
    reason: 'no',
    next: '1970-01-01T01:00:00.000Z',
    tries: 8,
    members: 'follow' as const,
  };
  test.each([
    [0, false],
    [3_599_999, false],
    [3_600_000, true],
    [3_600_001, true],
    [-1, true],
  ])('at one hour is due at %i ms: %s', (now, due) => {
    // At -1 it is further ahead than any wait lasts.
    expect(isRetryDue(before, now)).toBe(due);
  });

  test.each([
    ['x', 'BIP421', 60, 9],
    ['x', 'BIP501', 5, 9],
    ['y', 'BIP421', 1, 1],
    [undefined, 'BIP421', 1, 1],
  ])('of structure %s for %s is in %i minutes, as try %i', (structure, code, minutes, tries) => {
    const next = nextQuarantine(
      structure === undefined ? {} : { structure },
      { code, reason: '' },
      { before, now: 0 },
    );
    expect([Date.parse(next.next) / 60_000, next.tries]).toEqual([minutes, tries]);
  });

  test('keeps the members only where they were refused by themselves, once and for all', () => {
    const kept = (
      membersOnly: boolean | undefined,
      was: 'kept' | 'follow',
      structure = 'x',
    ): string =>
      nextQuarantine(
        { structure, ...(membersOnly === undefined ? {} : { membersOnly }) },
        { code: 'BIP421', reason: '' },
        { before: { ...before, members: was }, now: 0 },
      ).members;
    expect([
      kept(true, 'follow'),
      kept(false, 'kept'),
      kept(undefined, 'kept'),
      kept(false, 'follow'),
      kept(false, 'kept', 'y'),
    ]).toEqual(['kept', 'kept', 'kept', 'follow', 'follow']);
  });
});

describe('an exposure that goes to another partition', () => {
  const states = new Map([
    ['a', declaredState({}, [shown(1, [EAST])])],
    ['b', EMPTY_STATE],
  ]);
  test.each<[string, Slice, number]>([
    ['is a move', slice(1, [exposure({ port: 1, partition: 'b' })]), 1],
    ['is none if it stays', slice(1, [exposure({ port: 1, partition: 'a' })]), 0],
    [
      'is none for another owner',
      slice(1, [exposure({ port: 1, partition: 'b' })], { owner: 'west/x/y' }),
      0,
    ],
    ['is none for another port', slice(1, [exposure({ port: 2, partition: 'b' })]), 0],
  ])('%s', (_, wanted, count) => {
    expect(movesBetween(states, [wanted])).toEqual(
      Array.from({ length: count }, () => ({
        change: `${EAST} ${key(1)}`,
        creation: `${EAST} ${key(1)}`,
        from: 'a',
        to: 'b',
      })),
    );
  });
});

describe('a claim', () => {
  const fleet = (a: string, b: string): boolean => a.split('/')[0] !== b.split('/')[0];
  test.each<[string, DeclaredExposure | undefined, typeof fleet, RegExp | undefined]>([
    ['on a free address is granted', undefined, () => false, undefined],
    ['on its own address is granted', shown(1, [EAST]), () => false, undefined],
    [
      'on an address of a cluster of its fleet is granted',
      shown(1, ['west/a/b']),
      fleet,
      undefined,
    ],
    [
      'on an address of an owner outside of its fleet is lost',
      shown(1, ['west/a/b']),
      () => false,
      /belongs to west\/a\/b .* put the clusters in one fleet/,
    ],
    [
      'on an address of another ingress of the cluster is lost',
      shown(1, ['east/a/b']),
      fleet,
      /belongs to east\/a\/b .* two ingresses of one cluster cannot share them/,
    ],
    [
      'on an address of both is lost',
      shown(1, ['west/a/b', 'east/x/y']),
      fleet,
      /belongs to east\/x\/y/,
    ],
  ])('%s', (_, present, sameFleet, reason) => {
    const lost = lostClaim(present, EAST, sameFleet);
    if (reason === undefined) expect(lost).toBeUndefined();
    else expect(lost).toMatchObject({ code: 'OWN301', reason: expect.stringMatching(reason) });
  });
});

test('kept manual changes are reported value by value', () => {
  const instead = { balance: 'round-robin', connectionLimit: 0, enabled: true } as const;
  expect(
    describeOverride({
      values: { balance: 'ratio-member', connectionLimit: 5, enabled: false },
      instead,
    }),
  ).toEqual([
    'balances by ratio-member instead of round-robin',
    'has connection limit 5 instead of unlimited',
    'is disabled',
  ]);
  expect(
    describeOverride({ values: { connectionLimit: 0 }, instead: { connectionLimit: 7 } }),
  ).toEqual(['has connection limit unlimited instead of 7']);
  expect(describeOverride({ values: { enabled: true }, instead: { enabled: false } })).toEqual([
    'is enabled',
  ]);
  expect(describeOverride({ values: {}, instead: {} })).toEqual([]);
});

/**
 * The declaration on the device stores it, and the place where the search in a pool begins must not
 * change with an upgrade.
 */
test.each([
  ['', '811c9dc51b873593'],
  ['a', 'e40c292c47d9ebf6'],
  ['east/istio-system/gw', '67cbb4be4d041fa0'],
])('the fingerprint of %j is the same in every version', (text, print) => {
  expect(fingerprint(text)).toBe(print);
});

test('the order in which members come changes nothing: they are declared by port, then by address', () => {
  const members = [
    ['10.0.0.2', 1],
    ['10.0.0.1', 2],
    ['10.0.0.1', 1],
    ['10.0.0.3', 1],
  ].map(([address, port]) => ({
    address: String(address),
    port: Number(port),
    availability: 'ready' as const,
  }));
  for (const order of [
    members,
    members.toReversed(),
    [...members.slice(2), ...members.slice(0, 2)],
  ]) {
    const { next } = planPartition('k8s', EMPTY_STATE, [slice(1, [exposure({ members: order })])], {
      sameFleet: () => false,
    });
    const declared = Object.values(next.exposures).flatMap((e) =>
      e.contributions.flatMap((c) => c.members.map(({ address, port }) => `${address}:${port}`)),
    );
    expect(declared).toEqual(['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1', '10.0.0.1:2']);
  }
});
