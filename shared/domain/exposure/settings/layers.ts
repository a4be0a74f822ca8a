/** Merges the settings of several sources by precedence, and says where they disagree. */
import type { Note } from '../exposure.ts';
export type { Note } from '../exposure.ts';
import { SETTING_NAMES, type SettingName } from './catalogue/catalogue.ts';
import type { SourceSettings } from './settings.ts';
import { sameValue, showValue } from './values.ts';

/** A refusal of an exposure: Sluice never publishes anything other than requested. */
export interface ExposureRefusal {
  readonly code: string;
  readonly message: string;
}

/** The settings of one source for one server. */
export interface SettingsLayer {
  /** Description, such as `ConfigMap istio-system/istio-ingressgateway.32400.vs`. */
  readonly source: string;
  /** Valid values only. */
  readonly wanted: Partial<SourceSettings>;
  /** More precise descriptions of single settings. */
  readonly words?: Partial<Record<SettingName, string>>;
  /** Invalid values; each refuses the exposures that the source is for. */
  readonly refusals: readonly ExposureRefusal[];
  /** What is ignored, with the reason. */
  readonly notes: readonly Note[];
  /** For all Gateways of the ingress: a Gateway that says something else does so on purpose. */
  readonly isDefault?: true;
}

/** The source to name in messages: that of the setting itself, or of its layer. */
export function sourceOfSetting(layer: SettingsLayer, setting: SettingName): string {
  return layer.words?.[setting] ?? layer.source;
}

/** The effective value and source of each setting. */
export interface MergedSettings {
  /** For each setting the value of the first layer that has one. */
  readonly wanted: Partial<SourceSettings>;
  /** The source of each of these values. */
  readonly sources: Partial<Record<SettingName, string>>;
  /** Values of lower layers that do not count, to be reported. */
  readonly disagreements: readonly Disagreement[];
}

/** `GW165` where a default is overridden, otherwise `GW136`. */
export interface Disagreement {
  readonly setting: SettingName;
  /** GW165 if the other value is a default for all Gateways, else GW136. */
  readonly code: 'GW136' | 'GW165';
  readonly message: string;
}

/** The source with higher precedence wins; a different value of a lower one is reported. */
export function mergeLayers(layers: readonly SettingsLayer[]): MergedSettings {
  const wanted: Record<string, unknown> = {};
  const sources: Partial<Record<SettingName, string>> = {};
  const disagreements: Disagreement[] = [];
  const said = new Set(layers.flatMap((layer) => Object.keys(layer.wanted)));
  for (const setting of SETTING_NAMES) {
    // Most settings are in no source.
    if (!said.has(setting)) continue;
    const saying = layers.filter((layer) => layer.wanted[setting] !== undefined);
    const [winner, ...losers] = saying;
    if (winner === undefined) continue;
    wanted[setting] = winner.wanted[setting];
    sources[setting] = sourceOfSetting(winner, setting);
    for (const loser of losers) {
      if (sameValue(loser.wanted[setting], winner.wanted[setting])) continue;
      const ignored = `${sourceOfSetting(loser, setting)} says ${setting} ${showValue(loser.wanted[setting])}`;
      disagreements.push({
        setting,
        code: loser.isDefault === true ? 'GW165' : 'GW136',
        message:
          `${ignored}; ignored, because ${sourceOfSetting(winner, setting)} sets ` +
          `${showValue(winner.wanted[setting])} and takes precedence`,
      });
    }
  }
  return { wanted, sources, disagreements };
}
