/** All writes, from clients of the API and from components of the lab. */
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  modified,
  namespaceTerminating,
  notFound,
  versionRequired,
} from './errors.ts';
import { equal, fieldAt, fieldsOf, textAt, withoutFields, withoutNulls } from './fields.ts';
import { prepare, withDefaults } from './objects.ts';
import type { ManagerIdentity } from './ownership/managers.ts';
import { trackApply, trackUpdate } from './ownership/track.ts';
import { toStorage } from './resources/convert.ts';
import type { Resource } from './resources/resource.ts';
import { refuseUnreadable } from './rules.ts';
import type { VersionedStore } from './store.ts';
import type { Cause, Fields, KubernetesObject, ObjectMeta } from './types.ts';

/** `now`: milliseconds since 1970. */
export interface WriterOptions {
  readonly store: VersionedStore;
  readonly now: () => number;
  readonly uid: () => string;
  /** Additional validation, like an admission webhook. */
  readonly admit: (object: KubernetesObject) => readonly Cause[];
}

/** The write: its content, its author and its endpoint. */
export interface WriteTarget {
  readonly resource: Resource;
  /** The row of the table whose form is stored. */
  readonly stored: Resource;
  readonly namespace?: string;
  readonly name: string;
  readonly who: ManagerIdentity;
  readonly dryRun?: boolean;
}

const preconditionFields = [
  ['uid', 'UID'],
  ['resourceVersion', 'ResourceVersion'],
] as const;

/** Each write is prepared and checked as a whole before it is stored. */
export class Writer {
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  create(target: WriteTarget, given: KubernetesObject): KubernetesObject {
    const object = this.#incoming(target, given);
    const { namespace, name } = object.metadata;
    const live = this.#options.store.get(target.resource.storage, namespace, name);
    if (live) throw alreadyExists(target.resource, name, 'deletionTimestamp' in live.metadata);
    this.#requireLiveNamespace(target);
    if (object.metadata.resourceVersion)
      throw badRequest('resourceVersion should not be set on objects to be created');
    const reset = target.resource.status
      ? (withoutFields(object, 'status') as KubernetesObject)
      : object;
    const fresh = withDefaults(target.stored, this.#born(target, reset));
    return this.#save(target, trackUpdate(undefined, fresh, this.#writing(target)));
  }

  /** Replaces the object, or the part of it that the endpoint writes. */
  update(target: WriteTarget, given: KubernetesObject): KubernetesObject {
    const live = this.#live(target);
    const object = this.#incoming(target, given);
    this.#checkVersion(target, live, object);
    const next = withDefaults(target.stored, endpointPart(target, live, object));
    return this.#save(target, trackUpdate(live, next, this.#writing(target)), live);
  }

  /** Server-side apply; creates a missing object. */
  apply(target: WriteTarget, given: KubernetesObject, force: boolean): KubernetesObject {
    const object = this.#incoming(target, given);
    const live = this.#options.store.get(target.resource.storage, target.namespace, target.name);
    if (!live && target.who.subresource) throw notFound(target.resource, target.name);
    if (!live) {
      refuseOtherUid(target, object.metadata.uid, live);
      this.#requireLiveNamespace(target);
    }
    if (live && object.metadata.resourceVersion) this.#checkVersion(target, live, object);
    const { apiVersion, kind, metadata } = object;
    const { name, namespace } = metadata;
    const base: KubernetesObject =
      live ??
      this.#born(target, { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } });
    const next = trackApply(base, withoutNulls(object), { ...this.#writing(target), force });
    refuseOtherUid(target, object.metadata.uid, base);
    return this.#save(target, withDefaults(target.stored, restored(base, next)), live);
  }

  /** A write by the lab's own components: includes the status and ignores the resourceVersion. */
  place(target: WriteTarget, given: KubernetesObject): KubernetesObject {
    const object = this.#incoming(target, given);
    const live = this.#options.store.get(target.resource.storage, target.namespace, target.name);
    if (!live) this.#requireNamespace(target);
    const status = object['status'] ?? live?.['status'];
    const whole = { ...object, ...(status !== undefined && { status }) };
    const next = withDefaults(
      target.stored,
      live ? terminated(restored(live, whole), whole) : this.#placed(target, whole),
    );
    return this.#save(
      target,
      trackUpdate(live, next, { ...this.#writing(target), status: false }),
      live,
    );
  }

  /** Deletes an object, or marks it as terminating if it has finalizers. */
  delete(target: WriteTarget, preconditions: Fields = {}, graceSeconds = 0): KubernetesObject {
    const live = this.#live(target);
    for (const [field, word] of preconditionFields) {
      const wanted = textAt(preconditions, field);
      const found = textAt(live.metadata, field);
      if (wanted !== '' && wanted !== found)
        throw conflict(
          target.resource,
          target.name,
          `Precondition failed: ${word} in precondition: ${wanted}, ${word} in object meta: ${found}`,
        );
    }
    if (target.dryRun) return live;
    if ((live.metadata.finalizers ?? []).length === 0 && graceSeconds === 0)
      return this.#remove(live, target.resource.storage);
    if (live.metadata.deletionTimestamp) return live;
    const metadata = {
      ...live.metadata,
      ...(live.metadata.generation !== undefined && { generation: live.metadata.generation + 1 }),
      deletionTimestamp: this.timestamp(graceSeconds),
      deletionGracePeriodSeconds: graceSeconds,
    };
    return this.#options.store.put(target.resource.storage, { ...live, metadata });
  }

  #remove(live: KubernetesObject, storage: string): KubernetesObject {
    return this.#options.store.remove(storage, live);
  }

  #live(target: WriteTarget): KubernetesObject {
    const live = this.#options.store.get(target.resource.storage, target.namespace, target.name);
    if (!live) throw notFound(target.resource, target.name);
    return live;
  }

  #requireNamespace({ resource, namespace }: WriteTarget): void {
    if (!resource.namespaced || this.#options.store.get('namespaces', undefined, namespace ?? ''))
      return;
    throw notFound({ ...resource, group: '', plural: 'namespaces' }, namespace ?? '');
  }

  #requireLiveNamespace(target: WriteTarget): void {
    this.#requireNamespace(target);
    const { namespace = '', name } = target;
    const found = this.#options.store.get('namespaces', undefined, namespace);
    if (target.resource.namespaced && found?.metadata.deletionTimestamp)
      throw namespaceTerminating(target.resource, { namespace, name });
  }

  #incoming(target: WriteTarget, given: KubernetesObject): KubernetesObject {
    const { resource, stored, name, namespace } = target;
    const metadata = { ...fieldsOf(given.metadata), name } as ObjectMeta;
    delete metadata.namespace;
    if (resource.namespaced && namespace) metadata.namespace = namespace;
    const object = toStorage(resource, stored, withoutNulls({ ...given, metadata }));
    refuseUnreadable(stored, object);
    return object;
  }

