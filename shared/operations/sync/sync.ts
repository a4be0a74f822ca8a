/**
 * Sends the current state again: the devices retry what they refused of the ingresses behind a
 * Gateway, and the watcher sends these ingresses again.
 */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { RetryOrder } from '../../domain/steering/steering.ts';
import { clusterOfFailure } from '../../failures/filter.ts';
import { sendOrders } from '../../queue/steering.ts';
import type { Author, OperationContext } from '../context.ts';
import { portRows } from '../ports/ports.ts';

/** The Gateway whose ingresses are sent again. */
export interface WantedSync {
  readonly cluster: string;
  /** `namespace/name` */
  readonly gateway: string;
  /** Only this device; default: all. */
  readonly device?: string | undefined;
}

/** The orders of a sync. */
export interface SyncPlan {
  readonly orders: readonly RetryOrder[];
  /** False if neither a device nor a failure names the Gateway: it may be new, or misspelt. */
  readonly isKnown: boolean;
}

/**
 * One order for each ingress and device. Devices and failures tell which ingress offers a Gateway;
 * otherwise it may be any ingress of the cluster. Throws if the cluster has no ingress on these
 * devices.
 */
export async function planSync(
  {
    runtime,
    store,
    readPartitions,
  }: Pick<OperationContext, 'runtime' | 'store' | 'readPartitions'>,
  { cluster, gateway, device }: WantedSync,
): Promise<SyncPlan> {
  const { config } = runtime;
  const all = config.ingresses
    .filter((ingress) => ingress.cluster === cluster)
    .flatMap(({ service, devices }) =>
      devices
        .filter((name) => device === undefined || name === device)
        .map((name): RetryOrder => ({
          action: 'retry',
          device: name,
          owner: `${cluster}/${service}`,
        })),
    );
  if (all.length === 0)
    throw new Error(
      'ingresses[]: none of cluster ' +
        `${cluster}${device === undefined ? '' : ` on device ${device}`}; ` +
        `known are ${config.ingresses.map((one) => `${one.cluster}/${one.service}`).join(', ')}`,
    );
  const [declared, heads] = await Promise.all([readPartitions(config.devices), store.list()]);
  const offering = new Set([
    ...portRows(declared)
      .filter((row) => row.gateways.includes(gateway))
      .map(({ owner }) => owner),
    ...heads
      .filter((head) => clusterOfFailure(head) === cluster && head.gateways.includes(gateway))
      .flatMap(({ owner }) => owner ?? []),
  ]);
  const own = all.filter(({ owner }) => offering.has(owner));
  return own.length > 0 ? { orders: own, isKnown: true } : { orders: all, isKnown: false };
}

/** In order with the slices of each device. */
export async function giveSync(
  { runtime, audit }: Pick<OperationContext, 'runtime' | 'audit'>,
  orders: readonly RetryOrder[],
  { gateway, who, why }: Author & Pick<WantedSync, 'gateway'>,
): Promise<void> {
  const services = orders.map(({ owner, device }) => {
    const { namespace, service } = parseOwner(owner).ingress;
    return `${namespace}/${service} on ${device}`;
  });
  const selection = `Gateway ${gateway}: ${services.join(', ')}`;
  await audit.record({ who, action: 'sync', selection, why }, async () => {
    await sendOrders(runtime, orders);
    const result = `sent to ${new Set(orders.map(({ device }) => device)).size} devices`;
    return { result, value: undefined };
  });
}
