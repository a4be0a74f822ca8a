/** The objects on the device that settings refer to. Pure. */
import { namedSettings, referencesIn } from '../domain/exposure/settings/compose.ts';
import { REFERENCE_KINDS, type ReferenceKind } from '../domain/exposure/settings/row.ts';
import type { Settings } from '../domain/exposure/settings/settings.ts';

/** A referenced object on the device. */
export interface Reference {
  readonly kind: ReferenceKind;
  /** Full path such as `/Common/my-irule`. */
  readonly path: string;
}

/** An object that settings refer to and that the device does not have. */
export interface MissingReference extends Reference {
  /** The device's message. */
  readonly response: string;
}

/** References that can be looked up; objects that are in several collections are left to mcpd. */
export function referencesOf(settings: Partial<Settings>): readonly Reference[] {
  return referencesIn(namedSettings(settings))
    .filter(({ kind }) => REFERENCE_KINDS[kind] !== undefined)
    .map(({ kind, path }) => ({ kind, path }));
}
