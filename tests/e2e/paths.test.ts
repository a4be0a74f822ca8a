/**
 * `sluice plan` and `sluice map` show how BIG-IP reaches pods, derived from the Nodes of each CNI.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CNI_NODES, rawBlock, rawCiliumNode, rawNode } from '../fixtures/cni-nodes.ts';
import { startSluice } from './support/sluice.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-paths-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const NAME = { name: 'istio-ingressgateway', namespace: 'istio-system' };
const LABELS = { istio: 'ingressgateway' };

/** One gateway pod on n3 that serves 443, its node, and the objects of its CNI. */
function manifests(objects: readonly object[], ips: readonly string[]): object {
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      ...objects,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: NAME,
        spec: { selector: LABELS, ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...NAME, name: 'gateway-1', labels: LABELS },
        spec: { nodeName: 'n3', containers: [{ name: 'istio-proxy', args: ['proxy', 'router'] }] },
        status: {
          podIP: ips[0],
          podIPs: ips.map((ip) => ({ ip })),
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          selector: LABELS,
          servers: [
            {
              port: { number: 443, name: 'https', protocol: 'HTTPS' },
              hosts: ['*'],
              tls: { mode: 'SIMPLE', credentialName: 'web' },
            },
          ],
        },
      },
    ],
  };
}

function config(network: object, networks: object, virtualAddress: string): object {
  return {
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['edge'],
        networks,
      },
    ],
    clusters: [{ id: 'east', network }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip'],
        virtualAddress,
      },
    ],
  };
}

interface Answer {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

interface Asked {
  readonly networks?: object;
  readonly ips?: readonly string[];
  readonly virtualAddress?: string;
}

async function ask(
  command: 'plan' | 'map',
  objects: object | readonly object[],
  network: object,
  { networks = {}, ips = ['10.244.3.5'], virtualAddress = '198.51.100.10' }: Asked = {},
): Promise<Answer> {
  const all = manifests([objects].flat(), ips);
  writeFileSync(join(folder, 'objects.json'), JSON.stringify(all));
  const sluiceYaml = JSON.stringify(config(network, networks, virtualAddress));
  writeFileSync(join(folder, 'sluice.yaml'), sluiceYaml);
  const args = [command, '-f', 'objects.json', '--config', 'sluice.yaml'];
  const sluice = startSluice(args, folder);
  return { code: await sluice.ended, out: sluice.stdout(), err: sluice.stderr() };
}

/** Without the time at which the plan was made. */
function undated(text: string): string {
  return text.replace(/"seen": ".*"/, '');
}

/** A dual-stack node as kubeadm's controller manager leaves it. */
const DUAL_NODE = {
  ...rawNode({ podCIDRs: ['10.244.3.0/24', 'fd00:10:244:3::/64'] }),
  status: {
    addresses: ['192.0.2.13', '2001:db8::13'].map((address) => ({ type: 'InternalIP', address })),
    conditions: [{ type: 'Ready', status: 'True' }],
  },
};
const BARE = rawNode({ podCIDRs: ['10.100.7.0/24'] });
const V6: Asked = {
  ips: ['10.244.3.5', 'fd00:10:244:3::5'],
  virtualAddress: '2001:db8:ffff::10',
};

interface Case {
  readonly name: string;
  readonly objects: readonly object[];
  readonly from?: string;
  readonly asked?: Asked;
  readonly route: string;
  readonly source: string;
}

/** One node of each CNI, and the route that follows from it. */
const CASES: readonly Case[] = [
  ...(['podCIDR', 'flannel', 'cilium', 'ovn', 'antrea', 'annotation'] as const).map((source) => ({
    name: `${source} (auto)`,
    objects: [CNI_NODES[source]],
    route: 'route 10.244.3.0/24 via 192.0.2.13',
    source,
  })),
  {
    name: 'Calico (auto): a route for the pod',
    objects: [CNI_NODES.calico, rawBlock('10.244.3.0/26')],
    route: 'route 10.244.3.5/32 via 192.0.2.13',
    source: 'host',
  },
  {
    name: 'Calico with its blocks',
    objects: [CNI_NODES.calico, rawBlock('10.244.3.0/26'), rawBlock('10.244.9.0/26')],
    from: 'calico',
    route: 'route 10.244.3.0/26 via 192.0.2.13',
    source: 'calico',
  },
  {
    name: 'Calico with a borrowed address',
    objects: [CNI_NODES.calico, rawBlock('10.244.9.0/26')],
    from: 'calico',
    route: 'route 10.244.3.5/32 via 192.0.2.13',
    source: 'host',
  },
  {
    name: 'Cilium, cluster pool',
    objects: [BARE, rawCiliumNode({ podCIDRs: ['10.244.3.0/24'] })],
    from: 'cilium',
    route: 'route 10.244.3.0/24 via 192.0.2.13',
    source: 'cilium',
  },
  {
    name: 'Cilium, several pools',
    objects: [BARE, rawCiliumNode({ pools: { default: ['10.9.0.0/27'], b: ['10.244.3.0/28'] } })],
    from: 'cilium',
    route: 'route 10.244.3.0/28 via 192.0.2.13',
    source: 'cilium',
  },
  {
    name: 'two families, IPv6 address (auto)',
    objects: [DUAL_NODE],
    asked: V6,
    route: 'route fd00:10:244:3::/64 via 2001:db8::13',
    source: 'podCIDR',
  },
  {
    name: 'Cilium, two families, IPv6 address',
    objects: [
      DUAL_NODE,
      rawCiliumNode({
        podCIDRs: ['10.244.3.0/24', 'fd00:10:244:3::/112'],
        addresses: ['192.0.2.13', '2001:db8::13'],
      }),
    ],
    from: 'cilium',
    asked: V6,
    route: 'route fd00:10:244:3::/112 via 2001:db8::13',
    source: 'cilium',
  },
];

function networkOf({ from }: Case): object {
  return { mode: 'routes', ...(from !== undefined && { from }) };
}

describe('the route to a pod of', () => {
  test.each(CASES.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const { code, err } = await ask('plan', one.objects, networkOf(one), one.asked);
    expect(code).toBe(0);
    expect(err.match(/^\+ .*$/gm)).toEqual([`+ ${one.route} (bigip, node n3, from ${one.source})`]);
  });

  const calico = CASES.find(({ source }) => source === 'calico');
  if (calico === undefined) throw new Error('no case of Calico');

  test('Calico is shown by map as well', async () => {
    const { out } = await ask('map', calico.objects, networkOf(calico));
    expect(out).toContain(`Paths\n\n+ ${calico.route} (node n3, from calico)\n`);
  });

  test('Calico changes nothing in the declaration', async () => {
    const { out } = await ask('plan', calico.objects, networkOf(calico));
    const without = await ask('plan', calico.objects, { mode: 'none' });
    expect(undated(out)).toBe(undated(without.out));
  });
});

