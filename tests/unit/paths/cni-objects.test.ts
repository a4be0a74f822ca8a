/** Networks of pods that CNIs name in objects of their own. */
import { describe, expect, test } from '@jest/globals';
import { CNI_NODES, rawBlock, rawCiliumNode, rawNode } from '../../fixtures/cni-nodes.ts';
import { type Asked, found } from './found.ts';

const POD = { n3: '10.244.3.5' };
const OWN = ['route 10.244.3.5/32 via 192.0.2.13 (host)'];
const CALICO: Asked = { from: 'calico' };
const CILIUM: Asked = { from: 'cilium' };
/** A node without annotations, as Cilium leaves it. */
const NODE = rawNode({ podCIDRs: ['10.100.7.0/24'] });

describe('the blocks of Calico', () => {
  test('are routed through the node that has them, each block by itself', () => {
    expect(
      found(
        [CNI_NODES.calico, rawBlock('10.244.3.0/26'), rawBlock('10.244.9.64/26')],
        [POD, { n3: '10.244.9.70' }],
        CALICO,
      ),
    ).toEqual({
      lines: [
        'route 10.244.3.0/26 via 192.0.2.13 (calico)',
        'route 10.244.9.64/26 via 192.0.2.13 (calico)',
      ],
      notes: '',
      missing: [],
    });
  });

  test.each([
    ['is not confirmed yet', { state: 'pending' }],
    ['is released', { state: 'pendingDeletion' }],
    ['is deleted', { deleted: 'true' }],
    ['is deleted, as a boolean', { deleted: true }],
    ['belongs to no node, but to load balancers', { type: 'virtual' }],
    ['belongs to another node', { node: 'n4' }],
  ])('are no network while the affinity %s', (_, given) => {
    const { lines, notes } = found(
      [CNI_NODES.calico, rawBlock('10.244.3.0/26', given)],
      POD,
      CALICO,
    );
    expect(lines).toEqual(OWN);
    expect(notes).toContain('(GW183)');
  });

  test('contain no borrowed address: its pod gets a route of its own, through its own node', () => {
    const other = rawNode({ name: 'n4', address: '192.0.2.14' });
    const { lines, notes, missing } = found(
      [
        CNI_NODES.calico,
        other,
        rawBlock('10.244.3.0/26'),
        rawBlock('10.244.4.0/26', { node: 'n4' }),
      ],
      { n3: '10.244.3.5', n4: '10.244.3.7' },
      CALICO,
    );
    expect(lines).toEqual([
      'route 10.244.3.0/26 via 192.0.2.13 (calico)',
      'route 10.244.3.7/32 via 192.0.2.14 (host)',
    ]);
    expect(notes).toBe(
      'Service a/b: network.from: calico: a route of its own for each of 10.244.3.7 (node n4), ' +
        'which has an address outside the networks of its node (GW183)',
    );
    expect(missing).toEqual([]);
  });

  test('that two nodes claim are routed to neither; their pods get routes of their own', () => {
    const other = rawNode({ name: 'n4', address: '192.0.2.14' });
    const { lines, notes, missing } = found(
      [
        CNI_NODES.calico,
        other,
        rawBlock('10.244.3.0/26'),
        rawBlock('10.244.3.0/26', { node: 'n4' }),
      ],
      { n3: '10.244.3.5', n4: '10.244.3.7' },
      CALICO,
    );
    expect(lines).toEqual([...OWN, 'route 10.244.3.7/32 via 192.0.2.14 (host)']);
    expect(notes).toBe(
      'Node n3: nodes n3, n4 have the same pod network 10.244.3.0/26, so each of their pods gets ' +
        'a route of its own; correct the node that does not use it (GW182)',
    );
    expect(missing).toEqual([]);
  });

  test('of both families are routed by family', () => {
    const node = rawNode({
      annotations: {
        'projectcalico.org/IPv4Address': '192.0.2.13/24',
        'projectcalico.org/IPv6Address': '2001:db8::13/64',
      },
    });
    const blocks = [rawBlock('10.244.3.0/26'), rawBlock('fd00:10:244:3::/122')];
    expect(found([node, ...blocks], [POD, { n3: 'fd00:10:244:3::5' }], CALICO).lines).toEqual([
      'route 10.244.3.0/26 via 192.0.2.13 (calico)',
      'route fd00:10:244:3::/122 via 2001:db8::13 (calico)',
    ]);
  });
});

