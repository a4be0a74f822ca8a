/** What a device answers to a declare that succeeded. */

/** The result of one declare, with what it tells about the next one. */
export interface Declared {
  /** `unchanged`: the device had it already. */
  readonly outcome: 'applied' | 'unchanged';
  /**
   * Milliseconds that the device took, absent if nothing was posted. What the device says itself
   * counts within what was measured.
   */
  readonly took?: number;
  /** Cost of what the device changed, in the unit of its capabilities; absent if it is unknown. */
  readonly cost?: number;
  /** Key of the state that is declared now, for the next declare; absent if it must be read. */
  readonly lockKey?: string;
  /** Milliseconds of the declare that created the partition, if there was one. */
  readonly created?: number;
}
