/** Faults that hold for a time or until they are taken back, each under a name. */
import type { Clock } from '../../../shared/runtime/clock.ts';

export interface Holds {
  readonly clock: Clock;
  /** Says later that something is over. */
  readonly announce: (sentence: string) => void;
  /** By name: what `status` says about it, undefined once it is over. */
  readonly held: Map<string, () => string | undefined>;
  readonly undo: Map<string, () => void>;
}

export function createHolds(clock: Clock, announce: Holds['announce']): Holds {
  return { clock, announce, held: new Map(), undo: new Map() };
}

export function takeBack({ held, undo }: Holds, name: string): void {
  undo.get(name)?.();
  undo.delete(name);
  held.delete(name);
}

/** Only says so: for a time, which `status` counts down. */
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

export interface While {
  readonly seconds: number;
  /** Brings it about; the answer ends it. */
  readonly begin: () => () => void;
  readonly sentence: string;
  readonly over: string;
}

/** Brings something about, anew if it held already, and takes it back when its time is over. */
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

/** What holds now, in sentences. */
export function conditionsOf({ held }: Holds): readonly string[] {
  return [...held.values()].flatMap((tell) => tell() ?? []);
}
