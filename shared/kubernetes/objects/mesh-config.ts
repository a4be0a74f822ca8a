/**
 * The mesh configuration of an istiod: ConfigMap `istio`, or `istio-<revision>`, of its root
 * namespace.
 */
import { isJsonObject, type JsonObject } from '../../domain/json-object.ts';
import { parseDocument } from 'yaml';
import { LabelSelector } from '../../domain/snapshot/label-selector.ts';
import type { MeshConfig } from '../../domain/snapshot/objects.ts';
import { metaOf } from './meta.ts';
import { readList, readRecord, readText, stringMap } from './read.ts';

const PREFIX = 'istio-';

/** Whether a ConfigMap has the name of a mesh configuration and the key `mesh`. */
export function isMeshConfig(raw: JsonObject): boolean {
  const name = readText(readRecord(raw['metadata'])['name']) ?? '';
  return (name === 'istio' || name.startsWith(PREFIX)) && 'mesh' in stringMap(raw['data']);
}

/** Name of the ConfigMap of a revision. */
export function meshConfigName(revision: string): string {
  return revision === 'default' ? 'istio' : `${PREFIX}${revision}`;
}

/**
 * Whether the configuration of a proxy expects the PROXY protocol at all its TCP listeners:
 * `gatewayTopology.proxyProtocol`; an empty object counts.
 */
export function expectsProxyProtocol(proxyConfig: JsonObject): boolean {
  const setting = readRecord(proxyConfig['gatewayTopology'])['proxyProtocol'];
  return setting !== undefined && setting !== null && setting !== false;
}

/** Throws if it is invalid, so that the last valid state stays. */
export function normaliseMeshConfig(value: unknown): MeshConfig {
  const raw = readRecord(value);
  const { name, namespace } = metaOf(raw);
  const document = parseDocument(stringMap(raw['data'])['mesh'] ?? '');
  const [problem] = document.errors;
  if (problem !== undefined)
    throw new Error(`ConfigMap ${namespace}/${name}: data.mesh: ${problem.message}`);
  const mesh: unknown = document.toJS();
  if (!isJsonObject(mesh))
    throw new Error(`ConfigMap ${namespace}/${name}: data.mesh is not an object`);
  const meta = { ...metaOf(raw), labels: {}, annotations: {}, resourceVersion: '', created: '' };
  return {
    meta,
    revision: name === 'istio' ? 'default' : name.slice(PREFIX.length),
    discoverySelectors: readList(mesh['discoverySelectors']).map((one) => LabelSelector.parse(one)),
    ...(expectsProxyProtocol(readRecord(mesh['defaultConfig'])) && { proxyProtocol: true }),
  };
}
