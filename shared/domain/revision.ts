import * as z from 'zod';

/**
 * Later than any machine's clock can be (Linux ends in 2262), so that above every epoch that a clock ever made there is room for all that
 * follow. In milliseconds since 1970.
 */
export const LATEST_EPOCH = Date.UTC(2300, 0, 1);

/**
 * The fence against every late, repeated or replayed event: larger is newer.
 * `epoch` is in milliseconds since 1970 (the start of a watcher's leadership, or directly above the one before), `counter` counts snapshots
 * within it. Only their order means anything: one that lies in the future fences like any other, and is continued.
 */
export const Revision = z.strictObject({
  epoch: z.int().nonnegative(),
  counter: z.int().nonnegative(),
});
export type Revision = Readonly<z.infer<typeof Revision>>;

/** As a watcher sends it: bounded, so that nobody takes the last revision there is. What is declared already is read whatever it says. */
export const ObservedRevision = Revision.extend({
  epoch: z
    .int()
    .nonnegative()
    .max(LATEST_EPOCH, 'is after the year 2300, which no correct clock shows'),
});

/** A slice's version: the snapshot's revision under one configuration, so a new configuration is newer than the same snapshot under the old one. */
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

export function formatRevision(revision: Revision): string {
  return `${revision.epoch}.${revision.counter}`;
}
