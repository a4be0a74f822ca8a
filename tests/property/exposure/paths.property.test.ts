import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { contains } from '../../../shared/domain/net/cidr-list.ts';
import { inCidr, parseCidr, parseIp, type Ip } from '../../../shared/domain/net/ip.ts';
import {
  findPaths,
  type FoundPaths,
  type PodMember,
} from '../../../shared/domain/paths/find-paths.ts';
import type { PathOptions } from '../../../shared/domain/paths/network-config.ts';
import { Path, pathKey } from '../../../shared/domain/paths/path.ts';
import { NetworkSource } from '../../../shared/domain/snapshot/node-network.ts';
import { normaliseNode } from '../../../shared/kubernetes/objects/index.ts';
import { rawNode } from '../../fixtures/cni-nodes.ts';

const NODES = ['n1', 'n2', 'n3'];

/** Few different values, so that nodes often have the same; some are invalid. */
const network = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('10.244.1.0/24', '10.244.0.0/16', 'fd00:1::/64') },
  { weight: 1, arbitrary: fc.constantFrom('10.0.0.0/8', '0.0.0.0/0') },
  { weight: 1, arbitrary: fc.constantFrom('10.244.3.0/26', '10.244.1.0/99', 'nonsense') },
);
const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.7', '2001:db8::1', 'x');
const json = fc.oneof(
  fc.json(),
  network.map((text) => JSON.stringify({ default: [text] })),
  address.map((text) => JSON.stringify({ ipv4: `${text}/24` })),
  fc
    .constantFrom('c2:e5:af:15:7c:f6', 'c2:e5:af:15:7c:f7', '00:00:00:00:00:00', 'zz')
    .map((mac) => JSON.stringify({ VNI: 1, VtepMAC: mac })),
);
const annotations = fc.dictionary(
  fc.constantFrom(
    'sluice.io/pod-networks',
    'network.cilium.io/ipv4-pod-cidr',
    'projectcalico.org/IPv4Address',
    'node.antrea.io/transport-addresses',
    'flannel.alpha.coreos.com/public-ip',
  ),
  fc.oneof(network, address),
);
const documents = fc.dictionary(
  fc.constantFrom(
    'k8s.ovn.org/node-subnets',
    'k8s.ovn.org/node-primary-ifaddr',
    'flannel.alpha.coreos.com/backend-data',
    'flannel.alpha.coreos.com/backend-v6-data',
  ),
  json,
);
const flannel = fc.constantFrom({}, { 'flannel.alpha.coreos.com/backend-type': 'vxlan' });
const node = fc.record({
  name: fc.constantFrom(...NODES),
  address,
  podCIDRs: fc.array(network, { maxLength: 2 }),
  annotations: fc
    .tuple(annotations, documents, flannel)
    .map((parts): Record<string, string> => Object.assign({}, ...parts) as Record<string, string>),
});
/** Objects of CNIs, or undefined for a kind that was not read. */
const optionalKinds = fc.record({
  ciliumNodes: fc.option(
    fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(...NODES),
        networks: fc.array(network, { maxLength: 2 }),
        addresses: fc.array(address, { maxLength: 2 }),
      }),
      { selector: ({ name }) => name, maxLength: 3 },
    ),
    { nil: undefined, freq: 3 },
  ),
  blockAffinities: fc.option(
    fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd'),
        node: fc.constantFrom(...NODES),
        cidr: fc.option(network, { nil: undefined }),
      }),
      { selector: ({ name }) => name, maxLength: 4 },
    ),
    { nil: undefined, freq: 3 },
  ),
});
const objects = fc.record({
  nodes: fc
    .uniqueArray(node, { selector: ({ name }) => name, maxLength: 3 })
    .map((given) => given.map((one) => normaliseNode(rawNode(one)))),
  optionalKinds,
});

type Objects = typeof objects extends fc.Arbitrary<infer T> ? T : never;

const pods = fc.uniqueArray(
  fc.record({
    address: fc.constantFrom(
      ...['1.5', '1.6', '2.5', '3.5', '3.99', '7.7'].map((end) => `10.244.${end}`),
      '192.0.2.1',
      'fd00:1::5',
      'fd00:2::5',
    ),
    nodeName: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...NODES) },
      { weight: 1, arbitrary: fc.constant('unknown') },
    ),
    leaving: fc.boolean(),
  }),
  { selector: ({ address: one }) => one, maxLength: 8 },
);
const members = pods.map((given) =>
  given.map(({ address: text, ...rest }): PodMember => ({
    ...rest,
    address: text,
    ip: ipOf(text),
  })),
);
const options = fc
  .record({
    mode: fc.constantFrom('routes' as const, 'vxlan' as const),
    from: fc.constantFrom('auto' as const, ...NetworkSource.options),
    nodeNetworks: fc.constantFrom([], ['192.0.2.0/24']),
    podNetworks: fc.constantFrom([], ['10.244.0.0/16', 'fd00:1::/48']),
  })
  .map(({ nodeNetworks, podNetworks, ...rest }): PathOptions & { about: string } => ({
    ...rest,
    about: 'Service a/b',
    cluster: 'east',
    routeDomain: 0,
    nodeNetworks: nodeNetworks.flatMap((text) => parseCidr(text) ?? []),
    podNetworks: podNetworks.flatMap((text) => parseCidr(text) ?? []),
  }));

function ipOf(text: string): Ip {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(text);
  return ip;
}

/** The address of the node. */
function targetOf(path: Path): string {
  return path.kind === 'route' ? path.via : path.endpoint;
}

/** The path of each member. */
function byMember({ paths }: FoundPaths): ReadonlyMap<string, Path> {
  return new Map(paths.flatMap((path) => path.members.map((one) => [one, path] as const)));
}

