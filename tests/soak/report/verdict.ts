/** What each curve did, against its limits, in words. */
import type { Recorded } from '../record.ts';
import type { Curve, Series } from './curves.ts';
import { binned, slopeOf, warm, type Life, type Slope } from './slope.ts';

export type Outcome = 'holds' | 'fails' | 'too short';

export interface Verdict {
  readonly curve: string;
  readonly outcome: Outcome;
  readonly words: string;
}

/** How a run is measured; in seconds. */
export interface Measure {
  /** Of the medians between which slopes are taken. */
  readonly bin: number;
  /** The first part of each life, which is left out. */
  readonly warmUp: number;
  /** Of the site, until it has its typical size. */
  readonly filling: number;
  /** The end of the changes: what happens later is rest. */
  readonly until: number;
}

/** A slope over less than this is chance. */
const SHORTEST = 1_200;

export function measureOf({ summary: { parts, seconds } }: Pick<Recorded, 'summary'>): Measure {
  return {
    bin: seconds >= 900 ? 60 : 10,
    warmUp: Math.min(300, seconds * 0.1),
    filling: Math.min(1_200, seconds * 0.2),
    until: parts.changes,
  };
}

export function verdictsOf(curve: Curve, measure: Measure): readonly Verdict[] {
  return curve.series
    .filter(({ lives }) => lives.some((life) => life.length > 0))
    .flatMap((series) => [
      ...slopeVerdicts(curve, series, measure),
      ...levelVerdicts(curve, series),
    ]);
}

/** The points between which slopes are taken. */
export function measured(
  { perProcess }: Pick<Curve, 'perProcess'>,
  { lives }: Pick<Series, 'lives'>,
  { bin, warmUp, filling, until }: Measure,
): readonly Life[] {
  return lives.map((life) => {
    const kept = warm(
      life.filter(({ x }) => x <= until),
      perProcess ? warmUp : filling,
    );
    return binned(kept, bin);
  });
}

function slopeVerdicts(curve: Curve, series: Series, measure: Measure): readonly Verdict[] {
  const { slope: limit } = series.limits;
  if (limit === undefined) return [];
  const slope = slopeOf(measured(curve, series, measure));
  const what = `${curve.title}, ${series.name}`;
  if (!(slope.covered >= SHORTEST))
    return [
      {
        curve: curve.id,
        outcome: 'too short',
        words: `${what}: ${minutes(slope.covered)} are too short for a slope (${minutes(SHORTEST)} are needed)`,
      },
    ];
  const found = `${slopeWords(slope, curve.unit)} over ${minutes(slope.covered)} (limit ${limit})`;
  return [judged(curve, `${what}: ${found}`, slope.value <= limit)];
}

function slopeWords({ value, least, most }: Slope, unit: string): string {
  return `${number(value)} ${unit} an hour (${number(least)} to ${number(most)})`;
}

function levelVerdicts(curve: Curve, { name, lives, limits }: Series): readonly Verdict[] {
  const { level: limit } = limits;
  if (limit === undefined) return [];
  const most = Math.max(...lives.flatMap((life) => life.map(({ y }) => y)));
  const found = `at most ${number(most)} ${curve.unit} (limit ${limit})`;
  return [judged(curve, `${curve.title}, ${name}: ${found}`, most <= limit)];
}

function judged({ id }: Pick<Curve, 'id'>, words: string, holds: boolean): Verdict {
  const outcome = holds ? 'holds' : 'fails';
  return { curve: id, outcome, words: `${words}: ${outcome}` };
}

export function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace('-', '−');
}

function minutes(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} minutes`;
}
