/**
 * How fast a curve grows, so that outliers, saw-teeth and restarts do not decide: the median of the
 * slopes between all pairs of points (Theil and Sen), of pairs within one life only.
 */
import { median } from '../../bench/measure.ts';

/** `x` in seconds since the start of the run. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Points without a restart between them, in order. */
export type Life = readonly Point[];

export interface Slope {
  /** Per hour; NaN with fewer than two points in each life. */
  readonly value: number;
  /**
   * Where the slope is in nine of ten cases: by ranks, with fewer points the more each is like the
   * one before it.
   */
  readonly least: number;
  readonly most: number;
  /** Seconds that the lives cover together. */
  readonly covered: number;
  readonly points: number;
}

/** Of the normal distribution: a tenth is outside. */
const Z = 1.645;

export function slopeOf(lives: readonly Life[]): Slope {
  const slopes = lives.flatMap(slopesWithin).toSorted((a, b) => a - b);
  const value = median(slopes);
  const spread =
    Z *
    Math.sqrt(lives.reduce((sum, life) => sum + variance(life.length) * likeness(life, value), 0));
  const at = (rank: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
  return {
    value,
    least: at((slopes.length - spread) / 2),
    most: at((slopes.length + spread) / 2),
    covered: lives.reduce((sum, life) => sum + spanOf(life), 0),
    points: lives.reduce((sum, { length }) => sum + length, 0),
  };
}

function slopesWithin(life: Life): readonly number[] {
  return life.flatMap((a, i) => life.slice(i + 1).map((b) => ((b.y - a.y) / (b.x - a.x)) * 3_600));
}

/** Of Kendall's number of rising pairs among `n` points without a trend. */
function variance(n: number): number {
  return (n * (n - 1) * (2 * n + 5)) / 18;
}

/**
 * By how much a saw-tooth or a wave makes chance larger than independent points would: (1 + r) / (1
 * - r), r being the correlation of neighbours around the slope.
 */
function likeness(life: Life, slope: number): number {
  const level = life.map(({ x, y }) => y - (slope * x) / 3_600);
  const middle = level.reduce((sum, y) => sum + y, 0) / level.length;
  const rest = level.map((y) => y - middle);
  const power = rest.reduce((sum, y) => sum + y * y, 0);
  if (!(power > 0)) return 1;
  const shared = rest.slice(1).reduce((sum, y, i) => sum + y * (rest[i] ?? 0), 0);
  const r = Math.min(0.95, Math.max(0, shared / power));
  return (1 + r) / (1 - r);
}

export function spanOf(life: Life): number {
  return (life.at(-1)?.x ?? 0) - (life[0]?.x ?? 0);
}

/** One value of each interval that has any, at its middle; by default the median. */
export function binned(
  life: Life,
  seconds: number,
  valueOf: (values: readonly number[]) => number = median,
): Life {
  const bins = Map.groupBy(life, ({ x }) => Math.floor(x / seconds));
  return [...bins].map(([bin, points]) => ({
    x: (bin + 0.5) * seconds,
    y: valueOf(points.map(({ y }) => y)),
  }));
}

/** Without the first `seconds` of the life, in which caches fill. */
export function warm(life: Life, seconds: number): Life {
  const from = (life[0]?.x ?? 0) + seconds;
  return life.filter(({ x }) => x >= from);
}
