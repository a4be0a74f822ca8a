/** Manual changes on the device that are kept. Pure. */
import type { OperatedValues, Override, OverrideAdoption } from '../declared/override.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import { isSameContent, sortedByKey } from '../declared/declared.ts';

type Overrides = Readonly<Record<string, Override>>;
type WithSettings = Pick<DeclaredExposure, 'settings'>;

function askedOf({
  settings: { balance, connectionLimit },
}: WithSettings): Required<OperatedValues> {
  return { balance, connectionLimit, enabled: true };
}

/** The declared values: those of the owner, replaced by kept ones. */
export function operatedValues(
  e: WithSettings,
  override: Override | undefined,
): Required<OperatedValues> {
  return { ...askedOf(e), ...override?.values };
}

/** The owner's settings underneath an override. */
export function withoutOverride(settings: Settings, override: Override | undefined): Settings {
  const { enabled: _enabled, ...instead } = override?.instead ?? {};
  return { ...settings, ...instead };
}

/**
 * What happens to manual changes in this plan: adopted ones are kept, and `lift` undoes those that
 * were kept.
 */
export interface OverrideRules {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly adopt?: readonly OverrideAdoption[];
  /** Undo all kept changes. */
  readonly lift?: boolean;
}

/** Overrides of the next declared state; undefined if there are none. */
export function nextOverrides(
  before: Pick<DeclaredState, 'exposures' | 'overrides'>,
  exposures: DeclaredState['exposures'],
  rules: OverrideRules,
): Overrides | undefined {
  const kept = Object.entries(adopted(before, rules)).flatMap(([key, override]) => {
    const e = exposures[key];
    const still = e && stillKept(e, override);
    return still ? [[key, still] as const] : [];
  });
  return kept.length === 0 ? undefined : sortedByKey(Object.fromEntries(kept));
}

/**
 * Manual changes that are kept after this run: those known, unless they are undone, and those to
 * adopt. An adoption for an exposure that does not exist is ignored.
 */
function adopted(
  { exposures, overrides = {} }: Pick<DeclaredState, 'exposures' | 'overrides'>,
  { now, adopt = [], lift = false }: OverrideRules,
): Overrides {
  const next = new Map(Object.entries(lift ? {} : overrides));
  for (const one of adopt) {
    const e = exposures[one.key];
    const override = e && withAdoption(e, next.get(one.key), one, new Date(now).toISOString());
    if (override) next.set(one.key, override);
  }
  return Object.fromEntries(next);
}

/**
 * Adds adopted values to those known, with the values that they replace. Unchanged if they say
 * nothing new, so that the time stays.
 */
function withAdoption(
  e: WithSettings,
  known: Override | undefined,
  { values: requested, instead }: OverrideAdoption,
  since: string,
): Override | undefined {
  const before = known?.values ?? {};
  const values = { ...before, ...timely(e, requested, instead) };
  return isSameContent(values, before)
    ? known
    : { since, values, instead: { ...known?.instead, ...chosen(askedOf(e), values) } };
}

/** Detected values for which the owner's request is still the same. */
function timely(e: WithSettings, values: OperatedValues, instead: OperatedValues): OperatedValues {
  const asked = askedOf(e);
  return Object.fromEntries(
    Object.entries(values).filter(
      ([name]) => asked[name as keyof OperatedValues] === instead[name as keyof OperatedValues],
    ),
  );
}

/** Without values that the owner changed since, and values that no longer differ. */
function stillKept(e: WithSettings, { since, values, instead }: Override): Override | undefined {
  const asked = askedOf(e);
  const keep = (Object.keys(values) as (keyof OperatedValues)[]).filter(
    (name) => asked[name] === instead[name] && asked[name] !== values[name],
  );
  if (keep.length === 0) return undefined;
  const only = (of: OperatedValues): OperatedValues =>
    Object.fromEntries(keep.map((name) => [name, of[name]]));
  return { since, values: only(values), instead: only(instead) };
}

/** The owner's values of these settings. */
export function ownerValues(e: WithSettings, names: OperatedValues): OperatedValues {
  return chosen(askedOf(e), names);
}

/** Of all settings, those with these names. */
function chosen(all: Required<OperatedValues>, names: OperatedValues): OperatedValues {
  return Object.fromEntries(
    (Object.keys(names) as (keyof OperatedValues)[]).map((name) => [name, all[name]]),
  );
}

/** Descriptions such as `balances by ratio-member instead of round-robin`, one per value. */
export function describeOverride({
  values,
  instead,
}: Pick<Override, 'values' | 'instead'>): readonly string[] {
  return [
    ...(values.balance === undefined
      ? []
      : [`balances by ${values.balance} instead of ${instead.balance}`]),
    ...(values.connectionLimit === undefined
      ? []
      : [
          `has connection limit ${limit(values.connectionLimit)} instead of ${limit(instead.connectionLimit ?? 0)}`,
        ]),
    ...(values.enabled === undefined ? [] : [values.enabled ? 'is enabled' : 'is disabled']),
  ];
}

function limit(connections: number): string {
  return connections === 0 ? 'unlimited' : String(connections);
}
