/**
 * The port mapping: the ports on which gateway pods listen, the Service ports that lead there,
 * missing ports, and reasons.
 */
import { compareReports, portMappingOf } from './ingress.ts';
import { allIngresses, findIngress } from './ingresses.ts';
import type { MeshOptions } from './mesh.ts';
import { allGatewayNotes } from './notes.ts';
import { unselectedGateways } from './unselected-gateways.ts';
import type { KubernetesObjects } from '../snapshot/objects.ts';
import type { IngressRef } from '../snapshot/snapshot.ts';
import type { GatewayNote, PortMapping, ServerReport } from './port-mapping.ts';
import { buildClusterModel } from './cluster-model.ts';

function nothing(namespace: string): PortMapping {
  return { namespace, services: [], pods: [], listeners: [], servers: [], missing: [] };
}

/**
 * The complete result for one ingress: the pods that the ingress Service selects. Gateways for
 * other pods are not included.
 */
export function mapIngress(
  ingress: IngressRef,
  objects: KubernetesObjects,
  mesh: MeshOptions,
): PortMapping {
  const world = buildClusterModel(objects, mesh);
  const found = findIngress(world, ingress);
  return found === undefined ? nothing(ingress.namespace) : portMappingOf(world, found);
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/**
 * Reports of gateways without an ingress appear once: with an ingress in the gateway's namespace,
 * otherwise with the first one, or alone.
 */
function place(
  mappings: readonly PortMapping[],
  strays: readonly ServerReport[],
  notes: readonly GatewayNote[],
): PortMapping[] {
  const placed = mappings.map((mapping) => ({
    ...mapping,
    servers: [...mapping.servers],
    notes: [...(mapping.notes ?? [])],
  }));
  const homeOf = (gateway: string): (typeof placed)[number] => {
    const namespace = namespaceOf(gateway);
    const home = placed.find((mapping) => mapping.namespace === namespace) ?? placed[0];
    if (home !== undefined) return home;
    const alone = { ...nothing(namespace), servers: [], notes: [] };
    placed.push(alone);
    return alone;
  };
  for (const stray of strays) homeOf(stray.gateway).servers.push(stray);
  for (const note of notes) homeOf(note.gateway).notes.push(note);
  return placed.map(({ notes: own, ...mapping }) => ({
    ...mapping,
    servers: mapping.servers.toSorted(compareReports),
    ...(own.length === 0 ? {} : { notes: own }),
  }));
}

/**
 * Every ingress among the objects, and every gateway outside of them. The order of the input never
 * matters.
 */
export function mapAll(objects: KubernetesObjects, mesh: MeshOptions): readonly PortMapping[] {
  const world = buildClusterModel(objects, mesh);
  const mappings = allIngresses(world).map((ingress) => portMappingOf(world, ingress));
  const noted = new Set(
    mappings.flatMap(({ notes }) => notes?.map(({ message }) => message) ?? []),
  );
  const strays = unselectedGateways(
    world,
    mappings.flatMap(({ servers }) => servers),
  );
  return place(
    mappings,
    strays,
    allGatewayNotes(world).filter(({ message }) => !noted.has(message)),
  );
}
