import { describe, expect, test } from '@jest/globals';
import { pathFields } from '../../../shared/domain/exposure/member-paths.ts';
import { parseCidr } from '../../../shared/domain/net/ip.ts';
import type { PathOptions } from '../../../shared/domain/paths/network-config.ts';
import { normaliseNode } from '../../../shared/kubernetes/objects/index.ts';
import { CNI_NODES, rawNode } from '../../fixtures/cni-nodes.ts';
import { build, pod, type World } from './fixtures.ts';

const OPTIONS: PathOptions = {
  cluster: 'east',
  mode: 'routes',
  from: 'auto',
  routeDomain: 0,
  nodeNetworks: [],
  podNetworks: [],
};
const nodes = [
  CNI_NODES.podCIDR,
  rawNode({ name: 'n4', address: '192.0.2.14', podCIDRs: ['10.244.4.0/24'] }),
].map(normaliseNode);

function world(pods: World['pods']): World {
  return { pods: pods ?? [], objects: { nodes } };
}

const on = (
  name: string,
  ip: string,
  nodeName: string,
  more: object = {},
): Record<string, unknown> => pod(name, ip, { nodeName, ...more });

function routes(pods: World['pods'], entry: Record<string, unknown> = {}): unknown {
  return build(world(pods), entry, { paths: OPTIONS }).reach?.paths.map((path) =>
    path.kind === 'route' ? `${path.network} via ${path.via}: ${path.members.join(' ')}` : path,
  );
}

describe('the paths to the members of an ingress', () => {
  test('stand beside them, one for each node', () => {
    expect(
      routes([
        on('a', '10.244.3.5', 'n3'),
        on('b', '10.244.3.6', 'n3'),
        on('c', '10.244.4.5', 'n4'),
      ]),
    ).toEqual([
      '10.244.3.0/24 via 192.0.2.13: 10.244.3.5 10.244.3.6',
      '10.244.4.0/24 via 192.0.2.14: 10.244.4.5',
    ]);
  });

  test('are absent if Sluice keeps none', () => {
    expect(build(world([on('a', '10.244.3.5', 'n3')])).reach).toBeUndefined();
    const { reach } = build(
      { ...world([on('a', '10.244.3.5', 'n3')]), nodePort: 30_000 },
      { members: 'nodes' },
      { paths: OPTIONS },
    );
    expect(reach).toBeUndefined();
  });

  test('stay for a pod that ends, and for one that is not ready', () => {
    expect(
      routes([
        on('a', '10.244.3.5', 'n3', { terminating: true }),
        on('b', '10.244.4.5', 'n4'),
        on('c', '10.244.4.6', 'n4', { ready: false }),
      ]),
    ).toEqual([
      '10.244.3.0/24 via 192.0.2.13: 10.244.3.5',
      '10.244.4.0/24 via 192.0.2.14: 10.244.4.5 10.244.4.6',
    ]);
  });

  test.each([{ terminating: true }, { gone: true }])('go to the pod that stays (%j)', (ended) => {
    const [old, next] = [on('a', '10.244.3.5', 'gone', ended), on('b', '10.244.3.5', 'n3')];
    for (const pods of [
      [old, next],
      [next, old],
    ])
      expect(routes(pods)).toEqual(['10.244.3.0/24 via 192.0.2.13: 10.244.3.5']);
  });

  test('go to the first pod by name, if two that stay have one address', () => {
    expect(routes([on('b', '10.244.3.5', 'n4'), on('a', '10.244.3.5', 'n3')])).toEqual([
      '10.244.3.0/24 via 192.0.2.13: 10.244.3.5',
    ]);
  });

  test('are made for members only, which pods outside podNetworks are not', () => {
    const pods = ['10.244.3.0/24'].flatMap((text) => parseCidr(text) ?? []);
    const { reach } = build(
      world([on('a', '10.244.3.5', 'n3'), on('b', '10.244.4.5', 'n4')]),
      {},
      { paths: OPTIONS, networks: { cluster: 'east', routeDomain: 0, pods, nodes: [] } },
    );
    expect(reach?.paths.flatMap(({ members }) => members)).toEqual(['10.244.3.5']);
    expect(reach?.missing).toEqual([]);
  });

  test('that are missing take no member away, and are named with the node', () => {
    const built = build(
      world([on('a', '10.244.3.5', 'n3'), on('b', '10.244.9.5', 'n9')]),
      {},
      { paths: OPTIONS },
    );
    expect(built.exposures[0]?.members.map(({ address }) => address)).toEqual([
      '10.244.3.5',
      '10.244.9.5',
    ]);
    expect(pathFields(built)).toMatchObject({
      paths: [{ members: ['10.244.3.5'] }],
      pathless: ['10.244.9.5'],
    });
    expect(built.notes).toContainEqual(
      expect.objectContaining({ object: 'Node n9', code: 'GW180' }),
    );
  });
});

describe('client addresses that are kept on the way to pods', () => {
  const answers = (
    settings: object,
    paths: PathOptions | undefined,
    pods: World['pods'] = [on('a', '10.244.3.5', 'n3')],
  ): readonly unknown[] =>
    build(world(pods), { settings }, paths && { paths }).notes.filter(
      ({ code }) => code === 'GW188',
    );

  test.each(['routes', 'vxlan'] as const)(
    'are reported with what nodes need (mode: %s)',
    (mode) => {
      expect(answers({ snat: 'none' }, { ...OPTIONS, mode, from: 'cilium' })).toEqual([
        {
          object: 'Service istio-system/istio-ingressgateway',
          code: 'GW188',
          message:
            'snat: none of 172.16.100.195:32400/tcp keeps client addresses, and nodes answer by their ' +
            'own routes; let the nodes of cluster east route answers to clients through BIG-IP, or ' +
            'use snat: auto',
        },
      ]);
    },
  );

  test('are not reported if BIG-IP translates them, or others keep the paths', () => {
    expect(answers({}, OPTIONS)).toEqual([]);
    expect(answers({ snat: '/Common/pool' }, OPTIONS)).toEqual([]);
    expect(answers({ snat: 'none' }, undefined)).toEqual([]);
  });

  test('are not reported if no member needs a path', () => {
    expect(answers({ snat: 'none' }, OPTIONS, [on('a', '192.0.2.13', 'n3')])).toEqual([]);
  });
});
