/**
 * How much goes into one declare: as much as the device does in a fraction of its limit, by what it
 * took before. Pure. See decision 66.
 */
import type { DeclareSize } from '../../shared/device/capabilities.ts';

/** What was learnt about one device. Costs are in the unit of `size`. */
export interface Pace {
  /** The cost that a declare may have after the device gave up on one. */
  readonly most: number;
  /** Monotonic time of the last change of `most`. */
  readonly since: number;
  /** The cost that a declare may have as measured; never less than that of the first step. */
  readonly step: number;
  /** Milliseconds that one unit of cost takes; undefined until measured. */
  readonly perUnit: number | undefined;
  /** What an exposure took that was posted with it; undefined if that is unknown. */
  readonly perPosted: Rates['perPosted'];
  /** A part of the time is known to be for what is posted, not for units. */
  readonly posting: boolean;
  /** A declare of next to nothing, by partition: none is shorter. */
  readonly fixed: Readonly<Record<string, SmallDeclare>>;
  /** The limits of this kind of device. */
  readonly size: Pick<DeclareSize, 'most' | 'exposure' | 'giveUpMs'>;
}

/** A declare of few lines: its milliseconds, and the exposures that it posted. */
interface SmallDeclare {
  readonly took: number;
  readonly posted: number;
}

/** What a declare took beyond a small one. */
interface Rates {
  /** Milliseconds for each unit of cost, if only these took time. */
  readonly perUnit: number;
  /** Milliseconds for each exposure posted beyond those of a small declare, likewise. */
  readonly perPosted: number | undefined;
}

/** Keeps the pace of one device for the lifetime of the process. */
export interface PaceKeeper {
  pace: Pace;
}

/** A declare that succeeded. */
export interface Measured {
  readonly partition: string;
  /** As planned. */
  readonly cost: number;
  /** What the device did, if it says: less if a part was there already. */
  readonly done?: number | undefined;
  /** Milliseconds. */
  readonly took: number;
  /** Exposures of the whole partition, of which only some changed; absent if unknown. */
  readonly posted?: number;
}

/** What a step costs may take this share of the device's limit. */
const MAX_TIME_SHARE = 0.4;
/** How much larger the next step may be. */
const GROWTH_FACTOR = 4;
/** Twice fourfold; with AS3, 1,600 whole exposures. */
const MAX_GROWTH_FACTOR = GROWTH_FACTOR ** 2;
/** Up to this share of the first step takes no noticeable time, so the rest is the fixed cost. */
const FIXED_COST_SHARE = 0.1;
/** From this share of the first step on, its time can be told from the fixed cost. */
const MEASURABLE_SHARE = 0.5;
/** A unit that takes up to this much longer than before may be chance. */
const SCATTER_FACTOR = 2;
/** The same of an exposure that is posted. */
const POSTED_SCATTER_FACTOR = 1.25;
/** A size that is still too large costs the device its whole limit, so it is tried rarely. */
const GROW_AFTER_MS = 60 * 60_000;

