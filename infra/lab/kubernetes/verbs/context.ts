import type { FaultBoard } from '../faults.ts';
import type { RequestInfo } from '../http/request.ts';
import type { NamespaceController } from '../namespaces.ts';
import { type Catalog, groupVersion } from '../resources/catalog.ts';
import { fromStorage } from '../resources/convert.ts';
import type { Resource } from '../resources/resource.ts';
import { type Matcher, fieldMatcher, labelMatcher } from '../read/selectors.ts';
import type { StorePlace, VersionedStore } from '../store.ts';
import type { KubernetesObject } from '../types.ts';
import type { Writer } from '../writer.ts';

/** What all verbs work with. */
export interface VerbContext {
  readonly store: VersionedStore;
  readonly writer: Writer;
  readonly catalog: Catalog;
  readonly faults: FaultBoard;
  readonly now: () => number;
  readonly bookmarkMs: number;
  readonly gracefulPods: boolean;
  readonly namespaces: NamespaceController;
}

/** The version that the client asked for. */
export function apiVersionOf(info: RequestInfo): string {
  return groupVersion(info.resource.group, info.version);
}

/** The object in the client's version. */
export function shown(info: RequestInfo, object: KubernetesObject): KubernetesObject {
  return fromStorage(info.resource, info.version, object);
}

/** What the path covers. */
export function placeOf(info: RequestInfo): StorePlace {
  return { storage: info.resource.storage, ...(info.namespace && { namespace: info.namespace }) };
}

/**
 * The row of the table whose version is stored: two API groups may have one kind, as with events.
 */
export function storedForm(context: VerbContext, resource: Resource): Resource {
  return context.catalog.byStorage(resource.storage) ?? resource;
}

/** A name in the path of a watch or list is equivalent to a field selector. */
export function matcherOf({ query, resource }: RequestInfo): Matcher {
  const labels = labelMatcher(query.get('labelSelector') ?? '');
  const fields = fieldMatcher(query.get('fieldSelector') ?? '', resource);
  return (object) => labels(object) && fields(object);
}
