/** The whole lab in one call: clusters, BIG-IP, queue and Sluice, all on loopback. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBigip, type LabBigip } from './bigip/index.ts';
import type { LabCluster } from './cluster/index.ts';
import { createClosers, type Closers } from './closers.ts';
import { writeLabFiles, type LabFiles } from './files.ts';
import type { LabKubernetes } from './kubernetes/index.ts';
import { loopbackOf } from './loopback.ts';
import { startPipeline, type Pipeline } from './pipeline.ts';
import { startQueue, type LabQueueKind } from './queue.ts';
import { startSite, type Site, type SiteOptions } from './site.ts';

export interface LabOptions {
  readonly queue: LabQueueKind;
  readonly members: 'pods' | 'nodes';
  /** Where its files go; a new temporary directory by default. */
  readonly dir?: string;
  /** Two labs on one machine need different networks. */
  readonly virtualAddress?: string;
  /** One cluster by default. */
  readonly clusters?: readonly [SiteOptions, ...SiteOptions[]];
}

export interface Lab {
  readonly queue: LabQueueKind;
  readonly members: 'pods' | 'nodes';
  readonly virtualAddress: string;
  /** Where the virtual address is reached on this machine. */
  readonly loopbackAddress: string;
  readonly files: LabFiles;
  readonly sites: readonly Site[];
  /** Of the first cluster, as the next two. */
  readonly nodeAddresses: readonly string[];
  readonly kubernetes: LabKubernetes;
  readonly cluster: LabCluster;
  readonly bigip: LabBigip;
  readonly pipeline: Pipeline;
  stop(options?: { readonly keepFiles?: boolean }): Promise<void>;
}

const VIRTUAL_ADDRESS = '172.16.100.195';
const CLUSTER: SiteOptions = { id: 'lab', podNetwork: '10.244', nodeAddresses: ['192.168.0.11', '192.168.0.12'] };

export async function startLab(options: LabOptions): Promise<Lab> {
  const closers = createClosers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function start(options: LabOptions, closers: Closers): Promise<Lab> {
  const { queue: queueKind, members, virtualAddress = VIRTUAL_ADDRESS, clusters: [first, ...others] = [CLUSTER] } = options;
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'sluice-lab-')));
  const removeFiles = closers.add(() => rm(dir, { recursive: true, force: true }));
  const main = await closers.use(startSite(first));
  const sites = [main];
  for (const other of others) sites.push(await closers.use(startSite(other)));
  const bigip = await closers.use(startBigip());
  const queue = await closers.use(startQueue(queueKind, dir));
  const clusters = sites.map(({ id, fleet = false, kubernetes }) => ({ id, fleet, kubeconfig: kubernetes.kubeconfig() }));
  const files = await writeLabFiles(dir, { clusters, device: bigip, virtualAddress, members, queue: queue.config });
  const pipeline = await closers.use(startPipeline(files, queue));
  for (const site of sites) {
    closers.add(() => site.stopWatching());
    await site.watch(() => pipeline.watch(site.id));
  }
  return {
    queue: queueKind,
    members,
    virtualAddress,
    loopbackAddress: loopbackOf(virtualAddress),
    files,
    sites,
    nodeAddresses: main.nodeAddresses,
    kubernetes: main.kubernetes,
    cluster: main.cluster,
    bigip,
    pipeline,
    stop: async ({ keepFiles = false } = {}) => {
      if (keepFiles) removeFiles.cancel();
      await closers.closeAll();
    },
  };
}
