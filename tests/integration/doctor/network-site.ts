/**
 * A pair of BIG-IPs and a cluster in which everything that paths to pods need is there, so that
 * tests take one part away.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceGroup, LabBigip } from '../../../infra/lab/bigip/index.ts';
import { createDeviceGroup, startBigip } from '../../../infra/lab/bigip/index.ts';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import type { DoctorFinding } from '../../../shared/operations/doctor/finding.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import { networkPathChecks } from '../../../shared/operations/doctor/network/network-checks.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { rawNode } from '../../fixtures/cni-nodes.ts';
import { call } from '../lab-bigip/client.ts';
import { gateway, gatewayPod, ingressService, route } from '../watch/support.ts';

export const NET = '/mgmt/tm/net';
export const TUNNEL = '/Common/east_vxlan';
const FLOATING = { trafficGroup: '/Common/traffic-group-1' };
/** Local addresses of the units, and the one that moves. */
export const LOCAL = { a: '192.0.2.4', b: '192.0.2.5', both: '192.0.2.6' } as const;

export interface NetworkOptions {
  readonly mode: 'routes' | 'vxlan';
  readonly from?: string;
  /** Without it, the units do not know each other. */
  readonly group?: DeviceGroup;
  readonly routeDomain?: number;
}

export interface NetworkSite {
  readonly a: LabBigip;
  readonly b: LabBigip;
  readonly cluster: LabKubernetes;
  /** A write that succeeds. */
  readonly send: (bigip: LabBigip, method: string, path: string, body?: object) => Promise<void>;
  /** MAC of the tunnel on the unit. */
  macOf(bigip: LabBigip): Promise<string>;
  /** Copies from `a`, so that the pair is in sync. */
  sync(): Promise<void>;
  look(options?: { readonly blind?: boolean }): Promise<readonly DoctorFinding[]>;
  close(): Promise<void>;
}

/** Texts of the checks that did not pass. */
export function bad(findings: readonly DoctorFinding[]): readonly string[] {
  return findings.filter(({ ok }) => !ok).map((one) => `${one.what}: ${describeFinding(one)}`);
}

/** A node of flannel with a pod network of its own. */
export function flannelNode(
  name: string,
  address: string,
  podCIDR: string,
  mac: string,
  vni = 1,
): ReturnType<typeof rawNode> {
  const at = (field: string): string => `flannel.alpha.coreos.com/${field}`;
  return rawNode({
    name,
    address,
    podCIDRs: [podCIDR],
    annotations: {
      [at('backend-data')]: JSON.stringify({ VNI: vni, VtepMAC: mac }),
      [at('backend-type')]: 'vxlan',
      [at('kube-subnet-manager')]: 'true',
      [at('public-ip')]: address,
    },
  });
}

function configText({ a, b }: Pick<NetworkSite, 'a' | 'b'>, options: NetworkOptions): string {
  const { mode, from = 'auto', routeDomain = 0 } = options;
  return JSON.stringify({
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: a.url,
        peer: b.url,
        username: a.username,
        password: 'env:P',
        tls: { ca: 'env:CA' },
        partitions: ['edge'],
        syncTo: 'pair',
        networks: mode === 'vxlan' ? { tunnels: { east: TUNNEL } } : {},
      },
    ],
    clusters: [
      {
        id: 'east',
        network: { mode, from },
        podNetworks: ['10.244.0.0/16'],
        routeDomain,
      },
    ],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip'],
        virtualAddress: '10.0.0.1',
      },
    ],
  });
}

/** Two nodes, and a gateway pod on the first one. */
function seed({ store }: LabKubernetes): void {
  store.apply(ingressService({ ports: [{ name: 'tcp', port: 80, targetPort: 80 }] }));
  store.apply(route('web', 'default/web', 80));
  store.apply(gatewayPod());
  store.apply(gateway('web', 80));
  store.apply(flannelNode('worker-1', '192.0.2.11', '10.244.1.0/24', 'c2:e5:af:15:7c:01') as never);
  store.apply(flannelNode('worker-2', '192.0.2.12', '10.244.2.0/24', 'c2:e5:af:15:7c:02') as never);
}

