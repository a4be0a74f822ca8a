import type { Note } from '../exposure.ts';
export type { Note } from '../exposure.ts';
import { SETTING_NAMES, type SettingName } from './catalogue/catalogue.ts';
import type { SourceSettings } from './settings.ts';
import { sameValue, showValue } from './values.ts';

/** Why an exposure is refused: nothing is ever published that differs from what was asked. */
export interface ExposureRefusal {
  readonly code: string;
  readonly message: string;
}

/** What one source says about one server. */
export interface SettingsLayer {
  /** Words for people, such as `ConfigMap istio-system/istio-ingressgateway.32400.vs`. */
  readonly source: string;
  readonly wanted: Partial<SourceSettings>;
  /** Words for single settings, where they are more precise than `source`. */
  readonly words?: Partial<Record<SettingName, string>>;
  readonly refusals: readonly ExposureRefusal[];
  readonly notes: readonly Note[];
}

export function sourceOfSetting(layer: SettingsLayer, setting: SettingName): string {
  return layer.words?.[setting] ?? layer.source;
}

export interface MergedSettings {
  readonly wanted: Partial<SourceSettings>;
  readonly sources: Partial<Record<SettingName, string>>;
  readonly disagreements: readonly { readonly setting: SettingName; readonly message: string }[];
}

/** The higher layer wins; a lower one that says something else is told, never silently dropped. */
export function mergeLayers(layers: readonly SettingsLayer[]): MergedSettings {
  const wanted: Record<string, unknown> = {};
  const sources: Partial<Record<SettingName, string>> = {};
  const disagreements: { setting: SettingName; message: string }[] = [];
  for (const setting of SETTING_NAMES) {
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
        message: `${ignored}; ignored, because ${sourceOfSetting(winner, setting)} sets ${showValue(winner.wanted[setting])} and takes precedence`,
      });
    }
  }
  return { wanted, sources, disagreements };
}
