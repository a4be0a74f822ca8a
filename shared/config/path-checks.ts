/** Checks of `clusters[].network` and `devices[].networks`: how BIG-IP reaches pods. */
import type { ConfigProblem } from './error.ts';
import { unknownNameProblems } from './rules.ts';
import type { ClusterConfig, DeviceConfig, SluiceConfig } from './schema.ts';

/** CNIs whose nodes BIG-IP can reach through a tunnel. */
const TUNNEL_SOURCES: readonly string[] = ['auto', 'flannel', 'cilium'];

/** All problems of the paths to pods. */
export function pathProblems(config: SluiceConfig): readonly ConfigProblem[] {
  return [
    ...config.clusters.flatMap(({ network }, i) => sourceProblems(network, `clusters[${i}]`)),
    ...config.devices.flatMap((device, i) => [
      ...partitionProblems(config, device, `devices[${i}].networks.partition`),
      ...tunnelProblems(config, device, `devices[${i}].networks.tunnels`),
    ]),
  ];
}

/** A source that has no effect would be misunderstood. */
function sourceProblems(
  { mode, from }: ClusterConfig['network'],
  path: string,
): readonly ConfigProblem[] {
  if (mode === 'none' && from !== 'auto')
    return [
      {
        path: `${path}.network.from`,
        message: `${from} has no effect with mode: none; add mode: routes or mode: vxlan, or remove it`,
      },
    ];
  if (mode === 'vxlan' && !TUNNEL_SOURCES.includes(from))
    return [
      {
        path: `${path}.network.from`,
        message: `${from} has no tunnels that BIG-IP can use; use flannel or cilium, or mode: routes`,
      },
    ];
  return [];
}

/** Whether Sluice keeps paths of this mode for the cluster on the device. */
export function isReachedOn(
  { ingresses }: Pick<SluiceConfig, 'ingresses'>,
  { name }: Pick<DeviceConfig, 'name'>,
  { id, network }: ClusterConfig,
  modes: readonly ClusterConfig['network']['mode'][],
): boolean {
  return (
    modes.includes(network.mode) &&
    ingresses.some(
      ({ cluster, devices, members }) =>
        cluster === id && members === 'pods' && devices.includes(name),
    )
  );
}

/** Whether Sluice keeps paths of any cluster on the device. */
export function hasPaths(
  config: Pick<SluiceConfig, 'clusters' | 'ingresses'>,
  device: Pick<DeviceConfig, 'name'>,
): boolean {
  return config.clusters.some((one) => isReachedOn(config, device, one, ['routes', 'vxlan']));
}

/**
 * AS3 could not remove a tenant that holds routes, and the controller that F5 ships takes what
 * begins with k8s as its own.
 */
function partitionProblems(
  config: SluiceConfig,
  device: DeviceConfig,
  path: string,
): readonly ConfigProblem[] {
  const { partition } = device.networks;
  if (!hasPaths(config, device)) return [];
  if (device.partitions.includes(partition))
    return [
      {
        path,
        message:
          `${partition} is one of devices[].partitions of ${device.name}; ` +
          'routes need a partition without a declaration, so choose another one',
      },
    ];
  return partition.startsWith('k8s') ? [{ path, message: belongsToCis(partition) }] : [];
}

/** F5 CIS recognises its objects by this prefix alone. */
function belongsToCis(name: string): string {
  return `${name} begins with k8s, and F5 CIS removes what begins so; choose another name`;
}

/** Each cluster with tunnels needs one on each of its devices, and no other cluster may use it. */
function tunnelProblems(
  config: SluiceConfig,
  device: DeviceConfig,
  path: string,
): readonly ConfigProblem[] {
  const { tunnels } = device.networks;
  const ids = config.clusters.map(({ id }) => id);
  const named = Object.entries(tunnels).flatMap(([cluster, tunnel]): readonly ConfigProblem[] => {
    const at = `${path}.${cluster}`;
    const known = config.clusters.find(({ id }) => id === cluster);
    if (known === undefined) return unknownNameProblems(at, cluster, ids, 'cluster');
    if (known.network.mode !== 'vxlan')
      return [
        {
          path: at,
          message: `cluster ${cluster} has network.mode: ${known.network.mode}; use mode: vxlan, or remove the tunnel`,
        },
      ];
    if (tunnel.split('/').at(-1)?.startsWith('k8s') === true)
      return [{ path: at, message: belongsToCis(tunnel) }];
    const other = Object.keys(tunnels).find((one) => one < cluster && tunnels[one] === tunnel);
    return other === undefined
      ? []
      : [
          {
            path: at,
            message: `${tunnel} is the tunnel of cluster ${other}; each cluster needs a tunnel of its own`,
          },
        ];
  });
  const missing = config.clusters
    .filter((one) => isReachedOn(config, device, one, ['vxlan']) && tunnels[one.id] === undefined)
    .map(({ id }) => ({
      path: `${path}.${id}`,
      message:
        `cluster ${id} has network.mode: vxlan, and device ${device.name} has no tunnel ` +
        `for it; name its tunnel, such as /Common/${id}_vxlan`,
    }));
  return [...named, ...missing];
}
