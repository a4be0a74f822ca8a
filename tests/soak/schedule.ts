/** What happens to the site and when: a pure function of the seed and the length of the run. */
import { chanceOf } from '../fixtures/chance.ts';

export type QueueKind = 'sqlite' | 'postgres';

/** Every fault, by name. Its weight, and how long it lasts, in seconds. */
interface FaultRow {
  readonly weight: number;
  readonly lasts: readonly [number, number];
  /** Ends or stops a process, so it belongs to the first part of the run. */
  readonly ends?: true;
  /** With this queue only. */
  readonly only?: QueueKind;
}

const FAULTS = {
  'device busy': { weight: 3, lasts: [5, 40] },
  'device loses answers': { weight: 3, lasts: [10, 20] },
  'device away': { weight: 2, lasts: [30, 60] },
  'device fails inside': { weight: 3, lasts: [10, 30] },
  'device restarts': { weight: 2, lasts: [5, 30] },
  'device answers 503': { weight: 2, lasts: [10, 20] },
  'device slow': { weight: 2, lasts: [20, 60] },
  'device forgets logins': { weight: 1, lasts: [1, 1] },
  'device cuts answers': { weight: 1, lasts: [10, 20] },
  'kubernetes disconnects': { weight: 3, lasts: [1, 1] },
  'kubernetes answers 410': { weight: 3, lasts: [1, 1] },
  'kubernetes silent': { weight: 2, lasts: [75, 75] },
  'kubernetes away': { weight: 2, lasts: [5, 30] },
  'kubernetes slow': { weight: 1, lasts: [10, 30] },
  'kubernetes answers 500': { weight: 2, lasts: [10, 30] },
  'queue away': { weight: 2, lasts: [5, 15] },
  'process stalls': { weight: 2, lasts: [5, 30], ends: true },
  'process killed': { weight: 8, lasts: [0.5, 10], ends: true },
  'clock wrong': { weight: 2, lasts: [20, 60] },
  'a day passes': { weight: 3, lasts: [1, 1], only: 'sqlite' },
} as const satisfies Record<string, FaultRow>;

export type FaultKind = keyof typeof FAULTS;

export interface PlannedFault {
  /** Seconds since the start of the run. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Seconds until it is taken back. */
  readonly lasts: number;
  /** Chooses among what the fault may hit; at least 0 and less than 1. */
  readonly choice: number;
}

/** Seconds since the start of the run at which each part ends. */
export interface Parts {
  /** Until then nothing is disturbed. */
  readonly calm: number;
  /** Until then processes are killed and stalled; what lives on from here is long-lived. */
  readonly kills: number;
  readonly faults: number;
  readonly changes: number;
}

export interface Schedule {
  readonly seed: number;
  readonly seconds: number;
  readonly queue: QueueKind;
  readonly parts: Parts;
  readonly faults: readonly PlannedFault[];
}

/** Mean seconds between two faults. */
const FAULT_GAP = 25;
/** Runs shorter than this get a single kill: there is no time to recover from more. */
const SHORT = 60;

export interface ScheduleOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly queue: QueueKind;
}

export function scheduleOf({ seed, seconds, queue }: ScheduleOptions): Schedule {
  const parts: Parts = {
    calm: Math.min(60, seconds * 0.1),
    kills: seconds * 0.45,
    faults: seconds * 0.8,
    changes: seconds * 0.9,
  };
  const base = { seed, seconds, queue, parts };
  const random = chanceOf(seed);
  if (seconds < SHORT)
    return {
      ...base,
      faults: [{ at: seconds * 0.3, kind: 'process killed', lasts: 0.5, choice: random() }],
    };
  const faults: PlannedFault[] = [];
  for (let at = parts.calm; ;) {
    at += FAULT_GAP * (0.3 + 1.4 * random());
    if (at >= parts.faults) break;
    const kind = chooseKind(random(), queue, at < parts.kills);
    const [least, most] = FAULTS[kind].lasts;
    const lasts = least + (most - least) * random();
    const choice = random();
    faults.push({ at, kind, lasts: Math.min(lasts, parts.faults - at), choice });
  }
  return { ...base, faults };
}

function chooseKind(chance: number, queue: QueueKind, mayEnd: boolean): FaultKind {
  const rows = (Object.entries(FAULTS) as readonly [FaultKind, FaultRow][]).filter(
    ([, { only, ends }]) => (only === undefined || only === queue) && (mayEnd || ends !== true),
  );
  let left = chance * rows.reduce((sum, [, { weight }]) => sum + weight, 0);
  const found = rows.find(([, { weight }]) => (left -= weight) < 0) ?? rows[0];
  if (found === undefined) throw new Error('there is no fault to choose');
  return found[0];
}

/** One line for each fault, for people. */
export function scheduleLines({ faults }: Schedule): readonly string[] {
  return faults.map(
    ({ at, kind, lasts }) => `${clockText(at)}  ${kind} (${lasts.toFixed(lasts < 10 ? 1 : 0)} s)`,
  );
}

/** Minutes and seconds. */
export function clockText(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}
