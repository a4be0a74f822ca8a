/**
 * Converts between the stored version of an object and the requested one. All versions of a kind
 * have one schema, except events.
 */
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

/**
 * Empty texts of an Event are the same as missing ones; fields that the core form always shows are
 * shown empty.
 */
const eventTexts = [
  'reason',
  'message',
  'type',
  'action',
  'reportingComponent',
  'reportingInstance',
];
const shownEmpty = { eventTime: null, reportingComponent: '', reportingInstance: '' };

function withoutEmpty(event: KubernetesObject): KubernetesObject {
  const kept = Object.entries(event).filter(
    ([key, value]) => !(eventTexts.includes(key) && value === ''),
  );
  return Object.fromEntries(kept) as KubernetesObject;
}

/** Objects are stored in the first version of the table; events in the core form. */
export function toStorage(
  resource: Resource,
  stored: Resource,
  object: KubernetesObject,
): KubernetesObject {
  const base = resource.group === stored.group ? object : renamed(object, toCore);
  return {
    ...(stored.storage === 'events' ? withoutEmpty(base) : base),
    apiVersion: groupVersion(stored.group, stored.versions[0] ?? 'v1'),
    kind: stored.kind,
  };
}

/** `version`: the one that the client asked for. */
export function fromStorage(
  resource: Resource,
  version: string,
  object: KubernetesObject,
): KubernetesObject {
  return {
    ...readable(resource, object),
    apiVersion: groupVersion(resource.group, version),
    kind: resource.kind,
  };
}

function readable({ group, storage }: Resource, object: KubernetesObject): KubernetesObject {
  if (storage !== 'events') return object;
  return group === ''
    ? { ...shownEmpty, ...object }
    : { eventTime: null, ...renamed(object, fromCore) };
}
