/** The data of the loop for one partition: what it knows, what happened, and what to do next. */
import type { Capabilities } from '../../../shared/device/capabilities.ts';
import type { Declared } from '../../../shared/device/device.ts';
import type { DeclaredPartition, PartitionReading } from '../../../shared/device/reading.ts';
import type { DeviceError } from '../../../shared/device/errors.ts';
import type { MissingReference, Reference } from '../../../shared/device/references.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { OverrideAdoption } from '../../../shared/domain/declared/override.ts';
import type { Quarantined } from '../../../shared/domain/declared/owner-record.ts';
import type { DeferredFences } from '../../../shared/domain/plan/deferred-fence.ts';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import type { AddressHolder } from '../../../shared/domain/plan/foreign.ts';
import type { Plan, PlanEntry } from '../../../shared/domain/plan/plan.ts';
import type { Attempt as FailedAttempt } from '../../../shared/queue/dead-letter.ts';
import type { OwnerKey } from '../../../shared/domain/snapshot/snapshot.ts';
import type { DeclareTry, PartitionJob, PartitionResult, Rejection } from '../job.ts';
import type { Pace } from '../pace.ts';
import type { Spent } from './budgets.ts';
import { NOTHING_SPENT } from './budgets.ts';

/** The inputs of the loop; what the runner needs to reach the device is not among them. */
export interface LoopJob extends Omit<
  PartitionJob,
  'device' | 'clock' | 'hasTime' | 'prove' | 'newer' | 'reading' | 'holders' | 'pace' | 'onTry'
> {
  /** Name of the device, for messages. */
  readonly device: string;
  readonly capabilities: Capabilities;
}

/** When an event happened. */
export interface LoopTime {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds, for durations. */
  readonly monotonic: number;
  /** False if the function's time is almost over. */
  readonly hasTime: boolean;
}

/** What the runner is to do; it answers with the event of the same kind, or `failed`. */
export type Effect =
  | { readonly kind: 'read' }
  /** Read the holders of addresses outside the partition. */
  | { readonly kind: 'holders' }
  /** Read the nodes of the partition. */
  | { readonly kind: 'nodes' }
  /** Find manual changes that are to be kept. */
  | { readonly kind: 'drift'; readonly state: DeclaredState }
  | { readonly kind: 'lookup'; readonly references: readonly Reference[] }
  | {
      readonly kind: 'declare';
      readonly state: DeclaredState;
      readonly lockKey: string | undefined;
      /** Milliseconds that it will probably take. */
      readonly expected?: number;
    }
  | { readonly kind: 'verify'; readonly state: DeclaredState }
  /** Look whether newer work waits, which is better planned together with what is left. */
  | { readonly kind: 'newer' }
  /** Milliseconds. */
  | { readonly kind: 'wait'; readonly time: number }
  /** Drain and restore nodes. */
  | { readonly kind: 'members'; readonly state: DeclaredState };

/** The end of the loop. */
export type End =
  | { readonly kind: 'done'; readonly result: PartitionResult }
  | { readonly kind: 'fail'; readonly error: unknown };

/** What happened. */
export type EventBody =
  | { readonly kind: 'begin' }
  | { readonly kind: 'read'; readonly reading: PartitionReading }
  | { readonly kind: 'holders'; readonly holders: readonly AddressHolder[] }
  | { readonly kind: 'nodes'; readonly nodes: readonly LiveNode[] }
  | { readonly kind: 'drift'; readonly manualChanges: readonly OverrideAdoption[] }
  | { readonly kind: 'lookup'; readonly missing: readonly MissingReference[] }
  | { readonly kind: 'declare'; readonly declared: Declared }
  | { readonly kind: 'verify'; readonly problems: readonly string[] }
  | { readonly kind: 'newer'; readonly waits: boolean }
  | { readonly kind: 'wait' }
  | { readonly kind: 'members' }
  | { readonly kind: 'failed'; readonly error: unknown };
/** What happened, with the time on both clocks. */
export type Event = EventBody & { readonly at: LoopTime };

