/** AS3's lock for the whole device: while one client holds it, all others are refused. */
export interface Lock {
  /** Returns a release function, or undefined if it is held. */
  take(): (() => void) | undefined;
  /** Simulates another client (CIS, Terraform, a person) that holds it for this long. */
  holdFor(ms: number): void;
  clear(): void;
  held(): boolean;
}

export function createLock(now: () => number): Lock {
  let holder: symbol | undefined;
  let foreignUntil = 0;
  const held = (): boolean => holder !== undefined || now() < foreignUntil;
  return {
    take(): (() => void) | undefined {
      if (held()) return undefined;
      const mine = Symbol('holder');
      holder = mine;
      return (): void => {
        if (holder === mine) holder = undefined;
      };
    },
    holdFor(ms): void {
      foreignUntil = now() + ms;
    },
    clear(): void {
      holder = undefined;
      foreignUntil = 0;
    },
    held,
  };
}
