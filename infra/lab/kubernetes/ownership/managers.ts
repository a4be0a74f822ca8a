/** Reads and writes the owners of fields: `metadata.managedFields`. */
import { isFields, listOf } from '../fields.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../types.ts';
import { PathSet, decode, encode } from './paths.ts';

export interface Identity {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
}

export interface Owner extends Identity {
  readonly time: string;
  readonly set: PathSet;
}

/** An applier is the same manager in every version of the API; an updater is not. */
export function same(left: Identity, right: Identity): boolean {
  const versions = left.operation === 'Apply' || left.apiVersion === right.apiVersion;
  const names = left.manager === right.manager && left.operation === right.operation;
  return versions && names && (left.subresource ?? '') === (right.subresource ?? '');
}

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

export function describe(owner: Identity): string {
  const quoted = JSON.stringify(owner.manager);
  const where = owner.subresource
    ? `${quoted} with subresource ${JSON.stringify(owner.subresource)}`
    : quoted;
  return owner.operation === 'Update' ? `${where} using ${owner.apiVersion}` : where;
}