/** The next state of the loop, and what `run.ts` must do now. */
export interface Step {
  readonly loop: Loop;
  readonly effect: Effect | End;
  /** A declare that ended with this step, for the log. */
  readonly tried?: DeclareTry;
}

/**
 * Where the loop is. `draining`: waits until nodes are out; `guarding`: finds manual changes;
 * `checking references`: finds missing references; `looking`: compares the live objects before it
 * repeats a declare; `quarantining`: a refusal was recorded, and the holders of addresses are read;
 * `looking up`: what AS3 did not find; `pausing`: before the same declare again; `late`: waits for a
 * script that AS3 gave up on; `between`: one step is done and others are left.
 */
export type Phase =
  | 'observing'
  | 'planning'
  | 'draining'
  | 'guarding'
  | 'checking references'
  | 'looking'
  | 'declaring'
  | 'verifying'
  | 'looking up'
  | 'pausing'
  | 'late'
  | 'between'
  | 'quarantining'
  | 'reporting';

/** What is known of the device. */
export interface DeviceKnowledge {
  /** The first reading. */
  readonly before: DeclaredState | undefined;
  /** As last read or declared. */
  readonly state: DeclaredState;
  /** What is declared; valid for one declare. */
  readonly fresh: DeclaredPartition | undefined;
  /** What was just declared and verified, with its key: as good as a reading. */
  readonly own: DeclaredPartition | undefined;
  /** False once the device had another lock key than expected: from then on it is read. */
  readonly trusted: boolean;
  /** Number of readings; a plan from an older reading may be incomplete. */
  readonly readings: number;
  /** The last posted state, whatever its outcome. */
  readonly posted: DeclaredState | undefined;
  /** Read if a new exposure requests an address. */
  readonly holders: readonly AddressHolder[] | undefined;
  /** The nodes of the partition; read if less has to be declared where they are out. */
  readonly nodes: readonly LiveNode[] | undefined;
  /** Manual changes on the device that are to be kept. */
  readonly manualChanges: readonly OverrideAdoption[];
}

/** What is to be reported; by `changeId`, except for fences. */
export interface Results {
  /** The latest result that is meaningful. */
  readonly entries: ReadonlyMap<string, PlanEntry>;
  readonly rejections: ReadonlyMap<string, Rejection>;
  /** Refused declares that contained the change. */
  readonly attempts: ReadonlyMap<string, readonly FailedAttempt[]>;
  /** Refused, and not yet stored in the declaration. */
  readonly refused: ReadonlyMap<string, Quarantined>;
  /** Fences that a plan left out, whether or not a later declare stored them. */
  readonly deferred: DeferredFences;
  /** Addresses of members that are out of rotation, by owner. */
  readonly drained: ReadonlyMap<OwnerKey, readonly string[]>;
}

/** A set of changes to declare together. */
export interface Task {
  readonly changes: readonly PlanEntry[];
  /**
   * An internal fault is attributed to the change that triggers it, because other changes
   * succeeded.
   */
  readonly isolating: boolean;
  /**
   * The set was refused already, so it is not declared again: always, or as long as no more than
   * `ifRefused` changes were refused.
   */
  readonly known?: { readonly fault: DeviceError; readonly ifRefused?: number };
  /** Quarantined before by mistake: a refusal that is stored already does not count. */
  readonly again?: true;
  /** The change that BIG-IP named; it is left out of this task. */
  readonly named?: PlanEntry;
  /** The task is a sample of changes that fail together with an internal fault. */
  readonly sample?: Sample;
}

/**
 * A few changes that are tried alone after an internal fault, to see whether it depends on the
 * change.
 */
export interface Sample {
  readonly fault: DeviceError;
  readonly all: readonly PlanEntry[];
  /** Samples that failed with an internal fault. */
  readonly failed: readonly (readonly [PlanEntry, DeviceError])[];
}

