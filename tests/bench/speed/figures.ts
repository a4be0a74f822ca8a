/** The figures of a row of the speed table, and the sizes and times at which they are measured. */

export interface Figure {
  /** Unique within its row, such as `seconds` or `declares`. */
  readonly id: string;
  /** Its description for people. */
  readonly what: string;
  readonly value: number;
  readonly unit: 's' | 'ms' | 'declares' | 'MB' | 'KB' | 'MiB' | 'tries';
  /** The least that is possible, measured in the same run, in the same unit. */
  readonly floor?: number;
}

/** Sizes and times of one run. */
export interface Scale {
  /** Milliseconds of one declare, whatever it contains. */
  readonly declareMs: number;
  /** Milliseconds of one write to a member or node. */
  readonly writeMs: number;
  /** Milliseconds that each posted virtual server adds, in the row that mentions them. */
  readonly perServerMs: number;
  /** Exposures of a small, a middle and a large ingress. */
  readonly sizes: readonly [number, number, number];
  /** New ports at once. */
  readonly burst: number;
  /** Ports that arrive one by one, and milliseconds between two of them. */
  readonly arrivals: { readonly count: number; readonly everyMs: number };
  /**
   * Milliseconds for which the device is busy, and the number of changes that arrive meanwhile, one
   * by one.
   */
  readonly outage: { readonly ms: number; readonly changes: number };
  /** How often a short measurement is repeated. */
  readonly runs: number;
  /**
   * Milliseconds without changes over which processor time is counted, after a pause of the same
   * length.
   */
  readonly restMs: number;
  /** Milliseconds without a declare after which no more is expected. */
  readonly quietMs: number;
  /** Milliseconds from the deletion of a pod until its object is removed. */
  readonly graceMs: number;
  /** `ingresses[].drainSeconds`; 30 by default. */
  readonly drainSeconds: number;
}

export const FULL: Scale = {
  declareMs: 3_000,
  writeMs: 250,
  perServerMs: 20,
  sizes: [10, 200, 1_000],
  burst: 1_000,
  arrivals: { count: 60, everyMs: 1_000 },
  outage: { ms: 60_000, changes: 6 },
  runs: 5,
  restMs: 60_000,
  quietMs: 4_000,
  graceMs: 5_000,
  drainSeconds: 30,
};

/** The same on a small scale, to check that everything works. */
export const QUICK: Scale = {
  declareMs: 300,
  writeMs: 25,
  perServerMs: 2,
  sizes: [3, 10, 30],
  burst: 30,
  arrivals: { count: 5, everyMs: 200 },
  outage: { ms: 3_000, changes: 2 },
  runs: 2,
  restMs: 3_000,
  quietMs: 2_000,
  graceMs: 500,
  drainSeconds: 2,
};

export interface Row {
  /** For `--only` and for files of figures. */
  readonly id: string;
  title(scale: Scale): string;
  /** What simulates the device, and what the floor is. */
  meter(scale: Scale): string;
  /** Duration of a run in seconds (approximate). */
  seconds(scale: Scale): number;
  run(scale: Scale, options: RunOptions): Promise<readonly Figure[]>;
}

export interface RunOptions {
  /** Folder for processor profiles (`--cpu-prof`) and logs of every `sluice up`; must exist. */
  readonly profile: string | undefined;
}
