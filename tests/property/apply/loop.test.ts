/**
 * The loop of apply, run as a pure function. `SLUICE_STEPS=5000000` is for a night.
 *
 * Red with the guard removed: when `withReading` (loop/attempt.ts) keeps the reading, or `accepted`
 * (loop/step.ts) trusts a state that differs, declares are based on old readings; without the
 * budget of rounds or races the loop never ends; when `afterRefusal` (loop/isolate.ts) blames the
 * whole set, accepted changes are rejected; when `work` (loop/step.ts) declares a set that is known
 * to be refused, only the limit on declares fails.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { BUDGETS, isOverBudget } from '../../../functions/apply/loop/budgets.ts';
import type { Spent } from '../../../functions/apply/loop/budgets.ts';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import type { End, Event, LoopJob } from '../../../functions/apply/loop/state.ts';
import { createLoop } from '../../../functions/apply/loop/state.ts';
import { nextStep } from '../../../functions/apply/loop/step.ts';
import { fullPace } from '../../../functions/apply/pace.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import { applicationName } from '../../../shared/bigip/as3/names.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE, isSameContent } from '../../../shared/domain/declared/declared.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { changeId } from '../../../shared/domain/plan/plan.ts';
import { quarantineEntry } from '../../../shared/domain/plan/quarantine.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import type { Fault, Script, ScriptedDevice } from './device.ts';
import { scriptedDevice } from './device.ts';

const STEPS = Number(process.env['SLUICE_STEPS'] ?? 20_000);
const WEST = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const PORTS = 5;
const MOST = BIGIP.declareSize.most;

const port = fc.integer({ min: 1, max: PORTS });
const wishes = fc
  .uniqueArray(
    fc.record({
      port,
      rule: fc.boolean(),
      ratio: fc.boolean(),
      pod: fc.integer({ max: 3, min: 1 }),
    }),
    { maxLength: 4, selector: (wish) => wish.port },
  )
  .map((list) =>
    list.map(({ port: number, rule, ratio, pod }) =>
      exposure({
        port: number,
        settings: {
          ...SETTINGS,
          balance: ratio ? 'ratio-member' : 'round-robin',
          iRules: rule ? ['/Common/rule'] : [],
        },
        members: [{ address: `10.0.${number}.${pod}`, port: 80, availability: 'ready' }],
      }),
    ),
  );
const slices = fc
  .tuple(wishes, wishes)
  .map(([east, west]) => [slice(2, east), slice(2, west, WEST)]);

const REFUSED = { code: 'BIP421', fault: 'content' } as const;
const INNER = { code: 'BIP509', fault: 'ambiguous', hint: 'inner' } as const;
const kinds: readonly Omit<Fault, 'commit' | 'response'>[] = [
  REFUSED,
  INNER,
  { ...REFUSED, hint: 'raced' },
  { ...INNER, hint: 'unsaved' },
  { code: 'BIP505', fault: 'ambiguous' },
  { code: 'BIP505', fault: 'ambiguous', hint: 'slow' },
  { code: 'BIP424', fault: 'content', hint: 'unfound' },
  { code: 'BIP422', fault: 'content' },
  { code: 'BIP430', fault: 'transient' },
  { code: 'BIP503', fault: 'transient' },
];
const fault: fc.Arbitrary<Fault> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    commit: fc.boolean(),
    named: fc.option(port, { nil: undefined }),
  })
  .map(({ kind, commit, named }) => ({
    ...kind,
    // Only a declare without a response may have been carried out.
    commit: commit && kind.fault === 'ambiguous',
    response: named === undefined ? 'unable to find /Common/rule for x' : nameOf(named),
  }));
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 });
const script: fc.Arbitrary<Script> = fc.record({
  bad: fc.uniqueArray(port, { maxLength: 3 }),
  refusal: fc.constantFrom(REFUSED, INNER),
  nameOf: fc.constantFrom(nameOf, () => 'no name'),
  faults: fc.array(rarely(fault), { maxLength: 20 }),
  problems: fc.array(fc.constantFrom(0, 0, 0, 1), { maxLength: 10 }),
  writes: fc.array(fc.constantFrom(false, false, true), { maxLength: 10 }),
  overtakes: fc.array(fc.constantFrom(false, false, true), { maxLength: 10 }),
  newer: fc.array(fc.constantFrom(false, false, true), { maxLength: 5 }),
  missing: fc.array(fc.boolean(), { maxLength: 3 }),
  foreign: fc.uniqueArray(port, { maxLength: 1 }),
});
/** A device that refuses only the bad exposures. */
const honest = script.map((one): Script => ({
  ...one,
  faults: [],
  problems: [],
  writes: [],
  overtakes: [],
  newer: [],
  missing: [],
  foreign: [],
}));

