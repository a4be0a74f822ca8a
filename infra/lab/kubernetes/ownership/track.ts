/** Tracks field ownership through writes: server-side apply, and all other writes. */
import { applyConflict, badRequest } from '../errors.ts';
import { isFields } from '../fields.ts';
import type { FieldSchema } from '../resources/resource.ts';
import type { Cause, KubernetesObject, ManagedFieldsEntry } from '../types.ts';
import {
  type ManagerIdentity,
  type Owner,
  describe,
  readOwners,
  isSameManager,
  writeOwners,
} from './managers.ts';
import { type Path, PathSet, readable } from './paths.ts';
import {
  type Difference,
  compare,
  mergeValues,
  pathsOf,
  refuseDuplicates,
  removeAt,
} from './values.ts';

/** What decides which fields a write owns. */
export interface Writing {
  readonly who: ManagerIdentity;
  readonly schema: FieldSchema;
  /** The resource has a status subresource, so each endpoint owns only its part. */
  readonly status: boolean;
  /** Built-in kinds accept metadata at the status endpoint too. */
  readonly builtIn: boolean;
  readonly time: string;
}

const identityFields = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'selfLink',
  'managedFields',
  'generateName',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** No manager owns the identity, or what the other endpoint writes. */
function ownable(writing: Writing): (path: Path) => boolean {
  return ([first, second]) => {
    if (first === 'f:apiVersion' || first === 'f:kind') return false;
    if (first === 'f:metadata')
      return (
        second !== undefined &&
        !identityFields.includes(second.slice(2)) &&
        (writing.who.subresource === undefined || writing.builtIn)
      );
    if (writing.who.subresource === 'status') return first === 'f:status';
    return !(writing.status && first === 'f:status');
  };
}

function limited(difference: Difference, keep: (path: Path) => boolean): Difference {
  const { added, modified, removed } = difference;
  return {
    added: added.filter(keep),
    modified: modified.filter(keep),
    removed: removed.filter(keep),
  };
}

function withEntries(object: KubernetesObject, entries: ManagedFieldsEntry[]): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, ...(entries.length > 0 && { managedFields: entries }) },
  };
}

/** With a single empty entry, a client removes all owners. */
function forgetsOwners(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  return entries?.length === 1 && isFields(entries[0]) && Object.keys(entries[0]).length === 0;
}

/**
 * The spec and status of custom resources are maps that have owners themselves; those of built-in
 * kinds are not.
 */
function changes(
  live: KubernetesObject | undefined,
  next: KubernetesObject,
  { schema, builtIn }: Writing,
): Difference {
  const difference = compare(live ?? {}, next, schema);
  if (builtIn) return difference;
  const fresh = Object.keys(next).filter(
    (key) => isFields(next[key]) && live?.[key] === undefined && key !== 'metadata',
  );
  return {
    ...difference,
    added: difference.added.union(new PathSet(fresh.map((key) => [`f:${key}`]))),
  };
}

/** A create, update or patch: the writer becomes the owner of what it changes. */
export function trackUpdate(
  live: KubernetesObject | undefined,
  next: KubernetesObject,
  writing: Writing,
): KubernetesObject {
  const entries = next.metadata.managedFields;
  if (forgetsOwners(entries)) return withEntries(next, []);
  const owners = readOwners(entries && entries.length > 0 ? next : live);
  const difference = limited(changes(live, next, writing), ownable(writing));
  const taken = difference.added.union(difference.modified);
  const own = owners.find((owner) => isSameManager(owner, writing.who));
  const set = (own?.set ?? new PathSet()).minus(difference.removed).union(taken);
  const others = owners
    .filter((owner) => owner !== own)
    .map((owner) => ({ ...owner, set: owner.set.minus(difference.removed).minus(taken) }));
  const time = taken.size === 0 && own ? own.time : writing.time;
  return withEntries(next, writeOwners([...others, { ...writing.who, time, set }]));
}

/** Applies a configuration to the live object (a bare object if there is none). */
export function trackApply(
  live: KubernetesObject,
  applied: KubernetesObject,
  writing: Writing & { readonly force: boolean },
): KubernetesObject {
  if (applied.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  refuseDuplicates(applied, writing.schema);
  const keep = ownable(writing);
  const owners = readOwners(live);
  const own = owners.find((owner) => isSameManager(owner, writing.who));
  const others = owners.filter((owner) => owner !== own);
  const set = pathsOf(applied, writing.schema).filter(keep);
  const wanted = restricted(applied, writing);
  const merged = mergeValues(live, wanted, writing.schema) as KubernetesObject;
  const owned = others.reduce((all, owner) => all.union(owner.set), set);
  const pruned = prune(merged, (own?.set ?? new PathSet()).minus(set), {
    schema: writing.schema,
    owned,
  });
  const difference = limited(compare(live, pruned, writing.schema), keep);
  const taken = difference.added.union(difference.modified);
  refuseConflicts(others, taken, writing.force);
  const left = others.map((owner) => ({
    ...owner,
    set: owner.set.minus(difference.removed).minus(taken),
  }));
  const unchanged = own !== undefined && own.set.size === set.size && own.set.minus(set).size === 0;
  return withEntries(
    pruned,
    writeOwners([
      ...left,
      { ...writing.who, time: unchanged && own ? own.time : writing.time, set },
    ]),
  );
}

/** The part of an applied object that this endpoint writes. */
function restricted(
  applied: KubernetesObject,
  { who, status, builtIn }: Writing,
): KubernetesObject {
  const { apiVersion, kind, metadata } = applied;
  if (who.subresource === 'status')
    return {
      apiVersion,
      kind,
      metadata: builtIn ? metadata : { name: metadata.name },
      ...('status' in applied && { status: applied['status'] }),
    };
  if (!status) return applied;
  const { status: _, ...rest } = applied;
  return rest;
}

interface Ground {
  readonly schema: FieldSchema;
  readonly owned: PathSet;
}

/**
 * Removes what this manager applied earlier and no longer applies, unless another manager owns it.
 */
function prune(
  object: KubernetesObject,
  stale: PathSet,
  { schema, owned }: Ground,
): KubernetesObject {
  const deepestFirst = [...stale].sort((left, right) => right.length - left.length);
  const keep = (path: Path): boolean => owned.has(path);
  return deepestFirst.reduce<KubernetesObject>((current, path) => {
    if (owned.reaches(path) || isKeyOfItem(path)) return current;
    return removeAt(current, schema, path, keep) as KubernetesObject;
  }, object);
}

/** The key fields of a list item stay as long as the item. */
function isKeyOfItem(path: Path): boolean {
  const item = path.at(-2);
  const field = path.at(-1)?.slice(2) ?? '';
  return item?.startsWith('k:') === true && field in (JSON.parse(item.slice(2)) as object);
}

function refuseConflicts(others: readonly Owner[], taken: PathSet, force: boolean): void {
  const conflicts = others.flatMap((owner) =>
    [...owner.set.intersect(taken)].map((path) => ({
      owner: describe(owner),
      path: readable(path),
    })),
  );
  const [first] = conflicts;
  if (force || !first) return;
  const causes: readonly Cause[] = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${owner}`,
    field: path,
  }));
  if (conflicts.length === 1)
    throw applyConflict(
      `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.path}`,
      causes,
    );
  const managers = [...new Set(conflicts.map((one) => one.owner))].sort();
  const lines = managers.flatMap((owner) => [
    `conflicts with ${owner}:`,
    ...conflicts.filter((one) => one.owner === owner).map((one) => `- ${one.path}`),
  ]);
  throw applyConflict(
    `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`,
    causes,
  );
}
