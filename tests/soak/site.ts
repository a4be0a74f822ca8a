/**
 * Two clusters, a BIG-IP and the processes of the product, over sockets: the lab runs in this
 * process, the product in processes of its own.
 */
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { startBigip, type LabBigip } from '../../infra/lab/bigip/index.ts';
import { createClosers, type Closers } from '../../infra/lab/closers.ts';
import { kubeconfigOf, writeLabFiles, type LabFiles } from '../../infra/lab/files.ts';
import { startKubernetes, type LabKubernetes } from '../../infra/lab/kubernetes/index.ts';
import { loadConfig } from '../../shared/config/load.ts';
import type { SluiceConfig } from '../../shared/config/schema.ts';
import { openFailures, type Failures } from '../../shared/failures/open.ts';
import { openQueues } from '../../shared/queue/open.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { processId } from '../../shared/runtime/process.ts';
import { fillCluster, type BenchCluster } from '../bench/speed/cluster.ts';
import { startCable, type Cable } from '../e2e/support/cable.ts';
import { startPostgres, type TestServer } from '../fixtures/postgres/process.ts';
import { NO_SECRETS } from '../fixtures/secrets.ts';
import { createSiteClock, type SiteClock } from './clock.ts';
import { placeForeignObjects } from './device.ts';
import { createProcess, type SoakProcess } from './process.ts';
import type { QueueKind } from './schedule.ts';
import { ALLOCATOR, SHIPPED } from './shipped.ts';
import { freePort } from '../fixtures/free-port.ts';

export const VIRTUAL_ADDRESS = '172.16.43.7';
/** Failures that ended are removed after this time of the site's clock. */
export const RETENTION_DAYS = 1;

/** Folders of the site that the processes write to, besides their output. */
export const WRITTEN = { queue: 'queue', failures: 'failures', home: 'home' } as const;

/** Milliseconds of one declare while the device is well, besides those of its virtual servers. */
export const DECLARE_MS = 300;

/** Different from those of the demo and the other tests. */
const CLUSTERS = [
  { id: 'east', podNetwork: '10.246', nodeAddresses: ['192.168.46.11', '192.168.46.12'] },
  { id: 'west', podNetwork: '10.247', nodeAddresses: ['192.168.47.11', '192.168.47.12'] },
] as const;

export interface SoakCluster {
  readonly id: string;
  readonly podNetwork: string;
  readonly kubernetes: LabKubernetes;
  readonly objects: BenchCluster;
}

export interface SoakSite {
  readonly clock: SiteClock;
  readonly clusters: readonly SoakCluster[];
  readonly bigip: LabBigip;
  readonly cable: Cable;
  readonly processes: readonly SoakProcess[];
  /** Handles of the soak's own. */
  readonly queues: Queues;
  readonly failures: Failures;
  readonly config: SluiceConfig;
  readonly postgres: TestServer | undefined;
  /** State, configuration and, in `logs`, the output of the processes. */
  readonly dir: string;
  close(): Promise<void>;
}

