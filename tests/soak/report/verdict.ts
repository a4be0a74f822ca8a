/** What each curve did, against its limits, in words. */
import type { Recorded } from '../record.ts';
import type { Curve, Series } from './curves.ts';
import { binned, slopeOf, warm, type Life, type Slope } from './slope.ts';

/** `unsure`: it grew faster than its limit allows, but that may be chance. */
export type Outcome = 'holds' | 'fails' | 'unsure' | 'too short';

type Judged = Exclude<Outcome, 'too short'>;

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
const SHORTEST = 900;

export function measureOf({ summary: { parts, seconds } }: Pick<Recorded, 'summary'>): Measure {
  return {
    bin: seconds >= 900 ? 60 : 10,
    // V8 takes that long to use the space that it may.
    warmUp: Math.min(900, seconds * 0.25),
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
  { perProcess, floor }: Pick<Curve, 'perProcess' | 'floor'>,
  { lives }: Pick<Series, 'lives'>,
  { bin, warmUp, filling, until }: Measure,
): readonly Life[] {
  return lives.map((life) => {
    const kept = warm(
      life.filter(({ x }) => x <= until),
      perProcess ? warmUp : filling,
    );
    return floor === true ? binned(kept, bin, (values) => Math.min(...values)) : binned(kept, bin);
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
  return [judged(curve, `${what}: ${found}`, slopeOutcome(slope, limit))];
}

function slopeOutcome({ value, least }: Slope, limit: number): Judged {
  if (value <= limit) return 'holds';
  return least > limit ? 'fails' : 'unsure';
}

function slopeWords({ value, least, most }: Slope, unit: string): string {
  return `${number(value)} ${unit} an hour (${number(least)} to ${number(most)})`;
}

function levelVerdicts(curve: Curve, { name, lives, limits }: Series): readonly Verdict[] {
  const { level: limit } = limits;
  if (limit === undefined) return [];
  const most = Math.max(...lives.flatMap((life) => life.map(({ y }) => y)));
  const found = `at most ${number(most)} ${curve.unit} (limit ${limit})`;
  return [judged(curve, `${curve.title}, ${name}: ${found}`, most <= limit ? 'holds' : 'fails')];
}

const WORDS: Readonly<Record<Judged, string>> = {
  holds: 'holds',
  fails: 'fails',
  unsure: 'cannot be told from chance; run longer',
};

function judged({ id }: Pick<Curve, 'id'>, words: string, outcome: Judged): Verdict {
  return { curve: id, outcome, words: `${words}: ${WORDS[outcome]}` };
}

export function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace('-', '−');
}

function minutes(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} minutes`;
}
