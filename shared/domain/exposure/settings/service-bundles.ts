/** Service bundles: named sets of settings that a Gateway, a Service or an ingress can ask for. */
import * as z from 'zod';
import { DnsLabel } from '../../text/bounded.ts';
import { nearest } from '../../text/nearest.ts';
import { SETTING_NAMES, type SettingName } from './catalogue/catalogue.ts';
import { namedInput } from './compose.ts';
import { type ExposureRefusal, type SettingsLayer, sourceOfSetting } from './layers.ts';
import { matchesPattern } from './policy.ts';
import { SettingsInput, type SourceSettings } from './settings.ts';
import { sameValue, showValue } from './values.ts';

/** Names a service bundle of `sluice.yaml`. Not a setting, so it is not in the catalogue. */
export const SERVICE_BUNDLE_ANNOTATION = 'sluice.io/service-bundle';

/** An entry of `serviceBundles` in `sluice.yaml`. */
export const ServiceBundle = z.strictObject({
  name: DnsLabel.describe('Name of the bundle, for annotations, ingresses and requirements.'),
  namespaces: z
    .array(z.string())
    .default(['*'])
    .describe('Namespaces whose Gateways may ask for it; a trailing `*` matches any suffix.'),
  settings: SettingsInput.describe('The settings of the bundle.'),
});
export type ServiceBundle = z.infer<typeof ServiceBundle>;

/** The source of the settings of a bundle, as messages name it. */
export function bundleSource(name: string): string {
  return `service bundle ${name}`;
}

/** The settings of a bundle by name. */
export function bundleSettings({ settings }: ServiceBundle): Partial<SourceSettings> {
  return namedInput(settings);
}

/** The remedy for a name that no bundle has. */
export function unknownBundle(name: string, bundles: readonly ServiceBundle[]): string {
  const names = bundles.map((one) => one.name);
  const meant = nearest(name, names);
  const known = meant === undefined ? names.join(', ') || 'none' : `did you mean ${meant}?`;
  return meant === undefined
    ? `sluice.yaml has no service bundle ${name}; serviceBundles has ${known}`
    : `sluice.yaml has no service bundle ${name}; ${known}`;
}

/** A request for a bundle. */
export interface BundleRequest {
  readonly name: string;
  /** The settings of the object that asks, which must not contradict the bundle. */
  readonly asker: SettingsLayer;
  /** Where the object asks, such as `Gateway team/web (sluice.io/service-bundle)`. */
  readonly source: string;
  /** Namespace of the Gateway; absent: asked for in `sluice.yaml`, which may use every bundle. */
  readonly namespace?: string;
}

/** The settings of the bundle as a source directly below the object that asks for it. */
export function bundleLayer(
  bundles: readonly ServiceBundle[],
  request: BundleRequest,
): SettingsLayer {
  const { name, asker, source, namespace } = request;
  const bundle = bundles.find((one) => one.name === name);
  const layer = { source: `${bundleSource(name)}, requested by ${source}`, notes: [] };
  const refuse = (code: string, message: string): SettingsLayer => ({
    ...layer,
    wanted: {},
    refusals: [{ code, message: `${source}: ${message}` }],
  });
  if (bundle === undefined) return refuse('GW170', unknownBundle(name, bundles));
  if (
    namespace !== undefined &&
    !bundle.namespaces.some((pattern) => matchesPattern(pattern, namespace))
  )
    return refuse(
      'GW170',
      `namespace ${namespace} may not use service bundle ${name}; ` +
        `add it to namespaces of the bundle in sluice.yaml (${bundle.namespaces.join(', ')})`,
    );
  const wanted = bundleSettings(bundle);
  return {
    ...layer,
    wanted,
    refusals: contradictions(asker, wanted).map((setting) =>
      contradiction(setting, layer, request, wanted),
    ),
    ...(asker.isDefault === true && { isDefault: true }),
  };
}

/** Settings that have one value in both sources and another one in each. */
export function contradictions(
  { wanted }: Pick<SettingsLayer, 'wanted'>,
  bundle: Partial<SourceSettings>,
): readonly SettingName[] {
  return SETTING_NAMES.filter(
    (name) =>
      wanted[name] !== undefined &&
      bundle[name] !== undefined &&
      !sameValue(wanted[name], bundle[name]),
  );
}

/** The refusal of a setting that an object sets beside a bundle that sets it differently. */
function contradiction(
  setting: SettingName,
  layer: { readonly source: string },
  { asker, name }: BundleRequest,
  wanted: Partial<SourceSettings>,
): ExposureRefusal {
  return {
    code: 'GW171',
    message:
      `${sourceOfSetting(asker, setting)} sets ${setting} ${showValue(asker.wanted[setting])}, ` +
      `but ${layer.source} sets ${showValue(wanted[setting])}; ` +
      `remove ${setting} there, or do not request ${name}`,
  };
}
