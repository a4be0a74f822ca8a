import type { Note } from './exposure.ts';
export type { Note } from './exposure.ts';
import type { SettingName, Wanted } from './settings.ts';
import { SETTING_NAMES } from './settings.ts';

/** Why an exposure is refused: nothing is ever published that differs from what was asked. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What one source says about one server. */
export interface Layer {
  /** Words for people, such as `ConfigMap istio-system/istio-ingressgateway.32400.vs`. */
  readonly source: string;
  readonly wanted: Partial<Wanted>;
  /** Words for single settings, where they are more precise than `source`. */
  readonly words?: Partial<Record<SettingName, string>>;
  readonly refusals: readonly Refusal[];
  readonly notes: readonly Note[];
}

export function wordsFor(layer: Layer, setting: SettingName): string {
  return layer.words?.[setting] ?? layer.source;
}

export function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function showValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export interface Merged {
  readonly wanted: Partial<Wanted>;
  readonly sources: Partial<Record<SettingName, string>>;
  readonly disagreements: readonly { readonly setting: SettingName; readonly message: string }[];
}

/** The higher layer wins; a lower one that says something else is told, never silently dropped. */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const wanted: Record<string, unknown> = {};
  const sources: Partial<Record<SettingName, string>> = {};
  const disagreements: { setting: SettingName; message: string }[] = [];
  for (const setting of SETTING_NAMES) {
    const saying = layers.filter((layer) => layer.wanted[setting] !== undefined);
    const [winner, ...losers] = saying;
    if (winner === undefined) continue;
    wanted[setting] = winner.wanted[setting];
    sources[setting] = wordsFor(winner, setting);
    for (const loser of losers) {
      if (sameValue(loser.wanted[setting], winner.wanted[setting])) continue;
      const ignored = `${wordsFor(loser, setting)} says ${setting} ${showValue(loser.wanted[setting])}`;
      disagreements.push({
        setting,
        message: `${ignored}; ignored, because ${wordsFor(winner, setting)} says ${showValue(winner.wanted[setting])} and goes first`,
      });
    }
  }
  return { wanted, sources, disagreements };
}
