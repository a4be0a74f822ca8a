/** Members that begin to drain, and when that needs a declare (decision 72). */
import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import type { Availability, Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeferredFences } from '../../../shared/domain/plan/deferred-fence.ts';
import { stillDeferred, withDeferred } from '../../../shared/domain/plan/deferred-fences.ts';
import { planPartition, type Plan, type PlanRules } from '../../../shared/domain/plan/plan.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const T = Date.parse('2026-01-01T00:00:00.000Z');
const OWNER = slice(1, []).owner;
const [STAYS, GOES] = ['10.244.1.5', '10.244.1.6'];

const plan = (
  state: DeclaredState,
  slices: readonly Slice[],
  over: Partial<PlanRules> = {},
): Plan =>
  planPartition('k8s', state, slices, {
    sameFleet: () => true,
    now: T,
    deferred: new Map(),
    shareNodes: false,
    ...over,
  });
const two = (leaving: Availability, over: Partial<Exposure> = {}): Exposure =>
  exposure({
    members: [
      { address: STAYS, port: 80, availability: 'ready' },
      { address: GOES, port: 80, availability: leaving },
    ],
    ...over,
  });
const at = (counter: number, exposures: readonly Exposure[], over: Partial<Slice> = {}): Slice =>
  slice(counter, exposures, { settledSince: { epoch: 1, counter: 0 }, ...over });
const node = (counter: number, over: Partial<LiveNode> = {}): LiveNode => ({
  name: GOES,
  address: GOES,
  availability: 'draining',
  stamp: { cluster: 'east', version: { epoch: 1, counter, generation: 1 } },
  ...over,
});
const staying = node(5, { name: STAYS, address: STAYS, availability: 'ready' });
const declared = plan(EMPTY_STATE, [at(5, [two('ready')])]).next;
const drains = at(7, [two('draining')]);

