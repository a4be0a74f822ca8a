/** Requirements of the policy: settings without which an exposure is not published. */
import * as z from 'zod';
import { DnsLabel } from '../../text/bounded.ts';
import { type AddressRange, cidrRange, rangesOverlap } from '../../address-pools/range.ts';
import {
  CATALOGUE,
  settingRow,
  SETTING_NAMES,
  SETTING_ROWS,
  type SettingName,
} from './catalogue/catalogue.ts';
import { fitsMode, holdsOverUdp, namesReplacedWith, takesMode } from './compose.ts';
import type { ExposureRefusal, MergedSettings, SettingsLayer } from './layers.ts';
import { matchesMatter, PolicyMatch, type PolicyMatter } from './policy.ts';
import { bundleSettings, bundleSource, type ServiceBundle } from './service-bundles.ts';
import type { SourceSettings } from './settings.ts';
import { type Mode, sameValue, showValue } from './values.ts';

/** Address, port and partition have rules of their own, so they cannot be required. */
const NAMES = SETTING_ROWS.filter(([, { home }]) => home !== 'place').map(([name]) => name);

/**
 * An entry of `policy.requirements`. It applies to the exposures that match, and all that match
 * apply, unlike rules.
 */
export const PolicyRequirement = PolicyMatch.extend({
  name: z.string().min(1).describe('Name of the requirement, included in every refusal.'),
  bundle: DnsLabel.optional().describe(
    'Service bundle with the required values. Either this, or `settings`, or both.',
  ),
  settings: z
    .array(z.enum(NAMES as [SettingName, ...SettingName[]]))
    .min(1)
    .optional()
    .describe(
      'Required settings by name. With `bundle`: only these of its settings; ' +
        'without: each must be set, to whatever value the other rules allow.',
    ),
  otherwise: z
    .enum(['add', 'refuse'])
    .default('refuse')
    .describe(
      '`refuse` does not publish an exposure without the settings; ' +
        '`add` takes missing ones from `bundle`. ' +
        'An exposure that sets another value itself is refused in both cases.',
    ),
});
/** An entry after parsing; absent matches stand for everything. */
export type PolicyRequirement = z.infer<typeof PolicyRequirement>;

/** One required setting. */
export interface Requirement {
  /** Named in refusals. */
  readonly rule: PolicyRequirement;
  /** A row of the catalogue that is not a place. */
  readonly setting: SettingName;
  /** Absent: any value. */
  readonly value?: unknown;
}

/** The required settings of one entry; only names if it has no bundle. */
export function requiredSettings(
  rule: PolicyRequirement,
  bundles: readonly ServiceBundle[],
): readonly Requirement[] {
  const bundle = bundles.find(({ name }) => name === rule.bundle);
  if (bundle === undefined) return (rule.settings ?? []).map((setting) => ({ rule, setting }));
  const values = bundleSettings(bundle);
  return SETTING_NAMES.filter(
    (setting) => values[setting] !== undefined && (rule.settings?.includes(setting) ?? true),
  ).map((setting) => ({ rule, setting, value: values[setting] }));
}

/**
 * All required settings of an exposure at one of `addresses`: its own one, or all that its pool may
 * give it.
 */
export function requirementsFor(
  rules: readonly PolicyRequirement[],
  bundles: readonly ServiceBundle[],
  {
    matter,
    addresses,
  }: { readonly matter: PolicyMatter; readonly addresses: readonly AddressRange[] },
): readonly Requirement[] {
  return rules
    .filter(
      (rule) =>
        matchesMatter(rule, matter) &&
        rule.addresses
          .flatMap((text) => cidrRange(text) ?? [])
          .some((range) => addresses.some((other) => rangesOverlap(range, other))),
    )
    .flatMap((rule) => requiredSettings(rule, bundles));
}

/** Whether a value means the same as setting nothing. */
function isNone(setting: SettingName, value: unknown): boolean {
  return sameValue(value, []) || sameValue(value, settingRow(setting).as3?.absent);
}

/** Whether a value is as required, or stricter. A list must contain all required entries. */
function satisfies(value: unknown, { setting, value: required }: Requirement): boolean {
  if (value === undefined) return false;
  if (required === undefined && isNone(setting, value)) return false;
  const { suffices } = settingRow(setting);
  if (suffices !== undefined) return suffices(value, required);
  if (required === undefined) return true;
  if (Array.isArray(value) && Array.isArray(required))
    return required.every((one) => value.some((other) => sameValue(one, other)));
  return sameValue(value, required);
}