function nameOf(number: number): string {
  return `01070734:3: /k8s/${applicationName(exposure({ port: number }))}/virtual`;
}

const job = (list: readonly Slice[], over: Partial<LoopJob> = {}): LoopJob => ({
  device: 'bigip-1',
  capabilities: BIGIP,
  partition: 'k8s',
  slices: list,
  sameFleet: () => false,
  ...over,
});

interface Outcome {
  readonly end: End;
  readonly steps: number;
}

/**
 * More steps than the budgets allow for this number of changes: in each round every change is at
 * worst in a task of its own, and in as many tasks before that; each is declared in two halves as
 * often as races and redeclares allow, and checked.
 */
function mostSteps(changes: number): number {
  const rounds = BUDGETS.rounds.limit + BUDGETS.retries.limit + 2;
  const tasks = 4 * (changes + BUDGETS.samples.limit);
  const tries = 1 + BUDGETS.races.limit + BUDGETS.redeclares.limit;
  const each = 8 + 2 * BUDGETS.looks.limit;
  return rounds * (BUDGETS.parts.limit + 1) * tasks * tries * each;
}

/** `answer` may also advance the time. `lines`: the maximum lines of a declare. */
function drive(
  given: LoopJob,
  answer: ScriptedDevice['answer'],
  time: () => Event['at'] = () => ({ now: 1_000_000, monotonic: 0, hasTime: true }),
  lines = MOST,
): Outcome {
  const at = time;
  const most = mostSteps(2 * PORTS);
  const pace = { ...fullPace(BIGIP.declareSize), most: lines };
  let step = nextStep(createLoop(given, pace), { kind: 'begin', at: at() });
  for (let steps = 1; ; steps++) {
    const { loop, effect } = step;
    if (effect.kind === 'done' || effect.kind === 'fail') return { end: effect, steps };
    const over = (Object.keys(loop.spent) as (keyof Spent)[]).filter((name) =>
      isOverBudget(loop.spent, name),
    );
    if (over.length > 0) throw new Error(`more ${over.join()} than the table allows`);
    if (steps > most) throw new Error(`not done after ${most} steps`);
    step = nextStep(loop, { ...answer(effect), at: at() });
  }
}

/** As many runs as are needed for this number of steps. */
function during<T>(most: number, inputs: fc.Arbitrary<T>, run: (input: T) => Outcome): void {
  const made = { steps: 0 };
  const counting = fc.property(inputs, (input) => {
    made.steps += run(input).steps;
  });
  while (made.steps < most) fc.assert(counting, { numRuns: 1_200 });
}

/** A device on which the first slices are declared. */
function declared(list: readonly Slice[]): DeclaredState {
  const quiet = scriptedDevice({ ...NO_SCRIPT });
  drive(job(list), (effect) => quiet.answer(effect));
  return quiet.state();
}
const NO_SCRIPT: Script = {
  bad: [],
  refusal: REFUSED,
  nameOf,
  faults: [],
  problems: [],
  writes: [],
  overtakes: [],
  newer: [],
  missing: [],
  foreign: [],
};
const INPUTS = fc.sample(fc.tuple(wishes, wishes), { numRuns: 60 });
let some: readonly DeclaredState[] | undefined;
/** Created by the first test, so that no code of the loop runs while this file is loaded. */
const before = fc.nat({ max: INPUTS.length }).map((i) => {
  some ??= [
    EMPTY_STATE,
    ...INPUTS.map(([east, west]) => declared([slice(1, east), slice(1, west, WEST)])),
  ];
  return some[i] ?? EMPTY_STATE;
});
/** One, two or all changes in one step. */
const lines = fc.constantFrom(5, 10, MOST);

