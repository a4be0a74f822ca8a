import type { DeviceConfig, IngressConfig } from '../../shared/config/schema.ts';
import type { IngressRef } from '../../shared/domain/snapshot/snapshot.ts';

/** What the configuration says about one ingress, as far as the watcher cares; several entries may name the same Service. */
export interface WatchedIngress {
  readonly ref: IngressRef;
  /** `nodes` when any entry wants nodes. */
  readonly members: 'pods' | 'nodes';
  /** `manage` unless every entry says `observe`. */
  readonly servicePorts: 'manage' | 'observe';
  readonly writeStatus: boolean;
  /** False only when every entry says so. */
  readonly withdraw: boolean;
  /** How long a pod that is gone is still told as draining, in milliseconds; the longest of the entries. */
  readonly drain: number;
  readonly probe: boolean;
}

type Partitioned = Pick<DeviceConfig, 'name' | 'partitions'>;

/** `devices` that share nodes between partitions cannot drain one: there a pod that is gone would still get connections. */
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
      drain: group.some((entry) => entry.devices.some((device) => sharing.has(device)))
        ? 0
        : Math.max(...group.map((entry) => entry.drainSeconds)) * 1_000,
      probe: group.some((entry) => entry.probe),
    };
  });
}
