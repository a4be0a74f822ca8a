/** CIS's Policy: settings for the virtual servers that name it. */
import { isJsonObject, type JsonObject } from '../../../json-object.ts';
import { SETTING_NAMES, type SettingName } from '../../settings/catalogue/catalogue.ts';
import { sameValue } from '../../settings/values.ts';
import { blockImport, type Draft, draftOf, reportLost, type PolicyUse } from './cis-draft.ts';
import { takeFields } from './cis-fields.ts';
import { findReferred } from './cis-lookup.ts';
import {
  isEmpty,
  textOf,
  type CisObject,
  type UsedPolicy,
  type WantedSettings,
} from './cis-object.ts';

/** A Policy as read for one virtual server. */
export interface ReadPolicy {
  /** `namespace/name` */
  readonly policy: string;
  /** Its settings, as far as CIS applies them to this virtual server. */
  readonly draft: Draft;
  /** Only of VirtualServers, for which CIS uses it. */
  readonly defaultPool: JsonObject | undefined;
}

/** The field that names a Policy, for messages, and its values. */
export interface PolicyName {
  /** For messages. */
  readonly field: string;
  /** As it is written; it need not be a text. */
  readonly name: unknown;
  readonly namespace: string;
}

/** Undefined without a Policy. One that is missing blocks the virtual server. */
export function readPolicy(
  draft: Draft,
  { field, name, namespace }: PolicyName,
  use: PolicyUse,
  all: readonly CisObject[],
): ReadPolicy | undefined {
  const text = textOf(name);
  if (text === undefined) {
    if (!isEmpty(name)) blockImport(draft, field, 'is not the name of a Policy');
    return undefined;
  }
  const found = findReferred(all, { kind: 'Policy', namespace, name: text });
  if ('problem' in found) {
    blockImport(draft, field, found.problem);
    return undefined;
  }
  const own = draftOf(found, use);
  takeFields(own, 'Policy', found.spec, 'spec.');
  if (own.blocked) blockImport(draft, field, `needs ${own.object}, which is not carried`);
  const pool = found.spec['defaultPool'];
  const isUsed = use.kind === 'VirtualServer';
  if (!isEmpty(pool) && !isUsed)
    reportLost(own, 'spec.defaultPool', `CIS does not apply it to a ${use.kind}`);
  return {
    policy: `${found.namespace}/${found.name}`,
    draft: own,
    defaultPool: isUsed && isJsonObject(pool) && !isEmpty(pool) ? pool : undefined,
  };
}

/** Both profiles come from one object, as CIS replaces them together. */
const TCP: readonly SettingName[] = ['profileTcp', 'profileTcpServer'];

/** The settings of an object that count instead of those of its Policy; empty ones do not. */
function whatReplaces({ wanted }: Draft): ReadonlySet<SettingName> {
  const own = SETTING_NAMES.filter(
    (name) => name !== 'iRules' && (!isEmpty(wanted[name]) || wanted[name] === false),
  );
  return new Set(TCP.some((name) => own.includes(name)) ? [...own, ...TCP] : own);
}

/** What the object sets itself counts. The iRules of a Policy run before those of the object. */
export function mergePolicy(draft: Draft, { draft: policy }: ReadPolicy): void {
  const replaces = whatReplaces(draft);
  draft.lost.push(...policy.lost);
  for (const name of policy.unread) draft.unread.add(name);
  for (const name of SETTING_NAMES) {
    const theirs = policy.wanted[name];
    const own = draft.wanted[name];
    const setBy = policy.setBy[name];
    if (theirs === undefined || setBy === undefined) continue;
    if (replaces.has(name)) {
      if (!sameValue(own, theirs))
        reportLost(draft, setBy.field, `${draft.object} sets it too, which counts`, setBy.object);
      continue;
    }
    draft.wanted[name] = theirs;
    draft.setBy[name] = setBy;
    if (name === 'iRules' && Array.isArray(own) && Array.isArray(theirs))
      draft.wanted.iRules = [...new Set<unknown>([...theirs, ...own])];
  }
}

/** For a service bundle: all settings of the Policy that this mode takes, if none was replaced. */
export function usedPolicy(
  wanted: WantedSettings,
  { policy, draft }: ReadPolicy,
): { readonly policy?: UsedPolicy } {
  const names = SETTING_NAMES.filter(
    (name) => draft.wanted[name] !== undefined && wanted[name] !== undefined,
  );
  const isWhole = names.every((name) => sameValue(draft.wanted[name], wanted[name]));
  return names.length === 0 || !isWhole
    ? {}
    : {
        policy: {
          policy,
          settings: Object.fromEntries(names.map((name) => [name, draft.wanted[name]])),
        },
      };
}
