/**
 * Computes an exposure from its contributions and the fleet, independent of their order. All
 * requested settings are kept, as differences from the effective ones, so that the next owner's
 * apply as soon as the deciding one changes or leaves.
 */
import { overlaySettings, settingKeys, settingValue } from '../exposure/settings/compose.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import type { SameFleet, Fleet, FleetOf, FleetPlacement } from './fleet.ts';
import type { Contribution, DeclaredExposure } from '../declared/declared.ts';
import { isSameContent } from '../declared/declared.ts';
import { fleetPlacement, applyFleetSettings } from './fleet.ts';

type Where = Pick<DeclaredExposure, 'address' | 'port' | 'protocol'>;

/** A contribution with all settings that its owner requests. */
export interface SharedPart {
  readonly contribution: Pick<Contribution, 'owner' | 'gateways' | 'since' | 'members'>;
  readonly requested: Settings;
}

/** Fleets, and whether nodes are shared. */
export interface SharingRules {
  readonly fleetOf: FleetOf;
  readonly shareNodes: boolean;
}

/**
 * Splits an exposure into its contributions, each with the settings that its owner requested. The
 * inverse of joining them.
 */
export function partsOf(e: DeclaredExposure): readonly SharedPart[] {
  return e.contributions.map(({ owner, gateways, since, members, wish }) => ({
    contribution: { owner, gateways, since, members },
    requested: wish ? overlaySettings(e.settings, wish) : e.settings,
  }));
}

/** By oldest gateway, then name. */
export function compareAge(
  a: Pick<Contribution, 'owner' | 'since'>,
  b: Pick<Contribution, 'owner' | 'since'>,
): number {
  const [x, y] = [`${a.since} ${a.owner}`, `${b.since} ${b.owner}`];
  return x < y ? -1 : x > y ? 1 : 0;
}

/**
 * Of owners that may no longer share after a change of fleets, the oldest keeps the exposure, with
 * those that may share with it.
 */
export function stayingOwners<T extends Pick<Contribution, 'owner' | 'since'>>(
  contributions: readonly T[],
  sameFleet: SameFleet,
): readonly T[] {
  const [first, ...others] = contributions.toSorted(compareAge);
  if (!first) return [];
  return others.reduce<readonly T[]>(
    (kept, one) =>
      kept.every((other) => sameFleet(other.owner, one.owner)) ? [...kept, one] : kept,
    [first],
  );
}

/** The owner whose request decides, unless the fleet's settings do. */
export function deciderOf(parts: readonly SharedPart[]): SharedPart | undefined {
  const oldest = parts.map(({ contribution }) => contribution).toSorted(compareAge)[0];
  return parts.find(({ contribution }) => contribution === oldest);
}

/** The fleet of the owner's cluster; undefined if it is in none. */
export function fleetOfOwner(
  owner: OwnerKey,
  { fleetOf }: Pick<SharingRules, 'fleetOf'>,
): Fleet | undefined {
  return fleetOf(parseOwner(owner).cluster);
}

/**
 * The effective settings, if nothing is refused. An exposure with one owner is not affected by the
 * fleet's settings.
 */
export function decidedSettings(
  where: Where,
  parts: readonly SharedPart[],
  rules: SharingRules,
): Settings | undefined {
  const decider = deciderOf(parts);
  if (!decider) return undefined;
  return parts.length === 1
    ? decider.requested
    : settingsUnder(
        where,
        decider.requested,
        fleetOfOwner(decider.contribution.owner, rules),
        rules,
      );
}

/** The settings of a shared exposure: those of the fleet come before those that were requested. */
function settingsUnder(
  { protocol }: Where,
  requested: Settings,
  fleet: Fleet | undefined,
  { shareNodes }: SharingRules,
): Settings {
  return fleet ? applyFleetSettings(requested, fleet, { protocol, shareNodes }) : requested;
}

/**
 * Whether the exposure is already composed; most are in every plan, so this avoids building them.
 */
export function isComposed(e: DeclaredExposure, rules: SharingRules): boolean {
  const [oldest, ...others] = e.contributions.toSorted(compareAge);
  if (!oldest) return true;
  const fleet = fleetOfOwner(oldest.owner, rules);
  const placed = e.contributions.every((c) => hasPlace(c, fleetPlacement(fleet, c.owner)));
  if (
    !placed ||
    e.minimumActive !== (fleet?.mode === 'active-standby' ? fleet.minimumActive : undefined)
  )
    return false;
  if (others.length === 0) return oldest.wish === undefined;
  return isSameContent(
    settingsUnder(
      e,
      oldest.wish ? overlaySettings(e.settings, oldest.wish) : e.settings,
      fleet,
      rules,
    ),
    e.settings,
  );
}

function hasPlace(c: Contribution, { weight, priority }: FleetPlacement): boolean {
  return c.weight === weight && c.priority === priority;
}

/**
 * The exposure with these settings. Priority groups are set even for a single owner, so that a
 * second one that joins does not change the members of the first.
 */
export function composeExposure(
  { address, port, protocol }: Where,
  settings: Settings,
  parts: readonly SharedPart[],
  rules: SharingRules,
): DeclaredExposure {
  const fleet = parts[0] && fleetOfOwner(parts[0].contribution.owner, rules);
  return {
    address,
    port,
    protocol,
    settings,
    ...(fleet?.mode === 'active-standby' ? { minimumActive: fleet.minimumActive } : {}),
    contributions: parts
      .map(({ contribution, requested }): Contribution => ({
        ...contribution,
        ...fleetPlacement(fleet, contribution.owner),
        ...differing(requested, settings),
      }))
      .toSorted((a, b) => (a.owner < b.owner ? -1 : 1)),
  };
}

/** What an owner requested and did not get, for its note (OWN340). Absent if it got everything. */
function differing(requested: Settings, settings: Settings): Pick<Contribution, 'wish'> {
  // A single owner gets its own; most have one, and every plan has all of them.
  if (requested === settings) return {};
  const values = settingKeys(requested).map(
    (key) => [key, settingValue(requested, key), settingValue(settings, key)] as const,
  );
  const different = values.filter(([, wish, held]) => !isSameContent(wish, held));
  return different.length === 0 ? {} : { wish: Object.fromEntries(different) };
}