/** Nothing was learnt yet. */
export function fullPace(size: Pace['size']): Pace {
  const { most } = size;
  return {
    most: most * MAX_GROWTH_FACTOR,
    since: 0,
    step: most,
    perUnit: undefined,
    perPosted: undefined,
    posting: false,
    fixed: {},
    size,
  };
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

/** The largest cost of the next declare. */
export function stepOf({ most, step }: Pace): number {
  return Math.min(most, step);
}

/** An hour after the device was too slow for a size it may have twice as much, and so on. */
export function paceAt(pace: Pace, monotonic: number): Pace {
  const largest = pace.size.most * MAX_GROWTH_FACTOR;
  return pace.most < largest && monotonic - pace.since >= GROW_AFTER_MS
    ? { ...pace, most: Math.min(largest, pace.most * 2), since: monotonic }
    : pace;
}

/** The device gave up: a quarter of the size from now on, but at least one exposure. */
export function slower(pace: Pace, monotonic: number): Pace {
  const most = Math.max(pace.size.exposure, Math.floor(stepOf(pace) / 4));
  return { ...pace, most, since: monotonic };
}

/**
 * The pace after a declare that succeeded. Its fixed cost never makes a step smaller, because
 * smaller steps would only pay it more often.
 */
export function measured(pace: Pace, one: Measured): Pace {
  const { partition, cost, done, took, posted = 0 } = one;
  const first = pace.size.most;
  const known = pace.fixed[partition];
  if (Math.max(cost, done ?? cost) <= FIXED_COST_SHARE * first) {
    // What changes nothing on the device takes less than the smallest change.
    const isWhole = known === undefined || done !== 0;
    return isWhole ? withFixed(pace, partition, { took, posted }) : pace;
  }
  // Without a small declare, all of it counts as cost of units.
  const small = known ?? { took: 0, posted };
  const fixed = { ...small, took: Math.min(small.took, took) };
  const before = known === undefined ? pace : withFixed(pace, partition, fixed);
  // The planned cost is an estimate. Much less: a part was there already.
  const counted = done !== undefined && done < cost / 2 ? done : cost;
  const left = took - fixed.took;
  if (!isTelling(pace, left, counted)) return before;
  const rates = believed(pace, ratesOf(left, counted, posted - small.posted));
  return { ...before, ...rates, step: nextStep(before, rates.perUnit, counted) };
}

/** Enough units, or so slow ones that it shows. */
function isTelling({ size }: Pace, left: number, counted: number): boolean {
  const { most: first } = size;
  return (
    counted >= MEASURABLE_SHARE * first ||
    (counted > FIXED_COST_SHARE * first && left > stepMs({ size }))
  );
}

/** `more`: exposures posted beyond those of a small declare. */
function ratesOf(left: number, counted: number, more: number): Rates {
  return { perUnit: left / counted, perPosted: more > 0 ? left / more : undefined };
}

function withFixed(pace: Pace, partition: string, one: SmallDeclare): Pace {
  return { ...pace, fixed: { ...pace.fixed, [partition]: one } };
}

/**
 * A little more may be chance and counts by half; much more, or less, counts as it is. If a unit
 * took longer but an exposure that was posted did not, the device is no slower: more was posted. If
 * it took much longer, that is known from then on, and units count by half. Never less than that.
 */
function believed(before: Pace, seen: Rates): Pick<Pace, 'perPosted' | 'posting'> & Rates {
  const { perUnit, perPosted = Infinity } = seen;
  const { perPosted: postedBefore = 0 } = before;
  const isSlower = perPosted > POSTED_SCATTER_FACTOR * postedBefore;
  const known = before.perUnit ?? perUnit;
  const isMuch = perUnit > SCATTER_FACTOR * known;
  if (!isSlower && (before.posting || perUnit > known)) {
    const posting = before.posting || isMuch;
    const believable = posting ? perUnit / 2 : Math.max(known, perUnit / 2);
    return { perUnit: believable, perPosted: Math.min(postedBefore, perPosted), posting };
  }
  const isChance = perUnit > known && !isMuch;
  return { ...seen, perUnit: isChance ? (known + perUnit) / 2 : perUnit, posting: false };
}

/**
 * The lines of the next step, at least `size.most` and growing at most by fixed factors, so that
 * one fast declare does not lead to a step that is too large.
 */
function nextStep({ step, size }: Pace, perUnit: number, counted: number): number {
  const allowed = Math.max(size.most, Math.floor(stepMs({ size }) / perUnit));
  return allowed < step
    ? allowed
    : Math.max(step, Math.min(allowed, counted * GROWTH_FACTOR, size.most * MAX_GROWTH_FACTOR));
}

function stepMs({ size }: Pick<Pace, 'size'>): number {
  return MAX_TIME_SHARE * size.giveUpMs;
}

/** Milliseconds that a declare of this cost will probably take; undefined if unknown. */
export function expectedTime(
  { fixed, perUnit, size }: Pace,
  partition: string,
  cost: number,
): number | undefined {
  const base = fixed[partition]?.took;
  if (base === undefined && (perUnit === undefined || cost < MEASURABLE_SHARE * size.most))
    return undefined;
  return (base ?? 0) + (perUnit ?? 0) * cost;
}
