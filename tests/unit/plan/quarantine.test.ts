import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { PlanEntry, PlanRules } from '../../../shared/domain/plan/plan.ts';
import { changeId, planPartition } from '../../../shared/domain/plan/plan.ts';
import { isRetryDue, nextQuarantine } from '../../../shared/domain/plan/quarantine.ts';
import type { Quarantined } from '../../../shared/domain/declared/owner-record.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const rules: PlanRules = { sameFleet: () => false, now: 0 };
const key = '172.16.100.195:32400/tcp';
const bad = { ...SETTINGS, balance: 'ratio-member' as const };
const { owner } = slice(1, []);
const id = changeId({ owner, key });
const refusal = { code: 'BIP421', reason: 'BIG-IP refuses the configuration' };
const plan = (
  declared: DeclaredState,
  slices: readonly Slice[],
  over: Partial<PlanRules> = {},
): ReturnType<typeof planPartition> =>
  planPartition('k8s', declared, slices, { ...rules, ...over });
const kinds = (entries: readonly PlanEntry[]): string[] => entries.map((e) => e.kind);

/** What is declared after the device refused the one change of this slice. */
function afterRefusal(declared: DeclaredState, wanted: Slice, now = 0): DeclaredState {
  const [change] = plan(declared, [wanted]).entries;
  return plan(declared, [wanted], {
    only: new Set(),
    refused: new Map([[id, nextQuarantine(change!, refusal, { before: undefined, now })]]),
  }).next;
}
const known = (state: DeclaredState): Quarantined | undefined =>
  state.owners[owner]?.quarantine?.[key];

describe('a change that the device refused', () => {
  test('stays out of later plans without asking the device, and says why and until when', () => {
    const state = afterRefusal(EMPTY_STATE, slice(1, [exposure({ settings: bad })]));
    const again = plan(state, [slice(2, [exposure({ settings: bad })])]);
    expect(again.next.exposures).toEqual({});
    expect(again.entries).toMatchObject([
      {
        kind: 'rejected',
        code: 'BIP421',
        reason: expect.stringContaining('the next try is after 1970-01-01T00:01:00.000Z'),
      },
    ]);
  });

  test('lets the fence move on', () => {
    const state = afterRefusal(EMPTY_STATE, slice(7, [exposure({ settings: bad })]));
    expect(state.owners[owner]?.version.counter).toBe(7);
  });

  test('does not keep the others waiting', () => {
    const state = afterRefusal(EMPTY_STATE, slice(1, [exposure({ settings: bad })]));
    const p = plan(state, [slice(2, [exposure({ settings: bad }), exposure({ port: 2 })])]);
    expect(Object.keys(p.next.exposures)).toEqual(['172.16.100.195:2/tcp']);
  });

  test('is tried at once when its structure changes, and forgotten when it is accepted', () => {
    const state = afterRefusal(EMPTY_STATE, slice(1, [exposure({ settings: bad })]));
    const fixed = plan(state, [slice(2, [exposure()])]);
    expect(kinds(fixed.entries)).toEqual(['create']);
    expect(fixed.next.owners[owner]).not.toHaveProperty('quarantine');
  });

  test('is not tried again because its members come and go', () => {
    const state = afterRefusal(EMPTY_STATE, slice(1, [exposure({ settings: bad })]));
    const p = plan(state, [
      slice(2, [
        exposure({
          settings: bad,
          members: [{ address: '10.9.9.9', port: 1, availability: 'ready' }],
        }),
      ]),
    ]);
    expect(kinds(p.entries)).toEqual(['rejected']);
  });

  test('is tried when it is asked for, all the same', () => {
    const state = afterRefusal(EMPTY_STATE, slice(1, [exposure({ settings: bad })]));
    expect(
      kinds(
        plan(state, [slice(1, [exposure({ settings: bad })])], { retry: new Set([id]) }).entries,
      ),
    ).toEqual(['create']);
  });

  test('is cleared when the exposure is no longer requested', () => {
    const state = afterRefusal(EMPTY_STATE, slice(1, [exposure({ settings: bad })]));
    expect(plan(state, [slice(2, [])]).next.owners[owner]).not.toHaveProperty('quarantine');
  });

  test('does not hold the address: another owner may have it', () => {
    const state = afterRefusal(EMPTY_STATE, slice(1, [exposure({ settings: bad })]));
    const west = slice(1, [exposure()], {
      owner: 'west/istio-system/gateway',
      clusterUid: 'uid-west',
    });
    expect(plan(state, [west]).next.exposures[key]?.contributions.map((c) => c.owner)).toEqual([
      west.owner,
    ]);
  });
});

