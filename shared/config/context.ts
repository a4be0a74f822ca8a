/** The part of the configuration that building exposures depends on. */
import type { ExposureContext } from '../domain/exposure/build.ts';
import { namedInput } from '../domain/exposure/settings/compose.ts';
import { parseCidr } from '../domain/net/ip.ts';
import type { ClusterNetworks } from '../domain/net/cluster-networks.ts';
import type { MeshOptions } from '../domain/istio/mesh.ts';
import type { PathOptions } from '../domain/paths/network-config.ts';
import { sharedFleet } from './fleets.ts';
import type { ClusterConfig, IngressConfig, SluiceConfig } from './schema.ts';

/** The parts of the configuration that affect the exposures of one ingress. */
export function exposureContext(
  config: SluiceConfig,
  ingress: IngressConfig,
  mesh: MeshOptions,
): ExposureContext {
  const devices = config.devices.filter((d) => ingress.devices.includes(d.name));
  const partitions = devices.map((d) => d.partitions);
  const cluster = config.clusters.find(({ id }) => id === ingress.cluster);
  const networks = networksOf(cluster);
  return {
    ingress,
    policy: config.policy,
    requirements: config.policy.requirements,
    serviceBundles: config.serviceBundles,
    fleet: fleetOverride(config, ingress),
    mesh,
    defaultPartition: ingress.partition ?? partitions[0]?.[0] ?? '',
    // All devices of an ingress spread, or none does (see checks.ts). A configured partition
    // disables spreading.
    spread: ingress.partition === undefined ? (devices[0]?.spread ?? 'none') : 'none',
    addressPools: config.addressPools,
    addressSeed: `${seedCluster(config, ingress)}/${ingress.service}`,
    // The partitions that all of its devices have.
    partitions: (partitions[0] ?? []).filter((p) => partitions.every((list) => list.includes(p))),
    networks,
    paths: pathOptions(cluster, networks),
    otherIngresses: config.ingresses
      .filter((other) => other.cluster === ingress.cluster && other.service !== ingress.service)
      .map((other) => other.service),
  };
}

/** The fleet of the ingress with its settings by name. */
function fleetOverride(
  { fleets }: SluiceConfig,
  { cluster }: IngressConfig,
): ExposureContext['fleet'] {
  const fleet = fleets.find(({ clusters }) => clusters.includes(cluster));
  return fleet && { name: fleet.name, settings: namedInput(fleet.settings) };
}

/**
 * Equal for clusters of one fleet, so that ingresses with the same name start their address search
 * at the same place.
 */
function seedCluster(config: SluiceConfig, { cluster, service }: IngressConfig): string {
  const sameFleet = sharedFleet(config);
  const fellows = config.clusters
    .map(({ id }) => id)
    .filter((id) => id === cluster || sameFleet(`${id}/${service}`, `${cluster}/${service}`));
  return fellows.toSorted()[0] ?? cluster;
}

/** The schema checked the networks, so none is left out here. */
function networksOf(cluster: ClusterConfig | undefined): ClusterNetworks | undefined {
  if (cluster === undefined) return undefined;
  const { id, routeDomain, podNetworks, nodeNetworks } = cluster;
  const parsed = (texts: readonly string[]): ClusterNetworks['pods'] =>
    texts.flatMap((text) => parseCidr(text) ?? []);
  return { cluster: id, routeDomain, pods: parsed(podNetworks), nodes: parsed(nodeNetworks) };
}

/** Undefined if Sluice keeps no paths for the cluster. */
function pathOptions(
  cluster: ClusterConfig | undefined,
  networks: ClusterNetworks | undefined,
): PathOptions | undefined {
  if (cluster === undefined || networks === undefined || cluster.network.mode === 'none')
    return undefined;
  const { mode, from } = cluster.network;
  const { id, routeDomain } = cluster;
  return {
    cluster: id,
    mode,
    from,
    routeDomain,
    nodeNetworks: networks.nodes,
    podNetworks: networks.pods,
  };
}
