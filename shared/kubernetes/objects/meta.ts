/** Metadata of objects, reduced to what Sluice reads. */
import type { JsonObject } from '../../domain/json-object.ts';
import type { Meta } from '../../domain/snapshot/objects.ts';
import { readRecord, stringMap, readText } from './read.ts';

/** Prefixes of annotations to keep: settings of exposures, and Istio's naming annotations. */
export const keptAnnotations: readonly string[] = [
  'sluice.io/',
  'virtual-server.f5.com/',
  'cis.f5.com/',
  'gateway.istio.io/',
  'networking.istio.io/',
];

function isKept(name: string): boolean {
  return keptAnnotations.some((prefix) => name.startsWith(prefix));
}

const CLUSTER_SCOPED = '';

/**
 * Keeps only annotations that Sluice reads. A namespaced object without a namespace is in
 * `default`, as for kubectl.
 */
export function metaOf(raw: JsonObject, scope: 'namespaced' | 'cluster' = 'namespaced'): Meta {
  const metadata = readRecord(raw['metadata']);
  return {
    namespace:
      scope === 'cluster' ? CLUSTER_SCOPED : (readText(metadata['namespace']) ?? 'default'),
    name: readText(metadata['name']) ?? '',
    uid: readText(metadata['uid']) ?? '',
    created: createdOf(metadata['creationTimestamp']),
    resourceVersion: readText(metadata['resourceVersion']) ?? '',
    labels: stringMap(metadata['labels']),
    annotations: stringMap(kept(metadata['annotations'])),
  };
}

function kept(annotations: unknown): JsonObject {
  return Object.fromEntries(
    Object.entries(readRecord(annotations)).filter(([name]) => isKept(name)),
  );
}

/** Some YAML parsers, and the Kubernetes client, convert timestamps to Date. */
function createdOf(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  return readText(value) ?? '';
}
