/** Time of a process, so that tests decide it. */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes: for what people and other machines read. It may be wrong, and step back or ahead. */
  now(): number;
  /** Milliseconds since some moment of this process; it only ever runs on. For durations, pauses and deadlines within the process. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
