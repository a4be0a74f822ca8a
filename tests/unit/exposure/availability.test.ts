/** Which pods and nodes are members, and in which state, if sources disagree. */
import { describe, expect, test } from '@jest/globals';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { parseCidr } from '../../../shared/domain/net/ip.ts';
import { EXCLUDING_LABEL } from '../../../shared/domain/snapshot/leaving-nodes.ts';
import { context, node, pod, REF, type World, world, build } from './fixtures.ts';

const members = ({ exposures }: BuiltExposures): unknown =>
  exposures[0]?.members.map((one) => `${one.address} ${one.availability}`);
const codes = ({ notes }: BuiltExposures): readonly string[] => notes.map(({ code }) => code);
const slice = (addressType: string, ...endpoints: readonly object[]): object => ({
  meta: { namespace: 'istio-system', name: `s-${addressType}` },
  service: 'istio-ingressgateway',
  addressType,
  endpoints,
});
const endpoint = (name: string, state: object): object => ({
  addresses: [],
  ready: true,
  serving: true,
  terminating: false,
  pod: name,
  ...state,
});
const other = pod('other', '10.1.0.9');

describe('a pod', () => {
  test('of another namespace, or that is not of the ingress, is no member', () => {
    const { objects, mapping } = world({
      pods: [
        pod('gw-1', '10.1.0.1'),
        pod('stranger', '10.1.0.2'),
        pod('gw-1', '10.1.0.3', { meta: { namespace: 'elsewhere', name: 'gw-1' } }),
      ],
    });
    const built = buildExposures(REF, objects, { ...mapping, pods: ['gw-1'] }, context());
    expect(members(built)).toEqual(['10.1.0.1 ready']);
  });

  test('that is gone drains, although the endpoint of its name serves nothing', () => {
    const built = build({
      pods: [pod('a', '10.1.0.1', { gone: true, ready: false }), other],
      objects: {
        endpointSlices: [slice('IPv4', endpoint('a', { ready: false, serving: false }))],
      },
    });
    expect(members(built)).toEqual(['10.1.0.1 draining', '10.1.0.9 ready']);
  });

  test('in two slices is terminating if one of them says so, whichever comes first', () => {
    const ending = endpoint('a', { ready: false, terminating: true });
    const unready = endpoint('a', { ready: false });
    for (const [one, two] of [
      [ending, unready],
      [unready, ending],
    ]) {
      const built = build({
        pods: [pod('a', '10.1.0.1'), other],
        objects: { endpointSlices: [slice('IPv4', one!), slice('IPv6', two!)] },
      });
      expect(members(built)).toEqual(['10.1.0.1 draining', '10.1.0.9 ready']);
    }
  });

  const stopped = { ready: false, serving: false };
  test.each<[string, object, readonly object[]]>([
    ['the Pod', { ready: false, terminating: true }, []],
    [
      'the endpoint',
      { ready: false },
      ['a', 'b'].map((name) => endpoint(name, { ...stopped, terminating: true })),
    ],
  ])('that is terminating according to %s may leave, however many do', (_, state, endpoints) => {
    const built = build({
      pods: [pod('a', '10.1.0.1', { ...state }), pod('b', '10.1.0.2', { ...state }), other],
      objects: { endpointSlices: [slice('IPv4', ...endpoints)] },
    });
    expect(members(built)).toEqual(['10.1.0.1 out', '10.1.0.2 out', '10.1.0.9 ready']);
    expect(codes(built)).toEqual([]);
  });

  test('that terminates is not kept because others are only not ready', () => {
    const built = build({
      pods: [
        ...[1, 2].map((i) => pod(`p${i}`, `10.1.0.${i}`, { ready: false })),
        pod('ends', '10.1.0.3', { ready: false, terminating: true }),
        other,
      ],
    });
    expect(members(built)).toEqual([
      '10.1.0.1 ready',
      '10.1.0.2 ready',
      '10.1.0.3 out',
      '10.1.0.9 ready',
    ]);
  });

  test('that shares its address with another one is as available as the better of the two', () => {
    const pair = [pod('a', '10.1.0.1'), pod('b', '10.1.0.1', { ready: false })];
    for (const pods of [pair, pair.toReversed()])
      expect(members(build({ pods: [...pods, other] }))).toEqual([
        '10.1.0.1 ready',
        '10.1.0.9 ready',
      ]);
  });

  test('has its first address of the family', () => {
    const pods = [pod('a', '', { ips: ['2001:db8::1', '10.1.0.5', '10.1.0.4'] })];
    expect(members(build({ pods }))).toEqual(['10.1.0.5 ready']);
  });

  test('that is gone does not hide that no other one is ready', () => {
    const pods = [
      pod('a', '10.1.0.1', { gone: true, terminating: true }),
      pod('b', '10.1.0.2', { ready: false }),
    ];
    expect(codes(build({ pods }))).toEqual(['GW140']);
  });
});

