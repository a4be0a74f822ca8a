/**
 * Something that is made when it is first needed. Clients of AWS and of BIG-IP take longer to
 * import than all other code of a function, so a cold start imports only those that it uses.
 */
export interface Lazy<T> {
  /** Makes it once. A failure is not kept: the next call tries again. */
  get(): Promise<T>;
  /** Runs `close` with what was made; does nothing if nothing was. */
  close(close: (made: T) => void | Promise<void>): Promise<void>;
}

/** `make` is called with the first `get`. If it rejects, so does `get`. */
export function lazily<T>(make: () => Promise<T>): Lazy<T> {
  let made: Promise<T> | undefined;
  return {
    get: () => {
      if (made !== undefined) return made;
      const making = make();
      made = making;
      making.catch(() => {
        if (made === making) made = undefined;
      });
      return making;
    },
    close: async (close) => {
      const present = await made?.catch(() => undefined);
      if (present !== undefined) await close(present);
    },
  };
}
