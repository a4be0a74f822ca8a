/**
 * A cluster with two Gateways (one opens a port that the Service lacks), a BIG-IP that declares an
 * older state, and a recording proxy in front of each.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import { createClosers } from '../../../infra/lab/closers.ts';
import { kubeconfigText } from '../../../infra/lab/kubernetes/kubeconfig.ts';
import { stableUid } from '../../../infra/lab/kubernetes/object-store.ts';
import {
  startKubernetes,
  type KubernetesObject,
  type LabKubernetes,
} from '../../../infra/lab/kubernetes/index.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { processClock, processRandom } from '../../../shared/runtime/process.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { closeAll, connect, declare } from '../../contract/bigip/support.ts';
import { startTap, type Tap } from './tap.ts';
import { openingGateway } from '../../fixtures/gateways.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

export const CLUSTER = 'east';
export const OWNER = `${CLUSTER}/istio-system/istio-ingressgateway`;

export interface Line {
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Site {
  readonly dir: string;
  readonly config: string;
  readonly kubeconfig: string;
  readonly manifest: string;
  readonly bigip: LabBigip;
  readonly kubernetes: LabKubernetes;
  readonly device: Tap;
  readonly cluster: Tap;
  readonly lines: readonly Line[];
  runtime(dryRun: boolean): Promise<Runtime>;
  close(): Promise<void>;
}

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'istio-system', name: 'istio-ingressgateway' },
  spec: {
    type: 'LoadBalancer',
    selector: { istio: 'ingressgateway' },
    ports: [
      { name: 'status-port', port: 15_020, protocol: 'TCP', targetPort: 15_020 },
      { name: 'tcp-31400', port: 31_400, protocol: 'TCP', targetPort: 31_400 },
    ],
  },
};
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'istio-system', name: 'gateway-1', labels: { istio: 'ingressgateway' } },
  spec: {
    nodeName: 'worker-1',
    containers: [{ name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'router'] }],
  },
  status: {
    phase: 'Running',
    podIP: '10.244.1.5',
    podIPs: [{ ip: '10.244.1.5' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
};

const OBJECTS: readonly KubernetesObject[] = [
  SERVICE,
  POD,
  ...openingGateway(31_400, { namespace: 'default', name: 'there' }),
  ...openingGateway(32_500, { namespace: 'default', name: 'lacks' }),
];

export const CLUSTER_UID = stableUid(CLUSTER, 'kube-system');

/** Two members, so that one can be removed. */
const MEMBERS = ['10.244.1.5', '10.244.1.6'].map((address) => ({
  address,
  port: 32_400,
  availability: 'ready' as const,
}));
const DECLARED = planPartition(
  'k8s',
  EMPTY_STATE,
  [slice(1, [exposure({ members: MEMBERS })], { clusterUid: CLUSTER_UID })],
  { sameFleet: () => false },
).next;

export async function startSite(): Promise<Site> {
  const closers = createClosers();
  const dir = await mkdtemp(join(tmpdir(), 'sluice-dry-'));
  closers.add(() => rm(dir, { recursive: true, force: true }));
  const kubernetes = await closers.use(startKubernetes({ name: CLUSTER }));
  for (const object of OBJECTS) kubernetes.store.apply(object);
  closers.add(closeAll);
  const bigip = await closers.use(
    startBigip({ dataPath: false, timings: { declare: 1, memberWrite: 1 } }),
  );
  await declare(connect(bigip), DECLARED);
  const device = await closers.use(startTap(bigip));
  const cluster = await closers.use(startTap(kubernetes));
  const { config, kubeconfig, manifest } = await writeFiles(dir, {
    device,
    cluster,
    bigip,
    kubernetes,
  });
  const lines: Line[] = [];
  const write = (fields: object, message: string): void => void lines.push({ ...fields, message });
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return {
    dir,
    config,
    kubeconfig,
    manifest,
    bigip,
    kubernetes,
    device,
    cluster,
    lines,
    runtime: async (dryRun) => {
      const queues = createSqliteQueues({
        path: join(dir, `${randomUUID()}.sqlite`),
        clock: processClock,
        id: randomUUID,
      });
      closers.add(() => queues.close());
      return runtimeWith({
        config: await loadConfig(config, {}),
        secrets: createSecrets({ env: {} }),
        queues,
        random: processRandom,
        log,
        dryRun,
      });
    },
    close: () => closers.closeAll(),
  };
}

async function writeFiles(
  dir: string,
  { device, cluster, bigip, kubernetes }: Pick<Site, 'device' | 'cluster' | 'bigip' | 'kubernetes'>,
): Promise<Pick<Site, 'config' | 'kubeconfig' | 'manifest'>> {
  const [config, kubeconfig, manifest] = [
    join(dir, 'sluice.yaml'),
    join(dir, 'kubeconfig'),
    join(dir, 'manifest.json'),
  ];
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'password'), bigip.password);
  // The recording proxy reads plain HTTP only.
  const access = kubeconfigText({
    name: CLUSTER,
    url: cluster.url,
    ca: kubernetes.ca,
    token: kubernetes.token,
  });
  await writeFile(
    kubeconfig,
    access.replace(/certificate-authority-data: .*(\n {8,}.*)*/, 'insecure-skip-tls-verify: true'),
  );
  await writeFile(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS }));
  const text = JSON.stringify({
    generation: 2,
    devices: [
      {
        name: 'bigip-1',
        url: device.url,
        username: bigip.username,
        password: `file:${join(dir, 'password')}`,
        partitions: ['k8s'],
        requestTimeout: 5,
      },
    ],
    clusters: [{ id: CLUSTER }],
    ingresses: [
      {
        cluster: CLUSTER,
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip-1'],
        virtualAddress: '172.16.100.195',
        members: 'pods',
      },
    ],
    queue: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
    failures: { kind: 'fs', path: join(dir, 'failures') },
  });
  await writeFile(config, text);
  return { config, kubeconfig, manifest };
}