/** Adds the required settings to those of an exposure, as far as its own sources allow it. */
export function addRequired(
  layers: readonly SettingsLayer[],
  merged: MergedSettings,
  requirements: readonly Requirement[],
): MergedSettings {
  const wanted: Record<string, unknown> = { ...merged.wanted };
  const sources: Partial<Record<SettingName, string>> = { ...merged.sources };
  const added = new Set<SettingName>();
  // The mode first, because it decides which other settings can be added.
  const inOrder = requirements.toSorted(
    (a, b) => Number(b.setting === 'mode') - Number(a.setting === 'mode'),
  );
  for (const one of inOrder) {
    const { setting, value, rule } = one;
    if (satisfies(wanted[setting], one) || added.has(setting)) continue;
    if (!isAddable(one, layers) || !takesMode(settingRow(setting), modeOf(wanted))) continue;
    added.add(setting);
    wanted[setting] = value;
    sources[setting] = `${requirementSource(rule)} (${bundleSource(rule.bundle ?? '')})`;
  }
  return { ...merged, wanted, sources };
}

/** Only a default may be overridden; what a Gateway or ConfigMap sets is not changed silently. */
function isAddable(
  { setting, value, rule }: Requirement,
  layers: readonly SettingsLayer[],
): boolean {
  return (
    rule.otherwise === 'add' &&
    value !== undefined &&
    layers.every((layer) => layer.isDefault === true || layer.wanted[setting] === undefined)
  );
}

/** The mode of these settings, or the default one. */
function modeOf({ mode }: { readonly mode?: unknown }): Mode {
  return (mode ?? CATALOGUE.mode.default) as Mode;
}

/** The requirement as the source of a setting, in refusals and results. */
function requirementSource({ name }: PolicyRequirement): string {
  return `policy requirement "${name}"`;
}

/** A sentence for each required setting that these settings lack. */
export function unmetRequirements(
  { wanted, sources }: MergedSettings,
  requirements: readonly Requirement[],
): readonly string[] {
  const mode = modeOf(wanted);
  return requirements.flatMap((one) => {
    const { setting, value, rule } = one;
    const needs = `${requirementSource(rule)} needs ${setting}${value === undefined ? '' : ` ${showValue(value)}`}`;
    const { modes } = settingRow(setting);
    if (!takesMode(settingRow(setting), mode))
      return `${needs}, which mode ${mode} does not support; use mode ${(modes ?? []).join(' or ')}`;
    if (satisfies(wanted[setting], one)) return [];
    if (wanted[setting] !== undefined) {
      const sets = `${needs}, but ${sources[setting]} sets ${showValue(wanted[setting])}`;
      return value === undefined
        ? `${sets}, which is as good as nothing; set another value`
        : `${sets}; remove that`;
    }
    return rule.bundle === undefined
      ? `${needs}, which no source sets; set it`
      : `${needs}; request service bundle ${rule.bundle} with the annotation sluice.io/service-bundle`;
  });
}

/** The settings of a fleet, which apply to what its clusters share, whatever they request. */
export interface FleetOverride {
  /** Named in refusals. */
  readonly name: string;
  /** Only those that the fleet sets. */
  readonly settings: Partial<SourceSettings>;
}

/** A sentence for each required setting that the settings of the fleet would take away. */
export function unmetInFleet(
  { wanted }: Pick<MergedSettings, 'wanted'>,
  requirements: readonly Requirement[],
  { name, settings }: FleetOverride,
): readonly string[] {
  // A fleet makes no virtual server for TCP one for UDP, or the other way round.
  const isUdp = modeOf(wanted) === 'udp';
  const turns = settings.mode === 'fastl4' || (settings.mode === 'udp') === isUdp;
  const mode = turns ? modeOf({ mode: settings.mode ?? wanted.mode }) : modeOf(wanted);
  return requirements.flatMap((one) => {
    const { setting, rule } = one;
    const replacing = namesReplacedWith(setting).filter(
      (other) =>
        settings[other] !== undefined &&
        fitsMode(other, settings[other], mode) &&
        (other !== 'mode' || turns),
    );
    const isKept = replacing.length === 0 || satisfies(settings[setting], one);
    if (isKept && takesMode(settingRow(setting), mode)) return [];
    const [culprit = 'mode'] = isKept ? [] : replacing;
    return (
      `${requirementSource(rule)} needs ${setting}, which ${culprit} in the settings of fleet ` +
      `${name} takes away from virtual servers that its clusters share; change that in sluice.yaml`
    );
  });
}

/** The refusal for settings that an exposure lacks; undefined if it lacks none. */
export function requirementRefusal(
  about: string,
  unmet: readonly string[],
): ExposureRefusal | undefined {
  return unmet.length === 0
    ? undefined
    : { code: 'GW172', message: `${about}: ${[...new Set(unmet)].join('; ')}` };
}

/** The required settings that a virtual server for HTTP/3 cannot have. */
export function unmetOverUdp(requirements: readonly Requirement[]): readonly string[] {
  return requirements
    .filter(({ setting, value }) =>
      setting === 'mode' ? value !== 'udp' : !holdsOverUdp(settingRow(setting), value),
    )
    .map(
      ({ setting, rule }) =>
        `${requirementSource(rule)} needs ${setting}, which is not applied to HTTP/3 (UDP)`,
    );
}