test('missing objects of the CNI are reported once, and the pod gets a route of its own', async () => {
  const { err } = await ask('plan', CNI_NODES.calico, { mode: 'routes', from: 'calico' });
  expect(err).toContain('+ route 10.244.3.5/32 via 192.0.2.13 (bigip, node n3, from host)\n');
  expect(err.match(/GW18\d/g)).toEqual(['GW187']);
});

test('the tunnel to a pod names the tunnel of the cluster on the device', async () => {
  const { err } = await ask(
    'plan',
    CNI_NODES.flannel,
    { mode: 'vxlan' },
    { networks: { tunnels: { east: '/Common/flannel_vxlan' } } },
  );
  expect(err).toContain(
    '+ fdb c2:e5:af:15:7c:f6 at 192.0.2.13 on /Common/flannel_vxlan (bigip, node n3, from flannel)\n' +
      '+ arp 10.244.3.5 at c2:e5:af:15:7c:f6 (bigip, node n3, from flannel)\n',
  );
});

test('a node that cannot be read is named with its field and the remedy', async () => {
  const node = rawNode({ annotations: { 'k8s.ovn.org/node-subnets': 'none' } });
  const { err, out } = await ask('plan', node, { mode: 'routes', from: 'ovn' });
  expect(err).toContain(
    'Node n3: no path to 10.244.3.5: annotation k8s.ovn.org/node-subnets is not JSON; correct what writes it (GW181)',
  );
  expect(out).toContain('10.244.3.5');
});

test('without clusters[].network nothing is reported about paths', async () => {
  const { out, err } = await ask('map', CNI_NODES.podCIDR, {});
  expect(`${out}${err}`).not.toMatch(/Paths|paths|route 10\.244/);
});
