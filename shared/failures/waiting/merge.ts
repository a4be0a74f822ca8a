/** Merges several entries of one group. Pure. */
import { exposureKey } from '../../domain/exposure/exposure.ts';
import type { Slice } from '../../domain/exposure/exposure.ts';
import type { Change } from '../../domain/snapshot/snapshot.ts';
import { compareVersions } from '../../domain/revision.ts';
import { parseEvent, serialiseEvent } from '../../queue/envelope.ts';
import type { EventMeta } from '../../queue/envelope-types.ts';
import { INGRESS_DESIRED, SLICE_EVENTS } from '../../queue/events.ts';
import { QueueError } from '../../queue/port.ts';
import type { StoredChange } from './entry.ts';

/** Takes at least one entry; the newest represents all. */
export function mergeEntries(entries: readonly StoredChange[]): StoredChange {
  const sorted = entries.toSorted(byAge);
  const newest = sorted.at(-1)!;
  if (sorted.length === 1) return newest;
  const since = Math.min(...sorted.map((entry) => entry.since));
  const wanted = newest.kind === 'slice' ? { wanted: wantedBy(sorted), body: bodyOf(sorted) } : {};
  return { ...newest, since, ...wanted };
}

/** Older first: by version, or else by the time of sending. */
function byAge(a: StoredChange, b: StoredChange): number {
  const order = a.version && b.version ? compareVersions(a.version, b.version) : 0;
  return order || a.sentAt - b.sentAt;
}

/** For each exposure, the last time at which its owner requested it. */
function wantedBy(entries: readonly StoredChange[]): Record<string, number> {
  const wanted: Record<string, number> = {};
  for (const [key, at] of entries.flatMap((entry) => Object.entries(entry.wanted ?? {})))
    wanted[key] = Math.max(at, wanted[key] ?? at);
  return wanted;
}

/** By exposure: the sending time of the slice that requests it. */
export function wantedOf({ exposures }: Slice, sentAt: number): Record<string, number> {
  return Object.fromEntries(exposures.map((e) => [exposureKey(e), sentAt]));
}

/** The newest slice with the observed deletions of the older ones, which stay proven. */
function bodyOf(entries: readonly StoredChange[]): string {
  const read = entries.flatMap(({ body }) => {
    const opened = parseEvent(body, SLICE_EVENTS);
    return 'ok' in opened ? [opened.ok] : [];
  });
  const newest = read.at(-1);
  const last = entries.at(-1)!;
  if (newest === undefined) return last.body;
  const changes = changesOf(read.map(({ data }) => data));
  if (changes.length === newest.data.changes.length) return last.body;
  return sealed({ ...newest.data, changes }, newest) ?? last.body;
}

/** Undefined if it does not fit into a message; the removals are then held for approval. */
function sealed(
  slice: Slice,
  { id, cluster, subject, time, traceparent, hops }: EventMeta,
): string | undefined {
  try {
    return serialiseEvent(INGRESS_DESIRED, slice, {
      id,
      cluster,
      subject,
      time,
      traceparent,
      hops,
    });
  } catch (error) {
    if (error instanceof QueueError && error.code === 'Q604') return undefined;
    throw error;
  }
}

/**
 * The newest change of each object, oldest first; a deletion does not prove the removal of a
 * gateway that was created again.
 */
export function changesOf(slices: readonly Slice[]): Change[] {
  const changes = new Map<string, Change>();
  for (const slice of slices) {
    const there = new Set(slice.exposures.flatMap(({ gateways }) => gateways));
    for (const [name, { what, namespace, name: object }] of changes)
      if (what === 'deleted' && there.has(`${namespace}/${object}`)) changes.delete(name);
    for (const change of slice.changes) {
      const name = `${change.kind} ${change.namespace}/${change.name}`;
      changes.delete(name);
      changes.set(name, change);
    }
  }
  return [...changes.values()];
}
