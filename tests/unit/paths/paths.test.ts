import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { SOURCE_ROWS } from '../../../shared/domain/paths/sources.ts';
import { CNI_NODES, rawNode } from '../../fixtures/cni-nodes.ts';
import { type Asked, found, type Given } from './found.ts';

const POD = { n3: '10.244.3.5' };

describe('the route to a pod', () => {
  test.each([
    ['podCIDR', 'podCIDR'],
    ['flannel', 'flannel'],
    ['cilium', 'cilium'],
    ['ovn', 'ovn'],
    ['antrea', 'antrea'],
    ['annotation', 'annotation'],
  ] as const)('of %s is found by auto, and by its name', (cni, source) => {
    const expected = [`route 10.244.3.0/24 via 192.0.2.13 (${source})`];
    for (const from of ['auto', source] as const)
      expect(found([CNI_NODES[cni]], POD, { from })).toEqual({
        lines: expected,
        notes: '',
        missing: [],
      });
  });

  test('is one for all pods of a node', () => {
    const { lines } = found([CNI_NODES.podCIDR], [POD, { n3: '10.244.3.6' }]);
    expect(lines).toEqual(['route 10.244.3.0/24 via 192.0.2.13 (podCIDR)']);
  });

  test('is its own where the node names networks that do not hold it (auto)', () => {
    const { lines, notes } = found([CNI_NODES.podCIDR], { n3: '10.9.0.5' });
    expect(lines).toEqual(['route 10.9.0.5/32 via 192.0.2.13 (host)']);
    expect(notes).toContain(
      '10.9.0.5 (node n3), which is in no network that its node names (GW185)',
    );
  });

  test('from host is its own, which is nothing to report', () => {
    expect(found([CNI_NODES.podCIDR], POD, { from: 'host' })).toEqual({
      lines: ['route 10.244.3.5/32 via 192.0.2.13 (host)'],
      notes: '',
      missing: [],
    });
  });

  test('from host ignores what is no address in annotations that a CNI left behind', () => {
    const node = rawNode({ annotations: { 'projectcalico.org/IPv4Address': 'x' } });
    expect(found([node], POD, { from: 'host' })).toEqual({
      lines: ['route 10.244.3.5/32 via 192.0.2.13 (host)'],
      notes: '',
      missing: [],
    });
  });

  test('has the route domain of the cluster in network and gateway', () => {
    expect(found([CNI_NODES.podCIDR], POD, { routeDomain: 2 }).lines).toEqual([
      'route 10.244.3.0%2/24 via 192.0.2.13%2 (podCIDR)',
    ]);
  });

  test('is by family, with an address of that family', () => {
    const node = CNI_NODES.annotation;
    const raw = {
      ...node,
      status: { addresses: [{ type: 'InternalIP', address: '2001:db8::13' }] },
    };
    expect(found([raw], { n3: 'fd00:10:244:3::5' }).lines).toEqual([
      'route fd00:10:244:3::/64 via 2001:db8::13 (annotation)',
    ]);
    expect(found([raw], POD).notes).toContain('it has no IPv4 InternalIP');
  });

  test('takes the address of the node that nodeNetworks names', () => {
    expect(found([CNI_NODES.ovn], POD, { nodeNetworks: ['198.51.100.0/24'] }).lines).toEqual([
      'route 10.244.3.0/24 via 198.51.100.13 (ovn)',
    ]);
  });

  test('is through the first InternalIP that is an address', () => {
    const addresses = [
      { type: 'ExternalIP', address: '203.0.113.9' },
      { type: 'InternalIP', address: 'x' },
      { type: 'InternalIP', address: '192.0.2.13' },
    ];
    const { lines } = found([{ ...CNI_NODES.podCIDR, status: { addresses } }], POD);
    expect(lines).toEqual(['route 10.244.3.0/24 via 192.0.2.13 (podCIDR)']);
  });

  test('ignores the networks of OVN that are not the default one', () => {
    const { lines } = found([CNI_NODES.ovn], { n3: '10.99.3.5' });
    expect(lines).toEqual(['route 10.99.3.5/32 via 192.0.2.13 (host)']);
  });

  test('is the smallest network that holds the pod', () => {
    const node = rawNode({
      annotations: { 'sluice.io/pod-networks': '10.244.0.0/16,10.244.3.0/26,10.244.3.0/24' },
    });
    expect(found([node], POD).lines).toEqual(['route 10.244.3.0/26 via 192.0.2.13 (annotation)']);
  });

  test('of a pod whose IPv6 address has the number of an IPv4 address of its node is needed', () => {
    const { missing } = found([CNI_NODES.podCIDR], { n3: '::c000:20d' });
    expect(missing).toEqual(['::c000:20d']);
  });

  test('of a pod on the host network is none, because its address is that of the node', () => {
    expect(found([CNI_NODES.podCIDR], { n3: '192.0.2.13' })).toEqual({
      lines: [],
      notes: '',
      missing: [],
    });
  });
});