test('a path holds its members, goes through their node, and is one object', () => {
  fc.assert(
    fc.property(members, objects, options, (given, known, how) => {
      const found = findPaths(given, known, how);
      expect(new Set(found.paths.map(pathKey)).size).toBe(found.paths.length);
      const named = found.paths.flatMap((path) => path.members);
      expect(new Set(named).size).toBe(named.length);
      for (const path of found.paths) {
        expect(Path.parse(path)).toEqual(path);
        const target = ipOf(targetOf(path));
        if (how.nodeNetworks.length > 0)
          expect(how.nodeNetworks.some((one) => inCidr(target, one))).toBe(true);
        for (const one of path.members) {
          expect(target.family).toBe(ipOf(one).family);
          const alone = findPaths(
            given.filter((pod) => pod.address === one),
            known,
            how,
          ).paths[0];
          expect(alone && targetOf(alone)).toBe(targetOf(path));
          const holds = path.kind === 'route' ? parseCidr(path.network) : undefined;
          expect(holds === undefined || inCidr(ipOf(one), holds)).toBe(true);
          if (holds === undefined || path.source === 'host') continue;
          expect(inCidr(target, holds)).toBe(false);
          if (how.podNetworks.length > 0)
            expect(how.podNetworks.some((all) => contains(all, holds))).toBe(true);
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('each member has a path, is missing, or is on the host network; what is missing is reported', () => {
  fc.assert(
    fc.property(members, objects, options, (given, known, how) => {
      const found = findPaths(given, known, how);
      const paths = byMember(found);
      for (const { address: one, nodeName, leaving } of given) {
        const isHost = known.nodes.some(
          ({ meta, addresses }) =>
            meta.name === nodeName && addresses.some((own) => own.address === one),
        );
        expect([paths.has(one), found.missing.includes(one), isHost].filter(Boolean)).toHaveLength(
          1,
        );
        if (!found.missing.includes(one) || leaving) continue;
        const text = found.notes.map(({ object, message }) => `${object} ${message}`).join('\n');
        expect(text).toContain(nodeName);
      }
    }),
    { numRuns: 400 },
  );
});

function reversed({ nodes, optionalKinds: kinds }: Objects): Objects {
  const { ciliumNodes, blockAffinities } = kinds;
  return {
    nodes: nodes.toReversed(),
    optionalKinds: {
      ciliumNodes: ciliumNodes?.toReversed(),
      blockAffinities: blockAffinities?.toReversed(),
    },
  };
}

test('the order of pods, nodes and objects of CNIs does not matter', () => {
  fc.assert(
    fc.property(members, objects, options, (given, known, how) => {
      const [a, b] = [
        findPaths(given, known, how),
        findPaths(given.toReversed(), reversed(known), how),
      ];
      expect(b.paths).toEqual(a.paths);
      expect(b.missing).toEqual(a.missing);
      expect(new Set(b.notes.map(({ code }) => code))).toEqual(
        new Set(a.notes.map(({ code }) => code)),
      );
    }),
    { numRuns: 400 },
  );
});

test('a node changes nothing for the pods on others, unless both claim one network or MAC', () => {
  fc.assert(
    fc.property(members, objects, node, options, (given, known, other, how) => {
      const changed = normaliseNode(rawNode(other));
      const name = changed.meta.name;
      const { nodes, optionalKinds: kinds } = known;
      const [before, after] = [
        known,
        {
          nodes: [...nodes.filter((one) => one.meta.name !== name), changed],
          optionalKinds: {
            ciliumNodes: kinds.ciliumNodes?.filter((one) => one.name !== name),
            blockAffinities: kinds.blockAffinities?.filter((one) => one.node !== name),
          },
        },
      ].map((all) => findPaths(given, all, how)) as [FoundPaths, FoundPaths];
      const disputed = (found: FoundPaths): boolean =>
        found.notes.some(({ code }) => code === 'GW182');
      fc.pre(!disputed(before) && !disputed(after));
      for (const { address: one, nodeName } of given)
        if (nodeName !== name) {
          const [x, y] = [byMember(before).get(one), byMember(after).get(one)];
          expect(y && pathKey(y)).toBe(x && pathKey(x));
        }
    }),
    { numRuns: 400 },
  );
});

test('with auto, every pod of a node with an address of its family has a route', () => {
  fc.assert(
    fc.property(members, objects, (given, known) => {
      const found = findPaths(given, known, {
        about: 'Service a/b',
        cluster: 'east',
        mode: 'routes',
        from: 'auto',
        routeDomain: 0,
        nodeNetworks: [],
        podNetworks: [],
      });
      for (const { address: one, ip, nodeName } of given) {
        const own = known.nodes.find(({ meta }) => meta.name === nodeName)?.addresses ?? [];
        if (own.some(({ address: text }) => parseIp(text)?.family === ip.family))
          expect(found.missing).not.toContain(one);
      }
    }),
    { numRuns: 400 },
  );
});

test('with calico or cilium, no object of theirs costs a pod its route', () => {
  fc.assert(
    fc.property(
      members,
      objects,
      fc.constantFrom('calico' as const, 'cilium' as const),
      options,
      (given, { nodes, optionalKinds: kinds }, from, how) => {
        const named = { ...how, mode: 'routes' as const, from };
        const [without, withAll] = [{}, kinds].map((optional) =>
          findPaths(given, { nodes, optionalKinds: optional }, named),
        );
        for (const { address: one } of given)
          if (without?.missing.includes(one) === false) expect(withAll?.missing).not.toContain(one);
      },
    ),
    { numRuns: 400 },
  );
});
