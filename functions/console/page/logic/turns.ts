/** Work that must not run twice at once. Pure. */

/** Takes turns until nobody waits for another one. */
export interface Turns {
  readonly isUnderWay: () => boolean;
  /** While it is under way, one more turn follows. */
  readonly take: () => Promise<void>;
}

/** `rest`: after the last turn, and also after one that failed. */
export function takeTurns(work: () => Promise<void>, rest: () => void): Turns {
  let isUnderWay = false;
  let isWanted = false;
  const take = async (): Promise<void> => {
    isWanted = true;
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      while (isWanted) {
        isWanted = false;
        await work();
      }
    } finally {
      isUnderWay = false;
      rest();
    }
  };
  return { isUnderWay: () => isUnderWay, take };
}