/** `dir` must be empty or absent. */
export async function startSite(dir: string, queue: QueueKind): Promise<SoakSite> {
  const closers = createClosers();
  try {
    return await build(dir, queue, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function build(dir: string, queue: QueueKind, closers: Closers): Promise<SoakSite> {
  const clock = createSiteClock();
  const clusters: SoakCluster[] = [];
  for (const place of CLUSTERS) clusters.push(await startCluster(place, clock, closers));
  const bigip = await closers.use(
    startBigip({
      dataPath: false,
      now: () => clock.now(),
      timings: { declare: DECLARE_MS, declarePerServer: 5, memberWrite: 20 },
    }),
  );
  await placeForeignObjects(bigip);
  const cable = await closers.use(startCable(bigip.url));
  const postgres = queue === 'postgres' ? await startPostgres() : undefined;
  if (postgres !== undefined) closers.add(() => postgres.stop());
  for (const folder of ['logs', 'clocks', ...Object.values(WRITTEN)])
    mkdirSync(join(dir, folder), { recursive: true });
  const files = await writeFiles(dir, { clusters, device: { ...bigip, url: cable.url }, postgres });
  const config = await loadConfig(files.config, {});
  const access = { clock, id: processId, secrets: NO_SECRETS };
  const queues = openQueues(config.queue, access);
  closers.add(() => queues.close());
  const failures = openFailures(config.failures, access);
  closers.add(() => failures.close());
  const processes = await processesOf({ dir, files, queue, clock });
  closers.add(async () => {
    await Promise.all(processes.map((one) => one.kill('SIGKILL')));
  });
  return {
    clock,
    clusters,
    bigip,
    cable,
    processes,
    queues,
    failures,
    config,
    postgres,
    dir,
    close: () => closers.closeAll(),
  };
}

async function startCluster(
  { id, podNetwork, nodeAddresses }: (typeof CLUSTERS)[number],
  clock: SiteClock,
  closers: Closers,
): Promise<SoakCluster> {
  const now = (): number => clock.now();
  const kubernetes = await closers.use(startKubernetes({ name: id, now }));
  const objects = fillCluster(kubernetes.store, 0, { podNetwork, nodeAddresses, now });
  closers.add(() => objects.close());
  return { id, podNetwork, kubernetes, objects };
}

interface Written {
  readonly clusters: readonly SoakCluster[];
  readonly device: Parameters<typeof writeLabFiles>[1]['device'];
  readonly postgres: TestServer | undefined;
}

async function writeFiles(dir: string, { clusters, device, postgres }: Written): Promise<LabFiles> {
  const files = await writeLabFiles(dir, {
    clusters: clusters.map(({ id, kubernetes }) => ({
      id,
      kubeconfig: kubernetes.kubeconfig(),
      fleet: true,
    })),
    device,
    virtualAddress: VIRTUAL_ADDRESS,
    members: 'pods',
    queue: { kind: 'sqlite', path: join(dir, WRITTEN.queue, 'queue.sqlite') },
  });
  const config = parse(await readFile(files.config, 'utf8')) as SluiceConfig;
  const ingresses = config.ingresses.map((ingress) => ({ ...ingress, drainSeconds: 5 }));
  const failures = { ...config.failures, path: join(dir, WRITTEN.failures) };
  const stores = postgres === undefined ? { failures } : storesIn(postgres);
  const retention = { retentionDays: RETENTION_DAYS };
  await writeFile(
    files.config,
    stringify({
      ...config,
      ...stores,
      ingresses,
      failures: { ...stores.failures, ...retention },
    }),
  );
  return files;
}

function storesIn(server: TestServer): { readonly queue: object; readonly failures: object } {
  const { host, port, user, database } = server.config('sluice');
  const place = { kind: 'postgres', host, port, user, database };
  return { queue: place, failures: place };
}

interface Made {
  readonly dir: string;
  readonly files: LabFiles;
  readonly queue: QueueKind;
  readonly clock: SiteClock;
}

/** Not started yet. */
async function processesOf({ dir, files, queue, clock }: Made): Promise<readonly SoakProcess[]> {
  const up = (name: string, ...more: readonly string[]): Program => ({
    name,
    program: 'cli/sluice.mjs',
    args: ['up', '--config', files.config, '--audit-every', '1', ...more],
    env: ALLOCATOR,
    nodeOptions: SHIPPED.up.nodeOptions,
  });
  const watch = (id: string): Program => ({
    name: `watch-${id}`,
    program: 'watch/main.mjs',
    args: [],
    nodeOptions: SHIPPED.watch.nodeOptions,
    env: {
      ...ALLOCATOR,
      SLUICE_CONFIG: files.config,
      SLUICE_CLUSTER: id,
      KUBECONFIG: kubeconfigOf(files, id),
    },
  });
  const programs =
    queue === 'sqlite'
      ? [up('up', '--cluster', 'east', '--kubeconfig', kubeconfigOf(files, 'east')), watch('west')]
      : [up('up-1', '--no-watch'), up('up-2', '--no-watch'), watch('east'), watch('west')];
  const processes: SoakProcess[] = [];
  for (const program of programs)
    processes.push(
      createProcess({
        ...program,
        dir: join(dir, WRITTEN.home),
        log: join(dir, 'logs', `${program.name}.log`),
        metricsPort: await freePort(),
        inspectorPort: await freePort(),
        clock,
        clockFile: join(dir, 'clocks', program.name),
      }),
    );
  return processes;
}

interface Program {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly nodeOptions: string;
}
