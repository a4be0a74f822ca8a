/** The ingresses of a cluster that the configuration asks the watcher to follow. */
import type { DeviceConfig, IngressConfig } from '../../shared/config/schema.ts';
import type { IngressRef } from '../../shared/domain/snapshot/snapshot.ts';

/** The configuration of one ingress for the watcher; several entries may name the same Service. */
export interface WatchedIngress {
  readonly ref: IngressRef;
  /** `nodes` if any entry uses nodes. */
  readonly members: 'pods' | 'nodes';
  /** `manage` unless every entry has `observe`. */
  readonly servicePorts: 'manage' | 'observe';
  /** Write the external address although the Service does not have Sluice's class. */
  readonly writeStatus: boolean;
  /** False only if every entry disables it. */
  readonly withdraw: boolean;
  /** Milliseconds for which a removed pod is reported as draining; the longest of all entries. */
  readonly drainMs: number;
  /** Whether new listeners of gateway pods are probed. */
  readonly probe: boolean;
}

type Partitioned = Pick<DeviceConfig, 'name' | 'partitions'>;

/**
 * A device with several partitions may share nodes and cannot drain those: a removed pod would
 * still get connections.
 */
export function watchedIngresses(
  entries: readonly IngressConfig[],
  clusterId: string,
  devices: readonly Partitioned[] = [],
): readonly WatchedIngress[] {
  const sharing = new Set(
    devices.filter(({ partitions }) => partitions.length > 1).map(({ name }) => name),
  );
  const byService = Map.groupBy(
    entries.filter((entry) => entry.cluster === clusterId),
    (entry) => entry.service,
  );
  return [...byService].map(([name, group]) => {
    const [namespace = '', service = ''] = name.split('/');
    return {
      ref: { namespace, service },
      members: group.some((entry) => entry.members === 'nodes') ? 'nodes' : 'pods',
      servicePorts: group.every((entry) => entry.servicePorts === 'observe') ? 'observe' : 'manage',
      writeStatus: group.some((entry) => entry.writeStatus),
      withdraw: group.some((entry) => entry.withdraw),
      drainMs: group.some((entry) => entry.devices.some((device) => sharing.has(device)))
        ? 0
        : Math.max(...group.map((entry) => entry.drainSeconds)) * 1_000,
      probe: group.some((entry) => entry.probe),
    };
  });
}