describe('the tunnel to a pod', () => {
  test('of flannel: a record for the node, and an ARP entry for the pod', () => {
    expect(
      found([CNI_NODES.flannel], [POD, { n3: '10.244.3.6' }], { mode: 'vxlan' }).lines,
    ).toEqual([
      'fdb c2:e5:af:15:7c:f6 at 192.0.2.13 on /Common/east (flannel)',
      'arp 10.244.3.5 at c2:e5:af:15:7c:f6 (flannel)',
      'arp 10.244.3.6 at c2:e5:af:15:7c:f6 (flannel)',
    ]);
  });

  test('of flannel over IPv6: NDP, and the MAC of that family', () => {
    const node = rawNode({
      podCIDRs: ['10.244.3.0/24', 'fd00:10:244:3::/64'],
      annotations: {
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/backend-v6-data': '{"VNI":1,"VtepMAC":"7a:00:00:00:00:06"}',
        'flannel.alpha.coreos.com/public-ipv6': '2001:db8::13',
      },
    });
    expect(found([node], { n3: 'fd00:10:244:3::5' }, { mode: 'vxlan' }).lines).toEqual([
      'fdb 7a:00:00:00:00:06 at 2001:db8::13 on /Common/east (flannel)',
      'ndp fd00:10:244:3::5 at 7a:00:00:00:00:06 (flannel)',
    ]);
  });

  test('of Cilium: a record with a MAC made from the address, as F5 CIS makes it', () => {
    for (const from of ['auto', 'cilium'] as const)
      expect(found([CNI_NODES.cilium], POD, { mode: 'vxlan', from }).lines).toEqual([
        'fdb 0a:0a:c0:00:02:0d at 192.0.2.13 on /Common/east (cilium)',
      ]);
  });

  test('takes the overwritten address of flannel', () => {
    const { metadata, ...rest } = CNI_NODES.flannel as Readonly<Record<string, object>>;
    const annotations = {
      ...(metadata as { readonly annotations: object }).annotations,
      'flannel.alpha.coreos.com/public-ip-overwrite': '203.0.113.7',
    };
    const node = { ...rest, metadata: { ...metadata, annotations } };
    expect(found([node], POD, { mode: 'vxlan' }).lines[0]).toContain('at 203.0.113.7 on');
  });
});

const FLANNEL = {
  'flannel.alpha.coreos.com/backend-type': 'vxlan',
  'flannel.alpha.coreos.com/public-ip': '192.0.2.13',
};

