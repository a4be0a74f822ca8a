/** Revisions of snapshots and versions of slices, and their order. */
import * as z from 'zod';

/**
 * Milliseconds since 1970; later than any clock can be (Linux ends in 2262), so that above every
 * epoch of a clock there is room for more.
 */
export const LATEST_EPOCH = Date.UTC(2300, 0, 1);

/**
 * The fence against late, repeated or replayed events: larger is newer. `epoch` is in milliseconds
 * since 1970 (the start of a watcher's leadership, or directly above the previous epoch), and
 * `counter` counts snapshots within it. Only their order matters: an epoch in the future fences
 * like any other, and is continued.
 */
export const Revision = z.strictObject({
  epoch: z.int().nonnegative(),
  counter: z.int().nonnegative(),
});
export type Revision = Readonly<z.infer<typeof Revision>>;

/**
 * As a watcher sends it: bounded, so that no event can use the last possible revision. Declared
 * revisions are read without the bound.
 */
export const ObservedRevision = Revision.extend({
  epoch: z
    .int()
    .nonnegative()
    .max(LATEST_EPOCH, 'is after the year 2300, which no correct clock shows'),
});

/**
 * A slice's version: the snapshot's revision and the configuration generation, so that a new
 * configuration is newer for the same snapshot.
 */
export const Version = z.strictObject({ ...Revision.shape, generation: z.int().nonnegative() });
export type Version = Readonly<z.infer<typeof Version>>;

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export function compareRevisions(a: Revision, b: Revision): number {
  return a.epoch - b.epoch || a.counter - b.counter;
}

/** As {@link compareRevisions}, then by configuration generation. */
export function compareVersions(a: Version, b: Version): number {
  return compareRevisions(a, b) || a.generation - b.generation;
}

/** `epoch.counter`, for instance `1714000000000.3`. */
export function formatRevision(revision: Revision): string {
  return `${revision.epoch}.${revision.counter}`;
}
