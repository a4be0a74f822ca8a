/** What several wait for at once, so that none of them waits for ever, nor for what hung before it came. */

/** Rejects with `late()` when it takes longer; what it was about goes on unheard. */
export function within<T>(work: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), milliseconds);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

export interface SharedCall<T> {
  /** Joins what is under way, or begins it. */
  get(): Promise<T>;
  /** What is under way is broken off, and its result is nobody's. */
  abandon(): void;
}

export interface SharedCallOptions {
  /** Milliseconds; then it is abandoned, and whoever comes next begins anew. */
  readonly limit: number;
  /** Milliseconds: who joins one that has run for so long does not share its failure, but begins anew. */
  readonly late: number;
  readonly tooLong: () => Error;
}

export function shareCall<T>(
  make: (signal: AbortSignal) => Promise<T>,
  { limit, late, tooLong }: SharedCallOptions,
): SharedCall<T> {
  let current:
    | { readonly begun: number; readonly controller: AbortController; readonly result: Promise<T> }
    | undefined;
  const begin = (): Promise<T> => {
    const controller = new AbortController();
    const result = within(make(controller.signal), limit, tooLong).finally(() => {
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
      if (performance.now() - begun < late) return result;
      return result.catch(() => (current ? current.result : begin()));
    },
    abandon: () => {
      current?.controller.abort();
      current = undefined;
    },
  };
}
