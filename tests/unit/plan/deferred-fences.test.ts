/** Which fences may wait (decision 62), and what happens to them. */
import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { DeferredFences } from '../../../shared/domain/plan/deferred-fence.ts';
import { stillDeferred } from '../../../shared/domain/plan/deferred-fences.ts';
import { structureFingerprint } from '../../../shared/domain/plan/fingerprint.ts';
import {
  changeId,
  planPartition,
  type Plan,
  type PlanRules,
} from '../../../shared/domain/plan/plan.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const T = Date.parse('2026-01-01T00:00:00.000Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NONE: DeferredFences = new Map();
const OWNER = slice(1, []).owner;

const plan = (
  state: DeclaredState,
  slices: readonly Slice[],
  over: Partial<PlanRules> = {},
): Plan =>
  planPartition('k8s', state, slices, { sameFleet: () => true, now: T, deferred: NONE, ...over });
/** Everything since the declared revision was settled. */
const settled = (counter: number, over: Partial<Slice> = {}): Slice =>
  slice(counter, [exposure()], { settledSince: { epoch: 1, counter: 0 }, ...over });
const declared = plan(EMPTY_STATE, [settled(5)]).next;
const versionIn = (state: DeclaredState, owner = OWNER): number | undefined =>
  state.owners[owner]?.version.counter;
const quarantined = {
  hash: 'h',
  code: 'BIP421',
  reason: 'r',
  next: '2026-01-02T00:00:00.000Z',
  tries: 1,
  members: 'kept' as const,
};

describe('a version that changes nothing', () => {
  test('waits, is reported as unchanged, and is remembered', () => {
    const { changed, next, deferred, entries } = plan(declared, [settled(6)]);
    expect(changed).toBe(false);
    expect(next).toBe(declared);
    expect(entries.map(({ kind }) => kind)).toEqual(['unchanged']);
    expect([...(deferred ?? [])]).toEqual([
      [
        OWNER,
        {
          clusterUid: 'uid-east',
          version: { epoch: 1, counter: 6, generation: 1 },
          above: { epoch: 1, counter: 5, generation: 1 },
          seen: '2026-01-01T00:00:00.000Z',
        },
      ],
    ]);
  });

  test('waits for less than an hour', () => {
    expect(plan(declared, [settled(6)], { now: T + HOUR_MS - 1 }).changed).toBe(false);
    expect(versionIn(plan(declared, [settled(6)], { now: T + HOUR_MS }).next)).toBe(6);
  });

  test.each<readonly [string, DeclaredState, Slice, Partial<PlanRules>]>([
    ['if waiting is not permitted', declared, settled(6), { deferred: undefined as never }],
    ['if the watcher does not say whether it may wait', declared, slice(6, [exposure()]), {}],
    [
      'after a snapshot that was not settled',
      declared,
      settled(7, { settledSince: { epoch: 1, counter: 6 } }),
      {},
    ],
    [
      'in a new term of the watcher',
      declared,
      settled(1, {
        version: { epoch: 2, counter: 1, generation: 1 },
        settledSince: { epoch: 2, counter: 0 },
      }),
      {},
    ],
    [
      'for a new configuration',
      declared,
      settled(6, { version: { epoch: 1, counter: 6, generation: 2 } }),
      {},
    ],
    [
      'with an order',
      declared,
      settled(6),
      // One without effect: others change the declaration anyway.
      {
        orders: [{ at: T, steering: { action: 'retry', device: 'bigip-1', owner: 'west/ns/gw' } }],
      },
    ],
    [
      'if something of its owner is held, and not recorded as such',
      declared,
      settled(6, { exposures: [exposure({ partition: 'other' })] }),
      { closed: new Map([['other', { code: 'OWN303', reason: 'not ours' }]]) },
    ],
    ['at the first contact', EMPTY_STATE, settled(6), {}],
    ['if the sender changes', declared, settled(6, { sender: 'role' }), {}],
    ['if its time is in the future', declared, settled(6), { now: T - 1 }],
    [
      'if its time is not known',
      {
        ...declared,
        owners: { [OWNER]: { version: settled(5).version, clusterUid: 'uid-east' } },
      },
      settled(6),
      {},
    ],
  ])('is declared %s', (_, state, event, rules) => {
    const made = plan(state, [event], rules);
    expect([made.changed, made.deferred]).toEqual([true, undefined]);
    expect(made.next.owners[OWNER]?.version).toEqual(event.version);
  });

  test('is declared while the owner has a claim, a quarantined change or held removals', () => {
    const { partition: _, ...claim } = exposure({ port: 9 });
    const records = [
      { quarantine: { '172.16.100.195:32400/tcp': quarantined } },
      { claims: { '172.16.100.195:9/tcp': claim } },
      { held: ['172.16.100.195:32400/tcp'] },
      { approved: ['172.16.100.195:32400/tcp'] },
    ];
    for (const more of records) {
      const record = { ...declared.owners[OWNER]!, ...more };
      const state = { ...declared, owners: { [OWNER]: record } };
      expect(versionIn(plan(state, [settled(6)]).next)).toBe(6);
    }
  });

  test('is declared while a quarantined change is tried again, and not in this declare', () => {
    const key = '172.16.100.195:32400/tcp';
    const id = changeId({ owner: OWNER, key });
    const settings = { ...SETTINGS, snat: 'none' as const };
    const wish = settled(6, { exposures: [exposure({ settings })] });
    const refusal = { ...quarantined, hash: structureFingerprint(settings) };
    const state = plan(declared, [wish], { refused: new Map([[id, refusal]]) }).next;
    expect(state.owners[OWNER]?.quarantine).toMatchObject({ [key]: { hash: refusal.hash } });
    const retry = { ...wish, version: { epoch: 1, counter: 7, generation: 1 } };
    const { next } = plan(state, [retry], { retry: new Set([id]), only: new Set() });
    expect(versionIn(next)).toBe(7);
  });

  test('ends the drain of its cluster that was silent', () => {
    const drain = { mode: 'drain', since: '2026-01-01T00:00:00.000Z', because: 's', silent: true };
    const state = { ...declared, drains: { east: drain } } as DeclaredState;
    const { next } = plan(state, [settled(6)]);
    expect([next.drains, versionIn(next)]).toEqual([undefined, 6]);
  });
});

