/** Checks of service bundles, and of the requirements that name them. */
import { namedInput } from '../domain/exposure/settings/compose.ts';
import { settingRow, type SettingName } from '../domain/exposure/settings/catalogue/catalogue.ts';
import {
  type PolicyRequirement,
  requiredSettings,
} from '../domain/exposure/settings/requirements.ts';
import {
  bundleSettings,
  contradictions,
  type ServiceBundle,
} from '../domain/exposure/settings/service-bundles.ts';
import type { SettingsInput } from '../domain/exposure/settings/settings.ts';
import { sameValue, showValue } from '../domain/exposure/settings/values.ts';
import type { ConfigProblem } from './error.ts';
import { repeatedProblems, settingsProblems, unknownNameProblems } from './rules.ts';
import type { SluiceConfig } from './schema.ts';

/**
 * A setting that always has a value can only be required with a value, which a bundle gives. A
 * default that means "nothing" is no value.
 */
function alwaysSet(name: SettingName): boolean {
  const { default: usual, as3 } = settingRow(name);
  return usual !== undefined && !sameValue(usual, []) && !sameValue(usual, as3?.absent);
}

/** Problems of one requirement: what it names must exist, and have an effect. */
function requirementProblems(
  path: string,
  rule: PolicyRequirement,
  bundles: readonly ServiceBundle[],
): readonly ConfigProblem[] {
  if (rule.bundle === undefined) {
    if (rule.settings === undefined)
      return [{ path, message: 'must have bundle or settings, or both' }];
    const always = rule.settings.filter(alwaysSet);
    return [
      ...(rule.otherwise === 'add'
        ? [
            {
              path: `${path}.otherwise`,
              message: 'add needs a bundle that has the values; name one, or use refuse',
            },
          ]
        : []),
      ...always.map((name) => ({
        path: `${path}.settings`,
        message: `${name} always has a value, so requiring it has no effect; name a bundle with the required value`,
      })),
    ];
  }
  const names = bundles.map(({ name }) => name);
  const unknown = unknownNameProblems(`${path}.bundle`, rule.bundle, names, 'service bundle');
  const bundle = bundles.find(({ name }) => name === rule.bundle);
  if (bundle === undefined) return unknown;
  const values = bundleSettings(bundle);
  return (rule.settings ?? [])
    .filter((name) => values[name] === undefined)
    .map((name) => ({
      path: `${path}.settings`,
      message: `service bundle ${bundle.name} does not set ${name}; add it there, or remove it here`,
    }));
}

/** A problem for each setting that differs from the bundle or requirement named `what`. */
function contradictionProblems(
  path: string,
  settings: SettingsInput,
  required: Parameters<typeof contradictions>[1],
  what: string,
): readonly ConfigProblem[] {
  const wanted = namedInput(settings);
  return contradictions({ wanted }, required).map((name) => ({
    path,
    message:
      `${name} is ${showValue(wanted[name])}, but ${what} has ${showValue(required[name])}; ` +
      'make them equal, or remove one',
  }));
}

/** Settings of a fleet override those of all its clusters, also required ones. */
function fleetProblems({ fleets, policy, serviceBundles }: SluiceConfig): readonly ConfigProblem[] {
  return fleets.flatMap(({ settings }, i) =>
    policy.requirements.flatMap((rule) => {
      const values = requiredSettings(rule, serviceBundles).map(({ setting, value }) => [
        setting,
        value,
      ]);
      return contradictionProblems(
        `fleets[${i}].settings`,
        settings,
        Object.fromEntries(values),
        `policy requirement "${rule.name}"`,
      );
    }),
  );
}

/** All problems of `serviceBundles`, `policy.requirements`, and of what refers to them. */
export function bundleProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const { serviceBundles: bundles, policy, ingresses } = config;
  const names = bundles.map(({ name }) => name);
  return [
    ...repeatedProblems('serviceBundles', '.name', names),
    ...bundles.flatMap(({ settings }, i) =>
      settingsProblems(`serviceBundles[${i}].settings`, settings, policy),
    ),
    ...repeatedProblems(
      'policy.requirements',
      '.name',
      policy.requirements.map(({ name }) => name),
    ),
    ...policy.requirements.flatMap((rule, i) =>
      requirementProblems(`policy.requirements[${i}]`, rule, bundles),
    ),
    ...ingresses.flatMap(({ serviceBundle: name, settings }, i) => {
      const bundle = bundles.find((one) => one.name === name);
      if (name === undefined) return [];
      if (bundle === undefined)
        return unknownNameProblems(`ingresses[${i}].serviceBundle`, name, names, 'service bundle');
      const what = `service bundle ${name}`;
      return contradictionProblems(
        `ingresses[${i}].settings`,
        settings,
        bundleSettings(bundle),
        what,
      );
    }),
    ...fleetProblems(config),
  ];
}