/** Changes of owners that the result calls finished, and that a second run makes again. */
function undone(list: readonly Slice[], { entries, declared: state, unfinished }: PartitionResult) {
  if (unfinished === undefined) return [];
  const quiet = scriptedDevice(NO_SCRIPT, state);
  const { end } = drive(job(list), (effect) => quiet.answer(effect));
  if (end.kind === 'fail') throw end.error;
  const made = ['create', 'update', 'delete'];
  return [...end.result.entries].filter(
    ([id, { kind, owner }]) =>
      !unfinished.has(owner) && made.includes(kind) && made.includes(entries.get(id)?.kind ?? ''),
  );
}

const wanted = (list: readonly Slice[]): readonly string[] =>
  list.flatMap(({ owner, exposures }) =>
    exposures.map((one) => changeId({ owner, key: exposureKey(one) })),
  );
const portOf = (key: string): number => Number(/:(\d+)\//.exec(key)?.[1]);

type Answer = ScriptedDevice['answer'];

/** Responses that are unrelated to what was declared; hours may pass before each. */
function byChance(dice: readonly number[], known: readonly DeclaredState[], how: Fault) {
  let rolls = 0;
  let monotonic = 0;
  const roll = (sides: number): number => (dice[rolls++ % dice.length] ?? 0) % sides;
  const error = new DeviceError(how.code, how.fault, 'chance', how);
  const answer: Answer = ({ kind }) => {
    monotonic += roll(3) * 3_600_000;
    if (roll(4) === 0) return { kind: 'failed', error };
    const state = known[roll(known.length)] ?? EMPTY_STATE;
    switch (kind) {
      case 'read':
        return { kind, reading: { kind: 'ours', declared: { state, lockKey: 'k' } } };
      case 'holders':
        return { kind, holders: [] };
      case 'nodes':
        return { kind, nodes: [] };
      case 'drift':
        return { kind, manualChanges: [] };
      case 'lookup':
        return { kind, missing: [] };
      case 'declare':
        return { kind, declared: { outcome: 'applied', lockKey: 'k' } };
      case 'newer':
        return { kind, waits: roll(3) === 0 };
      case 'verify':
        return { kind, problems: roll(2) === 0 ? [] : ['differs'] };
      default:
        return { kind };
    }
  };
  return { answer, time: () => ({ now: 1_000_000, monotonic, hasTime: true }) };
}

/** Records how often each exposure is declared, and declares that change nothing. */
function counted(device: ScriptedDevice) {
  const arrivals = new Map<string, number>();
  let empty = 0;
  const answer: Answer = (effect) => {
    const old = device.state();
    const happened = device.answer(effect);
    if (happened.kind !== 'declare') return happened;
    if (isSameContent(device.state(), old)) empty += 1;
    for (const key of Object.keys(device.state().exposures))
      if (!(key in old.exposures)) arrivals.set(key, (arrivals.get(key) ?? 0) + 1);
    return happened;
  };
  return { answer, arrivals, empty: () => empty };
}

describe('whatever the device does', () => {
  test('it ends within the budgets, every write follows a reading, and every change has a result', () => {
    const inputs = fc.record({ before, slices, script, again: fc.boolean(), lines });
    during(
      STEPS / 2,
      inputs,
      ({ before: state, slices: list, script: how, again, lines: most }) => {
        const device = scriptedDevice(how, state);
        const given = job(list, { again, adopting: again });
        const outcome = drive(given, (one) => device.answer(one), undefined, most);
        const { end } = outcome;
        expect(device.violations).toEqual([]);
        if (end.kind === 'fail') {
          expect(end.error).toBeInstanceOf(DeviceError);
          return outcome;
        }
        const { entries, rejections, declared: now } = end.result;
        expect(wanted(list).filter((id) => !entries.has(id))).toEqual([]);
        // Each rejection has a reason, and is stored with the declaration.
        const rejected = [...entries].filter(([, { kind }]) => kind === 'rejected');
        const untold = rejected.filter(
          ([id, entry]) => !rejections.has(id) || quarantineEntry(now, entry) === undefined,
        );
        expect(untold).toEqual([]);
        expect(isSameContent(device.state(), now)).toBe(true);
        expect(undone(list, end.result)).toEqual([]);
        return outcome;
      },
    );
  }, 300_000);

  test('it ends even if every answer is unexpected, and hours pass between them', () => {
    const known = fc.array(before, { minLength: 1, maxLength: 3 });
    const dice = fc.array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 40 });
    during(STEPS / 4, fc.tuple(slices, known, dice, fault), ([list, states, rolls, how]) => {
      const { answer, time } = byChance(rolls, states, how);
      return drive(job(list), answer, time);
    });
  }, 300_000);

  test('it stops at the next declare when its time is over', () => {
    fc.assert(
      fc.property(slices, script, fc.nat({ max: 30 }), (list, how, until) => {
        const device = scriptedDevice(how);
        let events = 0;
        let posted = 0;
        const answer: Answer = (effect) => {
          if (events > until && effect.kind === 'declare') posted += 1;
          return device.answer(effect);
        };
        drive(job(list), answer, () => ({ now: 0, monotonic: 0, hasTime: events++ < until }));
        // The declare in progress, in two halves, and the one that proves that a fault does not
        // depend on changes.
        expect(posted).toBeLessThanOrEqual(4);
      }),
      { numRuns: 2_000 },
    );
  }, 60_000);
});

