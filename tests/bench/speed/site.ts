/**
 * The setup of the speed table: the lab's Kubernetes API and BIG-IP in this process, and `sluice
 * up` in another one, over sockets on loopback.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Agent } from 'node:https';
import { startBigip, type DeclareRecord, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { createClosers, type Closers } from '../../../infra/lab/closers.ts';
import { writeLabFiles } from '../../../infra/lab/files.ts';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { createClient, type Client } from './client.ts';
import { fillCluster, portOf, type BenchCluster } from './cluster.ts';
import type { RunOptions, Scale } from './figures.ts';
import { startSluice, type SluiceProcess } from './process.ts';

const CLUSTER = 'bench';
const LOOK_MS = 5;
/** A measurement that takes longer than this has failed. */
const LIMIT_MS = 400_000;

export interface SiteOptions extends RunOptions {
  readonly scale: Scale;
  /** Exposures before the measurement begins. */
  readonly exposures: number;
}

/** Declares since the last `count`. */
export interface Counted {
  readonly declares: number;
  /** Declares in which AS3 found no difference. */
  readonly empty: number;
  /** Declares that the device refused, for instance because it was busy. */
  readonly refused: number;
  readonly bytes: number;
  /** Seconds of the median declare that was carried out; NaN without any. */
  readonly each: readonly number[];
}