  #born({ stored }: WriteTarget, object: KubernetesObject): KubernetesObject {
    const metadata = withoutFields(
      object.metadata,
      'generateName',
      'generation',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'selfLink',
    ) as ObjectMeta;
    return {
      ...object,
      metadata: {
        ...metadata,
        uid: this.#options.uid(),
        ...(stored.generation && { generation: 1 }),
        creationTimestamp: this.timestamp(),
      },
    };
  }

  /** A component may set identity and creation time, for tests in which they matter. */
  #placed(target: WriteTarget, object: KubernetesObject): KubernetesObject {
    const { uid, creationTimestamp } = object.metadata;
    const born = this.#born(target, object);
    return terminated(
      {
        ...born,
        metadata: {
          ...born.metadata,
          ...(uid && { uid }),
          ...(creationTimestamp && { creationTimestamp }),
        },
      },
      object,
    );
  }

  /** The time as objects carry it. */
  timestamp(laterSeconds = 0): string {
    return new Date(this.#options.now() + laterSeconds * 1000)
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  }

  #writing({ who, resource, stored }: WriteTarget): {
    who: ManagerIdentity;
    schema: Resource['schema'];
    status: boolean;
    builtIn: boolean;
    time: string;
  } {
    const { status, builtIn } = resource;
    return { who, schema: stored.schema, status, builtIn, time: this.timestamp() };
  }

  #checkVersion(target: WriteTarget, live: KubernetesObject, object: KubernetesObject): void {
    const { resourceVersion, uid } = object.metadata;
    const { resource, name } = target;
    refuseOtherUid(target, uid, live, `StorageError: invalid object, Code: 4, ${keyWords(target)}`);
    if (resourceVersion && resourceVersion !== live.metadata.resourceVersion)
      throw conflict(resource, name, modified);
    if (!resourceVersion && !resource.unconditional) throw versionRequired(resource, name);
  }

  #save(target: WriteTarget, object: KubernetesObject, live?: KubernetesObject): KubernetesObject {
    const { resource, stored } = target;
    const { store } = this.#options;
    const others = (): readonly KubernetesObject[] =>
      store
        .list({ storage: resource.storage })
        .filter((other) => other.metadata.uid !== object.metadata.uid);
    const prepared = prepare(stored, object, { others, ...(live && { before: live }) });
    const causes = [...prepared.causes, ...this.#options.admit(prepared.object)];
    if (causes.length > 0) throw invalid(resource, target.name, causes);
    const next = live ? withGeneration(stored, live, prepared.object) : prepared.object;
    if (live && equal(live, next)) return live;
    if (target.dryRun) return next;
    if (!live || !released(live, next)) return store.put(resource.storage, next);
    // Watchers see the object with the last finalizer; the client that removed it sees it without.
    const { resourceVersion = '' } = this.#remove(live, resource.storage).metadata;
    return { ...next, metadata: { ...next.metadata, resourceVersion } };
  }
}