describe('bad input costs the pods of its node, and no others', () => {
  test.each<[string, object, Asked, string]>([
    [
      'an annotation that is not JSON',
      rawNode({ annotations: { 'k8s.ovn.org/node-subnets': '{"default":' } }),
      { from: 'ovn' },
      'annotation k8s.ovn.org/node-subnets is not JSON; correct what writes it (GW181)',
    ],
    [
      'an annotation that is nested too deeply',
      rawNode({ annotations: { 'k8s.ovn.org/node-subnets': '['.repeat(9) } }),
      { from: 'ovn' },
      'annotation k8s.ovn.org/node-subnets exceeds a parsing limit: it is nested more ' +
        'than 8 levels deep; correct what writes it (GW181)',
    ],
    [
      'an invalid network',
      rawNode({ podCIDRs: ['10.244.3.0/33'] }),
      { from: 'podCIDR' },
      'spec.podCIDRs has 10.244.3.0/33, which is no network; correct it (GW181)',
    ],
    [
      'an invalid network in an annotation, next to one that contains the pod',
      rawNode({ annotations: { 'sluice.io/pod-networks': '10.244.3.0/24,10.244.3' } }),
      { from: 'annotation' },
      'annotation sluice.io/pod-networks has 10.244.3, which is no network; correct it (GW181)',
    ],
    [
      'an invalid address',
      rawNode({
        podCIDRs: ['10.244.3.0/24'],
        annotations: { ...FLANNEL, 'flannel.alpha.coreos.com/public-ip': '192.0.2' },
      }),
      { from: 'flannel' },
      'flannel.alpha.coreos.com/public-ip or flannel.alpha.coreos.com/public-ipv6 has ' +
        '192.0.2, which is no IP address; correct it (GW181)',
    ],
    [
      'MACs that are not JSON',
      rawNode({
        annotations: { ...FLANNEL, 'flannel.alpha.coreos.com/backend-data': '{"VtepMAC":' },
      }),
      { mode: 'vxlan' },
      'annotation flannel.alpha.coreos.com/backend-data is not JSON; correct what writes it (GW181)',
    ],
    [
      'an invalid MAC',
      rawNode({
        annotations: { ...FLANNEL, 'flannel.alpha.coreos.com/backend-data': '{"VtepMAC":"c2:e5"}' },
      }),
      { mode: 'vxlan' },
      'annotation flannel.alpha.coreos.com/backend-data has VtepMAC c2:e5, which is no MAC; correct it (GW181)',
    ],
    [
      'a MAC of a group',
      rawNode({
        annotations: {
          ...FLANNEL,
          'flannel.alpha.coreos.com/backend-data': '{"VtepMAC":"01:00:5e:00:00:01"}',
        },
      }),
      { mode: 'vxlan' },
      'has VtepMAC 01:00:5e:00:00:01, which is no MAC; correct it (GW181)',
    ],
    [
      'a MAC of zeros',
      rawNode({
        annotations: {
          ...FLANNEL,
          'flannel.alpha.coreos.com/backend-data': '{"VtepMAC":"00:00:00:00:00:00"}',
        },
      }),
      { mode: 'vxlan' },
      'has VtepMAC 00:00:00:00:00:00, which is no MAC; correct it (GW181)',
    ],
    [
      'no MAC',
      rawNode({ annotations: FLANNEL }),
      { mode: 'vxlan' },
      'annotation flannel.alpha.coreos.com/backend-data has no VtepMAC; restart flannel there (GW180)',
    ],
    [
      'flannel without tunnels',
      rawNode({ annotations: { 'flannel.alpha.coreos.com/backend-type': 'host-gw' } }),
      { mode: 'vxlan' },
      'its backend of flannel is host-gw, not vxlan; use clusters[].network.mode: routes (GW180)',
    ],
    [
      'no CNI with tunnels',
      rawNode(),
      { mode: 'vxlan' },
      'it has annotations neither of flannel nor of Cilium; name the CNI in ' +
        'clusters[].network.from of east: flannel or cilium (GW180)',
    ],
    [
      'no network',
      rawNode(),
      { from: 'podCIDR' },
      'it has no spec.podCIDRs; correct what writes it, or change the source (GW180)',
    ],
    ...(
      [
        ['annotation', 'annotation sluice.io/pod-networks'],
        ['ovn', 'annotation k8s.ovn.org/node-subnets'],
        ['antrea', 'spec.podCIDRs with annotation node.antrea.io/transport-addresses'],
        ['flannel', 'spec.podCIDRs with annotation flannel.alpha.coreos.com/public-ip'],
      ] as const
    ).map(([from, reads]): [string, object, Asked, string] => [
      `no network of ${from}`,
      rawNode(),
      { from },
      `it has no ${reads}; correct what writes it, or change the source (GW180)`,
    ]),
    [
      'a pod outside of every network',
      rawNode({ podCIDRs: ['10.77.0.0/24'] }),
      { from: 'podCIDR' },
      'its networks are 10.77.0.0/24 (spec.podCIDRs); choose the source that gives pods their addresses (GW183)',
    ],
    [
      'a network that is larger than those of the cluster',
      rawNode({ podCIDRs: ['10.0.0.0/8'] }),
      { from: 'podCIDR', podNetworks: ['10.244.0.0/16'] },
      'spec.podCIDRs has 10.0.0.0/8, which is not inside clusters[].podNetworks; correct ' +
        'it, or add it to clusters[].podNetworks of east (GW186)',
    ],
    [
      'a network that contains the node',
      rawNode({ podCIDRs: ['0.0.0.0/0'] }),
      { from: 'podCIDR' },
      'spec.podCIDRs has 0.0.0.0/0, which contains its own address 192.0.2.13; correct it (GW186)',
    ],
    [
      'an address outside nodeNetworks',
      CNI_NODES.podCIDR,
      { nodeNetworks: ['203.0.113.0/24'] },
      'its addresses 192.0.2.13 are outside clusters[].nodeNetworks; add the network of ' +
        'the nodes to clusters[].nodeNetworks of east (GW184)',
    ],
  ])('%s', (_, bad, asked, expected) => {
    const good = rawNode({
      name: 'n4',
      address: '203.0.113.14',
      podCIDRs: ['10.244.4.0/24'],
      annotations: {
        'sluice.io/pod-networks': '10.244.4.0/24',
        'k8s.ovn.org/node-subnets': '{"default":"10.244.4.0/24"}',
        'network.cilium.io/ipv4-pod-cidr': '10.244.4.0/24',
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"c2:e5:af:15:7c:04"}',
      },
    });
    const { lines, notes, missing } = found([bad, good], [POD, { n4: '10.244.4.5' }], asked);
    expect(notes).toContain(`Node n3: no path to 10.244.3.5: `);
    expect(notes).toContain(expected);
    expect(missing).toEqual(['10.244.3.5']);
    expect(lines[0]).toMatch(
      /^(route 10\.244\.4\.0\/24 via|fdb c2:e5:af:15:7c:04 at) 203\.0\.113\.14 /,
    );
    expect(notes).not.toContain('n4');
  });

  test('with auto, another source serves, and the fault is reported', () => {
    const node = rawNode({
      podCIDRs: ['10.244.3.0/24'],
      annotations: { 'k8s.ovn.org/node-subnets': 'none' },
    });
    const { lines, notes } = found([node], POD);
    expect(lines).toEqual(['route 10.244.3.0/24 via 192.0.2.13 (podCIDR)']);
    expect(notes).toBe(
      'Node n3: another source serves 10.244.3.5: annotation k8s.ovn.org/node-subnets is not JSON; ' +
        'correct what writes it (GW181)',
    );
  });

  test.each<[string, Given, Asked, string]>([
    [
      'JSON that names other addresses of the node (OVN)',
      {
        'k8s.ovn.org/node-subnets': '{"default":"10.244.3.0/24"}',
        'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":"192.0.2.13/24"}',
        'k8s.ovn.org/l3-gateway-config': '{',
        'k8s.ovn.org/host-cidrs': '["192.0.2"',
      },
      { from: 'ovn' },
      'route 10.244.3.0/24 via 192.0.2.13 (ovn)',
    ],
    [
      'an address that comes after the one that is used',
      {
        'k8s.ovn.org/node-subnets': '{"default":"10.244.3.0/24"}',
        'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":"192.0.2.13/24"}',
        'k8s.ovn.org/host-cidrs': '["192.0.2"]',
      },
      { from: 'ovn' },
      'route 10.244.3.0/24 via 192.0.2.13 (ovn)',
    ],
    [
      'the MAC of flannel, which routes do not use',
      { ...FLANNEL, 'flannel.alpha.coreos.com/backend-data': '{' },
      { from: 'flannel' },
      'route 10.244.3.0/24 via 192.0.2.13 (flannel)',
    ],
    [
      'the MAC of flannel for the other family',
      {
        ...FLANNEL,
        'flannel.alpha.coreos.com/backend-data': '{"VtepMAC":"c2:e5:af:15:7c:f6"}',
        'flannel.alpha.coreos.com/backend-v6-data': '{',
      },
      { mode: 'vxlan' },
      'fdb c2:e5:af:15:7c:f6 at 192.0.2.13 on /Common/east (flannel)',
    ],
  ])('costs nothing where it is not used: %s', (_, annotations, asked, expected) => {
    const node = rawNode({ podCIDRs: ['10.244.3.0/24'], annotations });
    const { lines, notes } = found([node], POD, asked);
    expect(lines[0]).toBe(expected);
    expect(notes).toBe('');
  });

  test.each<[string, Given, Asked, string]>([
    [
      'the annotation that comes first',
      { 'k8s.ovn.org/node-primary-ifaddr': '{' },
      {},
      'annotation k8s.ovn.org/node-primary-ifaddr is not JSON; correct what writes it (GW181)',
    ],
    [
      'a later one, if no other address is usable',
      {
        'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":"192.0.2.13/24"}',
        'k8s.ovn.org/host-cidrs': '{',
      },
      { nodeNetworks: ['198.51.100.0/24'] },
      'annotation k8s.ovn.org/host-cidrs is not JSON; correct what writes it (GW181)',
    ],
    [
      'an address, with all annotations that may have it',
      {
        'k8s.ovn.org/l3-gateway-config': '{"default":{"ip-addresses":["192.0.2"]}}',
      },
      {},
      'annotation k8s.ovn.org/node-primary-ifaddr, k8s.ovn.org/l3-gateway-config, ' +
        'k8s.ovn.org/host-cidrs or k8s.ovn.org/host-addresses has 192.0.2, which is no IP ' +
        'address; correct it (GW181)',
    ],
  ])('an address of OVN that cannot be read: %s', (_, addresses, asked, expected) => {
    const annotations = { 'k8s.ovn.org/node-subnets': '{"default":"10.244.3.0/24"}', ...addresses };
    const { notes, missing } = found([rawNode({ annotations })], POD, { from: 'ovn', ...asked });
    expect(notes).toContain(expected);
    expect(missing).toEqual(['10.244.3.5']);
  });

  test('a node with thousands of addresses makes no long message', () => {
    const addresses = Array.from({ length: 40_000 }, (_, i) => ({
      type: 'InternalIP',
      address: `10.7.${i >> 8}.${i & 255}`,
    }));
    const node = { ...CNI_NODES.podCIDR, status: { addresses } };
    const { notes } = found([node], POD, { nodeNetworks: ['192.0.2.0/24'] });
    expect(notes).toContain('its addresses 10.7.0.0, 10.7.0.1, 10.7.0.2 and 39997 more are');
  });

  test('with auto, a network that may not be routed is reported, and the pod gets its own route', () => {
    const node = rawNode({ annotations: { 'sluice.io/pod-networks': '0.0.0.0/0' } });
    for (const podNetworks of [[], ['10.244.0.0/16']]) {
      const { lines, notes } = found([node], POD, { podNetworks });
      expect(lines).toEqual(['route 10.244.3.5/32 via 192.0.2.13 (host)']);
      expect(notes).toContain(
        'Node n3: another source serves 10.244.3.5: annotation sluice.io/pod-networks has 0.0.0.0/0, which',
      );
    }
  });

  test('a network inside those of the cluster is routed', () => {
    const { lines } = found([CNI_NODES.podCIDR], POD, { podNetworks: ['10.244.0.0/16'] });
    expect(lines).toEqual(['route 10.244.3.0/24 via 192.0.2.13 (podCIDR)']);
  });

  test('a node that is not there', () => {
    const { notes, missing } = found([CNI_NODES.podCIDR], [POD, { n9: '10.244.9.5' }]);
    expect(notes).toBe(
      'Node n9: no path to 10.244.9.5: the node is not known; wait until it is, or add it to the files (GW180)',
    );
    expect(missing).toEqual(['10.244.9.5']);
  });

  test('is not reported for a pod that ends', () => {
    expect(found([], POD, { leaving: true }).notes).toBe('');
    const { lines, notes } = found([CNI_NODES.calico], POD, { leaving: true });
    expect(lines).toEqual(['route 10.244.3.5/32 via 192.0.2.13 (host)']);
    expect(notes).toBe('');
  });
});

