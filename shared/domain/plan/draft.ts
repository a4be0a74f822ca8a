/** A plan under construction. */
import type { SameFleet, FleetOf } from './fleet.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import type { LiveNode } from '../express/node.ts';
import type { HeldRemoval, PlanEntry } from './plan-entry.ts';
import type { DeferredFences } from './deferred-fence.ts';
import { changeId } from './plan-entry.ts';
import { NO_FLEETS } from './fleet.ts';
import type { AddressHolder } from './foreign.ts';
import { byPlainAddress } from './foreign.ts';
import type { OwnerDraft } from './owner-draft.ts';
import { openRecord } from './owner-draft.ts';
import type { OverrideRules } from './overrides.ts';
import type { Drain, Quarantined } from '../declared/owner-record.ts';
import type { NodesElsewhere } from './nodes-elsewhere.ts';
import type { SharingRules } from './shared-exposure.ts';
import type { Absence } from '../snapshot/absence.ts';
import type { Heard } from '../steering/silence.ts';
import type { Order } from '../steering/steering.ts';

/** Inputs of the plan besides the slices. Sets and maps of changes are keyed by `changeId`. */
export interface PlanRules {
  readonly sameFleet: SameFleet;
  /** Default: clusters of a fleet share equally, and the oldest decides. */
  readonly fleetOf?: FleetOf;
  /** Milliseconds since 1970; absent if the plan is only displayed. */
  readonly now?: number;
  /** Changes that this declare may make; all others stay as declared. Default: all. */
  readonly only?: ReadonlySet<string>;
  /** Changes that the device refused since the state was read. */
  readonly refused?: ReadonlyMap<string, Quarantined>;
  /** Quarantined changes to retry. */
  readonly retry?: ReadonlySet<string>;
  /**
   * Holders of addresses outside this partition; absent if they were not read: conflicts are then
   * detected by the device.
   */
  readonly holders?: readonly AddressHolder[];
  /** Changes that move from another partition of the device, with that partition. */
  readonly movedFrom?: ReadonlyMap<string, string>;
  /** Orders of people and policies, oldest first. They take effect before the slices. */
  readonly orders?: readonly Order[];
  /** When clusters were heard outside of the declaration; absent: never. */
  readonly heard?: Heard;
  /** Inventories with missing ingresses; applied before the slices. */
  readonly absences?: readonly Absence[];
  /** Partitions of the device that cannot be written, with the reason: nothing moves there. */
  readonly closed?: ReadonlyMap<string, { readonly code: string; readonly reason: string }>;
  /**
   * Fences that wait since earlier plans. Its presence permits fences of this plan to wait; absent:
   * every newer version is declared.
   */
  readonly deferred?: DeferredFences;
  /** The nodes of the partition as they are; absent if they were not read. */
  readonly live?: readonly LiveNode[];
  /** Manual changes to keep, and whether to undo all kept ones. */
  readonly overrides?: Omit<OverrideRules, 'now'>;
  /** Whether nodes should be in /Common; default: as declared. */
  readonly shareNodes?: boolean;
  /** Node addresses of the other partitions; default: none. */
  readonly nodes?: NodesElsewhere;
  /** Removals that wait for their new place, by `changeId`. */
  readonly waiting?: ReadonlyMap<string, HeldRemoval>;
}

/** Mutable state of a plan; only the functions in this folder change it. */
export interface PlanDraft {
  /** The one that is planned. */
  readonly partition: string;
  /** The state that the plan starts from; never changed. */
  readonly declared: DeclaredState;
  readonly rules: PlanRules;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Holders of addresses outside this partition, by address. */
  readonly holders: ReadonlyMap<string, readonly AddressHolder[]>;
  /** By owner key. Changed by the steps of the plan. */
  readonly owners: Map<string, OwnerDraft>;
  /** By `address:port/protocol`. */
  readonly exposures: Map<string, DeclaredExposure>;
  /** By address: keys of exposures that are, or were, on it. */
  readonly onAddress: Map<string, Set<string>>;
  /** By cluster. */
  readonly drains: Map<string, Drain>;
  /** By cluster: when the newest order was given, RFC 3339. */
  readonly steered: Map<string, string>;
  /** By cluster: kube-system UIDs that adoptions replaced. */
  readonly replaced: Map<string, readonly string[]>;
  /** What the plan reports, in the order in which it was decided. */
  readonly entries: PlanEntry[];
}

/** A draft that equals the declared state; the steps of the plan then change it. */
export function createDraft(
  partition: string,
  declared: DeclaredState,
  rules: PlanRules,
): PlanDraft {
  const owners = Object.entries(declared.owners).map(
    ([owner, record]) => [owner, openRecord(record)] as const,
  );
  return {
    partition,
    declared,
    rules,
    now: rules.now ?? 0,
    holders: byPlainAddress(rules.holders ?? []),
    owners: new Map(owners),
    exposures: new Map(Object.entries(declared.exposures)),
    onAddress: keysByAddress(declared.exposures),
    drains: new Map(Object.entries(declared.drains ?? {})),
    steered: new Map(Object.entries(declared.steered ?? {})),
    replaced: new Map(Object.entries(declared.replaced ?? {})),
    entries: [],
  };
}

function keysByAddress(exposures: DeclaredState['exposures']): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  for (const [key, { address }] of Object.entries(exposures)) addKey(keys, address, key);
  return keys;
}

/** Notes that the exposure is on the address. */
export function addKey(keys: Map<string, Set<string>>, address: string, key: string): void {
  const there = keys.get(address);
  if (there === undefined) keys.set(address, new Set([key]));
  else there.add(key);
}

/** The part of the rules that decides about shared exposures. */
export function sharingRules({ rules, declared }: PlanDraft): SharingRules {
  return {
    fleetOf: rules.fleetOf ?? NO_FLEETS,
    shareNodes: sharedNodes({ rules, declared }) ?? false,
  };
}

/**
 * Location of the nodes; undefined if undetermined. Nodes in /Common stay there while anything is
 * declared, even if all other partitions are removed from the configuration: AS3 refuses a node in
 * the partition while one with its address is in /Common (as3.md §9.2.4), and with it the whole
 * declaration.
 */
export function sharedNodes({
  rules,
  declared,
}: Pick<PlanDraft, 'rules' | 'declared'>): boolean | undefined {
  if (declared.shareNodes === true && Object.keys(declared.exposures).length > 0) return true;
  return rules.shareNodes ?? declared.shareNodes;
}

/**
 * Whether the plan may make this change. Isolating a refused change restricts the plan to a subset
 * of its changes.
 */
export function isAllowed({ rules }: PlanDraft, change: Pick<PlanEntry, 'owner' | 'key'>): boolean {
  return rules.only?.has(changeId(change)) ?? true;
}

/** The exposures to which an owner contributes, with its gateways. */
export function exposuresOwnedBy(draft: PlanDraft, owner: string): readonly OwnedExposure[] {
  return [...draft.exposures].flatMap(([key, exposure]) => {
    const mine = exposure.contributions.find((c) => c.owner === owner);
    return mine ? [{ key, exposure, gateways: mine.gateways }] : [];
  });
}

/** An exposure with the gateways of one of its owners. */
export interface OwnedExposure {
  /** `address:port/protocol`. */
  readonly key: string;
  readonly exposure: DeclaredExposure;
  /** Those of this owner. */
  readonly gateways: readonly string[];
}