export async function startNetworkSite(options: NetworkOptions): Promise<NetworkSite> {
  const { group, routeDomain = 0 } = options;
  const bigipOptions = {
    dataPath: false,
    timings: { declare: 0, memberWrite: 0 },
    common: { routeDomains: ['2'] },
    ...(group && { group }),
  };
  const a = await startBigip({ ...bigipOptions, hostname: 'a.lab' });
  const b = await startBigip({ ...bigipOptions, hostname: 'b.lab' });
  b.faults.standby();
  const cluster = await startKubernetes();
  seed(cluster);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-doctor-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, cluster.kubeconfig());
  const config = parseConfig(configText({ a, b }, options), 'sluice.yaml', 1);
  const site: NetworkSite = {
    a,
    b,
    cluster,
    send: async (bigip, method, path, body) => {
      const answer = await call(bigip, method, path, { body });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.body['message']}`);
    },
    macOf: async (bigip) => {
      const path = `${NET}/tunnels/tunnel/${TUNNEL.replaceAll('/', '~')}/stats?options=all-properties`;
      const { body } = await call(bigip, 'GET', path);
      const [stats] = Object.values<typeof body>(body['entries']);
      return stats?.nestedStats.entries.macAddr.description;
    },
    sync: () => {
      const body = { command: 'run', utilCmdArgs: 'config-sync to-group pair' };
      return site.send(a, 'POST', '/mgmt/tm/cm', body);
    },
    look: ({ blind = false } = {}) =>
      networkPathChecks(
        {
          config,
          secrets: {
            resolve: (name) => Promise.resolve(name === 'env:CA' ? `${a.ca}\n${b.ca}` : a.password),
          },
          clock: processClock,
        },
        blind ? {} : { kubeconfig },
      ),
    close: async () => {
      await Promise.all([a.close(), b.close(), cluster.close()]);
      rmSync(folder, { recursive: true });
    },
  };
  await prepare(site, routeDomain);
  return site;
}

/** Self IPs among the nodes, and the partition. */
async function prepare({ a, b, send }: NetworkSite, routeDomain: number): Promise<void> {
  const suffix = routeDomain === 0 ? '' : `%${routeDomain}`;
  const self = (bigip: LabBigip, name: string, address: string, more = {}): Promise<void> =>
    send(bigip, 'POST', `${NET}/self`, {
      name,
      address: `${address}${suffix}/24`,
      vlan: 'internal',
      ...more,
    });
  await self(a, 'nodes', LOCAL.a);
  await self(b, 'nodes', LOCAL.b);
  await self(a, 'nodes_floating', LOCAL.both, FLOATING);
  await send(a, 'POST', '/mgmt/tm/auth/partition', { name: 'sluice-net' });
}

/** A pair that is in sync, with routes. */
export async function startRoutesSite(options: Partial<NetworkOptions> = {}): Promise<NetworkSite> {
  const site = await startNetworkSite({
    mode: 'routes',
    group: createDeviceGroup('pair'),
    ...options,
  });
  await site.sync();
  return site;
}

/** What a CNI needs. */
const PROFILES = {
  flannel: { key: 1, floodingType: 'none', pods: '10.244.25' },
  cilium: { key: 2, floodingType: 'multipoint', pods: '10.99.25' },
} as const;

/** A tunnel on `a`, with a self IP of each unit and one that moves. */
export async function addTunnel(
  { a, send }: NetworkSite,
  cni: keyof typeof PROFILES = 'flannel',
): Promise<void> {
  const { key, floodingType, pods } = PROFILES[cni];
  const bits = cni === 'flannel' ? 16 : 24;
  await send(a, 'POST', `${NET}/tunnels/vxlan`, { name: 'east', port: 8472, floodingType });
  await send(a, 'POST', `${NET}/tunnels/tunnel`, {
    name: 'east_vxlan',
    profile: 'east',
    key,
    localAddress: LOCAL.both,
  });
  const self = (bigip: LabBigip, name: string, address: string, more = {}): Promise<void> =>
    send(bigip, 'POST', `${NET}/self`, {
      name,
      address: `${address}/${bits}`,
      vlan: TUNNEL,
      ...more,
    });
  await self(a, 'pods', `${pods}4.1`);
  await self(a, 'pods_floating', `${pods}4.10`, FLOATING);
  if (cni === 'cilium')
    await send(a, 'POST', `${NET}/route`, {
      name: 'east_pods',
      network: '10.244.0.0/16',
      tmInterface: TUNNEL,
    });
}

/** A pair that is in sync, with a tunnel to flannel's nodes, which know the way back. */
export async function startFlannelSite(): Promise<NetworkSite> {
  const site = await startNetworkSite({
    mode: 'vxlan',
    from: 'flannel',
    group: createDeviceGroup('pair'),
  });
  await addTunnel(site);
  await site.sync();
  await site.send(site.b, 'POST', `${NET}/self`, {
    name: 'pods',
    address: '10.244.253.1/16',
    vlan: TUNNEL,
  });
  await site.sync();
  const mac = await site.macOf(site.a);
  site.cluster.store.apply(flannelNode('a.lab', LOCAL.both, '10.244.254.0/24', mac) as never);
  return site;
}