describe('two nodes with one network', () => {
  const nodes = [
    CNI_NODES.podCIDR,
    rawNode({ name: 'n4', address: '192.0.2.14', podCIDRs: ['10.244.3.0/24'] }),
    rawNode({ name: 'n5', address: '192.0.2.15', podCIDRs: ['10.244.5.0/24'] }),
  ];
  const pods = [{ n3: '10.244.3.5', n4: '10.244.3.6', n5: '10.244.5.5' }];

  test('get routes for their pods with auto, because these are right in any case', () => {
    const { lines, notes, missing } = found(nodes, pods);
    expect(lines).toEqual([
      'route 10.244.3.5/32 via 192.0.2.13 (host)',
      'route 10.244.3.6/32 via 192.0.2.14 (host)',
      'route 10.244.5.0/24 via 192.0.2.15 (podCIDR)',
    ]);
    expect(notes).toBe(
      'Node n3: nodes n3, n4 have the same pod network 10.244.3.0/24, so each of their pods gets ' +
        'a route of its own; correct the node that does not use it (GW182)',
    );
    expect(missing).toEqual([]);
  });

  test('are named in the same order, whichever pod is read first', () => {
    expect(found(nodes, [{ n4: '10.244.3.6', n3: '10.244.3.5' }]).notes).toBe(
      found(nodes, pods).notes,
    );
  });

  test('keep the address of their source in these routes', () => {
    const annotations = { 'projectcalico.org/IPv4Address': '198.51.100.13' };
    const left = rawNode({ podCIDRs: ['10.244.3.0/24'], annotations });
    expect(found([left, ...nodes.slice(1)], pods).lines[0]).toBe(
      'route 10.244.3.5/32 via 192.0.2.13 (host)',
    );
  });

  test('get none from a source that was named, and others are not affected', () => {
    const { lines, notes, missing } = found(nodes, pods, { from: 'podCIDR' });
    expect(lines).toEqual(['route 10.244.5.0/24 via 192.0.2.15 (podCIDR)']);
    expect(notes).toContain('so there is no path to their pods; correct the node');
    expect(missing).toEqual(['10.244.3.5', '10.244.3.6']);
  });

  test('or with one MAC, as cloned machines have it', () => {
    const flannel = (name: string, address: string, mac: string): object =>
      rawNode({
        name,
        address,
        annotations: {
          'flannel.alpha.coreos.com/backend-type': 'vxlan',
          'flannel.alpha.coreos.com/backend-data': JSON.stringify({ VtepMAC: mac }),
        },
      });
    const cloned = [
      flannel('n3', '192.0.2.13', 'fe:22:77:eb:2f:a4'),
      flannel('n4', '192.0.2.14', 'FE:22:77:EB:2F:A4'),
      flannel('n5', '192.0.2.15', 'fe:22:77:eb:2f:a5'),
    ];
    const { lines, notes, missing } = found(cloned, pods, { mode: 'vxlan' });
    expect(lines).toEqual([
      'fdb fe:22:77:eb:2f:a5 at 192.0.2.15 on /Common/east (flannel)',
      'arp 10.244.5.5 at fe:22:77:eb:2f:a5 (flannel)',
    ]);
    expect(notes).toContain(
      'nodes n3, n4 have the same MAC fe:22:77:eb:2f:a4, so there is no path to their pods',
    );
    expect(missing).toEqual(['10.244.3.5', '10.244.3.6']);
  });
});

test('the documentation lists the sources in the order in which auto looks', () => {
  const page = readFileSync(
    fileURLToPath(new URL('../../../docs/operations/networks.md', import.meta.url)),
    'utf8',
  );
  const [, table = ''] = page.split('| `from` |');
  const listed = [...table.matchAll(/^\| `(\w+)` \| .* \| .* \| .*\|$/gm)].map(([, name]) => name);
  expect(listed).toEqual([...SOURCE_ROWS.map(({ source }) => source), 'host']);
});
