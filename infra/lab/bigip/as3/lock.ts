/** AS3's one lock for the whole device: whoever holds it, everybody else is turned away. */
export interface Lock {
  /** A release function, or undefined while somebody holds it. */
  take(): (() => void) | undefined;
  /** Another poster (CIS, Terraform, a person) holds it for this long. */
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
