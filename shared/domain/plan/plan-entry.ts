/** What happens to an exposure. */
export type ChangeKind =
  'create' | 'update' | 'delete' | 'unchanged' | 'superseded' | 'conflict' | 'held' | 'rejected';

/** One entry of a plan: the change of one owner's part of one exposure, with the reason. */
export interface PlanEntry {
  readonly owner: string;
  readonly key: string;
  readonly kind: ChangeKind;
  readonly code: string;
  readonly reason: string;
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

const CHANGING: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['create', 'update', 'delete']);

/** Whether the entry changes the device. */
export function isChange(entry: PlanEntry): boolean {
  return CHANGING.has(entry.kind);
}

/** Identifies one owner's change of one exposure. */
export function changeId(change: Pick<PlanEntry, 'owner' | 'key'>): string {
  return `${change.owner} ${change.key}`;
}
