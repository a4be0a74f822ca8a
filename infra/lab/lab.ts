/** The whole lab in one call: clusters, BIG-IP, queue and Sluice, all on loopback. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../shared/config/load.ts';
import { startBigip, type LabBigip } from './bigip/index.ts';
import { type LabCis, startCis } from './cis/cis.ts';
import type { LabCluster } from './cluster/index.ts';
import { createClosers, type Closers } from './closers.ts';
import {
  DEVICE_NAME,
  writeLabFiles,
  type ClusterContents,
  type LabFiles,
  type LabServices,
  type Likeness,
} from './files.ts';
import type { LabKubernetes } from './kubernetes/index.ts';
import { chooseLoopback, type Loopback } from './loopback.ts';
import { clusterSettings, networksOf, tunnelsOf } from './networks.ts';
import { startPipeline, type Pipeline } from './pipeline.ts';
import { startQueue, type LabQueue, type LabQueueKind } from './queue/queue.ts';
import { startSite, type Site, type SiteOptions } from './site.ts';

/** `members`: what the pools hold. */
export interface LabOptions {
  readonly queue: LabQueueKind;
  readonly members: 'pods' | 'nodes';
  /**
   * A user's own sluice.yaml. The lab adopts its names, so that events and failures from there are
   * valid here.
   */
  readonly like?: string | undefined;
  /** Directory for its files; by default a new temporary directory. */
  readonly dir?: string;
  /** Two labs on one machine need different networks. */
  readonly virtualAddress?: string;
  readonly services?: LabServices;
  /** One cluster by default. */
  readonly clusters?: readonly [SiteOptions, ...SiteOptions[]];
  /** Which addresses of this machine it uses; `auto` by default. */
  readonly loopback?: Loopback;
  /** F5 CIS runs in the first cluster, with a partition of its own. */
  readonly cis?: boolean;
}

/** Everything that runs, and where its files are. */
export interface Lab {
  readonly queue: LabQueueKind;
  readonly members: 'pods' | 'nodes';
  readonly virtualAddress: string;
  readonly files: LabFiles;
  /** Additional environment that `sluice` needs to reach the queue. */
  readonly environment: Readonly<Record<string, string>>;
  readonly sites: readonly Site[];
  /** Of the first cluster, like the next two. */
  readonly nodeAddresses: readonly string[];
  readonly kubernetes: LabKubernetes;
  readonly cluster: LabCluster;
  readonly bigip: LabBigip;
  readonly pipeline: Pipeline;
  /** Absent if it does not run here. */
  readonly cis?: LabCis;
  stop(options?: { readonly keepFiles?: boolean }): Promise<void>;
}

const VIRTUAL_ADDRESS = '172.16.100.195';
const CIS_PARTITION = 'cis';
const CLUSTER: SiteOptions = {
  id: 'lab',
  podNetwork: '10.244',
  nodeAddresses: ['192.168.0.11', '192.168.0.12'],
};

/**
 * One simulated device for each device of the user; a device with the name of the lab's own is the
 * lab's own.
 */
async function likenessOf(
  file: string | undefined,
  own: readonly string[],
  closers: Closers,
): Promise<Likeness | undefined> {
  if (file === undefined) return undefined;
  const config = await loadConfig(file, process.env);
  const twice = own.find((cluster) => config.clusters.some(({ id }) => id === cluster));
  if (twice !== undefined)
    throw new Error(
      `--like ${file}: clusters: the lab has its own cluster ${twice}; take it out in a copy of the file`,
    );
  const devices = new Map<string, LabBigip>();
  for (const { name } of config.devices.filter((device) => device.name !== DEVICE_NAME))
    devices.set(name, await closers.use(startBigip({ dataPath: false })));
  return { config, devices };
}

function environmentOf({ credentials }: LabQueue): Lab['environment'] {
  return credentials === undefined
    ? {}
    : {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      };
}

/** If one part does not start, those that did are stopped. */
export async function startLab(options: LabOptions): Promise<Lab> {
  await chooseLoopback(options.loopback ?? 'auto');
  const closers = createClosers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

function contentsOf(site: Site): ClusterContents {
  const { id, fleet = false, signed = false, kubernetes } = site;
  const settings = clusterSettings(site);
  return { id, fleet, signed, settings, kubeconfig: kubernetes.kubeconfig() };
}

/** The device, which notices what changes between it and the pods. */
async function startDevice(sites: readonly Site[], closers: Closers): Promise<LabBigip> {
  const bigip = await closers.use(startBigip(networksOf(sites)));
  for (const { network, kubernetes } of sites) {
    if (network === undefined) continue;
    const stop = kubernetes.store.subscribe(({ object }) => {
      if (['Node', 'Pod'].includes(object.kind)) bigip.refresh();
    });
    closers.add(async () => stop());
  }
  return bigip;
}

async function start(options: LabOptions, closers: Closers): Promise<Lab> {
  const {
    queue: queueKind,
    members,
    virtualAddress = VIRTUAL_ADDRESS,
    clusters: [first, ...others] = [CLUSTER],
  } = options;
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'sluice-lab-')));
  const removeFiles = closers.add(() => rm(dir, { recursive: true, force: true }));
  const main = await closers.use(startSite(first));
  const sites = [main];
  for (const other of others) sites.push(await closers.use(startSite(other)));
  const bigip = await startDevice(sites, closers);
  const like = await likenessOf(
    options.like,
    sites.map(({ id }) => id),
    closers,
  );
  const queue = await closers.use(startQueue(queueKind, dir));
  const files = await writeLabFiles(dir, {
    clusters: sites.map((site) => contentsOf(site)),
    device: bigip,
    virtualAddress,
    members,
    queue: queue.config,
    like,
    services: options.services,
    tunnels: tunnelsOf(sites),
    shareNodes: options.cis,
  });
  const { kubernetes } = main;
  const cis =
    options.cis === true
      ? await closers.use(startCis({ kubernetes, bigip, partition: CIS_PARTITION }))
      : undefined;
  const pipeline = await closers.use(startPipeline(files, queue));
  for (const site of sites) {
    closers.add(() => site.stopWatching());
    await site.watch(() => pipeline.watch(site.id));
  }
  return {
    queue: queueKind,
    members,
    virtualAddress,
    files,
    environment: environmentOf(queue),
    sites,
    nodeAddresses: main.nodeAddresses,
    kubernetes: main.kubernetes,
    cluster: main.cluster,
    bigip,
    pipeline,
    ...(cis && { cis }),
    stop: async ({ keepFiles = false } = {}) => {
      if (keepFiles) removeFiles.cancel();
      await closers.closeAll();
    },
  };
}
