/**
 * Many clusters, each with one ingress gateway on its own address, whose Gateways open one port
 * each.
 */
import { randomUUID } from 'node:crypto';
import { mapSnapshot } from '../../../functions/map/map.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { snapshotOf } from '../world.ts';

/** The size that Sluice is designed for. */
export const CLUSTERS = 100;
export const GATEWAYS = 50;
export const PODS = 10;

export interface DeviceAccess {
  readonly url: string;
  readonly username: string;
}

export function clusterId(index: number): string {
  return `c-${String(index).padStart(3, '0')}`;
}

export function addressOf(index: number): string {
  return `172.16.${100 + Math.floor(index / 250)}.${(index % 250) + 1}`;
}

export function fleetConfig(
  clusters: number,
  { url, username }: DeviceAccess,
  partitions: readonly string[] = ['k8s'],
): SluiceConfig {
  const ids = Array.from({ length: clusters }, (_, index) => clusterId(index));
  return SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url,
        username,
        password: 'env:P',
        tls: { ca: 'env:CA' },
        partitions,
        spread: 'address',
        requestTimeout: 180,
      },
    ],
    clusters: ids.map((id) => ({ id })),
    ingresses: ids.map((cluster, index) => ({
      cluster,
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip'],
      virtualAddress: addressOf(index),
    })),
  });
}

export interface ClusterState {
  readonly index: number;
  readonly gateways: number;
  /** Numbers of its gateway pods; each has its own address. */
  readonly pods: readonly number[];
  readonly counter: number;
}

export function podAddress(index: number, pod: number): string {
  return `10.${index + 1}.${Math.floor(pod / 250)}.${(pod % 250) + 1}`;
}

export function firstPods(count = PODS): readonly number[] {
  return Array.from({ length: count }, (_, pod) => pod);
}

/** As the watcher of the cluster builds it. */
export function snapshotOfCluster({ index, gateways, pods, counter }: ClusterState): Snapshot {
  const snapshot = snapshotOf(gateways, counter);
  const [first] = snapshot.objects.pods;
  if (first === undefined) throw new Error('the world has no pod');
  const placed = pods.map((pod) => ({
    ...first,
    meta: { ...first.meta, name: `gateway-${pod}`, uid: `gateway-${index}-${pod}` },
    ips: [podAddress(index, pod)],
  }));
  return Snapshot.parse({
    ...snapshot,
    cluster: clusterId(index),
    clusterUid: `uid-${index}`,
    objects: { ...snapshot.objects, pods: placed },
  });
}

export interface Sealed {
  readonly group: string;
  readonly deduplicationId: string;
  readonly body: string;
}

export function sealed(snapshot: Snapshot, now: number): Sealed {
  const id = randomUUID();
  const subject = `${snapshot.cluster}/${snapshot.ingress.namespace}/${snapshot.ingress.service}`;
  return {
    group: subject,
    deduplicationId: id,
    body: serialiseEvent(INGRESS_OBSERVED, snapshot, {
      id,
      cluster: snapshot.cluster,
      subject,
      time: new Date(now).toISOString(),
    }),
  };
}

export function sliceOf(snapshot: Snapshot, config: SluiceConfig): Slice {
  const mapped = mapSnapshot({ snapshot, sender: undefined, config });
  if (mapped.kind === 'refused') throw new Error(mapped.reason);
  const [slice] = mapped.slices;
  if (slice === undefined) throw new Error('map made no slice');
  return slice;
}
