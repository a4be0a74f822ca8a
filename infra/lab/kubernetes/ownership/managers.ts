/** Reads and writes the owners of fields: `metadata.managedFields`. */
import { isFields, listOf } from '../fields.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../types.ts';
import { PathSet, decode, encode } from './paths.ts';

/** Who writes. Two writes with the same one have one entry in `managedFields`. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
}

/** An entry of `managedFields`, decoded. */
export interface Owner extends ManagerIdentity {
  readonly time: string;
  readonly set: PathSet;
}

/** An applier is the same manager in every version of the API; an updater is not. */
export function isSameManager(left: ManagerIdentity, right: ManagerIdentity): boolean {
  const versions = left.operation === 'Apply' || left.apiVersion === right.apiVersion;
  const names = left.manager === right.manager && left.operation === right.operation;
  return versions && names && (left.subresource ?? '') === (right.subresource ?? '');
}

/** Entries without a manager belong to `unknown`. */
export function readOwners(object: KubernetesObject | undefined): readonly Owner[] {
  return listOf(object?.metadata.managedFields)
    .filter(isFields)
    .map((raw: ManagedFieldsEntry) => ({
      manager: raw.manager ?? 'unknown',
      operation: raw.operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion: raw.apiVersion ?? '',
      ...(raw.subresource && { subresource: raw.subresource }),
      time: raw.time ?? '',
      set: decode(raw.fieldsV1 ?? {}),
    }));
}

/** In the order of the API server, without those that own nothing any more. */
export function writeOwners(owners: readonly Owner[]): ManagedFieldsEntry[] {
  return owners
    .filter((owner) => owner.set.size > 0)
    .toSorted(byOperationTimeName)
    .map(({ manager, operation, apiVersion, time, set, subresource }) => ({
      manager,
      operation,
      apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: encode(set),
      ...(subresource && { subresource }),
    }));
}

function byOperationTimeName(left: Owner, right: Owner): number {
  return (
    order(left.operation, right.operation) ||
    order(left.time, right.time) ||
    order(left.manager, right.manager)
  );
}

function order(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

/** As conflicts name it: `"kubectl" using v1`. */
export function describe(owner: ManagerIdentity): string {
  const quoted = JSON.stringify(owner.manager);
  const where = owner.subresource
    ? `${quoted} with subresource ${JSON.stringify(owner.subresource)}`
    : quoted;
  return owner.operation === 'Update' ? `${where} using ${owner.apiVersion}` : where;
}
