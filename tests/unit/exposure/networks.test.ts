import { describe, expect, test } from '@jest/globals';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { parseCidr } from '../../../shared/domain/net/ip.ts';
import type { ClusterNetworks } from '../../../shared/domain/net/cluster-networks.ts';
import {
  withRouteDomain,
  withoutRouteDomain,
} from '../../../shared/domain/net/cluster-networks.ts';
import { context, node, pod, REF, world, type World } from './fixtures.ts';

interface Networks {
  readonly pods?: readonly string[];
  readonly nodes?: readonly string[];
  readonly routeDomain?: number;
}

function build(
  input: World,
  { pods = [], nodes = [], routeDomain = 0 }: Networks,
  entry: Record<string, unknown> = {},
): BuiltExposures {
  const { objects, mapping } = world(input);
  const parsed = (texts: readonly string[]): ClusterNetworks['pods'] =>
    texts.flatMap((text) => parseCidr(text) ?? []);
  return buildExposures(REF, objects, mapping, {
    ...context(entry),
    networks: { cluster: 'east', routeDomain, pods: parsed(pods), nodes: parsed(nodes) },
  });
}

const members = ({ exposures }: BuiltExposures): unknown =>
  exposures[0]?.members.map(({ address, availability }) => `${address} ${availability}`);
const said = ({ notes }: BuiltExposures): unknown =>
  notes
    .filter(({ code }) => code === 'OWN325')
    .map(({ object, message }) => `${object}: ${message}`);
const two: World = { pods: [pod('a', '10.244.0.1'), pod('b', '10.9.0.1')] };

describe('members outside the networks of their cluster', () => {
  test('are left out and named, with the remedy; the others stay', () => {
    const built = build(two, { pods: ['10.244.0.0/16'] });
    expect(members(built)).toEqual(['10.244.0.1 ready']);
    expect(said(built)).toEqual([
      'Service istio-system/istio-ingressgateway: 10.9.0.1 left out: outside ' +
        'clusters[].podNetworks (or nodeNetworks, for pods on the host network) of cluster ' +
        'east; add the network there if it belongs to the cluster',
    ]);
  });

  test('refuse the exposure if no other member is left, so that they never get connections', () => {
    const built = build(two, { pods: ['192.168.0.0/16'] });
    expect(built.exposures).toEqual([]);
    expect(built.servers[0]).toMatchObject({
      verdict: 'rejected',
      code: 'OWN325',
      reason: expect.stringContaining('10.244.0.1, 10.9.0.1 left out'),
    });
    const many = { pods: [1, 2, 3, 4, 5].map((i) => pod(`p${i}`, `10.9.0.${i}`)) };
    expect(build(many, { pods: ['192.168.0.0/16'] }).servers[0]?.reason).toContain(
      '10.9.0.1, 10.9.0.2, 10.9.0.3 and 2 more left out',
    );
  });

  test.each<[string, Networks, string[]]>([
    ['no networks configured: all pods', {}, ['10.9.0.1 ready', '10.244.0.1 ready']],
    [
      "a pod on the host's network is where the nodes are",
      { pods: ['10.244.0.0/16'], nodes: ['10.9.0.0/24'] },
      ['10.9.0.1 ready', '10.244.0.1 ready'],
    ],
    [
      'networks of nodes do not restrict pods',
      { nodes: ['172.16.0.0/12'] },
      ['10.9.0.1 ready', '10.244.0.1 ready'],
    ],
    ['a single address', { pods: ['10.244.0.1'] }, ['10.244.0.1 ready']],
  ])('pods: %s', (_, networks, expected) => {
    expect(members(build(two, networks))).toEqual(expected);
  });

  test.each<[string, Networks, string[]]>([
    ['in their network', { pods: ['10.244.0.0/16'], nodes: ['10.0.0.0/24'] }, ['10.0.0.1 ready']],
    [
      'networks of pods do not restrict nodes',
      { pods: ['10.244.0.0/16'] },
      ['10.0.0.1 ready', '10.7.0.1 ready'],
    ],
  ])('nodes: %s', (_, networks, expected) => {
    expect(
      members(
        build(
          {
            objects: { nodes: [node('n1', '10.0.0.1'), node('n2', '10.7.0.1')] },
            nodePort: 30_000,
          },
          networks,
          { members: 'nodes' },
        ),
      ),
    ).toEqual(expected);
  });
});

describe('a route domain', () => {
  test('is appended to every member address of its cluster, and to no virtual address', () => {
    const built = build(
      {
        pods: [
          pod('a', '10.244.0.2'),
          pod('b', '10.244.0.10', { ready: false }),
          pod('c', '10.244.0.3'),
        ],
      },
      { routeDomain: 2 },
    );
    expect(members(built)).toEqual([
      '10.244.0.2%2 ready',
      '10.244.0.3%2 ready',
      '10.244.0.10%2 out',
    ]);
    expect(built.exposures[0]?.address).not.toContain('%');
  });

  test('of IPv6 and of nodes alike', () => {
    expect(
      members(
        build(
          { pods: [pod('a', 'fd00:10::1')] },
          { routeDomain: 7 },
          { virtualAddress: '2001:db8::1' },
        ),
      ),
    ).toEqual(['fd00:10::1%7 ready']);
    expect(
      members(
        build(
          { objects: { nodes: [node('n1', '10.0.0.1')] }, nodePort: 30_000 },
          { routeDomain: 7 },
          { members: 'nodes' },
        ),
      ),
    ).toEqual(['10.0.0.1%7 ready']);
  });

  test('is not written if it is 0, and is removed again from an address', () => {
    expect(withRouteDomain('10.0.0.1', 0)).toBe('10.0.0.1');
    for (const address of ['10.0.0.1', 'fd00::1'])
      for (const routeDomain of [0, 1, 65_534])
        expect(withoutRouteDomain(withRouteDomain(address, routeDomain))).toBe(address);
  });
});