describe('on a device that refuses some exposures only', () => {
  test('these and no others are rejected, the others are declared once, and no declare is empty', () => {
    const inputs = fc.tuple(before, slices, honest, lines);
    during(STEPS / 4, inputs, ([state, list, how, most]) => {
      const there = new Set(Object.keys(state.exposures).map(portOf));
      const bad = how.bad.filter((one) => !there.has(one));
      const device = scriptedDevice({ ...how, bad }, state);
      const { answer, arrivals, empty } = counted(device);
      const outcome = drive(job(list), answer, undefined, most);
      const { end } = outcome;
      expect([...arrivals.values()].filter((times) => times !== 1)).toEqual([]);
      // A declare without changes distinguishes a fault inside the device from one of a change.
      if (how.refusal === REFUSED) expect(empty()).toBe(0);
      if (end.kind === 'fail') {
        // No sample passes: everything waits, and no change is blamed.
        expect(end.error).toMatchObject({ code: 'BIP509', fault: 'transient' });
        return outcome;
      }
      const rejected = [...end.result.entries.values()].filter(({ kind }) => kind === 'rejected');
      expect(rejected.filter(({ key }) => !bad.includes(portOf(key)))).toEqual([]);
      const asked = list.flatMap(({ exposures }) => exposures.map((one) => one.port));
      const live = new Set(Object.keys(device.state().exposures).map(portOf));
      expect(asked.filter((one) => !bad.includes(one) && !live.has(one))).toEqual([]);
      return outcome;
    });
  }, 300_000);

  test('one among many that it does not name costs a number of declares that grows with the logarithm', () => {
    const count = 64;
    for (const bad of [1, 20, 33, 64]) {
      const device = scriptedDevice({ ...NO_SCRIPT, bad: [bad], nameOf: () => 'no name' });
      const list = [
        slice(
          1,
          Array.from({ length: count }, (_, i) => exposure({ port: i + 1 })),
        ),
      ];
      const { end } = drive(job(list), (effect) => device.answer(effect));
      expect(end.kind === 'done' && [...end.result.rejections.keys()].map(portOf)).toEqual([bad]);
      // Each half is declared or known to be refused; then the refusal is stored.
      expect(device.declares()).toBeLessThanOrEqual(2 * Math.log2(count) + 3);
    }
  });
});
