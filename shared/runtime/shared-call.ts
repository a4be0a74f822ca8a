/**
 * Calls shared by several callers, with time limits, so that no caller waits forever or for a call
 * that hung before it joined.
 */

/**
 * Rejects with `late()` after the time limit; the underlying work continues, and its result is
 * ignored.
 */
export function within<T>(work: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), milliseconds);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** A call whose result concurrent callers share. Nothing is cached after it ends. */
export interface SharedCall<T> {
  /** Joins the call in progress, or starts one. */
  get(): Promise<T>;
  /** Aborts the call in progress and ignores its result. */
  abandon(): void;
}

/** Time limits; `tooLong` creates the error for callers of an abandoned call. */
export interface SharedCallOptions {
  /** Milliseconds after which a call is abandoned, and the next caller starts a new one. */
  readonly limitMs: number;
  /**
   * Milliseconds after which joining callers do not share the failure of a call but start a new
   * one.
   */
  readonly lateMs: number;
  readonly tooLong: () => Error;
}

/** `make` gets a signal that is aborted when the call ends or is abandoned. */
export function shareCall<T>(
  make: (signal: AbortSignal) => Promise<T>,
  { limitMs, lateMs, tooLong }: SharedCallOptions,
): SharedCall<T> {
  let current:
    | { readonly begun: number; readonly controller: AbortController; readonly result: Promise<T> }
    | undefined;
  const begin = (): Promise<T> => {
    const controller = new AbortController();
    const result = within(make(controller.signal), limitMs, tooLong).finally(() => {
      controller.abort();
      if (current?.result === result) current = undefined;
    });
    current = { begun: performance.now(), controller, result };
    return result;
  };
  return {
    get: () => {
      if (current === undefined) return begin();
      const { begun, result } = current;
      if (performance.now() - begun < lateMs) return result;
      return result.catch(() => (current ? current.result : begin()));
    },
    abandon: () => {
      current?.controller.abort();
      current = undefined;
    },
  };
}