describe('a member that begins to drain', () => {
  test('costs no declare once its node is out, and is reported as unchanged', () => {
    const { changed, next, deferred, entries, nodes } = plan(declared, [drains], {
      live: [node(7)],
    });
    expect(changed).toBe(false);
    expect(next).toBe(declared);
    expect(nodes).toBeUndefined();
    expect(entries).toMatchObject([
      {
        kind: 'unchanged',
        code: 'OK',
        reason: 'members drain; this is declared with the next change',
      },
    ]);
    expect(entries[0]).not.toHaveProperty('structure');
    expect([...(deferred ?? [])]).toMatchObject([
      [OWNER, { draining: true, version: { counter: 7 } }],
    ]);
  });

  test('is planned as a change until that is known', () => {
    for (const [live, nodes] of [
      [undefined, 'unread'],
      [[staying], 'due'],
      [[staying, node(7, { availability: 'ready' })], 'due'],
    ] as const) {
      const made = plan(declared, [drains], live && { live });
      expect([made.changed, made.nodes, made.deferred]).toEqual([true, nodes, undefined]);
      expect(made.entries.map(({ kind }) => kind)).toEqual(['update']);
      expect(made.next.owners[OWNER]?.version.counter).toBe(7);
    }
  });

  test.each<readonly [string, LiveNode]>([
    ['before the declared version', node(5)],
    ['by another cluster', node(7, { stamp: { ...node(7).stamp!, cluster: 'west' } })],
    ['by hand', node(7, { stamp: undefined })],
  ])('is declared if its node was drained %s', (_, live) => {
    const made = plan(declared, [drains], { live: [staying, live] });
    expect([made.changed, made.nodes]).toEqual([true, 'due']);
  });

  test('is declared at once where express leaves it, as no other member takes connections', () => {
    const ready = node(5, { availability: 'ready' });
    for (const stays of [[], [{ ...staying, availability: 'draining' as const }]]) {
      const made = plan(declared, [drains], { live: [...stays, ready] });
      expect([made.changed, made.nodes]).toEqual([true, undefined]);
    }
    expect(plan(declared, [drains], { live: [staying, ready] }).nodes).toBe('due');
  });

  test('is declared with all else that changes', () => {
    const more = at(7, [two('draining'), exposure({ port: 9 })]);
    const made = plan(declared, [more], { live: [node(7)] });
    expect([made.changed, made.nodes]).toEqual([true, undefined]);
    const kept = made.next.exposures['172.16.100.195:32400/tcp']?.contributions[0]?.members;
    expect(kept?.map(({ availability }) => availability)).toEqual(['ready', 'draining']);
  });

  test.each<readonly [string, DeclaredState, Slice, Partial<PlanRules>]>([
    ['if waiting is not permitted', declared, drains, { deferred: undefined as never }],
    [
      'in part of the changes',
      declared,
      drains,
      { only: new Set([`${OWNER} 172.16.100.195:32400/tcp`]) },
    ],
    ['with shared nodes', { ...declared, shareNodes: true }, drains, { shareNodes: true }],
    ['on a device with several partitions', declared, drains, { nodes: new Map() }],
    [
      'after a snapshot that was not settled',
      declared,
      at(7, [two('draining')], { settledSince: { epoch: 1, counter: 6 } }),
      {},
    ],
    ['after an hour', declared, drains, { now: T + 3_600_000 }],
    [
      'where manual changes are kept, which may be persistence',
      {
        ...declared,
        overrides: {
          '172.16.100.195:32400/tcp': { since: '2026-01-01T00:00:00.000Z', values: {} },
        } as never,
      },
      drains,
      {},
    ],
  ])('is declared %s', (_, state, event, rules) => {
    const made = plan(state, [event], { live: [node(7)], ...rules });
    expect([made.changed, made.nodes, made.deferred]).toEqual([true, undefined, undefined]);
  });

  test('is declared with persistence, which still sends clients to it', () => {
    const persistent = { settings: { ...SETTINGS, persistence: ['source-address' as never] } };
    const state = plan(EMPTY_STATE, [at(5, [two('ready', persistent)])]).next;
    const made = plan(state, [at(7, [two('draining', persistent)])], { live: [node(7)] });
    expect([made.changed, made.nodes]).toEqual([true, undefined]);
  });

  test('waits only together with every other owner whose members drain', () => {
    const west = { owner: 'west/ns/gw', clusterUid: 'uid-west' };
    const address = '172.16.100.9';
    const theirs = (counter: number, leaving: Availability, over: Partial<Slice> = {}): Slice =>
      at(counter, [two(leaving, { address })], { ...west, ...over });
    const state = plan(EMPTY_STATE, [at(5, [two('ready')]), theirs(5, 'ready')]).next;
    const made = plan(state, [drains, theirs(7, 'draining', { settledSince: undefined })], {
      live: [node(7)],
    });
    expect([made.changed, made.nodes]).toEqual([true, undefined]);
  });
});

describe('after a drain that was not declared', () => {
  test('the member that is back is declared, so that no replay of the drain passes', () => {
    for (const live of [node(7), node(8, { availability: 'ready' })]) {
      const made = plan(declared, [at(8, [two('ready')])], { live: [live] });
      expect(made.changed).toBe(true);
      expect(plan(made.next, [drains], { live: [live] }).changed).toBe(false);
      expect(made.next.owners[OWNER]?.version.counter).toBe(8);
    }
  });

  test('a version without changes waits only if no node was written since', () => {
    const same = at(8, [two('ready')]);
    expect(plan(declared, [same])).toMatchObject({ changed: false, nodes: 'unread' });
    const made = plan(declared, [same], { live: [node(5)] });
    expect([made.changed, made.nodes, made.deferred?.size]).toEqual([false, undefined, 1]);
  });

  test('its fence is not stored with the declares of others, which have the member as it was', () => {
    const { deferred = new Map() as DeferredFences } = plan(declared, [drains], {
      live: [node(7)],
    });
    expect(withDeferred(declared.owners, declared, deferred)).toEqual(declared.owners);
    expect([...stillDeferred(declared, deferred).keys()]).toEqual([OWNER]);
  });

  test('its removal is declared', () => {
    const removed = exposure({ members: [{ address: STAYS, port: 80, availability: 'ready' }] });
    const made = plan(declared, [at(8, [removed])], { live: [node(7)] });
    expect([made.changed, made.nodes]).toEqual([true, undefined]);
  });
});
