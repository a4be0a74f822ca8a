/**
 * Figures about paths to pods, for metrics. Functions of one process share them through their
 * runtime; they hold plain values, because the functions come from separate bundles.
 */

/** What becomes of a write. */
export const PATH_OUTCOMES = ['written', 'removed', 'refused', 'failed'] as const;
export type PathOutcome = (typeof PATH_OUTCOMES)[number];

/** Numbers of entries by state. */
export const PATH_STATES = ['wanted', 'refused', 'stale', 'held'] as const;
export type PathStates = Readonly<Record<(typeof PATH_STATES)[number], number>>;

/** What is known of one device. */
export interface DevicePathFigures {
  readonly device: string;
  /** Absent until the paths of the device were read. */
  readonly states?: PathStates & { readonly oldestStaleSeconds: number };
  /** Since the start of the process. */
  readonly writes: Readonly<Record<PathOutcome, number>>;
  /** New members that wait for a path. */
  readonly waiting: number;
}

/** One process has at most as many rows as devices in its configuration. */
export interface PathMeter {
  count(device: string, outcome: PathOutcome): void;
  /** After each reading. */
  state(device: string, states: NonNullable<DevicePathFigures['states']>): void;
  /** New members of an ingress that wait after its last slice. */
  wait(device: string, owner: string, members: number): void;
  read(): readonly DevicePathFigures[];
}

interface Row {
  states?: DevicePathFigures['states'];
  readonly writes: Record<PathOutcome, number>;
  readonly waiting: Map<string, number>;
}

/** Counts of one process, by device; devices appear with their first count. */
export function createPathMeter(): PathMeter {
  const rows = new Map<string, Row>();
  const rowOf = (device: string): Row => {
    const known = rows.get(device);
    if (known !== undefined) return known;
    const row: Row = {
      writes: { written: 0, removed: 0, refused: 0, failed: 0 },
      waiting: new Map(),
    };
    rows.set(device, row);
    return row;
  };
  return {
    count: (device, outcome) => {
      rowOf(device).writes[outcome] += 1;
    },
    state: (device, states) => {
      rowOf(device).states = states;
    },
    wait: (device, owner, members) => {
      const { waiting } = rowOf(device);
      if (members === 0) waiting.delete(owner);
      else waiting.set(owner, members);
    },
    read: () =>
      [...rows].map(([device, { states, writes, waiting }]) => ({
        device,
        ...(states && { states }),
        writes: { ...writes },
        waiting: [...waiting.values()].reduce((sum, one) => sum + one, 0),
      })),
  };
}
