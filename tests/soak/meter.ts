/** The time from a change in Kubernetes to the device, for each change. */
import type { ServedPorts } from './device.ts';

export interface Lag {
  /** Milliseconds, by the real clock. */
  readonly from: number;
  readonly to: number;
  readonly what: string;
}

export interface Meter {
  /** A newer expectation about the same subject replaces an older one. */
  expect(subject: string, what: string, met: (served: ServedPorts) => boolean): void;
  /** Checks what is expected; `to` is the time of the check. */
  look(served: ServedPorts, to: number): void;
  /** What has not reached the device, with its age. */
  waiting(): readonly { readonly subject: string; readonly from: number }[];
  /** What was replaced before it reached the device. */
  replaced(): number;
}

export function createMeter(now: () => number, note: (lag: Lag) => void): Meter {
  const open = new Map<
    string,
    { readonly from: number; readonly what: string; readonly met: (served: ServedPorts) => boolean }
  >();
  let replaced = 0;
  return {
    expect: (subject, what, met) => {
      if (open.has(subject)) replaced += 1;
      open.set(subject, { from: now(), what, met });
    },
    look: (served, to) => {
      for (const [subject, { from, what, met }] of open)
        if (met(served)) {
          open.delete(subject);
          note({ from, to, what });
        }
    },
    waiting: () => [...open].map(([subject, { from }]) => ({ subject, from })),
    replaced: () => replaced,
  };
}
