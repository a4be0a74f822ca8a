/** Job and result for one partition of one device. */
import type { PartitionReading } from '../../shared/device/reading.ts';
import type { Device } from '../../shared/device/device.ts';
import type { DeviceError } from '../../shared/device/errors.ts';
import type { NewAllocation } from '../../shared/domain/addresses/assign.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { Absence } from '../../shared/domain/snapshot/absence.ts';
import type { SameFleet, FleetOf } from '../../shared/domain/plan/fleet.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { DeferredFences } from '../../shared/domain/plan/deferred-fence.ts';
import type { AddressHolder } from '../../shared/domain/plan/foreign.ts';
import type { PlanEntry, PlanRules } from '../../shared/domain/plan/plan.ts';
import type { OwnerKey } from '../../shared/domain/snapshot/snapshot.ts';
import type { Heard } from '../../shared/domain/steering/silence.ts';
import type { Order } from '../../shared/domain/steering/steering.ts';
import type { Attempt } from '../../shared/queue/dead-letter.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { PaceKeeper } from './pace.ts';

/** The work for one partition of one device. */
export interface PartitionJob {
  readonly device: Device;
  /** The AS3 tenant. */
  readonly partition: string;
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  /** Whether two owners may share an exposure. */
  readonly sameFleet: SameFleet;
  /** Rules of fleets for what their clusters share; absent: there are no fleets. */
  readonly fleetOf?: FleetOf;
  readonly clock: Clock;
  /** False if the function's time is almost over. */
  readonly hasTime: () => boolean;
  /** Rejects with `LeaseLost` if others may have the messages; awaited before each write. */
  readonly prove?: () => Promise<void>;
  /**
   * Whether newer work may wait. If so, the run ends after a step, and the result says for whom it
   * is unfinished. Absent: it never ends early.
   */
  readonly newer?: () => Promise<boolean>;
  /** Orders of people and of audit, with the time at which they were given. */
  readonly orders?: readonly Order[];
  /** Ingresses that are known to be gone. */
  readonly absences?: readonly Absence[];
  /** When clusters were heard outside of the declarations; absent: never. */
  readonly heard?: Heard;
  /**
   * Fences that wait since earlier runs. Its presence permits fences to wait (`PlanRules`); absent:
   * every newer version is declared.
   */
  readonly deferred?: DeferredFences;
  /** Declare even without changes, because the device differs from the declaration. */
  readonly again?: boolean;
  /**
   * Owners whose message was received for the first time. If its version is already declared, it is
   * a replay, and quarantine does not apply.
   */
  readonly firstReceived?: ReadonlySet<string>;
  /** The most recent reading of the partition. */
  readonly reading?: PartitionReading;
  /** Changes to make, by `changeId`; default: all. */
  readonly only?: ReadonlySet<string>;
  /** By `changeId` of a creation: the partition that the exposure leaves. */
  readonly movedFrom?: ReadonlyMap<string, string>;
  /** Other partitions that may not be written, with the reason. */
  readonly closed?: PlanRules['closed'];
  /**
   * Holders of addresses outside the partition; default: those that the device reports as foreign.
   */
  readonly holders?: () => Promise<readonly AddressHolder[]>;
  /** Whether nodes are to be in /Common (as3.md §3.2); undefined: as they are. */
  readonly shareNodes?: boolean;
  /** Node addresses that other partitions have, so that new members with them wait. */
  readonly nodes?: PlanRules['nodes'];
  /** Removals that wait until other partitions free the nodes. */
  readonly waiting?: PlanRules['waiting'];
  /** Which manual changes to keep, and which to undo. */
  readonly overrides?: PlanRules['overrides'];
  /** Detect and keep manual changes before declaring over them. */
  readonly adopting?: boolean;
  /** The capacity observed on the device; absent if unknown. */
  readonly pace?: PaceKeeper;
  /** Newly assigned addresses, which no other owner may have obtained in the meantime. */
  readonly fresh?: readonly NewAllocation[];
  /** Called for each try to declare. */
  readonly onTry?: (one: DeclareTry) => void;
}

/** One attempted declare, for one log line. */
export interface DeclareTry {
  readonly partition: string;
  /** Number of changes in the declare. */
  readonly changes: number;
  /** `applied`, `incomplete` (success, but the device differs), `dropped` (the lease of the messages
   * ended), or an error code. */
  readonly outcome: string;
  /** Milliseconds. */
  readonly took: number;
  /** The message of the error. */
  readonly reason?: string;
}

/** A change that the device refused in this run. */
export interface Rejection {
  readonly error: DeviceError;
  /** All refused declares that contained it, oldest first. */
  readonly attempts: readonly Attempt[];
  /**
   * Refused for the first time, or requested by a replay: causes a dead letter. A retry of a
   * quarantined change does not.
   */
  readonly news: boolean;
}

/** The result for one partition: a result per change, and the declared state. */
export interface PartitionResult {
  readonly partition: string;
  /** Set if Sluice may not write the partition. */
  readonly refused?: { readonly code: string; readonly reason: string };
  /** Result of each change, by `changeId`. */
  readonly entries: ReadonlyMap<string, PlanEntry>;
  readonly rejections: ReadonlyMap<string, Rejection>;
  /** Removals and moves of nodes that approvals allowed. */
  readonly approved: readonly Pick<PlanEntry, 'owner' | 'key'>[];
  /** Owners of changes that were left for a later run, because newer work waits. */
  readonly unfinished?: ReadonlySet<string>;
  /** The state declared now. */
  readonly declared: DeclaredState;
  /** Fences that wait, newer than `declared`; absent if none do. */
  readonly deferred?: DeferredFences;
  /** Addresses of members that are out of rotation, by owner; absent if there are none. */
  readonly drained?: ReadonlyMap<OwnerKey, readonly string[]>;
  /** The slices with their assigned addresses; absent if none were assigned. */
  readonly told?: readonly Slice[];
}
