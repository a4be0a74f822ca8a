/** Rules shared by several sections of the configuration. */
import { namedInput, referencesIn } from '../domain/exposure/settings/compose.ts';
import { nearest } from '../domain/text/nearest.ts';
import { forbiddenReferences, type PolicyConfig } from '../domain/exposure/settings/policy.ts';
import { monitorProblem } from '../domain/exposure/settings/values.ts';
import type { SettingsInput } from '../domain/exposure/settings/settings.ts';
import type { ConfigProblem } from './error.ts';

/**
 * A problem for each value that occurred before. `key` is appended to the path of the entry, for
 * instance `.name`.
 */
export function repeatedProblems(
  path: string,
  key: string,
  values: readonly string[],
): readonly ConfigProblem[] {
  return values.flatMap((value, i) => {
    const first = values.indexOf(value);
    return first === i
      ? []
      : [{ path: `${path}[${i}]${key}`, message: `${value} is already used by ${path}[${first}]` }];
  });
}

/**
 * A problem if `value` is not among `known`, with the nearest name if there is one. `what` names
 * the kind of thing in the message.
 */
export function unknownNameProblems(
  path: string,
  value: string,
  known: readonly string[],
  what: string,
): readonly ConfigProblem[] {
  if (known.includes(value)) return [];
  const meant = nearest(value, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
  return [{ path, message: `no ${what} ${value}; ${hint}` }];
}

/**
 * Problems of settings in sluice.yaml: monitors that AS3 would refuse, and references that the
 * policy does not allow.
 */
export function settingsProblems(
  path: string,
  settings: SettingsInput,
  policy: PolicyConfig,
): readonly ConfigProblem[] {
  const monitors = (settings.monitors ?? []).flatMap((monitor, i) => {
    const problem = monitorProblem(monitor);
    return problem === undefined ? [] : [{ path: `${path}.monitors[${i}]`, message: problem }];
  });
  const paths = referencesIn(namedInput(settings)).map(({ path: reference }) => reference);
  const references = forbiddenReferences(policy, [...new Set(paths)]).map((reference) => ({
    path,
    message: `refers to ${reference}, which policy.references does not list; add it there`,
  }));
  return [...monitors, ...references];
}
