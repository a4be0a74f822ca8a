/** The store for the lab's own components in the same process. */
import { createHash } from 'node:crypto';
import { pruneSilently } from './custom/decode.ts';
import { notFound } from './errors.ts';
import type { Catalog } from './resources/catalog.ts';
import { fromStorage } from './resources/convert.ts';
import type { Resource } from './resources/resource.ts';
import type { VersionedStore } from './store.ts';
import type { KubernetesObject, ObjectStore } from './types.ts';
import type { WriteTarget, Writer } from './writer.ts';

const MANAGER = 'sluice-lab';

function resourceOf(catalog: Catalog, apiVersion: string, kind: string): Resource {
  const resource = catalog.byKind(apiVersion, kind);
  if (!resource)
    throw new Error(
      `The lab's API server does not serve ${apiVersion} ${kind}; see infra/lab/kubernetes/resources/table.ts.`,
    );
  return resource;
}

function versionOf(apiVersion: string): string {
  return apiVersion.split('/').at(-1) ?? 'v1';
}

/** Writes by the rules of the API, but without HTTP, authentication and faults. */
export function createObjectStore(
  store: VersionedStore,
  writer: Writer,
  catalog: Catalog,
): ObjectStore {
  function target(
    apiVersion: string,
    kind: string,
    at: { readonly namespace?: string | undefined; readonly name: string },
  ): WriteTarget {
    const resource = resourceOf(catalog, apiVersion, kind);
    const namespace = resource.namespaced ? (at.namespace ?? 'default') : undefined;
    const stored = catalog.byStorage(resource.storage) ?? resource;
    const who = { manager: MANAGER, operation: 'Update', apiVersion } as const;
    return { resource, stored, name: at.name, who, ...(namespace && { namespace }) };
  }

  function copy(resource: Resource, version: string, object: KubernetesObject): KubernetesObject {
    return structuredClone(fromStorage(resource, version, object));
  }

  return {
    apply(object) {
      const where = target(object.apiVersion, object.kind, object.metadata);
      return copy(
        where.resource,
        versionOf(object.apiVersion),
        writer.place(where, structuredClone(pruneSilently(where.resource.storage, object))),
      );
    },
    get(apiVersion, kind, namespace, name) {
      const where = target(apiVersion, kind, { namespace, name });
      const object = store.get(where.resource.storage, where.namespace, name);
      return object && copy(where.resource, versionOf(apiVersion), object);
    },
    list(apiVersion, kind, namespace) {
      const resource = resourceOf(catalog, apiVersion, kind);
      const place = { storage: resource.storage, ...(namespace !== undefined && { namespace }) };
      return store.list(place).map((object) => copy(resource, versionOf(apiVersion), object));
    },
    delete(apiVersion, kind, namespace, name) {
      const where = target(apiVersion, kind, { namespace, name });
      const live = store.get(where.resource.storage, where.namespace, name);
      if (!live) throw notFound(where.resource, name);
      store.remove(where.resource.storage, live);
    },
    subscribe(listener) {
      return store.listen(({ type, object }) =>
        listener({ type, object: structuredClone(object) }),
      );
    },
  };
}

/** A UUID that is derived from the text. */
export function stableUid(...words: readonly string[]): string {
  const hex = createHash('sha256').update(words.join('/')).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
