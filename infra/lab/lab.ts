/** The whole lab in one call: cluster, BIG-IP, queue and Sluice, all on loopback. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../shared/config/load.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { startBigip, type LabBigip } from './bigip/index.ts';
import { startCluster, type LabCluster } from './cluster/index.ts';
import { createClosers, type Closers } from './closers.ts';
import { DEVICE_NAME, writeLabFiles, type LabFiles, type Likeness } from './files.ts';
import { startKubernetes, type LabKubernetes } from './kubernetes/index.ts';
import { loopbackOf } from './loopback.ts';
import { startPipeline, type Pipeline } from './pipeline.ts';
import { startQueue, type LabQueueKind } from './queue.ts';

export interface LabNetwork {
  readonly virtualAddress: string;
  /** First two octets of the pods' addresses. */
  readonly podNetwork: string;
  readonly nodeAddresses: readonly string[];
}

export interface LabOptions {
  readonly queue: LabQueueKind;
  readonly members: 'pods' | 'nodes';
  /** Somebody's own sluice.yaml: the lab is called like it, so that events and failures from there mean something here. */
  readonly like?: string | undefined;
  /** Where its files go; a new temporary directory by default. */
  readonly dir?: string;
  /** Two labs on one machine need different networks. */
  readonly network?: Partial<LabNetwork>;
}

export interface Lab extends LabNetwork {
  readonly queue: LabQueueKind;
  readonly members: 'pods' | 'nodes';
  /** Where the virtual address is reached on this machine. */
  readonly loopbackAddress: string;
  readonly files: LabFiles;
  readonly kubernetes: LabKubernetes;
  readonly cluster: LabCluster;
  readonly bigip: LabBigip;
  readonly pipeline: Pipeline;
  stop(options?: { readonly keepFiles?: boolean }): Promise<void>;
}

export const CLUSTER_ID = 'lab';
/** A gateway pod drains for 5 s by default (terminationDrainDuration); the demo is shorter. */
const GRACE_MS = 2000;
const NETWORK: LabNetwork = { virtualAddress: '172.16.100.195', podNetwork: '10.244', nodeAddresses: ['192.168.0.11', '192.168.0.12'] };

function refuseProblems(cluster: LabCluster): void {
  const [first] = cluster.problems();
  if (first === undefined) return;
  throw new Error(`${first}. Is another lab or demo running on this machine? Stop it first: both would want the same loopback addresses.`);
}

/** One simulated device for each of theirs; the lab's own stands for one that is called like it. */
async function likenessOf(file: string | undefined, closers: Closers): Promise<Likeness | undefined> {
  if (file === undefined) return undefined;
  const config = await loadConfig(file, process.env);
  if (config.clusters.some(({ id }) => id === CLUSTER_ID)) throw new Error(`--like ${file}: clusters: the lab has its own cluster ${CLUSTER_ID}; take it out in a copy of the file`);
  const devices = new Map<string, LabBigip>();
  for (const { name } of config.devices.filter((device) => device.name !== DEVICE_NAME)) devices.set(name, await closers.use(startBigip({ dataPath: false })));
  return { config, devices };
}

export async function startLab(options: LabOptions): Promise<Lab> {
  const network = { ...NETWORK, ...options.network };
  const { queue: queueKind, members } = options;
  const closers = createClosers();
  try {
    const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'sluice-lab-')));
    const removeFiles = closers.add(() => rm(dir, { recursive: true, force: true }));
    const kubernetes = await closers.use(startKubernetes());
    const cluster = await closers.use(startCluster({ ...network, store: kubernetes.store, clock: processClock, id: CLUSTER_ID, grace: GRACE_MS }));
    refuseProblems(cluster);
    const bigip = await closers.use(startBigip());
    const like = await likenessOf(options.like, closers);
    const queue = await closers.use(startQueue(queueKind, dir));
    const files = await writeLabFiles(dir, { kubeconfig: kubernetes.kubeconfig(), device: bigip, cluster: CLUSTER_ID, ...network, members, queue: queue.config, like });
    const pipeline = await closers.use(startPipeline(files, queue, CLUSTER_ID));
    return {
      ...network,
      queue: queueKind,
      members,
      loopbackAddress: loopbackOf(network.virtualAddress),
      files,
      kubernetes,
      cluster,
      bigip,
      pipeline,
      stop: async ({ keepFiles = false } = {}) => {
        if (keepFiles) removeFiles.cancel();
        await closers.closeAll();
      },
    };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}
