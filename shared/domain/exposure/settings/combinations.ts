/**
 * Combinations of settings that AS3 or BIG-IP refuses, or accepts without doing what they say. The
 * mode that a setting needs is in its row.
 */
import { settingRow, type SettingName } from './catalogue/catalogue.ts';
import type { SourceSettings } from './settings.ts';
import { sameValue } from './values.ts';

/**
 * A setting, and the value that is meant; without one, every value that is not AS3's default.
 * `several`: a list with more than one entry.
 */
export interface Choice {
  readonly setting: SettingName;
  /** Compared by value, so a list has to be equal. */
  readonly value?: unknown;
  readonly several?: true;
}

/** One of `needs` has to be set as well, no second one if `onlyOne` is, and none of `excludes`. */
export interface Combination {
  readonly when: Choice;
  readonly needs?: readonly [Choice, ...Choice[]];
  /** If this is chosen as well, AS3 takes only one of `needs`. */
  readonly onlyOne?: Choice;
  readonly excludes?: readonly Choice[];
  /** A clause for the message, and for the reference page. */
  readonly why: string;
}

/** AS3 has dependencies for `Service_HTTP` that it does not have for `Service_HTTPS` (as3.md §9.7). */
const HTTP_SERVICE: Choice = { setting: 'mode', value: 'http' };

/** In the order in which they are reported. */
export const COMBINATIONS: readonly Combination[] = [
  {
    when: { setting: 'mode', value: 'https' },
    needs: [{ setting: 'clientTls' }],
    why: 'BIG-IP terminates TLS in this mode, and needs a client SSL profile for it',
  },
  {
    when: { setting: 'serverTlsUseSni', value: true },
    needs: [{ setting: 'serverTls' }],
    why: 'there is no server SSL profile to choose',
  },
  {
    when: { setting: 'profileHttp2Server' },
    needs: [{ setting: 'httpMrfRouting', value: true }],
    why: 'BIG-IP speaks HTTP/2 to members only if it routes messages',
  },
  {
    when: { setting: 'policyPerRequestAccess' },
    needs: [{ setting: 'profileAccess' }, { setting: 'profilePingAccess' }],
    onlyOne: HTTP_SERVICE,
    why: 'BIG-IP applies the policy to the sessions of an access profile; in mode http AS3 takes only one',
  },
  {
    when: { setting: 'profileConnectivity' },
    needs: [{ setting: 'profileAccess' }, { setting: 'profilePingAccess' }],
    onlyOne: HTTP_SERVICE,
    why: 'BIG-IP applies the profile to the sessions of an access profile; in mode http AS3 takes only one',
  },
  {
    when: { setting: 'persistence', several: true },
    needs: [{ setting: 'iRules' }],
    why:
      'BIG-IP uses only the first method, unless an iRule chooses another one; keep one, and name ' +
      'the second in `fallbackPersistence`',
  },
  {
    when: { setting: 'fallbackPersistence' },
    needs: [{ setting: 'persistence' }],
    why: 'AS3 takes a fallback only with a persistence method',
  },
  {
    when: { setting: 'vlans' },
    excludes: [{ setting: 'rejectVlans' }],
    why: 'a virtual server has a list of VLANs that it accepts, or one of those that it refuses',
  },
  {
    when: { setting: 'spanning', value: true },
    needs: [{ setting: 'arp', value: false }],
    why: 'with both, every unit would answer ARP requests for the address',
  },
];

/** Whether a choice of a combination is made. */
function isChosen({ setting, value, several }: Choice, wanted: Partial<SourceSettings>): boolean {
  const row = settingRow(setting);
  const there = wanted[setting] ?? row.default ?? row.as3?.absent;
  if (value !== undefined) return sameValue(there, value);
  if (several) return Array.isArray(there) && there.length > 1;
  return there !== undefined && !sameValue(there, row.as3?.absent) && !sameValue(there, []);
}

/** A combination that does not hold. `toRemove`: enough of it to keep the rest; empty: `when`. */
export interface BrokenCombination extends Combination {
  readonly toRemove: readonly Choice[];
}

/** `wanted`: the settings that the mode supports. */
export function brokenCombinations(wanted: Partial<SourceSettings>): readonly BrokenCombination[] {
  return COMBINATIONS.filter(({ when }) => isChosen(when, wanted)).flatMap((combination) => {
    const { needs, onlyOne, excludes = [] } = combination;
    const met = (needs ?? []).filter((one) => isChosen(one, wanted));
    const toRemove = [
      ...excludes.filter((one) => isChosen(one, wanted)),
      ...(onlyOne !== undefined && isChosen(onlyOne, wanted) ? met.slice(1) : []),
    ];
    const isMet = toRemove.length === 0 && (needs === undefined || met.length > 0);
    return isMet ? [] : { ...combination, toRemove };
  });
}
