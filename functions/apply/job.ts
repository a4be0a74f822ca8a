/** What is to be done in one partition of one device, and what came of it. */
import type { Device, PartitionReading } from '../../shared/bigip/device.ts';
import type { DeviceError } from '../../shared/bigip/errors.ts';
import type { NewAllocation } from '../../shared/domain/addresses/assign.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { Absence } from '../../shared/domain/snapshot/absence.ts';
import type { SameFleet } from '../../shared/domain/plan/fleet.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { FleetOf } from '../../shared/domain/plan/fleet.ts';
import type { AddressHolder } from '../../shared/domain/plan/foreign.ts';
import type { PlanEntry, PlanRules } from '../../shared/domain/plan/plan.ts';
import type { Order } from '../../shared/domain/steering/steering.ts';
import type { Attempt } from '../../shared/queue/dead-letter.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Pace } from './pace.ts';

export interface PartitionJob {
  readonly device: Device;
  readonly partition: string;
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  readonly sameFleet: SameFleet;
  readonly fleetOf?: FleetOf;
  readonly clock: Clock;
  /** Throws when the function's time is nearly over. */
  readonly checkTime: () => void;
  readonly orders?: readonly Order[];
  readonly absences?: readonly Absence[];
  /** Declare even if nothing changes, because something on the device differs from it. */
  readonly again?: boolean;
  /** Owners whose message came for the first time: at the version that is declared already that is a replay, and quarantine does not hold it. */
  readonly firstReceived?: ReadonlySet<string>;
  /** What was read of the partition just now. */
  readonly reading?: PartitionReading;
  /** Changes to make, by `changeId`; absent: all. */
  readonly only?: ReadonlySet<string>;
  readonly movedFrom?: ReadonlyMap<string, string>;
  readonly closed?: PlanRules['closed'];
  /** What holds addresses outside the partition; absent: what the device calls foreign. */
  readonly holders?: () => Promise<readonly AddressHolder[]>;
  readonly shareNodes?: boolean;
  readonly overrides?: PlanRules['overrides'];
  /** What somebody changed by hand is looked for and kept before anything is declared over it. */
  readonly adopting?: boolean;
  /** What the device has shown to cope with; absent: nothing is known of it. */
  readonly pace?: Pace;
  /** Addresses that were chosen just now: nobody else may have got them meanwhile. */
  readonly fresh?: readonly NewAllocation[];
  readonly onTry?: (one: DeclareTry) => void;
}

/** One declare that was tried: each leaves a line in the log. */
export interface DeclareTry {
  readonly partition: string;
  readonly changes: number;
  /** `applied`, `incomplete` (success, yet the device differs), or the code of what went wrong. */
  readonly outcome: string;
  /** Milliseconds. */
  readonly took: number;
  readonly reason?: string;
}

/** A change that the device refused in this run. */
export interface Rejection {
  readonly error: DeviceError;
  /** Every refused declare that it was part of, oldest first. */
  readonly attempts: readonly Attempt[];
  /** Refused for the first time, or asked for by a replay: worth a dead letter. A quarantined change that was only tried again is not. */
  readonly news: boolean;
}

export interface PartitionResult {
  readonly partition: string;
  /** The whole partition is not ours to write. */
  readonly refused?: { readonly code: string; readonly reason: string };
  /** What became of each change, by `changeId`. */
  readonly entries: ReadonlyMap<string, PlanEntry>;
  readonly rejections: ReadonlyMap<string, Rejection>;
  /** What the approvals were good for. */
  readonly approved: readonly Pick<PlanEntry, 'owner' | 'key'>[];
  /** What is declared now. */
  readonly declared: DeclaredState;
  /** The slices with the addresses that were chosen; absent where none had to be. */
  readonly told?: readonly Slice[];
}
