/** AS3's lock for the whole device: while one client holds it, all others are refused. */
export interface Lock {
  /** Returns a release function, or undefined if it is held. */
  take(): (() => void) | undefined;
  /** Simulates another client (CIS, Terraform, a person) that holds it for this long. */
  holdFor(ms: number): void;
  clear(): void;
  /** Milliseconds since 1970 since which it is held; undefined if it is free. */
  since(): number | undefined;
}

/** `now`: milliseconds; decides when a lock that a foreign client was given runs out. */
export function createLock(now: () => number): Lock {
  let holder: symbol | undefined;
  let foreignUntil = 0;
  let taken = 0;
  const since = (): number | undefined =>
    holder !== undefined || now() < foreignUntil ? taken : undefined;
  return {
    take(): (() => void) | undefined {
      if (since() !== undefined) return undefined;
      const mine = Symbol('holder');
      holder = mine;
      taken = now();
      return (): void => {
        if (holder === mine) holder = undefined;
      };
    },
    holdFor(ms): void {
      taken = now();
      foreignUntil = taken + ms;
    },
    clear(): void {
      holder = undefined;
      foreignUntil = 0;
    },
    since,
  };
}
