/**
 * `sluice plan` and `sluice map` show how BIG-IP reaches pods, derived from the Nodes of each CNI.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CNI_NODES, rawNode } from '../fixtures/cni-nodes.ts';
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

/** One gateway pod on n3 that serves 443, and its node. */
function manifests(node: object): object {
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      node,
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
          podIP: '10.244.3.5',
          podIPs: [{ ip: '10.244.3.5' }],
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

function config(network: object, networks: object): object {
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
        virtualAddress: '198.51.100.10',
      },
    ],
  };
}

interface Answer {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

async function ask(
  command: 'plan' | 'map',
  node: object,
  network: object,
  networks: object = {},
): Promise<Answer> {
  writeFileSync(join(folder, 'objects.json'), JSON.stringify(manifests(node)));
  writeFileSync(join(folder, 'sluice.yaml'), JSON.stringify(config(network, networks)));
  const args = [command, '-f', 'objects.json', '--config', 'sluice.yaml'];
  const sluice = startSluice(args, folder);
  return { code: await sluice.ended, out: sluice.stdout(), err: sluice.stderr() };
}

/** Without the time at which the plan was made. */
function undated(text: string): string {
  return text.replace(/"seen": ".*"/, '');
}

const NOT_WRITTEN =
  'note: Sluice shows the paths to pods and does not write them to BIG-IP yet; keep what maintains them now\n';

describe('the route to a pod', () => {
  test.each([
    ['podCIDR', 'route 10.244.3.0/24 via 192.0.2.13', 'podCIDR'],
    ['flannel', 'route 10.244.3.0/24 via 192.0.2.13', 'flannel'],
    ['calico', 'route 10.244.3.5/32 via 192.0.2.13', 'host'],
    ['cilium', 'route 10.244.3.0/24 via 192.0.2.13', 'cilium'],
    ['ovn', 'route 10.244.3.0/24 via 192.0.2.13', 'ovn'],
    ['antrea', 'route 10.244.3.0/24 via 192.0.2.13', 'antrea'],
    ['annotation', 'route 10.244.3.0/24 via 192.0.2.13', 'annotation'],
  ] as const)('of %s', async (cni, route, source) => {
    const planned = await ask('plan', CNI_NODES[cni], { mode: 'routes' });
    expect(planned.code).toBe(0);
    expect(planned.err).toContain(NOT_WRITTEN);
    expect(planned.err).toContain(`+ ${route} (bigip, node n3, from ${source})\n`);
    // The declaration is the same as without paths.
    const { out } = await ask('plan', CNI_NODES[cni], { mode: 'none' });
    expect(undated(planned.out)).toBe(undated(out));
    const mapped = await ask('map', CNI_NODES[cni], { mode: 'routes' });
    expect(mapped.err).toContain(NOT_WRITTEN);
    expect(mapped.out).toContain(`Paths\n\n+ ${route} (node n3, from ${source})\n`);
  });
});

test('the tunnel to a pod names the tunnel of the cluster on the device', async () => {
  const { err } = await ask(
    'plan',
    CNI_NODES.flannel,
    { mode: 'vxlan' },
    { tunnels: { east: '/Common/flannel_vxlan' } },
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

test('without clusters[].network nothing is said about paths', async () => {
  const { out, err } = await ask('map', CNI_NODES.podCIDR, {});
  expect(`${out}${err}`).not.toMatch(/Paths|paths|route 10\.244/);
});
