/** What operations know about one partition of a device. */
import type { DeviceFacts, MemberHealth } from '../../device/device.ts';
import type { MissingReference } from '../../device/references.ts';
import type { PathView } from './path-view.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';

/** A partition that was read. */
export interface AnsweringPartition {
  readonly device: string;
  readonly partition: string;
  readonly state: DeclaredState;
  /** Duration of the read; absent if the device was not asked. */
  readonly milliseconds?: number;
  /** RFC 3339: when it was seen; absent if the device was asked now. */
  readonly at?: string;
  readonly facts?: DeviceFacts;
  /** What monitors say; absent if nobody asked, or the device does not say it. */
  readonly health?: readonly MemberHealth[];
  /** The paths of the device; absent if nobody asked, or there are none. */
  readonly paths?: PathView;
  /** Modules of which none is provisioned, although declared settings need one of them. */
  readonly lacking?: readonly MissingReference[];
}

/** A partition that could not be read, with code and message. */
export interface UnansweredPartition {
  readonly device: string;
  readonly partition: string;
  readonly code: string;
  readonly problem: string;
}

/** A partition, read or not; only one that was read has a `state`. */
export type DeclaredPartitionView = AnsweringPartition | UnansweredPartition;