describe('the CiliumNode', () => {
  test('names the networks of a cluster pool, which the Node does not know', () => {
    const { lines, notes } = found(
      [NODE, rawCiliumNode({ podCIDRs: ['10.244.3.0/24'] })],
      POD,
      CILIUM,
    );
    expect(lines).toEqual(['route 10.244.3.0/24 via 192.0.2.13 (cilium)']);
    expect(notes).toBe('');
  });

  test('names the networks of several pools, each with a route', () => {
    const node = rawCiliumNode({
      pools: { default: ['10.244.3.0/27', '10.244.3.32/27'], blue: ['10.20.0.0/28'] },
    });
    expect(
      found([NODE, node], [POD, { n3: '10.244.3.40' }, { n3: '10.20.0.3' }], CILIUM).lines,
    ).toEqual([
      'route 10.20.0.0/28 via 192.0.2.13 (cilium)',
      'route 10.244.3.0/27 via 192.0.2.13 (cilium)',
      'route 10.244.3.32/27 via 192.0.2.13 (cilium)',
    ]);
  });

  test('names the address of the node that Cilium uses, by family', () => {
    const cilium = rawCiliumNode({
      podCIDRs: ['10.244.3.0/24', 'fd00:10:244:3::/112'],
      addresses: ['198.51.100.13', '2001:db8::13'],
    });
    expect(found([NODE, cilium], [POD, { n3: 'fd00:10:244:3::5' }], CILIUM).lines).toEqual([
      'route 10.244.3.0/24 via 198.51.100.13 (cilium)',
      'route fd00:10:244:3::/112 via 2001:db8::13 (cilium)',
    ]);
  });

  test('decides, where an annotation of the node says something else', () => {
    const cilium = rawCiliumNode({ podCIDRs: ['10.244.8.0/24'] });
    const { lines, notes } = found([CNI_NODES.cilium, cilium], POD, CILIUM);
    expect(lines).toEqual(OWN);
    expect(notes).toBe(
      'Service a/b: network.from: cilium: a route of its own for each of 10.244.3.5 (node n3), ' +
        'which has an address outside the networks of its node (GW183)',
    );
  });

  test('is replaced by annotations for a node without one', () => {
    const { lines, notes } = found([CNI_NODES.cilium, rawCiliumNode({ name: 'n4' })], POD, CILIUM);
    expect(lines).toEqual(['route 10.244.3.0/24 via 192.0.2.13 (cilium)']);
    expect(notes).toBe('');
  });
});

