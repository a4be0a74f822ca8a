/** Takes one cluster out, or everything. */
import { openDevices } from '../../host/devices.ts';
import type { Devices } from '../../device/device.ts';
import type { KubernetesClient } from '../../kubernetes/index.ts';
import { chooseCluster, ingressNamespaces } from '../clusters/clusters.ts';
import type { Author, OperationContext } from '../context.ts';
import { openCluster } from '../objects/read-cluster.ts';
import { clusterPart } from './cluster-part.ts';
import { devicePart } from './device-part.ts';
import { orderPart } from './order-part.ts';
import { afterParts, uninstallItems, joinParts, NOTHING } from './part.ts';
import type { UninstallPart } from './part.ts';
import { storeParts } from './store-parts.ts';

/** What is to go. */
export interface UninstallRequest {
  /** Everything on the devices, the queue and the failure store; otherwise one cluster. */
  readonly all: boolean;
  /** One of `clusters[].id`; absent: the only one. */
  readonly cluster?: string | undefined;
  /** Of the cluster; absent with `all`: no cluster is touched. */
  readonly kubeconfig?: string | undefined;
  /** Absent: as `sluice up` finds it. */
  readonly leaseNamespace?: string | undefined;
  /** Also what waits. */
  readonly discardFailures: boolean;
}

/** What would be done. */
export interface UninstallPlan extends UninstallPart {
  /** Whether there is an audit log now. */
  readonly hasLog: boolean;
  /** What goes, for the audit log. */
  readonly selection: string;
  /** Ends connections. The steps do not work any more. */
  close(): Promise<void>;
}

/** The preview, which writes nothing. Rejects if the request names no cluster of the configuration. */
export async function planUninstall(
  context: OperationContext,
  request: UninstallRequest,
  author: Author,
): Promise<UninstallPlan> {
  const { runtime } = context;
  const devices = openDevices(runtime, () => Promise.resolve());
  const client = request.kubeconfig === undefined ? undefined : openCluster(request.kubeconfig);
  const close = async (): Promise<void> => {
    await devices.close();
    await client?.close();
  };
  try {
    return { ...(await lookAt(context, { ...request, author, devices, client })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Look extends UninstallRequest {
  readonly author: Author;
  readonly devices: Devices;
  readonly client: KubernetesClient | undefined;
}

async function lookAt(
  context: OperationContext,
  look: Look,
): Promise<Omit<UninstallPlan, 'close'>> {
  const { config } = context.runtime;
  const { all, client, devices } = look;
  const id = all && client === undefined ? undefined : chooseCluster(config, look.cluster).id;
  const ids = new Set(config.clusters.map((one) => one.id));
  const onDevices =
    all || id === undefined
      ? await Promise.all(config.devices.map((one) => devicePart(() => devices.get(one), one, ids)))
      : [await orderPart(context, id, look.author)];
  const inCluster =
    id === undefined || client === undefined
      ? NOTHING
      : await clusterPart(client, {
          cluster: id,
          namespaces: ingressNamespaces(config, id),
          leaseNamespace: look.leaseNamespace ?? client.namespace ?? 'default',
          now: context.runtime.clock.now(),
        });
  const parts = [...onDevices, afterParts(onDevices, inCluster)];
  const cluster = id === undefined ? [] : [`cluster ${id}`];
  const selection = [...(all ? ['all devices and stores'] : []), ...cluster].join(', ');
  if (!all) return { ...joinParts(parts), hasLog: true, selection };
  const others = [...ids]
    .filter((one) => one !== id)
    .map((one) =>
      uninstallItems(`cluster ${one}`).keep(
        'its Services and Lease',
        `not looked at: sluice uninstall --all --cluster ${one} --kubeconfig FILE`,
      ),
    );
  const { hasLog, ...stores } = await storeParts({ context, discard: look.discardFailures });
  const last = afterParts(parts, stores);
  return { ...joinParts([...parts, { ...NOTHING, items: others }, last]), hasLog, selection };
}
