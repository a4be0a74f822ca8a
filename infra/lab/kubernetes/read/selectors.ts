/** labelSelector and fieldSelector. */
import { badRequest } from '../errors.ts';
import { textAt } from '../fields.ts';
import type { Resource } from '../resources/resource.ts';
import type { KubernetesObject } from '../types.ts';

/** Whether an object is selected. */
export type Matcher = (object: KubernetesObject) => boolean;

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

/** Splits at commas outside parentheses. */
function clauses(selector: string): readonly string[] {
  return (selector.match(/(?:\([^)]*\)|[^,(])+/g) ?? [])
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
}

function setBased(clause: string): LabelTest | undefined {
  const match = /^([^\s!=,()]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(clause);
  if (!match) return undefined;
  const [, key = '', operator, list = ''] = match;
  const values = list.split(',').map((value) => value.trim());
  // An object without the label satisfies "notin".
  return (labels) => values.includes(labels[key] ?? '\u0000') === (operator === 'in');
}

function equality(clause: string): LabelTest | undefined {
  const match = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/.exec(clause);
  if (!match) return undefined;
  const [, key = '', operator, value = ''] = match;
  return (labels) => (labels[key] === value) === (operator !== '!=');
}

function existence(clause: string): LabelTest | undefined {
  const match = /^(!?)\s*([^\s!=,()]+)$/.exec(clause);
  if (!match) return undefined;
  const [, not, key = ''] = match;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
}

/** Both forms: `a=b,!c` and `a in (b,c)`. Throws 400 for anything else. */
export function labelMatcher(selector: string): Matcher {
  const tests = clauses(selector).map((clause) => {
    const test = setBased(clause) ?? equality(clause) ?? existence(clause);
    if (!test) {
      const [, found = clause] = clause.split(/\s+/);
      throw badRequest(
        `unable to parse requirement: found '${found}', expected: in, notin, =, ==, !=, gt, lt`,
      );
    }
    return test;
  });
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

/** Older names of the same field. */
const aliases: Readonly<Record<string, string>> = { source: 'source.component' };

/** events.k8s.io names are stored under their core names. */
function storedPath(path: string): string {
  return path
    .replace(/^regarding\./, 'involvedObject.')
    .replace(/^reportingController$/, 'reportingComponent');
}

/** Throws 400 for a field that the kind cannot be selected by. */
export function fieldMatcher(selector: string, resource: Resource): Matcher {
  const allowed = ['metadata.name', 'metadata.namespace', ...resource.selectable];
  const tests = clauses(selector).map((clause): Matcher => {
    const match = /^([^!=]+)(==|=|!=)(.*)$/.exec(clause);
    const path = aliases[match?.[1]?.trim() ?? ''] ?? match?.[1]?.trim() ?? clause;
    if (!match)
      throw badRequest(`invalid field selector: "${clause}"; expected name=value or name!=value`);
    if (!allowed.includes(path)) throw badRequest(`field label not supported: ${path}`);
    const missing = path === 'spec.unschedulable' ? 'false' : '';
    return (object) =>
      ((textAt(object, storedPath(path)) || missing) === match[3]) === (match[2] !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}