/** A UID in a request refers to that object only; an apply does not recreate it. */
function refuseOtherUid(
  { resource, name }: WriteTarget,
  uid: string | undefined,
  live: KubernetesObject | undefined,
  prefix = '',
): void {
  if (!uid || uid === live?.metadata.uid) return;
  const found = live?.metadata.uid;
  throw conflict(
    resource,
    name,
    found
      ? `${prefix}Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`
      : `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
  );
}

/** The object's key in etcd, as in messages of the storage layer. */
function keyWords({ resource, namespace, name }: WriteTarget): string {
  const folder = resource.builtIn ? resource.plural : `${resource.group}/${resource.plural}`;
  const path = ['/registry', folder, ...(namespace ? [namespace] : []), name].join('/');
  return `Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: `;
}

/** A terminating object whose last finalizer was removed is gone. */
function released(live: KubernetesObject, next: KubernetesObject): boolean {
  const held = (object: KubernetesObject): boolean => (object.metadata.finalizers ?? []).length > 0;
  return next.metadata.deletionTimestamp !== undefined && held(live) && !held(next);
}

/** The server sets the identity; no write changes it. */
function restored(live: KubernetesObject, next: KubernetesObject): KubernetesObject {
  const { uid, creationTimestamp, generation, resourceVersion } = live.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds } = live.metadata;
  const metadata = {
    ...next.metadata,
    uid,
    creationTimestamp,
    generation,
    resourceVersion,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  };
  return { ...next, metadata: withoutNulls(metadata) as ObjectMeta };
}

/** Only the lab's own components mark objects as terminating by writing them. */
function terminated(object: KubernetesObject, given: KubernetesObject): KubernetesObject {
  const { deletionTimestamp, deletionGracePeriodSeconds } = given.metadata;
  return deletionTimestamp
    ? {
        ...object,
        metadata: withoutNulls({
          ...object.metadata,
          deletionTimestamp,
          deletionGracePeriodSeconds,
        }),
      }
    : object;
}

/**
 * The status endpoint changes only the status (and the metadata of built-in kinds); the other
 * endpoint changes everything else.
 */
function endpointPart(
  { who, resource }: WriteTarget,
  live: KubernetesObject,
  object: KubernetesObject,
): KubernetesObject {
  if (who.subresource === 'status') {
    const entries = object.metadata.managedFields;
    const base = resource.builtIn ? restored(live, object).metadata : live.metadata;
    const metadata = { ...base, ...(entries && { managedFields: entries }) };
    return {
      ...withoutFields(live, 'status'),
      ...('status' in object && { status: object['status'] }),
      metadata,
    } as KubernetesObject;
  }
  const next = restored(live, object);
  if (!resource.status) return next;
  return {
    ...withoutFields(next, 'status'),
    ...('status' in live && { status: live['status'] }),
  } as KubernetesObject;
}

function content(object: KubernetesObject): Fields {
  return withoutFields(object, 'metadata', 'status', 'apiVersion', 'kind');
}

function withGeneration(
  { generation: counted }: Resource,
  live: KubernetesObject,
  next: KubernetesObject,
): KubernetesObject {
  if (!counted) return next;
  const before = Number(fieldAt(live, 'metadata.generation') ?? 1);
  const generation = equal(content(live), content(next)) ? before : before + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}
