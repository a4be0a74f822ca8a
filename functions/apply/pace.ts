/**
 * Limits the size of one declare: smaller after the device was too slow, and larger again with
 * time. Pure.
 */
import type { DeclareSize } from '../../shared/device/capabilities.ts';

/** The size limit of one declare, learnt from slow ones. */
export interface Pace {
  /** Maximum cost of the changes, in the unit of `size`. */
  readonly most: number;
  /** Monotonic time of the last change. */
  readonly since: number;
  /** The limits of this kind of device. */
  readonly size: Pick<DeclareSize, 'most' | 'exposure'>;
}

/** Keeps the pace of one device for the lifetime of the process. */
export interface PaceKeeper {
  pace: Pace;
}

/**
 * A size that is still too large costs the device more than 30 s, so it is tried
 * rarely.
 */
const GROW_AFTER_MS = 60 * 60_000;

/** No limit was learnt yet. */
export function fullPace(size: Pace['size']): Pace {
  return { most: size.most, since: 0, size };
}

/** Paces by device; apply keeps them as long as the process lives. */
export function createPaces(): (device: string, size: Pace['size']) => PaceKeeper {
  const paces = new Map<string, PaceKeeper>();
  return (device, size) => {
    const keeper = paces.get(device) ?? { pace: fullPace(size) };
    paces.set(device, keeper);
    return keeper;
  };
}

/** An hour after the last change it is twice as much, up to the first figure. */
export function paceAt(pace: Pace, monotonic: number): Pace {
  const { most, since, size } = pace;
  return most < size.most && monotonic - since >= GROW_AFTER_MS
    ? { most: Math.min(size.most, most * 2), since: monotonic, size }
    : pace;
}

/** A quarter of the size, from now on; at least one exposure. */
export function slower({ most, size }: Pace, monotonic: number): Pace {
  return { most: Math.max(size.exposure, Math.floor(most / 4)), since: monotonic, size };
}
