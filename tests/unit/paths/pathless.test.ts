/** `sluice why` where members have no path. */
import { expect, test } from '@jest/globals';
import { whyText } from '../../../functions/cli/why/tables.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { normaliseNode } from '../../../shared/kubernetes/objects/index.ts';
import { explainGateway } from '../../../shared/operations/why/why.ts';
import { rawNode } from '../../fixtures/cni-nodes.ts';
import {
  cluster,
  gateway,
  gatewayPod,
  INGRESS,
  mesh,
  server,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';

const CONFIG = parseConfig(
  JSON.stringify({
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east', network: { mode: 'routes', from: 'podCIDR' } }],
    ingresses: [
      {
        cluster: 'east',
        service: `${INGRESS.namespace}/${INGRESS.service}`,
        devices: ['bigip'],
        virtualAddress: '10.0.0.1',
      },
    ],
  }),
  'sluice.yaml',
  1,
);

function text(podCIDRs: readonly string[]): string {
  const objects = cluster(
    {
      gateways: [gateway('team/web', [server(443)])],
      virtualServices: [tcpRoute('team/web', ['team/web'], 443)],
      pods: [gatewayPod({ ips: ['10.244.3.5'], nodeName: 'n3' })],
      nodes: [normaliseNode(rawNode({ podCIDRs }))],
    },
    [servicePort(443)],
  );
  const configured = { config: CONFIG, clusterId: 'east' };
  return whyText(explainGateway({ gateway: 'team/web', objects, mesh: mesh(), configured }));
}

test('the nodes of its members are named first, with the remedy', () => {
  expect(text([])).toMatch(
    /^The network\nNode n3: no path to 10\.244\.3\.5: it has no spec\.podCIDRs; .*\(GW180\)\n/,
  );
});

test('nothing is said if each member has a path', () => {
  expect(text(['10.244.3.0/24'])).not.toContain('The network');
});
