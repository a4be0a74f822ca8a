import { describe, expect, test } from '@jest/globals';
import { withoutNodeNetwork } from '../../../functions/watch/cache/kinds.ts';
import { normaliseNode } from '../../../shared/kubernetes/objects/index.ts';
import { CNI_NODES, rawNode } from '../../fixtures/cni-nodes.ts';

describe('what a node says about the networks of its pods', () => {
  test.each<[keyof typeof CNI_NODES, object]>([
    ['podCIDR', { podCIDRs: ['10.244.3.0/24'] }],
    [
      'flannel',
      {
        podCIDRs: ['10.244.3.0/24'],
        flannel: {
          backend: 'vxlan',
          addresses: ['192.0.2.13'],
          mac4: 'C2:e5:af:15:7c:f6',
          vni4: 1,
        },
      },
    ],
    ['calico', { calico: { addresses: ['192.0.2.13'] } }],
    ['cilium', { podCIDRs: ['10.100.7.0/24'], cilium: { networks: ['10.244.3.0/24'] } }],
    ['ovn', { ovn: { networks: ['10.244.3.0/24'], addresses: ['192.0.2.13', '198.51.100.13'] } }],
    [
      'antrea',
      { podCIDRs: ['10.244.3.0/24'], antrea: { addresses: ['192.0.2.13', '2001:db8::13'] } },
    ],
    [
      'annotation',
      { podCIDRs: ['10.100.7.0/24'], podNetworks: ['10.244.3.0/24', 'fd00:10:244:3::/64'] },
    ],
  ])('%s', (cni, expected) => {
    expect(normaliseNode(CNI_NODES[cni]).network).toEqual(expected);
  });

  test('is absent if it says nothing', () => {
    expect(normaliseNode(rawNode())).not.toHaveProperty('network');
  });

  test('does not change with a heartbeat or with annotations that name no network', () => {
    const busy = rawNode({
      podCIDRs: ['10.244.3.0/24'],
      annotations: {
        'projectcalico.org/last-seen': '2026-11-30T03:50:39Z',
        'k8s.ovn.org/node-chassis-id': 'a-b-c',
        'network.cilium.io/ipv4-health-ip': '10.244.3.9',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
    });
    expect(normaliseNode(busy)).toEqual(normaliseNode(CNI_NODES.podCIDR));
  });

  test('is dropped by the watcher where Sluice keeps no paths, so its changes are none', () => {
    const [flannel, plain] = [CNI_NODES.flannel, rawNode()].map((raw) =>
      withoutNodeNetwork({ of: 'nodes', object: normaliseNode(raw) }),
    );
    expect(flannel).toEqual(plain);
    expect(flannel?.object).not.toHaveProperty('network');
  });

  test('takes spec.podCIDR where there is no list', () => {
    const raw = { metadata: { name: 'n3' }, spec: { podCIDR: '10.244.3.0/24' } };
    expect(normaliseNode(raw).network).toEqual({ podCIDRs: ['10.244.3.0/24'] });
  });

  test('keeps at most 64 entries of a list', () => {
    const many = Array.from({ length: 100 }, (_, i) => `10.0.${i}.0/24`).join(',');
    const { network } = normaliseNode(rawNode({ annotations: { 'sluice.io/pod-networks': many } }));
    expect(network?.podNetworks).toHaveLength(64);
  });

  test('never keeps a part of a network from a long list', () => {
    const long = `${' '.repeat(4_086)}10.244.3.0/24`;
    const { network } = normaliseNode(rawNode({ annotations: { 'sluice.io/pod-networks': long } }));
    expect(network?.podNetworks).toEqual(['10.244.3.0/24']);
  });

  test('keeps little of texts that are no address, so that one node cannot fill a snapshot', () => {
    const junk = Array.from({ length: 64 }, () => 'x'.repeat(4_000));
    const { network } = normaliseNode(
      rawNode({
        podCIDRs: junk,
        annotations: {
          'sluice.io/pod-networks': junk.join(','),
          'k8s.ovn.org/node-subnets': JSON.stringify({ default: junk }),
          'k8s.ovn.org/host-cidrs': JSON.stringify(junk),
          'projectcalico.org/IPv4Address': junk.join(','),
          'node.antrea.io/transport-addresses': junk.join(','),
          'flannel.alpha.coreos.com/backend-type': 'vxlan'.repeat(800),
          'flannel.alpha.coreos.com/backend-data': JSON.stringify({ VtepMAC: junk[0] }),
        },
      }),
    );
    expect(JSON.stringify(network).length).toBeLessThan(32_768);
  });

  test('older releases of Cilium', () => {
    const node = rawNode({ annotations: { 'io.cilium.network.ipv4-pod-cidr': '10.244.3.0/24' } });
    expect(normaliseNode(node).network).toEqual({ cilium: { networks: ['10.244.3.0/24'] } });
  });

  test.each<[string, Record<string, string>, object]>([
    [
      'no JSON',
      { 'k8s.ovn.org/node-subnets': '{' },
      {
        ovn: { networks: [], addresses: [] },
        faults: [
          { source: 'ovn', field: 'annotation k8s.ovn.org/node-subnets', fault: 'is not JSON' },
        ],
      },
    ],
    [
      'JSON of another shape',
      {
        'k8s.ovn.org/node-subnets': '[1]',
        'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":7}',
        'k8s.ovn.org/host-cidrs': '{"a":1}',
      },
      { ovn: { networks: [], addresses: [] } },
    ],
    [
      'values of another type',
      {
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/backend-data': '{"VNI":"1","VtepMAC":["a"]}',
      },
      { flannel: { backend: 'vxlan', addresses: [] } },
    ],
  ])('%s is no error here', (_, annotations, expected) => {
    expect(normaliseNode(rawNode({ annotations })).network).toEqual(expected);
  });
});
