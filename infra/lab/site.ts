/** One complete cluster of the lab: its API, nodes, pods and watcher. */
import { processClock } from '../../shared/runtime/process.ts';
import { createClosers } from './closers.ts';
import { takenText } from './loopback.ts';
import { startCluster, type ClusterOptions, type LabCluster } from './cluster/index.ts';
import { startKubernetes, type LabKubernetes } from './kubernetes/index.ts';
import { nodeWithNetwork, type SiteNetwork } from './networks.ts';

/** What tells a cluster of the lab from the others. */
export interface SiteOptions extends Pick<ClusterOptions, 'answers'> {
  readonly id: string;
  /** First two octets of the pods' addresses. */
  readonly podNetwork: string;
  readonly nodeAddresses: readonly string[];
  /** Whether it may share virtual servers with other clusters of the fleet. */
  readonly fleet?: boolean;
  /** Whether its watcher signs its events; unsigned events of the cluster are then refused. */
  readonly signed?: boolean;
  /** How BIG-IP reaches the pods. If no cluster has one, BIG-IP reaches every address. */
  readonly network?: SiteNetwork;
}

/** The processes in the cluster, which are restarted with it. */
export type Start = () => Promise<{ stop(): Promise<void> }>;

/** A running cluster, which can fail as a whole. */
export interface Site extends SiteOptions {
  readonly kubernetes: LabKubernetes;
  readonly cluster: LabCluster;
  /** Starts the watcher; it stops with the site. */
  watch(start: Start): Promise<void>;
  /**
   * Off: API, nodes, pods and watcher stop at once, without a graceful shutdown. On: the cluster
   * comes back with all its objects.
   */
  power(on: boolean): Promise<void>;
  /** Stops the watcher while the parts that it needs are still running. */
  stopWatching(): Promise<void>;
  close(): Promise<void>;
}

/** As long as a gateway pod drains by default (terminationDrainDuration). */
const GRACE_MS = 5000;

function refuseProblems(cluster: LabCluster): void {
  const [first] = cluster.problems();
  if (first === undefined) return;
  throw new Error(`${first}. ${takenText()}`);
}

/** Without its watcher, which needs the queue. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const closers = createClosers();
  try {
    const kubernetes = await closers.use(startKubernetes({ name: options.id }));
    const cluster = await closers.use(
      startCluster({ ...options, store: kubernetes.store, clock: processClock, graceMs: GRACE_MS }),
    );
    refuseProblems(cluster);
    const { network, podNetwork } = options;
    if (network !== undefined)
      for (const [index, node] of cluster.world().nodes.entries())
        kubernetes.store.apply(nodeWithNetwork(node, { network, podNetwork, number: index + 1 }));
    return {
      ...options,
      kubernetes,
      cluster,
      ...watching(kubernetes, cluster),
      close: () => closers.closeAll(),
    };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

function watching(
  kubernetes: LabKubernetes,
  cluster: LabCluster,
): Pick<Site, 'watch' | 'power' | 'stopWatching'> {
  let start: Start | undefined;
  let watcher: { stop(): Promise<void> } | undefined;
  const stopWatching = async (): Promise<void> => {
    await watcher?.stop();
    watcher = undefined;
  };
  return {
    watch: async (given) => {
      start = given;
      watcher = await given();
    },
    power: async (on) => {
      await Promise.all([cluster.power(on), kubernetes.power(on)]);
      if (on) watcher ??= await start?.();
      else await stopWatching();
    },
    stopWatching,
  };
}