describe('the ingress Service', () => {
  test('is the one of its namespace', () => {
    const { objects, mapping } = world({ service: { sourceRanges: ['10.0.0.0/8'] } });
    const [own] = objects.services;
    const twin = { ...own!, sourceRanges: [], meta: { ...own!.meta, namespace: 'elsewhere' } };
    const built = buildExposures(REF, { ...objects, services: [twin, own!] }, mapping, context());
    expect(built.exposures[0]?.settings.source).toBe('10.0.0.0/8');
    expect(built.sources['172.16.100.195:32400/tcp']?.['source']).toContain(
      'spec.loadBalancerSourceRanges',
    );
  });
});

describe('a node', () => {
  const local = { externalTrafficPolicy: 'Local' };
  const nodes = [1, 2, 3].map((i) => node(`n${i}`, `10.0.0.${i}`));
  const on = (name: string, nodeName: string, more: object = {}): ReturnType<typeof pod> =>
    pod(name, `10.1.0.${name.charCodeAt(0)}`, { nodeName, ...more });

  test('is in doubt if one of its pods is, whatever the others are', () => {
    const built = build(
      {
        service: local,
        objects: { nodes },
        pods: [
          on('a', 'n1', { ready: false }),
          on('b', 'n1', { ready: false, terminating: true }),
          on('c', 'n2', { ready: false }),
          on('d', 'n3'),
        ],
      },
      { members: 'nodes' },
    );
    expect(members(built)).toEqual(['10.0.0.1 ready', '10.0.0.2 ready', '10.0.0.3 ready']);
  });

  const excluded = (name: string, address: string): ReturnType<typeof node> =>
    node(name, address, { meta: { namespace: '', name, labels: { [EXCLUDING_LABEL]: '' } } });
  const leaving = [excluded('n2', '10.0.0.2'), excluded('n1', '10.0.0.1'), node('n3', '10.0.0.3')];

  test('that is excluded from load balancers is listed in order, and where nodes are members only', () => {
    const input = { objects: { nodes: leaving } };
    expect(build(input, { members: 'nodes' }).excludedNodes).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(build(input)).not.toHaveProperty('excludedNodes');
  });

  test('that is excluded is listed in its route domain', () => {
    const networks = { cluster: 'east', routeDomain: 5, pods: [], nodes: [] };
    const input = { objects: { nodes: leaving } };
    expect(build(input, { members: 'nodes' }, { networks }).excludedNodes).toEqual([
      '10.0.0.1%5',
      '10.0.0.2%5',
    ]);
  });

  test('that is excluded is not listed if it could not be a member', () => {
    const input = {
      service: local,
      objects: { nodes: leaving },
      pods: [on('a', 'n1', { ready: false }), on('b', 'n2'), on('c', 'n3')],
    };
    expect(build(input, { members: 'nodes' }).excludedNodes).toEqual(['10.0.0.2']);
  });
});

describe('members outside the networks', () => {
  const networks = (pods: string, nodes: string): Partial<ReturnType<typeof context>> => ({
    networks: {
      cluster: 'east',
      routeDomain: 0,
      pods: [parseCidr(pods)!],
      nodes: [parseCidr(nodes)!],
    },
  });
  const said = (built: BuiltExposures): string | undefined =>
    built.notes.find(({ code }) => code === 'OWN325')?.message;

  test('are named in order, three of them', () => {
    const strange = (count: number): World => ({
      pods: [
        pod('own', '10.1.0.1'),
        ...Array.from({ length: count }, (_, i) => pod(`s${i}`, `10.9.0.${9 - i}`)),
      ],
    });
    const around = networks('10.1.0.0/16', '10.0.0.0/24');
    expect(said(build(strange(3), {}, around))).toMatch(
      /^10\.9\.0\.7, 10\.9\.0\.8, 10\.9\.0\.9 left out: outside clusters\[\]\.podNetworks/,
    );
    expect(said(build(strange(4), {}, around))).toMatch(/10\.9\.0\.8 and 1 more left out/);
  });

  test('are named with the field for nodes, if nodes are members', () => {
    const input = { objects: { nodes: [node('n1', '10.0.0.1'), node('n2', '10.7.0.1')] } };
    const built = build(input, { members: 'nodes' }, networks('10.1.0.0/16', '10.0.0.0/24'));
    expect(said(built)).toContain(
      '10.7.0.1 left out: outside clusters[].nodeNetworks of cluster east',
    );
  });
});
