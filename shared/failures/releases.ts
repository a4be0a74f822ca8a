/**
 * Which releases of a function run, for `sluice doctor` (decision 87): one blob for each function,
 * with the time at which each release was last noted. No decision of the pipeline depends on it.
 */
import * as z from 'zod';
import type { Runtime } from '../host/runtime.ts';
import { RELEASE_TEXT, VERSION } from '../runtime/version.ts';
import type { Blobs } from './blobs.ts';
import { createOptionalWrites } from './optional-writes.ts';
import { readJson } from './read.ts';

/** Prefix of these blobs in the failure store. */
export const RELEASES = 'releases/';

/** Functions that note their release; the names of the blobs. */
export const NOTING_FUNCTIONS = ['map', 'apply', 'replay'] as const;
/** One of {@link NOTING_FUNCTIONS}. */
export type NotingFunction = (typeof NOTING_FUNCTIONS)[number];

/** Milliseconds between two notes of one process. */
export const NOTE_INTERVAL_MS = 5 * 60_000;
/** Releases of one function; those noted longest ago are dropped. */
const MAX_RELEASES = 10;
/** Only about the last minutes, so a writer that loses more often than this gives up. */
const MAX_RACES = 5;

/** Fields that a later release adds are left out. */
const ReleasesBlob = z.object({
  format: z.literal(1),
  releases: z.record(z.string().max(64).regex(RELEASE_TEXT), z.iso.datetime()),
});

/** When a release of a function was last noted. */
export interface NotedRelease {
  readonly release: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Both reject with a ReplayError RPL700 if the storage is unavailable. */
export interface ReleaseStore {
  /** Writes nothing if another process of this release noted it within the last minutes. */
  note(name: NotingFunction, release: string): Promise<void>;
  /** The newest note first; empty if none was noted, or if the blob cannot be read. */
  of(name: NotingFunction): Promise<readonly NotedRelease[]>;
}

/** Keeps the notes in blobs below `releases/`. `now`: milliseconds since 1970. */
export function createReleaseStore(blobs: Blobs, now: () => number): ReleaseStore {
  const keyOf = (name: NotingFunction): string => `${RELEASES}${name}.json`;
  return {
    note: async (name, release) => {
      const key = keyOf(name);
      for (let race = 0; race < MAX_RACES; race++) {
        const blob = await blobs.get(key);
        const noted = notedIn(blob?.text ?? '');
        const at = now();
        const own = noted.find((one) => one.release === release)?.at;
        // A time ahead of this clock is replaced.
        if (own !== undefined && own <= at && at - own < NOTE_INTERVAL_MS / 2) return;
        const others = noted.filter((one) => one.release !== release);
        const kept = [{ release, at }, ...others].slice(0, MAX_RELEASES);
        const releases = Object.fromEntries(
          kept.map((one) => [one.release, new Date(one.at).toISOString()]),
        );
        const condition = blob === undefined ? 'absent' : { tag: blob.tag };
        const text = JSON.stringify({ format: 1, function: name, releases });
        if ((await blobs.put(key, text, condition)) !== undefined) return;
      }
    },
    of: async (name) => notedIn((await blobs.get(keyOf(name)))?.text ?? ''),
  };
}

/** What another version wrote counts as nothing noted. */
function notedIn(text: string): readonly NotedRelease[] {
  const { data } = ReleasesBlob.safeParse(readJson(text));
  return Object.entries(data?.releases ?? {})
    .map(([release, at]) => ({ release, at: Date.parse(at) }))
    .sort((a, b) => b.at - a.at);
}

/** Notes the release of a function while it works. */
export interface ReleaseNote {
  /** At most every five minutes, and never rejects: a missing note harms nobody. */
  note(): Promise<void>;
}

/** `open` is called on first use. A dry run writes nothing. */
export function createReleaseNote(
  runtime: Pick<Runtime, 'clock' | 'log' | 'dryRun'>,
  open: () => Promise<{ readonly releases: ReleaseStore }>,
  name: NotingFunction,
): ReleaseNote {
  const { clock } = runtime;
  let notedAt = Number.NEGATIVE_INFINITY;
  const writeIfPossible = createOptionalWrites(
    runtime,
    'the failure store cannot keep which release runs; doctor does not know it',
  );
  return {
    note: async () => {
      if (clock.monotonic() - notedAt < NOTE_INTERVAL_MS) return;
      const before = notedAt;
      notedAt = clock.monotonic();
      const work = async (): Promise<void> => (await open()).releases.note(name, VERSION);
      if (!(await writeIfPossible({ function: name }, work))) notedAt = before;
    },
  };
}
