/** A plan in the making. */
import type { SameFleet } from './claims.ts';
import type { DeclaredExposure, DeclaredState } from './declared.ts';
import type { PlanEntry } from './entry.ts';
import { changeId } from './entry.ts';
import type { Holder } from './foreign.ts';
import type { OwnerDraft } from './owner-draft.ts';
import { openRecord } from './owner-draft.ts';
import type { OverrideRules } from './overrides.ts';
import type { Quarantined } from './record.ts';
import type { Approval } from '../steering/steering.ts';

/** What the plan has to respect besides the slices. Sets and maps of changes go by `changeId`. */
export interface PlanRules {
  readonly sameFleet: SameFleet;
  /** Milliseconds since 1970; absent where the plan is only shown. */
  readonly now?: number;
  /** Changes this declare may make; everything else stays as it is declared. Absent: all. */
  readonly only?: ReadonlySet<string>;
  /** What the device refused since the state was read. */
  readonly refused?: ReadonlyMap<string, Quarantined>;
  /** Quarantined changes to try all the same. */
  readonly retry?: ReadonlySet<string>;
  /** What holds addresses outside this partition; absent where nobody looked: then the device will say so. */
  readonly holders?: readonly Holder[];
  /** Changes that come from another partition of the device, and which. */
  readonly movedFrom?: ReadonlyMap<string, string>;
  /** Partitions of the device that cannot be written, and why: nothing moves there. */
  readonly closed?: ReadonlyMap<string, { readonly code: string; readonly reason: string }>;
  readonly approvals?: readonly Approval[];
  /** What was changed by hand and is to be kept, and whether all that was kept goes back. */
  readonly overrides?: Omit<OverrideRules, 'now'>;
  /** Whether the device's nodes are to stand in /Common; absent: as declared. */
  readonly shareNodes?: boolean;
}

export interface Draft {
  readonly partition: string;
  readonly declared: DeclaredState;
  readonly rules: PlanRules;
  readonly now: number;
  readonly owners: Map<string, OwnerDraft>;
  readonly exposures: Map<string, DeclaredExposure>;
  readonly entries: PlanEntry[];
}

export function openDraft(partition: string, declared: DeclaredState, rules: PlanRules): Draft {
  const owners = Object.entries(declared.owners).map(([owner, record]) => [owner, openRecord(record)] as const);
  return { partition, declared, rules, now: rules.now ?? 0, owners: new Map(owners), exposures: new Map(Object.entries(declared.exposures)), entries: [] };
}

export function isAllowed({ rules }: Draft, change: Pick<PlanEntry, 'owner' | 'key'>): boolean {
  return rules.only?.has(changeId(change)) ?? true;
}

/** The exposures that an owner has a part in, with its gateways. */
export function ownedBy(draft: Draft, owner: string): readonly Owned[] {
  return [...draft.exposures].flatMap(([key, exposure]) => {
    const mine = exposure.contributions.find((c) => c.owner === owner);
    return mine ? [{ key, exposure, gateways: mine.gateways }] : [];
  });
}

export interface Owned {
  readonly key: string;
  readonly exposure: DeclaredExposure;
  readonly gateways: readonly string[];
}