/** Changes to declare, and how far that is. */
export interface Work {
  /** `quarantined`: everything else is done, and refused changes are tried again. */
  readonly phase: 'changes' | 'quarantined';
  /** The plan of the round, while it is that of the next declare. */
  readonly plan: Plan | undefined;
  /** The plan for which the holders of addresses are being read. */
  readonly unchecked: Plan | undefined;
  /** Changes that are not declared yet, in order. */
  readonly rest: readonly PlanEntry[];
  /** What each change costs the device, by `changeId`. */
  readonly costs: ReadonlyMap<string, number>;
  /** Number of changes of `rest` that the tasks are about. */
  readonly part: number;
  /** Declares that are planned for the part, the next one first. */
  readonly tasks: readonly Task[];
  /** Changes refused in this round, and when the part began. */
  readonly refused: number;
  /** The value of `refused` when the part began. */
  readonly refusedBefore: number;
  /** Number of readings when the round was planned. */
  readonly readings: number;
  /** Quarantined changes that are tried again later, one by one, then together. */
  readonly due: readonly PlanEntry[];
  /** Undefined: no quarantined change is tried. */
  readonly trying: 'one' | 'all' | undefined;
  /** Quarantined changes that are tried now, by `changeId`. */
  readonly retry: ReadonlySet<string>;
}

/** One set of changes on its way to the device, repeated until the outcome is known. */
export interface DeclareAttempt {
  /**
   * `fence`: a new version without changes; `proof`: whether a declare without changes succeeds;
   * `store`: refusals that are not stored yet.
   */
  readonly purpose: 'task' | 'fence' | 'proof' | 'store';
  readonly task: Task;
  /** The changes, by `changeId`. */
  readonly only: ReadonlySet<string>;
  /** If nothing changes: do nothing, compare the live objects first, or declare in any case. */
  readonly idle: 'leave' | 'look' | 'declare';
  /** Monotonic time. */
  readonly begun: number;
  /** The reading that is planned on. */
  readonly base: DeclaredPartition | undefined;
  /** The whole target, while `posted` may be the first half of it. */
  readonly next: DeclaredState | undefined;
  /** The first half is declared. */
  readonly half: boolean;
  /** Why it has to be repeated or is refused; of `proof`: what is to be proved. */
  readonly error: DeviceError | undefined;
  /** Of `proof`: the attempt that it is about. */
  readonly about?: DeclareAttempt;
}

/** What a new attempt is for. */
export type AttemptKind = Pick<DeclareAttempt, 'purpose' | 'task' | 'idle'>;

/** The state of the loop. Immutable. */
export interface Loop {
  /** What was asked for; never changes. */
  readonly job: LoopJob;
  /** What the loop does now. */
  readonly phase: Phase;
  /** What the device showed last. */
  readonly seen: DeviceKnowledge;
  /** What has become of each change so far. */
  readonly results: Results;
  /** What is left to do. */
  readonly work: Work;
  /** The declare in progress. */
  readonly attempt: DeclareAttempt | undefined;
  /** Figures that budgets limit. */
  readonly spent: Spent;
  /** How much fits into one declare. */
  readonly pace: Pace;
}

const NO_WORK: Work = {
  phase: 'changes',
  plan: undefined,
  unchecked: undefined,
  rest: [],
  costs: new Map(),
  part: 0,
  tasks: [],
  refused: 0,
  refusedBefore: 0,
  readings: 0,
  due: [],
  trying: undefined,
  retry: new Set(),
};

/** A loop that has not begun. */
export function createLoop(job: LoopJob, pace: Pace): Loop {
  return {
    job,
    phase: 'observing',
    seen: {
      before: undefined,
      state: EMPTY_STATE,
      fresh: undefined,
      own: undefined,
      trusted: true,
      readings: 0,
      posted: undefined,
      holders: undefined,
      nodes: undefined,
      manualChanges: [],
    },
    results: {
      entries: new Map(),
      rejections: new Map(),
      attempts: new Map(),
      refused: new Map(),
      deferred: new Map(),
      drained: new Map(),
    },
    work: NO_WORK,
    attempt: undefined,
    spent: NOTHING_SPENT,
    pace,
  };
}

/** The step to this phase, with what the runner must do in it. */
export function step(loop: Loop, phase: Phase, effect: Effect): Step {
  return { loop: { ...loop, phase }, effect };
}

/** The last step: nothing more can be done. */
export function fail(loop: Loop, error: unknown): Step {
  return { loop, effect: { kind: 'fail', error } };
}
