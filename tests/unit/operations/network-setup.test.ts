import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseConfig } from '../../../shared/config/load.ts';
import { networkSetup, type NetworkSetup } from '../../../shared/operations/network/setup.ts';
import { normaliseNode } from '../../../shared/kubernetes/objects/index.ts';

interface Given {
  readonly mode?: string;
  readonly from?: string;
  readonly podNetworks?: readonly string[];
  readonly routeDomain?: number;
  readonly members?: 'pods' | 'nodes';
}

function setup(
  {
    mode = 'vxlan',
    from = 'flannel',
    podNetworks = ['10.244.0.0/16'],
    routeDomain = 0,
    members = 'pods',
  }: Given,
  values: Parameters<typeof networkSetup>[2] = {},
  wanted: Partial<Parameters<typeof networkSetup>[1]> = {},
): NetworkSetup {
  const config = {
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['edge'],
        networks: mode === 'vxlan' ? { tunnels: { east: '/Common/east_vxlan' } } : {},
      },
    ],
    clusters: [
      {
        id: 'east',
        network: { mode, ...(mode !== 'none' && { from }) },
        podNetworks,
        nodeNetworks: ['192.0.2.0/24'],
        routeDomain,
      },
      { id: 'west' },
    ],
    ingresses: [{ cluster: 'east', service: 'a/b', devices: ['bigip'], members }],
  };
  const parsed = parseConfig(JSON.stringify(config), 'sluice.yaml', 1);
  return networkSetup(parsed, { device: 'bigip', ...wanted }, values);
}

function textOf({ sections }: NetworkSetup, format: string): string {
  return sections.find((one) => one.format === format)?.text ?? '';
}

function onboardingOf(given: NetworkSetup): object {
  const { Common } = JSON.parse(textOf(given, 'declarative-onboarding')) as { Common: object };
  return Common;
}

const VALUES = {
  unit: 'bigip1',
  localAddress: '192.0.2.4/24',
  podNetwork: '10.244.254.0/24',
  mac: '00:50:56:BB:E5:56',
  vlan: '/Common/internal',
};

describe('flannel', () => {
  test('needs a tunnel without flooding, whose self IP has the length of all pods', () => {
    expect(textOf(setup({}, VALUES), 'tmsh').split('\n')).toEqual([
      'create net tunnels vxlan /Common/east_vxlan_profile port 8472 flooding-type none',
      'create net tunnels tunnel /Common/east_vxlan key 1 profile /Common/east_vxlan_profile local-address 192.0.2.4',
      'create net self /Common/east_vxlan_self address 10.244.254.1/16 vlan ' +
        '/Common/east_vxlan allow-service none traffic-group traffic-group-local-only',
      'create auth partition sluice-net',
      'save sys config',
      'show net tunnels tunnel /Common/east_vxlan all-properties',
    ]);
  });

  test('has the same as a declaration for Declarative Onboarding', () => {
    expect(onboardingOf(setup({}, VALUES))).toEqual({
      class: 'Tenant',
      east_vxlan: {
        class: 'Tunnel',
        tunnelType: 'vxlan',
        key: 1,
        port: 8472,
        floodingType: 'none',
        localAddress: '192.0.2.4',
      },
      east_vxlan_self: {
        class: 'SelfIp',
        address: '10.244.254.1/16',
        vlan: 'east_vxlan',
        allowService: 'none',
        trafficGroup: 'traffic-group-local-only',
      },
    });
  });

  test('needs a Node that says of BIG-IP what flannel says of its nodes', () => {
    const made = parse(textOf(setup({}, VALUES), 'kubernetes')) as object;
    expect(made).toMatchObject({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'bigip1' } });
    expect(normaliseNode(made).network).toEqual({
      podCIDRs: ['10.244.254.0/24'],
      flannel: {
        backend: 'vxlan',
        addresses: ['192.0.2.4'],
        mac4: '00:50:56:bb:e5:56',
        vni4: 1,
      },
    });
    expect(setup({}, VALUES).missing).toEqual([]);
  });

  test('has its values over IPv6 in the annotations of that family', () => {
    const values = { ...VALUES, podNetwork: 'fd00:10:244:fe::/64' };
    const given = { podNetworks: ['fd00:10:244::/48'] };
    const made = parse(textOf(setup(given, values), 'kubernetes')) as object;
    expect(normaliseNode(made).network?.flannel).toMatchObject({
      mac6: '00:50:56:bb:e5:56',
      vni6: 1,
    });
    expect(textOf(setup(given, values), 'tmsh')).toContain('address fd00:10:244:fe::1/48 vlan');
  });

  test('shows a placeholder for an unknown value, and names its option', () => {
    const { missing } = setup({}, {});
    expect(missing).toEqual([
      'LOCAL_ADDRESS: --local-address',
      'POD_NETWORK: --pod-network',
      'MAC: --mac',
    ]);
    expect(textOf(setup({}, {}), 'kubernetes')).toContain('name: bigip\n');
  });
});

