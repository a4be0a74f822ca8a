/** Virtual servers of other programs, with what Sluice would do differently. */
import type { AddressHolder } from '../domain/plan/foreign.ts';

/** A virtual server outside the partitions of Sluice. Values are in Sluice's words. */
export interface ForeignServer extends AddressHolder {
  readonly port: number;
  /** Method of its pool; absent without a pool. */
  readonly balance?: string;
  /** Paths of the monitors of its pool. */
  readonly monitors: readonly string[];
  /** Methods, or paths of profiles. */
  readonly persistence: readonly string[];
  /** `auto`, `none`, or the path of a SNAT pool. */
  readonly snat: string;
}
