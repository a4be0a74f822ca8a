/** What happens to an exposure. */
export type ChangeKind =
  'create' | 'update' | 'delete' | 'unchanged' | 'superseded' | 'conflict' | 'held' | 'rejected';

/** One entry of a plan: the change of one owner's part of one exposure, with the reason. */
export interface PlanEntry {
  /** `cluster/namespace/service`. */
  readonly owner: string;
  /** `address:port/protocol`. */
  readonly key: string;
  readonly kind: ChangeKind;
  /** `OK`, or why it is not done. */
  readonly code: string;
  /** A clause for results and Events. */
  readonly reason: string;
  /** `namespace/name`; whose authors should hear of it. */
  readonly gateways: readonly string[];
  /** Fingerprint of the request, if the device could refuse it. */
  readonly structure?: string;
  /** Only members change. */
  readonly membersOnly?: boolean;
  /** Information for the owner; nothing is refused. */
  readonly remarks?: readonly Remark[];
}

/** Information for an owner, with its code. */
export interface Remark {
  readonly code: string;
  readonly message: string;
}

/** The reason why a removal is held. */
export interface HeldRemoval {
  readonly code: string;
  readonly reason: string;
}

/** Kinds of entries that change the device; the others only inform. */
const CHANGING: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['create', 'update', 'delete']);

/** Whether the entry changes the device. */
export function isChange(entry: PlanEntry): boolean {
  return CHANGING.has(entry.kind);
}

/**
 * The latest entry of each change, by `changeId`; "unchanged" after a change is not reported.
 */
export function joinEntries(
  first: Iterable<PlanEntry>,
  second: Iterable<PlanEntry>,
): ReadonlyMap<string, PlanEntry> {
  const all = new Map([...first].map((entry) => [changeId(entry), entry]));
  for (const entry of second) {
    const id = changeId(entry);
    if (entry.kind !== 'unchanged' || !all.has(id)) all.set(id, entry);
  }
  return all;
}

/** Identifies one owner's change of one exposure. */
export function changeId(change: Pick<PlanEntry, 'owner' | 'key'>): string {
  return `${change.owner} ${change.key}`;
}
