/** What a run writes down, one JSON object a line, so that it can be drawn later and again. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** Seconds since the start of the run. */
const Time = z.number().nonnegative();

export const Sample = z.strictObject({
  t: Time,
  /** By name; those that do not run are missing. Mebibytes and seconds. */
  processes: z.record(
    z.string(),
    z.strictObject({
      pid: z.int(),
      rss: z.number(),
      handles: z.int(),
      cpu: z.number(),
      heap: z.number().optional(),
    }),
  ),
  /** Bytes of each place that is written to, and files in it. */
  disk: z.record(z.string(), z.strictObject({ bytes: z.number(), files: z.int() })),
  /** Absent while the queue cannot be asked. */
  queue: z
    .strictObject({ waiting: z.int(), inFlight: z.int(), dead: z.int(), oldest: z.number() })
    .optional(),
  /** Failures that need somebody, and all that are stored. */
  failures: z.strictObject({ open: z.int(), stored: z.int() }).optional(),
  /** Since the start, by outcome. */
  declares: z.strictObject({ changed: z.int(), unchanged: z.int(), refused: z.int() }),
  /** Virtual servers on the device. */
  servers: z.int(),
  /** Changes that have not reached the device. */
  pending: z.int(),
  /** Load of the machine over a minute. */
  load: z.number(),
  /** Mebibytes of the process that plays the lab. */
  lab: z.number(),
});
export type Sample = z.infer<typeof Sample>;

/** A fault as it happened. */
export const FaultNote = z.strictObject({
  at: Time,
  until: Time,
  kind: z.string(),
  hit: z.string().optional(),
});
export type FaultNote = z.infer<typeof FaultNote>;

/** A change that reached the device. */
export const LagNote = z.strictObject({ from: Time, to: Time, what: z.string() });
export type LagNote = z.infer<typeof LagNote>;

/** A condition that the end of the run must meet. */
export const Check = z.strictObject({ what: z.string(), found: z.string(), holds: z.boolean() });
export type Check = z.infer<typeof Check>;

export const Summary = z.strictObject({
  seed: z.int(),
  seconds: z.number(),
  queue: z.enum(['sqlite', 'postgres']),
  node: z.string(),
  /** Seconds since the start at which each part ended. */
  parts: z.strictObject({
    calm: z.number(),
    kills: z.number(),
    faults: z.number(),
    changes: z.number(),
  }),
  /** The run ended here, with the rest after convergence. */
  ended: Time,
  /** The days by which the clock of the site was moved. */
  days: z.number(),
  changes: z.int(),
  checks: z.array(Check),
});
export type Summary = z.infer<typeof Summary>;

const FILES = {
  samples: ['samples.jsonl', Sample],
  faults: ['faults.jsonl', FaultNote],
  lags: ['lags.jsonl', LagNote],
} as const;
const SUMMARY = 'summary.json';

export interface Recorder {
  sample(sample: Sample): void;
  fault(fault: FaultNote): void;
  lag(lag: LagNote): void;
  summary(summary: Summary): void;
}

/** Throws if the folder has a run already. */
export function createRecorder(folder: string): Recorder {
  mkdirSync(folder, { recursive: true });
  const pathOf = (name: string): string => join(folder, name);
  if (existsSync(pathOf(FILES.samples[0])))
    throw new Error(`${folder} has a run already; name another folder with --out`);
  const append =
    (name: string) =>
    (row: object): void =>
      appendFileSync(pathOf(name), `${JSON.stringify(row)}\n`);
  return {
    sample: append(FILES.samples[0]),
    fault: append(FILES.faults[0]),
    lag: append(FILES.lags[0]),
    summary: (summary) =>
      writeFileSync(pathOf(SUMMARY), `${JSON.stringify(summary, undefined, 2)}\n`),
  };
}

export interface Recorded {
  readonly samples: readonly Sample[];
  readonly faults: readonly FaultNote[];
  readonly lags: readonly LagNote[];
  readonly summary: Summary;
}

export function readRecorded(folder: string): Recorded {
  const path = join(folder, SUMMARY);
  if (!existsSync(path))
    throw new Error(`${folder} has no ${SUMMARY}: name the folder of a run that ended`);
  return {
    samples: rowsOf(folder, ...FILES.samples),
    faults: rowsOf(folder, ...FILES.faults),
    lags: rowsOf(folder, ...FILES.lags),
    summary: Summary.parse(JSON.parse(readFileSync(path, 'utf8'))),
  };
}

function rowsOf<T>(folder: string, name: string, schema: z.ZodType<T>): readonly T[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => schema.parse(JSON.parse(line)));
}
