/**
 * The fields of CIS's custom resources: those with a setting in the catalogue, those that are only
 * reported, and those without which the virtual server cannot be imported.
 */
import type { JsonObject } from '../../../json-object.ts';
import { isAuto } from '../../../address-pools/auto-address.ts';
import { SETTING_ROWS } from '../../settings/catalogue/catalogue.ts';
import type { SettingRow } from '../../settings/row.ts';
import { type Mode, showValue } from '../../settings/values.ts';
import { readAddress } from '../../settings/annotation-values.ts';
import {
  type CisObject,
  cisObjectName,
  isEmpty,
  type NotCarried,
  textOf,
  type WantedSettings,
} from './cis-object.ts';

/** The state while the fields of an object are read. */
export interface Draft {
  readonly object: string;
  readonly wanted: WantedSettings;
  readonly lost: NotCarried[];
  /**
   * Set if a field without equivalent would change the virtual server, so that it is not imported.
   */
  blocked: boolean;
}

/** An empty draft for an object; the readers of its fields fill it in. */
export function draftOf(object: CisObject): Draft {
  return { object: cisObjectName(object), wanted: {}, lost: [], blocked: false };
}

/** Records that a field has no equivalent, for the report of the import. */
export function lose(draft: Draft, field: string, reason: string): void {
  draft.lost.push({ object: draft.object, field, reason });
}

/**
 * Records that the whole object is not imported, because without this field Sluice would publish
 * something else.
 */
export function block(draft: Draft, field: string, reason: string): void {
  draft.blocked = true;
  lose(draft, field, `${reason}; the whole virtual server is left out`);
}

/** A field without equivalent: the reason, or undefined if another part of the import reads it. */
export type Loss = (value: unknown) => string | undefined;
/** Reads the value of one field into the draft. */
type Take = (draft: Draft, value: unknown, field: string) => void;
/** What to do with each known field of an object. */
export type FieldTable = Readonly<Record<string, Take>>;

/** For fields that other code reads: nothing is recorded. */
export const elsewhere: Loss = () => undefined;
/** For fields whose loss needs only a sentence. */
const says =
  (reason: string): Loss =>
  () =>
    reason;

/** In Sluice the nodes are selected for a whole ingress, and only if nodes are its members. */
function nodeLabelLoss(value: unknown): string {
  const [, key, label] = /^([^=]+)=(.*)$/.exec(String(value)) ?? [];
  if (key === undefined)
    return `is ${JSON.stringify(value)}, not key=value; nodeSelector of the ingress in sluice.yaml selects nodes`;
  return (
    'applies to one pool; to select these nodes for all ports of the ingress, ' +
    `add "nodeSelector: {${key}: ${JSON.stringify(label)}}" to its entry in sluice.yaml`
  );
}

/** Reported; the virtual server is imported without it. */
const TOLD: Readonly<Record<string, Loss>> = {
  host: says('hosts are taken from the gateway'),
  hostAliases: says('hosts are taken from the gateway'),
  hostGroup: says('hosts are taken from the gateway'),
  hostGroupVirtualServerName: says('Sluice derives names on the device from address and port'),
  virtualServerName: says('Sluice derives names on the device from address and port'),
  nodeMemberLabel: nodeLabelLoss,
  multiClusterServices: says(
    'define clusters that share a virtual server as a fleet in sluice.yaml',
  ),
  alternateBackends: says('set weights between Services in the VirtualService'),
};

/**
 * If one of these fields is set, the whole virtual server is not imported: without the field it
 * would be less protected, or something else.
 */
const NEEDED: Readonly<Record<string, string>> = {
  tls: 'the gateway terminates TLS, not BIG-IP',
  waf: 'WAF policies are not supported',
  policyName: 'F5 Policy resources are not supported',
  allowSourceRange: 'the source ranges could not be carried',
  dos: 'DoS profiles are not supported',
  botDefense: 'bot defense profiles are not supported',
  profileAccess: 'access profiles are not supported',
  policyPerRequestAccess: 'access policies are not supported',
  profileAdapt: 'ICAP profiles are not supported',
  rewriteAppRoot: 'URL rewriting belongs in the VirtualService',
  rewrite: 'URL rewriting belongs in the VirtualService',
  hostRewrite: 'host rewriting belongs in the VirtualService',
  staticPoolMembers: 'members come from the gateway’s pods or nodes',
  bigipRouteDomain: 'virtual addresses are of route domain 0',
};

/**
 * The fields of `spec` or `pool`: those of the catalogue first, then the specific ones of this
 * object.
 */
