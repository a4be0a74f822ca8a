import type { DeviceError } from '../../shared/bigip/errors.ts';

/** Milliseconds. A fault of the device itself seldom heals in seconds; a busy one does. */
const BACKOFF = { transient: { first: 1_000, longest: 60_000 }, device: { first: 10_000, longest: 300_000 } } as const;

/** No more than 6 tries in a minute in the long run, whatever chance says. */
const LEAST = 1 / 6;

/** Jitter over an exponential ceiling; the device's own wish is the least. */
export function backoff(error: Pick<DeviceError, 'fault' | 'after'> | undefined, receiveCount: number, random: () => number): number {
  const { first, longest } = error?.fault === 'device' ? BACKOFF.device : BACKOFF.transient;
  const ceiling = Math.min(longest, first * 2 ** Math.min(receiveCount - 1, 20));
  return Math.max(error?.after ?? 0, Math.round(ceiling * (LEAST + random() * (1 - LEAST))));
}
