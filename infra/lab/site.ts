/** One cluster of the lab, whole: its API, its nodes and pods, and the watcher in it. */
import { processClock } from '../../shared/runtime/process.ts';
import { createClosers } from './closers.ts';
import { startCluster, type ClusterOptions, type LabCluster } from './cluster/index.ts';
import { startKubernetes, type LabKubernetes } from './kubernetes/index.ts';

export interface SiteOptions extends Pick<ClusterOptions, 'answers'> {
  readonly id: string;
  /** First two octets of the pods' addresses. */
  readonly podNetwork: string;
  readonly nodeAddresses: readonly string[];
  /** Whether it may share virtual servers with the others that may. */
  readonly fleet?: boolean;
  /** Whether its watcher signs, and nothing else is taken for its word. */
  readonly signed?: boolean;
}

/** What runs in the cluster and is started again with it. */
export type Start = () => Promise<{ stop(): Promise<void> }>;

export interface Site extends SiteOptions {
  readonly kubernetes: LabKubernetes;
  readonly cluster: LabCluster;
  /** Starts the watcher; it stops with the site. */
  watch(start: Start): Promise<void>;
  /** Off: API, nodes, pods and watcher are gone at once, and nobody says goodbye. On: the cluster comes back with all it held. */
  power(on: boolean): Promise<void>;
  /** Ends the watcher, while what it needs is still there. */
  stopWatching(): Promise<void>;
  close(): Promise<void>;
}

/** A gateway pod drains for 5 s by default (terminationDrainDuration); the demo is shorter. */
const GRACE_MS = 2000;

function refuseProblems(cluster: LabCluster): void {
  const [first] = cluster.problems();
  if (first === undefined) return;
  throw new Error(
    `${first}. Is another lab or demo running on this machine? Stop it first: both would want the same loopback addresses.`,
  );
}

export async function startSite(options: SiteOptions): Promise<Site> {
  const closers = createClosers();
  try {
    const kubernetes = await closers.use(startKubernetes({ name: options.id }));
    const cluster = await closers.use(
      startCluster({ ...options, store: kubernetes.store, clock: processClock, graceMs: GRACE_MS }),
    );
    refuseProblems(cluster);
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