export function fieldsOf(
  object: 'spec' | 'pool',
  own: Readonly<Record<string, Loss>>,
  needed: Readonly<Record<string, string>> = NEEDED,
): FieldTable {
  const blocks = Object.entries(needed).map(([field, reason]): [string, Take] => [
    field,
    (draft, value, path) => (isEmpty(value) ? lose : block)(draft, path, reason),
  ]);
  const told = Object.entries({ ...TOLD, ...own }).map(([field, why]): [string, Take] => [
    field,
    (draft, value, path) => {
      const reason = why(value);
      if (reason !== undefined) lose(draft, path, reason);
    },
  ]);
  return Object.fromEntries([...blocks, ...told, ...settingFields(object, needed)]);
}

/**
 * The fields that the catalogue knows. A field in `needed` blocks the object instead of being lost.
 */
function settingFields(
  object: 'spec' | 'pool',
  needed: Readonly<Record<string, string>>,
): readonly [string, Take][] {
  return SETTING_ROWS.flatMap(([name, { cis = [] }]) =>
    cis
      .filter((one) => one.object === object)
      .map(({ field, read }): [string, Take] => [
        field,
        (draft, value, path) => {
          const { value: taken, problems = [] } = read(value);
          const tell = Object.hasOwn(needed, field) ? block : lose;
          for (const problem of problems) tell(draft, path, problem);
          if (taken !== undefined) draft.wanted[name] = taken;
        },
      ]),
  );
}

/**
 * Applies the table to every field. Fields that the table does not know are recorded as lost, so
 * none is dropped silently.
 */
export function takeFields(
  draft: Draft,
  values: JsonObject,
  table: FieldTable,
  prefix: string,
): void {
  for (const [key, value] of Object.entries(values)) {
    const taken = Object.hasOwn(table, key) ? table[key] : undefined;
    if (taken === undefined) lose(draft, `${prefix}${key}`, 'has no equivalent in Sluice');
    else taken(draft, value, `${prefix}${key}`);
  }
}

/**
 * Without an explicit address, uses the one that BIG-IP serves now according to the status, else
 * one of the pool named by the label.
 */
export function takeAddress(
  draft: Draft,
  label: unknown,
  served: unknown,
  field = 'spec.ipamLabel',
): void {
  const live = textOf(served);
  const read = live === undefined ? undefined : readAddress(live);
  const now = read === undefined || 'problem' in read ? undefined : String(read.value);
  const pool = poolNameOf(label);
  const named = draft.wanted.virtualAddress;
  if (named !== undefined) {
    if (pool !== undefined) lose(draft, field, 'the object names its address too, which counts');
    return;
  }
  if (now !== undefined) {
    draft.wanted.virtualAddress = now;
    if (pool !== undefined)
      lose(
        draft,
        field,
        `${now}, which BIG-IP serves now, is kept; auto:${pool} would take one from the pool ${pool} of addressPools`,
      );
    return;
  }
  if (pool === undefined) {
    if (!isEmpty(label)) lose(draft, field, 'names no pool, and BIG-IP serves no address for it');
    return;
  }
  draft.wanted.virtualAddress = `auto:${pool}`;
  lose(
    draft,
    field,
    `becomes auto:${pool}: give addressPools a pool ${pool} with the ranges of this label ` +
      'in F5’s IPAM controller; ' +
      'the address will be another one unless the pool has no other free',
  );
}

/** A label as the name of a pool: a DNS label. */
export function poolNameOf(label: unknown): string | undefined {
  const text = textOf(label)
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return text !== undefined && isAuto(`auto:${text}`) ? text : undefined;
}

/** Drops settings that this kind of virtual server does not support; Sluice would refuse them. */
export function dropUnfit(draft: Draft): void {
  const mode = (draft.wanted.mode ?? 'tcp') as Mode;
  const takes = (modes: readonly Mode[] | undefined): boolean => modes?.includes(mode) ?? true;
  for (const [name, row] of SETTING_ROWS) {
    const value = draft.wanted[name];
    if (value === undefined) continue;
    const { modes, modesOfValue = {}, cis = [] }: SettingRow = row;
    const wrong = [value]
      .flat()
      .find((one) => typeof one === 'string' && !takes(modesOfValue[one]));
    if (takes(modes) && wrong === undefined) continue;
    const [field] = cis;
    const path =
      field === undefined ? name : `spec.${field.object === 'pool' ? 'pool.' : ''}${field.field}`;
    lose(draft, path, `${showValue(wrong ?? value)} is not for a virtual server of mode ${mode}`);
    delete draft.wanted[name];
  }
}
