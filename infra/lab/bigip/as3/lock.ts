/** AS3's lock for the whole device: while one client holds it, all others are refused. */
export interface Lock {
  /** Returns a release function, or undefined if it is held. */
  take(): (() => void) | undefined;
  /** Simulates another client (CIS, Terraform, a person) that holds it for this long. */
  holdFor(ms: number): void;
  /** A client made the object by hand, with this time in it. */
  make(since: number): void;
  clear(): void;
  /** Milliseconds since 1970 since which it is there; undefined if it is free. */
  since(): number | undefined;
}

/** AS3 removes an older one, but only to take it for a declare or a dry run. */
const ENDS_AFTER_MS = 120_000;

/** `now`: milliseconds; decides when a lock that a foreign client was given runs out. */
export function createLock(now: () => number): Lock {
  let holder: symbol | undefined;
  /** Of another client; `until` is missing if nothing but its age ends it. */
  let foreign: { readonly since: number; readonly until?: number } | undefined;
  let taken = 0;
  const since = (): number | undefined => {
    if (holder !== undefined) return taken;
    return foreign === undefined || now() >= (foreign.until ?? Infinity)
      ? undefined
      : foreign.since;
  };
  return {
    take(): (() => void) | undefined {
      if (foreign?.until === undefined && now() - (foreign?.since ?? 0) > ENDS_AFTER_MS)
        foreign = undefined;
      if (since() !== undefined) return undefined;
      const mine = Symbol('holder');
      holder = mine;
      taken = now();
      return (): void => {
        if (holder === mine) holder = undefined;
      };
    },
    holdFor(ms): void {
      foreign = { since: now(), until: now() + ms };
    },
    make(time): void {
      foreign = { since: time };
    },
    clear(): void {
      holder = undefined;
      foreign = undefined;
    },
    since,
  };
}
