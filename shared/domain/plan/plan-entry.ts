export type ChangeKind =
  'create' | 'update' | 'delete' | 'unchanged' | 'superseded' | 'conflict' | 'held' | 'rejected';

/** One line of a plan: what happens to one owner's part of one exposure, and why. */
export interface PlanEntry {
  readonly owner: string;
  readonly key: string;
  readonly kind: ChangeKind;
  readonly code: string;
  readonly reason: string;
  readonly gateways: readonly string[];
  /** Fingerprint of what it asks for, where the device could refuse it. */
  readonly structure?: string;
  /** An update of nothing but members. */
  readonly membersOnly?: boolean;
  /** What its owner should know besides, though nothing is refused. */
  readonly remarks?: readonly Remark[];
}

export interface Remark {
  readonly code: string;
  readonly message: string;
}

const CHANGING: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['create', 'update', 'delete']);

/** Whether the device has anything to do for it. */
export function isChange(entry: PlanEntry): boolean {
  return CHANGING.has(entry.kind);
}

/** Names one owner's change of one exposure. */
export function changeId(change: Pick<PlanEntry, 'owner' | 'key'>): string {
  return `${change.owner} ${change.key}`;
}