describe('Cilium', () => {
  const values = { ...VALUES, podNetwork: '10.99.1.0/24' };

  test('needs flooding to all endpoints, VNI 2, and a route to the pods through the tunnel', () => {
    expect(
      textOf(setup({ from: 'cilium' }, values), 'tmsh')
        .split('\n')
        .slice(0, 4),
    ).toEqual([
      'create net tunnels vxlan /Common/east_vxlan_profile port 8472 flooding-type multipoint',
      'create net tunnels tunnel /Common/east_vxlan key 2 profile /Common/east_vxlan_profile local-address 192.0.2.4',
      'create net self /Common/east_vxlan_self address 10.99.1.1/24 vlan ' +
        '/Common/east_vxlan allow-service none traffic-group traffic-group-local-only',
      'create net route /Common/east_vxlan_pods network 10.244.0.0/16 interface /Common/east_vxlan',
    ]);
    expect(onboardingOf(setup({ from: 'cilium' }, values))).toMatchObject({
      east_vxlan_pods: { class: 'Route', network: '10.244.0.0/16', target: 'east_vxlan' },
    });
  });

  test('needs the values of VTEPs, and no Node', () => {
    expect(parse(textOf(setup({ from: 'cilium' }, values), 'kubernetes'))).toEqual({
      data: {
        'enable-vtep': 'true',
        'vtep-endpoint': '192.0.2.4',
        'vtep-cidr': '10.99.1.0/24',
        'vtep-mask': '255.255.255.0',
        'vtep-mac': '00:50:56:bb:e5:56',
      },
    });
  });

  test('has its self IP and route in the route domain of the cluster', () => {
    const text = textOf(setup({ from: 'cilium', routeDomain: 2 }, values), 'tmsh');
    expect(text).toContain('address 10.99.1.1%2/24');
    expect(text).toContain('network 10.244.0.0%2/16');
  });
});

test('routes need a self IP among the nodes, and a partition', () => {
  const given = setup(
    { mode: 'routes', from: 'auto', routeDomain: 2 },
    { localAddress: '192.0.2.4/24' },
  );
  expect(textOf(given, 'tmsh').split('\n')).toEqual([
    'create net self /Common/east_nodes address 192.0.2.4%2/24 vlan VLAN allow-service ' +
      'none traffic-group traffic-group-local-only',
    'create auth partition sluice-net',
    'save sys config',
  ]);
  expect(textOf(given, 'kubernetes')).toBe('');
  expect(given.missing).toEqual(['VLAN: --vlan']);
});

describe('an invalid value is refused, with the remedy', () => {
  test.each<[string, Given, Parameters<typeof networkSetup>[2], object, string]>([
    ['a device', {}, {}, { device: 'other' }, '--device other: use one of devices[].name: bigip'],
    [
      'a cluster without paths',
      {},
      {},
      { cluster: 'west' },
      '--cluster west: use one of the clusters with network.mode routes or vxlan on device bigip: east',
    ],
    [
      'no cluster with paths',
      { mode: 'none' },
      {},
      {},
      'no cluster on device bigip has mode: routes or mode: vxlan',
    ],
    [
      'a cluster whose members are nodes',
      { members: 'nodes' },
      {},
      {},
      'no cluster on device bigip has mode: routes or mode: vxlan',
    ],
    [
      'no CNI',
      { from: 'auto' },
      {},
      {},
      'clusters[].network.from of east is auto: write flannel or cilium',
    ],
    ['no pod networks', { podNetworks: [] }, {}, {}, 'clusters[].podNetworks of east is empty'],
    [
      'an address without a length',
      {},
      { localAddress: '192.0.2.4' },
      {},
      '--local-address 192.0.2.4: must be an address with its length: 192.0.2.4/24',
    ],
    [
      'an address outside the node networks',
      {},
      { localAddress: '198.51.100.4/24' },
      {},
      '--local-address 198.51.100.4/24: is outside clusters[].nodeNetworks of east (192.0.2.0/24)',
    ],
    [
      'a network with host bits',
      {},
      { podNetwork: '10.244.254.1/24' },
      {},
      '--pod-network 10.244.254.1/24: must be a network such as 10.244.254.0/24',
    ],
    [
      "a network outside flannel's",
      {},
      { podNetwork: '10.99.1.0/24' },
      {},
      '--pod-network 10.99.1.0/24: is outside clusters[].podNetworks of east; choose a network in it that no node has',
    ],
    [
      "a network inside Cilium's",
      { from: 'cilium' },
      { podNetwork: '10.244.254.0/24' },
      {},
      '--pod-network 10.244.254.0/24: is inside clusters[].podNetworks of east; choose a ' +
        'network that Cilium does not assign',
    ],
    [
      'a pod network for a cluster with routes',
      { mode: 'routes', from: 'auto' },
      { podNetwork: '10.244.254.0/24' },
      {},
      '--pod-network: only tunnels need it',
    ],
    ['a MAC', {}, { mac: '00:50' }, {}, '--mac 00:50: must be a MAC such as 00:50:56:bb:e5:56'],
    ['a VLAN', {}, { vlan: 'internal' }, {}, '--vlan internal: must be the path of a VLAN'],
    ['a unit', {}, { unit: 'Big IP' }, {}, '--unit Big IP: must be the name of a Node'],
  ])('%s', (_, given, values, wanted, expected) => {
    expect(() => setup(given, values, wanted)).toThrow(expected);
  });
});

test.each([
  ['calico', 'components:\n  - ../../components/network-calico'],
  ['cilium', 'components:\n  - ../../components/network-cilium'],
  ['auto', ''],
])('routes from %s need in the cluster: %j', (from, expected) => {
  expect(textOf(setup({ mode: 'routes', from }), 'kubernetes')).toBe(expected);
});

test('tunnels of Cilium need the same right, because they end at the address in the CiliumNode', () => {
  const { sections } = setup({ from: 'cilium' });
  expect(sections.map(({ title }) => title)).toContain(
    'In the overlay of east: the right to read ciliumnodes.cilium.io',
  );
  const flannel = setup({ from: 'flannel' }).sections.map(({ title }) => title);
  expect(flannel.join()).not.toContain('the right to read');
});
