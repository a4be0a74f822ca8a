/** The objects on the device that settings refer to, and the modules that they need. Pure. */
import { namedSettings, referencesIn } from '../domain/exposure/settings/compose.ts';
import { SETTING_ROWS } from '../domain/exposure/settings/catalogue/catalogue.ts';
import {
  type ModuleName,
  type ReferenceKind,
  referenceKind,
} from '../domain/exposure/settings/reference-kinds.ts';
import type { Settings } from '../domain/exposure/settings/settings.ts';

/** Something that the device must have: a referenced object, or one of several modules. */
export interface Reference {
  readonly kind: ReferenceKind | 'module';
  /** Full path such as `/Common/my-irule`, or modules separated by commas, such as `afm,asm`. */
  readonly path: string;
}

/** What settings need and the device does not have. */
export interface MissingReference extends Reference {
  /** The device's message, or what is there instead. */
  readonly response: string;
}

/** What is looked up: modules first, because without them their objects do not exist. */
export function referencesOf(settings: Partial<Settings>): readonly Reference[] {
  const objects = referencesIn(namedSettings(settings)).map(({ kind, path }) => ({ kind, path }));
  const modules = modulesOf(settings).map(({ modules: some }): Reference => ({
    kind: 'module',
    path: some.join(),
  }));
  return [...modules, ...objects];
}

/** A setting, and the modules of which any one is enough for it. */
export interface ModuleNeed {
  readonly setting: string;
  readonly modules: readonly ModuleName[];
}

/** The modules that the settings need, those of referenced objects included. */
export function modulesOf(settings: Partial<Settings>): readonly ModuleNeed[] {
  const named = namedSettings(settings);
  return NEEDS.filter(({ setting }) => named[setting] !== undefined);
}

/** Of all settings, those that need a module. */
const NEEDS = SETTING_ROWS.flatMap(([setting, { modules, reference }]) => {
  const needed = modules ?? (reference && referenceKind(reference).modules);
  return needed === undefined ? [] : [{ setting, modules: needed }];
});
