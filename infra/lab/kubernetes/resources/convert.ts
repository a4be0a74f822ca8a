/** Between the version in which an object is stored and the one asked for. All versions of a kind have one schema, events excepted. */
import type { KubernetesObject } from '../types.ts';
import { groupVersion } from './catalog.ts';
import type { Resource } from './resource.ts';

/** events.k8s.io name → core name. */
const eventNames: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

function renamed(object: KubernetesObject, names: ReadonlyMap<string, string>): KubernetesObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]),
  ) as KubernetesObject;
}

const toCore = new Map(eventNames);
const fromCore = new Map(eventNames.map(([renewed, old]) => [old, renewed] as const));

/** Storage speaks the first version of the table, and for events the core form. */
export function toStorage(
  resource: Resource,
  stored: Resource,
  object: KubernetesObject,
): KubernetesObject {
  const base = resource.group === stored.group ? object : renamed(object, toCore);
  return {
    ...base,
    apiVersion: groupVersion(stored.group, stored.versions[0] ?? 'v1'),
    kind: stored.kind,
  };
}

export function fromStorage(
  resource: Resource,
  version: string,
  object: KubernetesObject,
): KubernetesObject {
  const base = resource.group === 'events.k8s.io' ? renamed(object, fromCore) : object;
  return { ...base, apiVersion: groupVersion(resource.group, version), kind: resource.kind };
}
