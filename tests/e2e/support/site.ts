/**
 * A cluster, a BIG-IP and the files of a user, with their own addresses; Sluice itself runs as a
 * separate process.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { createClosers } from '../../../infra/lab/closers.ts';
import { startCluster, type LabCluster } from '../../../infra/lab/cluster/index.ts';
import { createKubernetesApi, type KubernetesApi } from '../../../infra/lab/demo/kubernetes-api.ts';
import { writeLabFiles, type LabFiles } from '../../../infra/lab/files.ts';
import { startKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { startCable, type Cable } from './cable.ts';
import { startSluice, type Sluice } from './sluice.ts';
import { until } from './until.ts';

export const CLUSTER = 'site';
export const OWNER = `${CLUSTER}/istio-system/istio-ingressgateway`;
/** Different from those of the demo, which may run at the same time. */
export const VIRTUAL_ADDRESS = '172.16.41.7';
const NETWORK = { podNetwork: '10.241', nodeAddresses: ['192.168.41.11', '192.168.41.12'] };

export interface Site {
  readonly dir: string;
  readonly files: LabFiles;
  readonly cluster: LabCluster;
  readonly bigip: LabBigip;
  readonly api: KubernetesApi;
  readonly cable: Cable;
  readonly queueFile: string;
  /** A second handle of the queue file. */
  readonly queues: Queues;
  /** `sluice up`, after it reports that it is up. */
  up(env?: NodeJS.ProcessEnv): Promise<Sluice>;
  /** `sluice up`, without waiting for its start. */
  launch(args?: readonly string[], env?: NodeJS.ProcessEnv): Sluice;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  stop(): Promise<void>;
}

export interface SiteOptions {
  /** The time that the API server reports; undefined: none. Absent: the correct time. */
  readonly date?: () => number | undefined;
  /** Of the device. */
  readonly password?: string;
}

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const closers = createClosers();
  try {
    return await build(closers, options);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function build(
  closers: ReturnType<typeof createClosers>,
  { password: wanted, ...options }: SiteOptions,
): Promise<Site> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-up-'));
  closers.add(() => rm(dir, { recursive: true, force: true }));
  const kubernetes = await closers.use(startKubernetes({ name: CLUSTER, ...options }));
  const cluster = await closers.use(
    startCluster({
      ...NETWORK,
      store: kubernetes.store,
      clock: processClock,
      id: CLUSTER,
      graceMs: 200,
    }),
  );
  const bigip = await closers.use(startBigip(wanted === undefined ? {} : { password: wanted }));
  const cable = await closers.use(startCable(bigip.url));
  const queueFile = join(dir, 'state', 'queue.sqlite');
  const { ca, username, password } = bigip;
  const device = { url: cable.url, ca, username, password };
  const files = await writeLabFiles(dir, {
    clusters: [{ id: CLUSTER, kubeconfig: kubernetes.kubeconfig() }],
    device,
    virtualAddress: VIRTUAL_ADDRESS,
    members: 'pods',
    queue: { kind: 'sqlite', path: queueFile },
  });
  const queues = createSqliteQueues({ path: queueFile, clock: processClock, id: processId });
  closers.add(() => queues.close());
  const running: Sluice[] = [];
  closers.add(async () => {
    for (const sluice of running) if (sluice.alive()) await sluice.kill('SIGKILL');
  });
  const launch = (
    args = ['up', '--config', files.config, '--kubeconfig', files.kubeconfig],
    env: NodeJS.ProcessEnv = {},
  ): Sluice => {
    const sluice = startSluice(args, dir, env);
    running.push(sluice);
    return sluice;
  };
  return {
    dir,
    files,
    cluster,
    bigip,
    cable,
    queueFile,
    queues,
    launch,
    api: createKubernetesApi(kubernetes),
    up: async (env) => {
      const sluice = launch(undefined, env);
      await until(
        'sluice is up',
        () => !sluice.alive() || sluice.log().some((line) => line.msg === 'up'),
        () => sluice.stdout() + sluice.stderr(),
      );
      return sluice;
    },
    write: (file, text) => writeFile(join(dir, file), text),
    read: (file) => readFile(join(dir, file), 'utf8'),
    stop: () => closers.closeAll(),
  };
}
