/** Which packets the nodes of the lab take: evidence that is independent of what Sluice computes. */
import { describe, expect, test } from '@jest/globals';
import type { Hop } from '../../../infra/lab/bigip/index.ts';
import { nodes } from '../../../infra/lab/cluster/seed.ts';
import {
  networksOf,
  nodeOn,
  nodeWithNetwork,
  type Machine,
  type SiteNetwork,
} from '../../../infra/lab/networks.ts';

const POD = '10.244.1.5';
const [ADDRESS, OTHER, MOVED] = ['192.168.0.11', '192.168.0.12', '192.168.0.21'];

/** Whether a packet for the pod on the first node arrives. */
function arrives(network: SiteNetwork, hop: Hop, machine: Machine = {}): boolean | undefined {
  const placed = nodes([ADDRESS, OTHER]).map((node, index) =>
    nodeWithNetwork(node, { network, podNetwork: '10.244', number: index + 1 }),
  );
  const world = {
    nodes: placed.map((node, index) => (index === 0 ? nodeOn(node, machine) : node)),
    pods: [{ spec: { nodeName: 'worker-1', containers: [] }, status: { podIP: POD } }],
  };
  const site = { id: 'east', podNetwork: '10.244', network, cluster: { world: () => world } };
  return networksOf([site as never]).networks?.delivers?.(hop, POD);
}

function through(gateway: string): Hop {
  return { kind: 'gateway', gateway, vlan: '/Common/internal' };
}

const [MAC, NEW_MAC] = ['c2:e5:af:00:01:01', 'c2:e5:af:00:01:99'];
const VXLAN: SiteNetwork = { mode: 'vxlan', vni: 1 };
function inTunnel(mac: string | undefined, { key = 1, endpoint = ADDRESS } = {}): Hop {
  return { kind: 'tunnel', tunnel: '/Common/east-pods', key, mac, endpoints: [endpoint] };
}

describe('a packet for a pod arrives', () => {
  test.each<[string, SiteNetwork, Hop, Machine, boolean]>([
    ['through its node', { mode: 'routes' }, through(ADDRESS), {}, true],
    ['not through another node', { mode: 'routes' }, through(OTHER), {}, false],
    ['not without a next hop', { mode: 'routes' }, { kind: 'direct', vlan: 'v' }, {}, false],
    [
      'through both addresses of a node that moves',
      { mode: 'routes' },
      through(ADDRESS),
      { addresses: [MOVED, ADDRESS] },
      true,
    ],
    [
      'not through an address that its node had',
      { mode: 'routes' },
      through(ADDRESS),
      { addresses: [MOVED] },
      false,
    ],
    ['with the MAC of its node', VXLAN, inTunnel(MAC), {}, true],
    [
      'not with the MAC of the machine that was replaced',
      VXLAN,
      inTunnel(MAC),
      { vtepMac: NEW_MAC },
      false,
    ],
    ['with the MAC of the new machine', VXLAN, inTunnel(NEW_MAC), { vtepMac: NEW_MAC }, true],
    ['not with the number of another tunnel', VXLAN, inTunnel(MAC, { key: 2 }), {}, false],
    ["not through another node's endpoint", VXLAN, inTunnel(MAC, { endpoint: OTHER }), {}, false],
    ['not without a MAC', VXLAN, inTunnel(undefined), {}, false],
  ])('%s', (_, network, hop, machine, expected) => {
    expect(arrives(network, hop, machine)).toBe(expected);
  });
});

test('without networks BIG-IP reaches every address', () => {
  expect(networksOf([])).toEqual({});
});