describe('an update that the device refused', () => {
  const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
  const moved = [{ address: '10.9.9.9', port: 1, availability: 'ready' as const }];

  test('leaves the last accepted content declared', () => {
    const state = afterRefusal(declared, slice(2, [exposure({ settings: bad })]));
    expect(state.exposures).toEqual(declared.exposures);
    expect(known(state)).toMatchObject({ members: 'follow', tries: 1 });
  });

  test('lets its members follow the pods', () => {
    const state = afterRefusal(declared, slice(2, [exposure({ settings: bad })]));
    const p = plan(state, [slice(3, [exposure({ settings: bad, members: moved })])]);
    expect(kinds(p.entries)).toEqual(['update', 'rejected']);
    expect(p.next.exposures[key]).toMatchObject({
      settings: SETTINGS,
      contributions: [{ members: moved }],
    });
  });

  test('keeps the members as well when these are what is refused', () => {
    const state = afterRefusal(declared, slice(2, [exposure({ members: moved })]));
    expect(known(state)?.members).toBe('kept');
    const p = plan(state, [slice(3, [exposure({ members: [{ ...moved[0]!, port: 2 }] })])]);
    expect(kinds(p.entries)).toEqual(['rejected']);
    expect(p.next.exposures).toEqual(declared.exposures);
  });

  test('is forgotten when the owner goes back to what is declared', () => {
    const state = afterRefusal(declared, slice(2, [exposure({ settings: bad })]));
    const p = plan(state, [slice(3, [exposure()])]);
    expect(kinds(p.entries)).toEqual(['unchanged']);
    expect(known(p.next)).toBeUndefined();
  });
});

describe('a removal that the device refused', () => {
  test('leaves the exposure there until its next try, or until it is wanted again', () => {
    const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const state = afterRefusal(declared, slice(2, []));
    const p = plan(state, [slice(3, [])]);
    expect(kinds(p.entries)).toEqual(['rejected']);
    expect(p.next.exposures).toEqual(declared.exposures);
    expect(kinds(plan(state, [slice(3, [])], { retry: new Set([id]) }).entries)).toEqual([
      'delete',
    ]);
    expect(known(plan(state, [slice(3, [exposure()])]).next)).toBeUndefined();
  });
});

describe('the time of the next try', () => {
  test('doubles from a minute up to an hour', () => {
    let before: Quarantined | undefined;
    const minutes: number[] = [];
    for (let i = 0; i < 9; i++) {
      before = nextQuarantine({ structure: 'x' }, refusal, { before, now: 0 });
      minutes.push(Date.parse(before.next) / 60_000);
    }
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test('starts again for another structure', () => {
    const before = nextQuarantine({ structure: 'x' }, refusal, { before: undefined, now: 0 });
    expect(nextQuarantine({ structure: 'y' }, refusal, { before, now: 0 }).tries).toBe(1);
  });

  test('is reached by the clock, to the millisecond', () => {
    const one = nextQuarantine({ structure: 'x' }, refusal, { before: undefined, now: 0 });
    expect([isRetryDue(one, 59_999), isRetryDue(one, 60_000)]).toEqual([false, true]);
  });
});
