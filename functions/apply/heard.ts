/**
 * When clusters were last heard, for events whose fence waits (decision 62). Without the failure
 * store no fence waits, so the declaration has the time.
 */
import { heardFrom } from '../../shared/failures/heard.ts';
import type { HeardStore } from '../../shared/failures/heard.ts';
import { NOTHING_HEARD } from '../../shared/domain/steering/silence.ts';
import type { Heard } from '../../shared/domain/steering/silence.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';

/** Reads and writes the times of one process. */
export interface HeardKeeper {
  /** False in a dry run, and for a minute after the store failed. */
  isUsable(): boolean;
  /** By cluster: time of its newest event for the device. */
  of(device: string): Promise<Heard>;
  /** Clusters heard now. False if that could not be stored. */
  note(device: string, clusters: readonly string[]): Promise<boolean>;
}

/** Milliseconds without access after the store failed to answer. */
const REST_MS = 60_000;
/** Milliseconds; far below the difference between `silentAfter` (at least 360 s) and a resync. */
const WRITE_INTERVAL_MS = 15_000;

/** `open` is called on first use. */
export function createHeardKeeper(
  runtime: Pick<Runtime, 'clock' | 'log' | 'dryRun'>,
  open: () => Promise<{ readonly heard: HeardStore }>,
): HeardKeeper {
  const { clock, log, dryRun } = runtime;
  const isDry = dryRun === true;
  const read = heardFrom(open, runtime);
  let rest = Number.NEGATIVE_INFINITY;
  /** By device and cluster: when it was written. */
  const written = new Map<string, number>();
  const isUsable = (): boolean => !isDry && clock.monotonic() >= rest;
  const isDue = (id: string): boolean =>
    clock.monotonic() - (written.get(id) ?? Number.NEGATIVE_INFINITY) >= WRITE_INTERVAL_MS;
  return {
    isUsable,
    of: (device) => (isDry ? Promise.resolve(NOTHING_HEARD) : read(device)),
    note: async (device, clusters) => {
      const idOf = (cluster: string): string => `${device} ${cluster}`;
      const due = clusters.filter((cluster) => isDue(idOf(cluster)));
      if (due.length === 0) return true;
      if (!isUsable()) return false;
      const now = new Date(clock.now()).toISOString();
      try {
        const { heard } = await open();
        await heard.note(device, new Map(due.map((cluster) => [cluster, now] as const)));
      } catch (error) {
        rest = clock.monotonic() + REST_MS;
        log.warn(
          { device, code: errorCode(error), error: errorMessage(error) },
          'the failure store cannot keep when clusters were heard; their fences are declared',
        );
        return false;
      }
      for (const cluster of due) written.set(idOf(cluster), clock.monotonic());
      return true;
    },
  };
}
