/** How the clusters stand on the devices, and giving orders about them. */
import { errorMessage } from '../../telemetry/errors.ts';
import type { Author, OperationContext } from '../context.ts';
import {
  chooseDevices,
  readDeclaredPartitions,
  unansweredOf,
} from '../devices/declared-partitions.ts';
import type { DeclaredPartitionView, UnansweredPartition } from '../devices/declared-partitions.ts';
import { planClusterOrder } from './orders.ts';
import type { ClusterOrderPlan, ClusterOrderRequest } from './orders.ts';
import { clusterRows, needsAttention } from './rows.ts';
import type { ClusterRow } from './rows.ts';
import { sendOrders } from '../../queue/steering.ts';
import type { SluiceConfig } from '../../config/schema.ts';

export interface ClusterList {
  readonly rows: readonly ClusterRow[];
  readonly unanswered: readonly UnansweredPartition[];
  /** A cluster is silent, has a rival, or removals of it are held. */
  readonly needsAttention: boolean;
}

/** `device`: only this one of devices[]. */
export async function listClusters(
  { runtime }: Pick<OperationContext, 'runtime'>,
  device?: string,
): Promise<ClusterList> {
  const declared = await readChosen(runtime, device);
  const rows = clusterRows(runtime.config, declared, runtime.clock.now());
  return { rows, unanswered: unansweredOf(declared), needsAttention: rows.some(needsAttention) };
}

export interface WantedClusterOrder {
  readonly cluster: string;
  readonly request: ClusterOrderRequest;
  /** Only on this one of devices[]. */
  readonly device?: string | undefined;
}

/** What the order would do now, without giving it; throws with what is wrong and what would be right. */
export async function previewClusterOrder(
  { runtime }: Pick<OperationContext, 'runtime'>,
  { cluster, request, device }: WantedClusterOrder,
): Promise<ClusterOrderPlan> {
  const { config, clock } = runtime;
  const declared = await readChosen(runtime, device);
  return planClusterOrder({ config, declared, now: clock.now() }, cluster, request);
}

/** The audit log is told of an order that could not be given as well. Returns the devices that it was sent to. */
export async function giveClusterOrder(
  { runtime, audit }: Pick<OperationContext, 'runtime' | 'audit'>,
  { orders }: ClusterOrderPlan,
  { cluster, request, who, why }: Omit<WantedClusterOrder, 'device'> & Author,
): Promise<readonly string[]> {
  const devices = orders.map(({ device }) => device);
  const subject =
    'owner' in request && request.owner !== undefined ? request.owner : `cluster ${cluster}`;
  const note = async (result: string): Promise<void> => {
    await audit.append({
      who,
      action: `cluster ${request.action}`,
      selection: `${subject} on ${devices.join(', ')}`,
      why,
      result,
    });
  };
  try {
    await sendOrders(runtime, orders);
  } catch (error) {
    await note(`not sent: ${errorMessage(error)}`);
    throw error;
  }
  await note(`sent to ${orders.length === 1 ? 'one device' : `${orders.length} devices`}`);
  return devices;
}

async function readChosen(
  runtime: OperationContext['runtime'],
  device: string | undefined,
): Promise<readonly DeclaredPartitionView[]> {
  const devices = chooseDevices(runtime.config, device);
  return readDeclaredPartitions({
    ...runtime,
    config: { ...runtime.config, devices: [...devices] },
  });
}

/** The cluster that the objects come from. Which of several it is cannot be guessed: networks, settings and owners would be another's. */
export function chooseCluster(
  { clusters }: SluiceConfig,
  wanted: string | undefined,
): SluiceConfig['clusters'][number] {
  const [only, ...others] =
    wanted === undefined ? clusters : clusters.filter(({ id }) => id === wanted);
  if (only !== undefined && others.length === 0) return only;
  throw new Error(
    `--cluster ${wanted ?? 'is missing'}: use one of clusters[].id: ${clusters.map(({ id }) => id).join(', ')}`,
  );
}
