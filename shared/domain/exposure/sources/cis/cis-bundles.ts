/** Service bundles for the Policies that virtual servers use as they are. */
import { SETTING_ROWS } from '../../settings/catalogue/catalogue.ts';
import { profileOf } from '../../settings/settings.ts';
import { SERVICE_BUNDLE_ANNOTATION } from '../../settings/service-bundles.ts';
import { sameValue } from '../../settings/values.ts';
import { poolNameOf } from './cis-address.ts';
import { annotationsFor } from './cis-annotations.ts';
import type { CisVirtualServer, UsedPolicy, WantedSettings } from './cis-object.ts';

/** An entry for `serviceBundles` in sluice.yaml. */
export interface ImportedBundle {
  readonly name: string;
  /** Those of the Gateways that ask for it; absent if a Gateway is not among the objects. */
  readonly namespaces?: readonly string[];
  /** By the keys of `settings` in sluice.yaml. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The names of bundles by the content of the Policy that each stands for. */
export type BundleNames = ReadonlyMap<string, string>;

function keyOf({ policy, settings }: UsedPolicy): string {
  return JSON.stringify([policy, settings]);
}

/** `name` of the Policy, then with its namespace, then with a number: a Policy has several forms. */
export function nameBundles(servers: readonly CisVirtualServer[]): BundleNames {
  const names = new Map<string, string>();
  for (const { policy } of servers) {
    if (policy === undefined || names.has(keyOf(policy))) continue;
    const taken = new Set(names.values());
    const [, short = ''] = policy.policy.split('/');
    const forms = [short, policy.policy].map((text) => poolNameOf(text) ?? 'policy');
    const numbered = Array.from({ length: names.size + 1 }, (_, i) => `${forms[0]}-${i + 2}`);
    names.set(keyOf(policy), [...forms, ...numbered].find((one) => !taken.has(one)) ?? short);
  }
  return names;
}

/** The annotations of a Gateway: the bundle of a Policy instead of its settings, where all apply. */
export function annotationsWithBundle(
  wanted: WantedSettings,
  servers: readonly CisVirtualServer[],
  names: BundleNames,
): Readonly<Record<string, string>> {
  const policies = servers.flatMap(({ policy }) => policy ?? []);
  const whole = policies.find(({ settings }) =>
    Object.entries(settings).every(([name, value]) =>
      sameValue(wanted[name as keyof WantedSettings], value),
    ),
  );
  const bundle = whole && names.get(keyOf(whole));
  if (whole === undefined || bundle === undefined) return annotationsFor(wanted);
  const rest = Object.entries(wanted).filter(([name]) => !Object.hasOwn(whole.settings, name));
  return { ...annotationsFor(Object.fromEntries(rest)), [SERVICE_BUNDLE_ANNOTATION]: bundle };
}

/** Annotations, and the namespace of their Gateway if it is known. */
export interface BundleUse {
  readonly annotations: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

/** The bundles that some annotations ask for. */
export function bundlesIn(
  servers: readonly CisVirtualServer[],
  names: BundleNames,
  uses: readonly BundleUse[],
): readonly ImportedBundle[] {
  const policies = new Map(
    servers.flatMap(({ policy }): readonly (readonly [string, UsedPolicy])[] =>
      policy === undefined ? [] : [[keyOf(policy), policy]],
    ),
  );
  return [...names].flatMap(([key, name]) => {
    const mine = uses.filter(({ annotations }) => annotations[SERVICE_BUNDLE_ANNOTATION] === name);
    const policy = policies.get(key);
    if (mine.length === 0 || policy === undefined) return [];
    const spaces = mine.flatMap(({ namespace }) => namespace ?? []);
    return {
      name,
      ...(spaces.length === mine.length && { namespaces: [...new Set(spaces)].toSorted() }),
      settings: settingsKeys(policy.settings),
    };
  });
}

/** Settings by their keys in sluice.yaml, where profiles of 0.1.0 are under `profiles`. */
function settingsKeys(wanted: WantedSettings): Readonly<Record<string, unknown>> {
  const settings: Record<string, unknown> = {};
  const profiles: Record<string, unknown> = {};
  for (const [name, row] of SETTING_ROWS) {
    if (wanted[name] === undefined) continue;
    const profile = profileOf(row);
    if (profile === undefined) settings[name] = wanted[name];
    else profiles[profile] = wanted[name];
  }
  return { ...settings, ...(Object.keys(profiles).length > 0 && { profiles }) };
}