export interface SpeedSite {
  readonly scale: Scale;
  readonly bigip: LabBigip;
  readonly cluster: BenchCluster;
  readonly client: Client;
  /** The current process. */
  sluice(): SluiceProcess;
  /** Starts another process, after `stop`. */
  start(): SluiceProcess;
  /** Virtual servers on the device. */
  servers(): ReadonlySet<number>;
  /** Pools that send new connections to the address. */
  poolsWith(address: string): number;
  /** Whether any pool has a member with this address, enabled or not. */
  hasMember(address: string): boolean;
  /** Resets the counters. */
  mark(): () => Counted;
  /**
   * Checks the condition after each write to the device; returns the time of the check that met it
   * (`Date.now()`).
   */
  until(what: string, look: () => boolean): Promise<number>;
  /** Until the queues are empty and no declare has begun for a while. */
  settle(quietMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startSite(options: SiteOptions): Promise<SpeedSite> {
  const closers = createClosers();
  try {
    return await build(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function build(options: SiteOptions, closers: Closers): Promise<SpeedSite> {
  const { scale, exposures } = options;
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  closers.add(() => rm(dir, { recursive: true, force: true }));
  const kubernetes = await closers.use(startKubernetes({ name: CLUSTER }));
  const cluster = fillCluster(kubernetes.store, exposures);
  closers.add(() => cluster.close());
  const bigip = await closers.use(
    startBigip({ dataPath: false, timings: { declare: 1, memberWrite: 1 } }),
  );
  const queueFile = join(dir, 'state', 'queue.sqlite');
  const files = await writeLabFiles(dir, {
    clusters: [{ id: CLUSTER, kubeconfig: kubernetes.kubeconfig() }],
    device: bigip,
    virtualAddress: '172.16.100.195',
    members: 'pods',
    queue: { kind: 'sqlite', path: queueFile },
  });
  await setDrain(files.config, scale.drainSeconds);
  const client = clientOf(kubernetes, closers);
  const start = (): SluiceProcess =>
    startSluice({
      dir,
      config: files.config,
      kubeconfig: files.kubeconfig,
      profile: options.profile,
    });
  let sluice = start();
  closers.add(() => sluice.stop());
  await sluice.up();
  const queues = createSqliteQueues({ path: queueFile, clock: processClock, id: processId });
  closers.add(() => queues.close());
  const site: SpeedSite = {
    scale,
    bigip,
    cluster,
    client,
    sluice: () => sluice,
    start: () => (sluice = start()),
    ...looks(bigip),
    settle: (quietMs = scale.quietMs) => settle(bigip, queues, quietMs),
    close: () => closers.closeAll(),
  };
  await prepare(site, exposures);
  return site;
}

async function setDrain(file: string, drainSeconds: number): Promise<void> {
  const config = parse(await readFile(file, 'utf8')) as { readonly ingresses: readonly object[] };
  const ingresses = config.ingresses.map((ingress) => ({ ...ingress, drainSeconds }));
  await writeFile(file, stringify({ ...config, ingresses }));
}

/**
 * Declares the existing exposures at once on a fast device, and continues with a new process, which
 * does not know how fast the device is.
 */
async function prepare(site: SpeedSite, exposures: number): Promise<void> {
  await site.until('the first exposures are declared', () => site.servers().size === exposures);
  await site.settle(1_000);
  await site.sluice().stop();
  site.bigip.faults.timings.declare = site.scale.declareMs;
  site.bigip.faults.timings.memberWrite = site.scale.writeMs;
  await site.start().up();
  await site.settle();
}

function clientOf({ url, ca, token }: LabKubernetes, closers: Closers): Client {
  const agent = new Agent({ keepAlive: true, ca, maxSockets: 8 });
  closers.add(async () => agent.destroy());
  return createClient({ url, token, agent });
}

function looks(
  bigip: LabBigip,
): Pick<SpeedSite, 'servers' | 'poolsWith' | 'hasMember' | 'mark' | 'until'> {
  const partitions = (): ReturnType<LabBigip['view']>['partitions'] => bigip.view().partitions;
  const version = (): string => `${bigip.writes.length} ${bigip.declares.length} ${running(bigip)}`;
  return {
    servers: () =>
      new Set(partitions().flatMap(({ virtualServers }) => virtualServers.map(({ port }) => port))),
    poolsWith: (address) =>
      partitions()
        .flatMap(({ pools }) => pools)
        .filter(({ members }) => members.some((m) => m.address === address && m.enabled)).length,
    hasMember: (address) =>
      partitions().some(({ pools }) =>
        pools.some(({ members }) => members.some((m) => m.address === address)),
      ),
    mark: () => {
      const from = bigip.declares.length;
      return () => count(bigip.declares.slice(from));
    },
    until: async (what, look) => {
      const limit = Date.now() + LIMIT_MS;
      for (let seen = ''; ; await processClock.sleep(LOOK_MS)) {
        const now = version();
        if (now !== seen && look()) return Date.now();
        seen = now;
        if (Date.now() > limit) throw new Error(`${what}: not within ${LIMIT_MS / 1_000} s`);
      }
    },
  };
}

function running({ declares }: LabBigip): number {
  return declares.filter(({ ended }) => ended === undefined).length;
}

function count(records: readonly DeclareRecord[]): Counted {
  const of = (outcome: DeclareRecord['outcome']): number =>
    records.filter((record) => record.outcome === outcome).length;
  return {
    declares: records.length - of('refused'),
    empty: of('unchanged'),
    refused: of('refused'),
    bytes: records.reduce((sum, { bytes }) => sum + bytes, 0),
    each: records.flatMap(({ began, ended, outcome }) =>
      ended === undefined || outcome === 'refused' ? [] : [(ended - began) / 1_000],
    ),
  };
}

async function settle(bigip: LabBigip, queues: Queues, quietMs: number): Promise<void> {
  const limit = Date.now() + LIMIT_MS;
  let [since, seen] = [Date.now(), ''];
  while (Date.now() - since < quietMs) {
    const depths = await Promise.all(
      (['snapshots', 'slices'] as const).map((name) => queues.queue(name).depth()),
    );
    const busy = depths.some(({ waiting, inFlight }) => waiting + inFlight > 0);
    const now = `${bigip.declares.length} ${bigip.writes.length}`;
    if (busy || running(bigip) > 0 || now !== seen) since = Date.now();
    seen = now;
    if (Date.now() > limit) throw new Error(`still busy after ${LIMIT_MS / 1_000} s`);
    await processClock.sleep(100);
  }
}

/** Ports of the Gateways from `first` on that are served by the device. */
export function hasPorts(site: SpeedSite, first: number, number: number): boolean {
  const servers = site.servers();
  return Array.from({ length: number }, (_, n) => portOf(first + n)).every((port) =>
    servers.has(port),
  );
}
