/** Draws what a run recorded: a page with its verdict, and each curve as a file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecorded, type FaultNote, type Recorded } from '../record.ts';
import { curvesOf, type Curve } from './curves.ts';
import { pageOf } from './page.ts';
import { ROWS, svgOf, type Limit, type Mark } from './svg.ts';
import { measureOf, verdictsOf, type Verdict } from './verdict.ts';

export interface Report {
  /** For a terminal. */
  readonly lines: readonly string[];
  readonly holds: boolean;
}

/** Writes `report.html` and `curves/*.svg` into the folder of the run. */
export function writeReport(folder: string): Report {
  const recorded = readRecorded(folder);
  const measure = measureOf(recorded);
  const curves = curvesOf(recorded, measure.bin)
    .filter(({ series }) => series.some(({ lives }) => lives.some((life) => life.length > 0)))
    .map((curve) => ({ curve, svg: drawn(curve, recorded) }));
  const verdicts = curves.flatMap(({ curve }) => verdictsOf(curve, measure));
  const { checks } = recorded.summary;
  const holds =
    checks.every((check) => check.holds) && verdicts.every(({ outcome }) => outcome !== 'fails');
  mkdirSync(join(folder, 'curves'), { recursive: true });
  for (const { curve, svg } of curves)
    writeFileSync(join(folder, 'curves', `${curve.id}.svg`), `${svg}\n`);
  const page = join(folder, 'report.html');
  writeFileSync(page, pageOf({ recorded, curves, verdicts, measure, holds }));
  return {
    holds,
    lines: [
      ...checks.map((check) => verdictLine(check.holds, `${check.what}: ${check.found}`)),
      ...verdicts
        .filter(({ outcome }) => outcome !== 'too short')
        .map(({ outcome, words }) => verdictLine(outcome !== 'fails', words)),
      ...shortLines(verdicts),
      `${holds ? 'Everything holds' : 'Something fails'}: ${page}`,
    ],
  };
}

function verdictLine(holds: boolean, words: string): string {
  return `${holds ? 'holds' : 'FAILS'}  ${words}`;
}

/** The page has each of them. */
function shortLines(verdicts: readonly Verdict[]): readonly string[] {
  const { length } = verdicts.filter(({ outcome }) => outcome === 'too short');
  return length === 0 ? [] : [`The run was too short for ${length} slopes.`];
}

function drawn(curve: Curve, { faults, summary }: Recorded): string {
  return svgOf({
    title: curve.title,
    unit: curve.unit,
    series: curve.series,
    limits: limitsOf(curve),
    marks: [...faults.map(markOf), ...partMarks(summary.parts)],
    seconds: summary.ended,
  });
}

/** One for each level; it names its series if there are several levels. */
function limitsOf({ series }: Curve): readonly Limit[] {
  const levels = Map.groupBy(
    series.filter(({ limits }) => limits.level !== undefined),
    ({ limits }) => limits.level ?? 0,
  );
  return [...levels].map(([value, of]) => ({
    value,
    ...(of.length < series.length && { of: of.map(({ name }) => name).join(', ') }),
  }));
}

const LINES: Readonly<Record<string, Mark['line']>> = {
  'process killed': 'kill',
  'a day passes': 'day',
};

function markOf({ at, until, kind, hit }: FaultNote): Mark {
  const name = hit === undefined ? kind : `${kind}: ${hit}`;
  const row = ROWS.find((one) => kind.startsWith(one.toLowerCase())) ?? 'clock';
  const line = LINES[kind];
  return { from: at, to: until, name, row, ...(line !== undefined && { line }) };
}

function partMarks(parts: Recorded['summary']['parts']): readonly Mark[] {
  return Object.entries(parts)
    .filter(([part]) => part !== 'calm')
    .map(([part, at]) => ({ from: at, to: at, line: 'part', name: `${part} end` }));
}
