/** The checks of `sluice doctor` on the paths to pods. Nothing is asked with `mode: none`. */
import { isReachedOn } from '../../../config/path-checks.ts';
import type { ClusterConfig, DeviceConfig, SluiceConfig } from '../../../config/schema.ts';
import type { Device } from '../../../device/device.ts';
import { parseOwner } from '../../../domain/snapshot/snapshot.ts';
import { openDevice } from '../../../host/devices.ts';
import type { Runtime } from '../../../host/runtime.ts';
import { errorCode, errorMessage } from '../../../telemetry/errors.ts';
import { badFinding, okFinding, type DoctorFinding } from '../finding.ts';
import { cloudRows } from './cloud-rows.ts';
import { type ClusterNetwork, readClusterNetwork } from './cluster-network.ts';
import { deviceRows } from './device-rows.ts';
import { gatewayChecks } from './gateway-checks.ts';
import type { Reached } from './reached.ts';
import { tunnelChecks } from './tunnel-checks.ts';

/** The kubeconfig, and the cluster that it leads to; absent: the only one. */
export interface NetworkCheckOptions {
  readonly kubeconfig?: string | undefined;
  readonly cluster?: string | undefined;
}

type Asked = Pick<Runtime, 'config' | 'secrets' | 'clock'>;

/** What was read of a cluster, by its id. */
type Seen = ReadonlyMap<string, ClusterNetwork>;

/** For each device with paths: the device, each unit, and each cluster. */
export async function networkPathChecks(
  runtime: Asked,
  options: NetworkCheckOptions,
): Promise<readonly DoctorFinding[]> {
  const { config } = runtime;
  const devices = config.devices.flatMap((device) => {
    const clusters = reachedOn(config, device);
    return clusters.length === 0 ? [] : [{ device, clusters }];
  });
  if (devices.length === 0) return [];
  const { seen, notes } = await readSeen(config, options);
  const rows = await Promise.all(
    devices.map(({ device, clusters }) => checkDevice(runtime, device, { clusters, seen })),
  );
  return [...rows.flat(), ...notes];
}

function reachedOn(config: SluiceConfig, device: DeviceConfig): readonly ClusterConfig[] {
  return config.clusters.filter((one) => isReachedOn(config, device, one, ['routes', 'vxlan']));
}

/** An unreadable cluster fails a check of its own. */
async function readSeen(
  config: SluiceConfig,
  { kubeconfig, cluster }: NetworkCheckOptions,
): Promise<{ readonly seen: Seen; readonly notes: readonly DoctorFinding[] }> {
  const [only, ...more] = config.clusters.filter(
    ({ id }) => cluster === undefined || id === cluster,
  );
  if (
    kubeconfig === undefined ||
    only === undefined ||
    more.length > 0 ||
    only.network.mode === 'none'
  )
    return { seen: new Map(), notes: [] };
  try {
    return {
      seen: new Map([[only.id, await readClusterNetwork(config, only, kubeconfig)]]),
      notes: [],
    };
  } catch (error) {
    const checked = { id: 'network-nodes', what: `nodes of ${only.id}` };
    return { seen: new Map(), notes: [okFinding(checked, `not checked: ${errorMessage(error)}`)] };
  }
}

/**
 * All rows about one device and the clusters it reaches. A device that does not answer is one row.
 */
async function checkDevice(
  runtime: Asked,
  config: DeviceConfig,
  { clusters, seen }: { readonly clusters: readonly ClusterConfig[]; readonly seen: Seen },
): Promise<readonly DoctorFinding[]> {
  try {
    const device = await openDevice(runtime, config);
    try {
      const facts = await device.networks();
      const reached = await Promise.all(
        clusters.map(async (cluster): Promise<Reached> => {
          const here = seen.get(cluster.id);
          const snat = [
            ...(await declaredSnat(device, config, cluster)),
            ...(here?.snatOn(config.name) ?? []),
          ];
          return { config: runtime.config, device: config, cluster, facts, seen: here, snat };
        }),
      );
      return [...deviceRows(config, facts), ...reached.flatMap(clusterRows)];
    } finally {
      await device.close();
    }
  } catch (error) {
    const checked = { id: 'network', what: `networks of ${config.name}` };
    return [badFinding(checked, `${errorMessage(error)} (${errorCode(error) ?? 'BIP501'})`)];
  }
}

/** One part of a pair after the other, and then the cluster. */
function clusterRows(reached: Reached): readonly DoctorFinding[] {
  const look = reached.cluster.network.mode === 'vxlan' ? tunnelChecks : gatewayChecks;
  return [
    ...reached.facts.units.flatMap((unit) => look({ ...reached, unit })),
    ...cloudRows(reached),
  ];
}

/** `settings.snat` of what the cluster has on the device. */
async function declaredSnat(
  device: Pick<Device, 'read'>,
  { partitions }: DeviceConfig,
  { id }: ClusterConfig,
): Promise<readonly string[]> {
  const readings = await Promise.all(partitions.map((partition) => device.read(partition)));
  return readings
    .flatMap((one) => (one.kind === 'ours' ? Object.values(one.declared.state.exposures) : []))
    .filter(({ contributions }) =>
      contributions.some(({ owner }) => parseOwner(owner).cluster === id),
    )
    .map(({ settings }) => settings.snat);
}
