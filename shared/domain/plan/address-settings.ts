/** Owners that share a virtual address have to agree about it (GW169), and about its port 80. */
import { type Exposure, REDIRECT_PORT, takesRedirectPort } from '../exposure/exposure.ts';
import { SETTING_ROWS, type SettingName } from '../exposure/settings/catalogue/catalogue.ts';
import { sameValue, showValue } from '../exposure/settings/values.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import type { DeclaredExposure } from '../declared/declared.ts';
import type { PlanDraft } from './draft.ts';
import type { AddressConflict } from './foreign.ts';

/** The names of settings of the virtual address, which are also their keys in an exposure. */
type AddressSettings = Readonly<Partial<Record<SettingName, unknown>>>;

const NAMES = SETTING_ROWS.flatMap(([name, { as3 }]) => (as3?.object === 'address' ? [name] : []));

/**
 * The conflict of a new exposure with those of other owners on its address. Those of its own slice
 * agree already, and an exposure that is declared keeps its place.
 */
export function disagreeingNeighbour(
  { exposures, onAddress }: Pick<PlanDraft, 'exposures' | 'onAddress'>,
  owner: OwnerKey,
  wanted: Pick<Exposure, 'address' | 'port' | 'protocol' | 'settings'>,
): AddressConflict | undefined {
  const ours: AddressSettings = wanted.settings;
  for (const key of onAddress.get(wanted.address) ?? []) {
    const other = exposures.get(key);
    if (other === undefined || other.contributions.some((one) => one.owner === owner)) continue;
    if (takesRedirectPort(wanted) && takesRedirectPort(other))
      return {
        code: 'OWN301',
        reason:
          `port ${REDIRECT_PORT} of ${wanted.address} belongs to ` +
          `${ownersOf(other)}, and redirect80 needs it; ` +
          'remove redirect80, or choose another address',
      };
    const theirs: AddressSettings = other.settings;
    const name = NAMES.find((one) => !sameValue(ours[one], theirs[one]));
    if (name === undefined) continue;
    const show = (value: unknown): string =>
      value === undefined ? 'the default' : showValue(value);
    return {
      code: 'GW169',
      reason:
        `${name} of ${wanted.address} is ${show(theirs[name])} for ` +
        `${ownersOf(other)}, and ${show(ours[name])} here; ` +
        'ask for the same, or choose another address',
    };
  }
  return undefined;
}

function ownersOf({ contributions }: DeclaredExposure): string {
  return contributions.map(({ owner }) => owner).join(', ');
}
