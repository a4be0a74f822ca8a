/** Faults that are active for a time or until they are cleared, each under a name. */
import type { Clock } from '../../../shared/runtime/clock.ts';

/** The active faults. */
export interface Holds {
  readonly clock: Clock;
  /** Prints later that a fault has ended. */
  readonly announce: (sentence: string) => void;
  /** By name: the sentence for `status`, or undefined once the fault has ended. */
  readonly held: Map<string, () => string | undefined>;
  readonly undo: Map<string, () => void>;
}

/** None at first. */
export function createHolds(clock: Clock, announce: Holds['announce']): Holds {
  return { clock, announce, held: new Map(), undo: new Map() };
}

/** Ends the fault; nothing happens if it ended already. */
export function takeBack({ held, undo }: Holds, name: string): void {
  undo.get(name)?.();
  undo.delete(name);
  held.delete(name);
}

/** Only describes the fault: for a time, which `status` counts down. */
export function holdFor(
  { held, clock }: Holds,
  name: string,
  seconds: number,
  sentence: string,
): void {
  const until = clock.now() + seconds * 1000;
  held.set(name, () =>
    clock.now() < until
      ? `${sentence} (${Math.ceil((until - clock.now()) / 1000)} s more)`
      : undefined,
  );
}

/** A fault that ends by itself. */
export interface While {
  readonly seconds: number;
  /** Starts the fault; the response ends it. */
  readonly begin: () => () => void;
  readonly sentence: string;
  readonly over: string;
}

/** Starts the fault, again if it was active already, and clears it when its time is over. */
export function holdWhile(
  holds: Holds,
  name: string,
  { seconds, begin, sentence, over }: While,
): void {
  takeBack(holds, name);
  const end = begin();
  const ended = new AbortController();
  holdFor(holds, name, seconds, sentence);
  holds.undo.set(name, () => {
    ended.abort();
    end();
  });
  void holds.clock.sleep(seconds * 1000, ended.signal).then(() => {
    if (ended.signal.aborted) return;
    takeBack(holds, name);
    holds.announce(over);
  });
}

/** The active faults, as sentences. */
export function conditionsOf({ held }: Holds): readonly string[] {
  return [...held.values()].flatMap((tell) => tell() ?? []);
}
