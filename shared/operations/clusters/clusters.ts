/** State of clusters on the devices, and orders for clusters. */
import type { Author, OperationContext } from '../context.ts';
import { chooseDevices, unansweredOf } from '../devices/declared-partitions.ts';
import type { UnansweredPartition } from '../devices/declared-partitions.ts';
import { planClusterOrder } from './orders.ts';
import type { ClusterOrderPlan, ClusterOrderRequest } from './orders.ts';
import { clusterRows, needsAttention } from './rows.ts';
import type { ClusterRow } from './rows.ts';
import type { Heard } from '../../domain/steering/silence.ts';
import { heardFrom } from '../../failures/heard.ts';
import { sendOrders } from '../../queue/steering.ts';
import type { SluiceConfig } from '../../config/schema.ts';
import { ChoiceError } from '../choice.ts';

/** The data of `sluice cluster list`. */
export interface ClusterList {
  readonly rows: readonly ClusterRow[];
  readonly unanswered: readonly UnansweredPartition[];
  /** A cluster is silent, another cluster uses its id, or removals are held. */
  readonly needsAttention: boolean;
}

type Reading = Pick<OperationContext, 'runtime' | 'heard' | 'readPartitions'>;

/** `device`: only this device. */
export async function listClusters(
  { runtime, heard, readPartitions }: Reading,
  device?: string,
): Promise<ClusterList> {
  const declared = await readPartitions(chooseDevices(runtime.config, device));
  const newest = await heardOn({ runtime, heard }, chooseDevices(runtime.config, device));
  const rows = clusterRows(runtime.config, declared, runtime.clock.now(), newest);
  return { rows, unanswered: unansweredOf(declared), needsAttention: rows.some(needsAttention) };
}

/** The order to plan, for instance a drain. */
export interface WantedClusterOrder {
  readonly cluster: string;
  readonly request: ClusterOrderRequest;
  /** Only this device; default: all. */
  readonly device?: string | undefined;
}

/**
 * The effect of the order now, without sending it; throws an explanation if the request is invalid.
 */
export async function previewClusterOrder(
  { runtime, heard, readPartitions }: Reading,
  { cluster, request, device }: WantedClusterOrder,
): Promise<ClusterOrderPlan> {
  const { config, clock } = runtime;
  const declared = await readPartitions(chooseDevices(config, device));
  const newest = await heardOn({ runtime, heard }, chooseDevices(config, device));
  const known = { config, declared, now: clock.now(), heard: newest };
  return planClusterOrder(known, cluster, request);
}

/**
 * Sends the order. The audit log also records an order that could not be sent. Returns the devices
 * that it was sent to.
 */
export async function giveClusterOrder(
  { runtime, audit }: Pick<OperationContext, 'runtime' | 'audit'>,
  { orders }: ClusterOrderPlan,
  { cluster, request, who, why }: Omit<WantedClusterOrder, 'device'> & Author,
): Promise<readonly string[]> {
  const devices = orders.map(({ device }) => device);
  const subject =
    'owner' in request && request.owner !== undefined ? request.owner : `cluster ${cluster}`;
  const selection = `${subject} on ${devices.join(', ')}`;
  return audit.record({ who, action: `cluster ${request.action}`, selection, why }, async () => {
    await sendOrders(runtime, orders);
    const result = `sent to ${orders.length === 1 ? 'one device' : `${orders.length} devices`}`;
    return { result, value: devices };
  });
}

/** By device: when its clusters were heard outside of its declaration. */
export async function heardOn(
  { runtime, heard }: Pick<OperationContext, 'runtime' | 'heard'>,
  devices: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, Heard>> {
  const read = heardFrom(() => Promise.resolve({ heard }), runtime);
  return new Map(
    await Promise.all(devices.map(async ({ name }) => [name, await read(name)] as const)),
  );
}

/**
 * The cluster of the objects. If there are several, it must be named: networks, settings and owners
 * depend on it.
 */
export function chooseCluster(
  { clusters }: SluiceConfig,
  wanted: string | undefined,
): SluiceConfig['clusters'][number] {
  const [only, ...others] =
    wanted === undefined ? clusters : clusters.filter(({ id }) => id === wanted);
  if (only !== undefined && others.length === 0) return only;
  throw new ChoiceError(
    ['cluster'],
    `cluster ${wanted ?? 'is missing'}: use one of clusters[].id: ${clusters.map(({ id }) => id).join(', ')}`,
  );
}

/** Namespaces of the ingress Services of a cluster. */
export function ingressNamespaces(
  { ingresses }: Pick<SluiceConfig, 'ingresses'>,
  cluster: string,
): readonly string[] {
  const own = ingresses.filter((ingress) => ingress.cluster === cluster);
  return [...new Set(own.map(({ service }) => service.slice(0, service.indexOf('/'))))];
}