describe('what cannot be read is reported, and takes no route from a pod', () => {
  test.each<[Asked, string]>([
    [
      CALICO,
      'Service a/b: network.from: calico: BlockAffinities were not read, so pods get routes of ' +
        'their own; let Sluice read blockaffinities of projectcalico.org and crd.projectcalico.org ' +
        '(infra/kubernetes/components/network-calico), or use network.from: host (GW187)',
    ],
    [
      CILIUM,
      'Service a/b: network.from: cilium: CiliumNodes were not read, so pods get routes of their ' +
        'own; let Sluice read ciliumnodes.cilium.io ' +
        '(infra/kubernetes/components/network-cilium), or use network.from: host (GW187)',
    ],
  ])('a missing right, once for all pods (%j)', (asked, expected) => {
    const other = rawNode({ name: 'n4', address: '192.0.2.14' });
    const { lines, notes, missing } = found(
      [NODE, other],
      { n3: '10.244.3.5', n4: '10.244.4.5' },
      asked,
    );
    expect(lines).toEqual([...OWN, 'route 10.244.4.5/32 via 192.0.2.14 (host)']);
    expect(notes).toBe(expected);
    expect(missing).toEqual([]);
  });

  test('but not where annotations serve, or the pods end', () => {
    expect(found([CNI_NODES.cilium], POD, CILIUM).notes).toBe('');
    expect(found([NODE], POD, { ...CALICO, leaving: true }).notes).toBe('');
  });

  test.each<[string, object, Asked, string]>([
    [
      'an invalid block',
      rawBlock('10.244.3.0/33'),
      CALICO,
      'spec.cidr of BlockAffinity n3-10-244-3-0-33 has 10.244.3.0/33, which is no network; correct it (GW181)',
    ],
    [
      'an invalid network of Cilium',
      rawCiliumNode({ podCIDRs: ['10.244.3.0/24', 'x'] }),
      CILIUM,
      'spec.ipam of CiliumNode n3 has x, which is no network; correct it (GW181)',
    ],
    [
      'an invalid annotation of Cilium',
      rawNode({ annotations: { 'network.cilium.io/ipv4-pod-cidr': '10.244.3.0/33' } }),
      CILIUM,
      'annotation network.cilium.io/ipv4-pod-cidr has 10.244.3.0/33, which is no network; correct it (GW181)',
    ],
    [
      'a block that contains the node',
      rawBlock('0.0.0.0/0'),
      CALICO,
      'spec.cidr of BlockAffinity n3-0-0-0-0-0 has 0.0.0.0/0, which contains its own address 192.0.2.13; correct it (GW186)',
    ],
    [
      'a network of Cilium outside those of the cluster',
      rawCiliumNode({ podCIDRs: ['10.0.0.0/8'] }),
      { ...CILIUM, podNetworks: ['10.244.0.0/16'] },
      'spec.ipam of CiliumNode n3 has 10.0.0.0/8, which is not inside clusters[].podNetworks; ' +
        'correct it, or add it to clusters[].podNetworks of east (GW186)',
    ],
  ])('%s', (_, bad, asked, expected) => {
    const { lines, notes, missing } = found(
      [
        rawNode(),
        bad,
        rawNode({ name: 'n4', address: '192.0.2.14' }),
        rawBlock('10.244.4.0/26', { node: 'n4' }),
        rawCiliumNode({ name: 'n4', podCIDRs: ['10.244.4.0/26'], addresses: ['192.0.2.14'] }),
      ],
      { n3: '10.244.3.5', n4: '10.244.4.5' },
      asked,
    );
    expect(lines[0]).toBe(OWN[0]);
    expect(lines[1]).toMatch(/^route 10\.244\.4\.0\/26 via 192\.0\.2\.14 /);
    expect(notes).toBe(`Node n3: another source serves 10.244.3.5: ${expected}`);
    expect(missing).toEqual([]);
  });

  test.each<[string, object, readonly object[], Asked, string]>([
    [
      'an invalid address of a CiliumNode',
      NODE,
      [rawCiliumNode({ podCIDRs: ['10.244.3.0/24'], addresses: ['192.0.2'] })],
      CILIUM,
      'spec.addresses of CiliumNode n3 has 192.0.2',
    ],
    [
      'an invalid address of Calico',
      rawNode({ annotations: { 'projectcalico.org/IPv4Address': '192.0.2/24' } }),
      [rawBlock('10.244.3.0/26')],
      CALICO,
      'annotation projectcalico.org/IPv4Address or projectcalico.org/IPv6Address has 192.0.2',
    ],
  ])('%s, where the Node has one', (_, node, objects, asked, expected) => {
    const { lines, notes, missing } = found([node, ...objects], POD, asked);
    expect(lines).toEqual(OWN);
    expect(notes).toBe(
      `Node n3: another source serves 10.244.3.5: ${expected}, which is no IP address; ` +
        'correct it (GW181)',
    );
    expect(missing).toEqual([]);
  });

  test('but a node without any address of the family has no path', () => {
    const { notes, missing } = found(
      [NODE, rawCiliumNode({ podCIDRs: ['fd00:10:244:3::/112'] })],
      { n3: 'fd00:10:244:3::5' },
      CILIUM,
    );
    expect(notes).toBe(
      'Node n3: no path to fd00:10:244:3::5: it has no IPv6 InternalIP; give the node an address ' +
        'of that family (GW184)',
    );
    expect(missing).toEqual(['fd00:10:244:3::5']);
  });
});

describe('objects of CNIs count only where the configuration asks for them', () => {
  test.each(['auto', 'podCIDR', 'host'] as const)('not from %s', (from) => {
    const objects = [rawBlock('10.244.3.0/26'), rawCiliumNode({ podCIDRs: ['10.244.3.0/24'] })];
    const node = rawNode({ podCIDRs: ['10.244.3.0/25'] });
    expect(found([node, ...objects], POD, { from }).lines).toEqual(
      found([node], POD, { from }).lines,
    );
  });

  test('for tunnels of Cilium, which end at the address in the CiliumNode', () => {
    const cilium = rawCiliumNode({ addresses: ['198.51.100.13'] });
    const { lines, notes } = found([NODE, cilium], POD, { ...CILIUM, mode: 'vxlan' });
    expect(lines).toEqual(['fdb 0a:0a:c6:33:64:0d at 198.51.100.13 on /Common/east (cilium)']);
    expect(notes).toBe('');
    const auto = found([NODE, cilium], POD, { from: 'auto', mode: 'vxlan' }).lines;
    expect(auto).not.toContain('198.51.100.13');
  });

  test('for tunnels of Cilium; without the right, records lead to the Node, which is reported', () => {
    const { lines, notes } = found([NODE], POD, { ...CILIUM, mode: 'vxlan' });
    expect(lines).toEqual(['fdb 0a:0a:c0:00:02:0d at 192.0.2.13 on /Common/east (cilium)']);
    expect(notes).toContain('CiliumNodes were not read, so records lead to the InternalIP');
  });
});