describe('fences that wait', () => {
  const west = settled(1, { owner: 'west/ns/gw', clusterUid: 'uid-west', exposures: [] });
  const both = plan(declared, [west]).next;
  const kept = plan(both, [settled(9)]).deferred ?? NONE;
  const changed = { ...west, version: { epoch: 1, counter: 2, generation: 2 } };

  test('are declared with the next declare, with the time at which they arrived', () => {
    const { next } = plan(both, [changed], { deferred: kept, now: T + MINUTE_MS });
    expect(next.owners[OWNER]).toMatchObject({
      version: { epoch: 1, counter: 9, generation: 1 },
      seen: '2026-01-01T00:00:00.000Z',
    });
    expect(next.owners['west/ns/gw']?.seen).toBe('2026-01-01T00:01:00.000Z');
  });

  test('cause no declare', () => {
    expect(plan(both, [], { deferred: kept }).changed).toBe(false);
  });

  test('count for nothing if their cluster is replaced, or takes over, in the same plan', () => {
    const adopt = (clusterUid: string): Partial<PlanRules> => ({
      deferred: kept,
      orders: [
        { at: T, steering: { action: 'adopt', device: 'bigip-1', cluster: 'east', clusterUid } },
      ],
    });
    expect(versionIn(plan(both, [], adopt('uid-new')).next)).toBe(5);
    const other = { ...both.owners[OWNER]!, clusterUid: 'uid-new' };
    const state = { ...both, owners: { ...both.owners, [OWNER]: other } };
    expect(versionIn(plan(state, [], adopt('uid-east')).next)).toBe(5);
  });

  test('count for nothing once the owner is declared in another way', () => {
    const others: readonly DeclaredState[] = [
      { ...both, owners: { ...both.owners, [OWNER]: { ...both.owners[OWNER]!, clusterUid: 'x' } } },
      plan(both, [settled(7, { exposures: [] })]).next,
      plan(both, [settled(10, { exposures: [] })]).next,
    ];
    for (const state of others) {
      const { next } = plan(state, [changed], { deferred: kept });
      expect(next.owners[OWNER]).toEqual(state.owners[OWNER]);
      expect([...stillDeferred(state, kept)]).toEqual([]);
    }
    expect(stillDeferred(both, kept)).toEqual(kept);
    expect([...stillDeferred(EMPTY_STATE, kept)]).toEqual([]);
  });
});
