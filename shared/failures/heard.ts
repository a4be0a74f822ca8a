/**
 * When clusters were last heard, for events whose fence is not declared (decision 62). Silence
 * depends on it, so a failure to write it is never ignored.
 */
import * as z from 'zod';
import type { Heard } from '../domain/steering/silence.ts';
import type { Runtime } from '../host/runtime.ts';
import { errorCode, errorMessage } from '../telemetry/errors.ts';
import type { Blobs } from './blobs.ts';
import { ReplayError } from './error.ts';
import { digest } from './identity.ts';
import { readJson } from './read.ts';

/** Prefix of these blobs in the failure store. */
export const HEARD = 'heard/';

/** One blob for each device: time of the newest event by cluster. */
const HeardBlob = z.strictObject({
  format: z.literal(1),
  device: z.string(),
  clusters: z.record(z.string(), z.iso.datetime()),
});
type HeardBlob = Readonly<z.infer<typeof HeardBlob>>;

/** Clusters of one device; the ones that were heard longest ago are dropped. */
const MAX_CLUSTERS = 1_000;
const MAX_RACES = 20;

/** Both reject with a ReplayError RPL700 if the storage is unavailable. */
export interface HeardStore {
  /** By cluster: time of its newest event for this device. */
  of(device: string): Promise<ReadonlyMap<string, string>>;
  /** `heard`: by cluster; replaces what was noted, because a clock may have been wrong. */
  note(device: string, heard: ReadonlyMap<string, string>): Promise<void>;
}

/** Keeps the times in blobs below `heard/`. */
export function createHeardStore(blobs: Blobs): HeardStore {
  const keyOf = (device: string): string => `${HEARD}${digest(device).slice(0, 16)}.json`;
  const fetch = async (
    key: string,
  ): Promise<{ readonly tag?: string; readonly clusters: HeardBlob['clusters'] }> => {
    const blob = await blobs.get(key);
    if (blob === undefined) return { clusters: {} };
    // What another version wrote counts as nothing heard, and is replaced.
    const { data } = HeardBlob.safeParse(readJson(blob.text));
    return { tag: blob.tag, clusters: data?.clusters ?? {} };
  };
  return {
    of: async (device) => new Map(Object.entries((await fetch(keyOf(device))).clusters)),
    note: async (device, heard) => {
      const key = keyOf(device);
      for (let race = 0; race < MAX_RACES; race++) {
        const { tag, clusters } = await fetch(key);
        const next = { format: 1, device, clusters: withHeard(clusters, heard) };
        const condition = tag === undefined ? 'absent' : { tag };
        if ((await blobs.put(key, JSON.stringify(next), condition)) !== undefined) return;
      }
      throw new ReplayError(
        'RPL700',
        `When the clusters of device ${device} were heard changed ${MAX_RACES} times in ` +
          `${blobs.where} while it was being written; check that the server supports If-Match.`,
      );
    },
  };
}

/** Adds newer times; if there are more than MAX_CLUSTERS, the oldest are dropped. */
function withHeard(
  known: HeardBlob['clusters'],
  heard: ReadonlyMap<string, string>,
): HeardBlob['clusters'] {
  const all = Object.entries({ ...known, ...Object.fromEntries(heard) });
  return Object.fromEntries(
    all.toSorted(([, a], [, b]) => (a < b ? 1 : -1)).slice(0, MAX_CLUSTERS),
  );
}

/** For readers: `unknown` if the store does not answer, which is logged. */
export function heardFrom(
  open: () => Promise<{ readonly heard: HeardStore }>,
  { log }: Pick<Runtime, 'log'>,
): (device: string) => Promise<Heard> {
  return async (device) => {
    try {
      return await (await open()).heard.of(device);
    } catch (error) {
      log.warn(
        { device, code: errorCode(error), error: errorMessage(error) },
        'the failure store does not say when clusters were last heard; silence is unknown',
      );
      return 'unknown';
    }
  };
}
