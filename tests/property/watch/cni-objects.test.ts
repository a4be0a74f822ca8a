/** What an ingress sees of the objects of CNIs: networks that contain one of its pods. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ClusterIndex, type IndexedObject } from '../../../functions/watch/cache/cluster-index.ts';
import { DepartedPods } from '../../../functions/watch/view/departed-pods.ts';
import { IngressView } from '../../../functions/watch/view/ingress-view.ts';
import { inCidr, parseCidr, parseIp } from '../../../shared/domain/net/ip.ts';
import type { BlockAffinity, CiliumNode } from '../../../shared/domain/snapshot/node-network.ts';
import type { OptionalKinds, Pod } from '../../../shared/domain/snapshot/objects.ts';
import * as k from '../../fixtures/kubernetes.ts';

const REF = { namespace: 'istio-system', service: 'istio-ingressgateway' };
const nodeName = fc.constantFrom('n1', 'n2', 'n3');
const network = fc.constantFrom('10.0.1.0/26', '10.0.1.64/26', '10.0.2.0/26', 'fd00::/64', 'x');

const pod = fc
  .record({
    i: fc.nat({ max: 3 }),
    nodeName,
    isGateway: fc.boolean(),
    ips: fc.subarray(['10.0.1.5', '10.0.1.70', '10.0.2.5', 'fd00::5'], { maxLength: 2 }),
  })
  .map(({ i, isGateway, ...fields }): IndexedObject => ({
    of: 'pods',
    object: k.pod(`istio-system/p${i}`, { ...fields, labels: isGateway ? k.LABELS : {} }),
  }));
const ciliumNode = fc
  .record({
    name: nodeName,
    networks: fc.subarray(['10.0.1.0/26', '10.0.2.0/26', 'x']),
    addresses: fc.constant<string[]>(['192.0.2.1']),
  })
  .map((object): IndexedObject => ({ of: 'ciliumNodes', object }));
const block = fc
  .record({
    name: fc.constantFrom('b1', 'b2', 'b3'),
    node: nodeName,
    cidr: fc.option(network, { nil: undefined }),
  })
  .map(({ cidr, ...rest }): IndexedObject => ({
    of: 'blockAffinities',
    object: { ...rest, ...(cidr !== undefined && { cidr }) },
  }));
const steps = fc.array(
  fc.record({
    observed: fc.oneof(pod, ciliumNode, block),
    gone: fc.nat({ max: 3 }).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 40 },
);

function keyOf({ of, object }: IndexedObject): string {
  return `${of} ${'meta' in object ? object.meta.name : object.name}`;
}

/** By definition: all objects are looked at, nothing is remembered. */
function expected(all: readonly IndexedObject[]): OptionalKinds {
  const pods = all.flatMap((one): Pod[] =>
    one.of === 'pods' && one.object.meta.labels['istio'] !== undefined ? [one.object] : [],
  );
  const matters = (node: string, text: string): boolean => {
    const cidr = parseCidr(text);
    const ips = pods.filter((one) => one.nodeName === node).flatMap(({ ips: own }) => own);
    return cidr === undefined || ips.some((ip) => inCidr(parseIp(ip) ?? cidr.ip, cidr));
  };
  const nodes = new Set(pods.map((one) => one.nodeName));
  const ciliumNodes = all.flatMap((one): CiliumNode[] =>
    one.of === 'ciliumNodes' && nodes.has(one.object.name)
      ? [
          {
            ...one.object,
            networks: one.object.networks.filter((text) => matters(one.object.name, text)),
          },
        ]
      : [],
  );
  const blockAffinities = all.flatMap((one): BlockAffinity[] => {
    if (one.of !== 'blockAffinities' || !nodes.has(one.object.node)) return [];
    const { node, cidr } = one.object;
    return cidr !== undefined && matters(node, cidr) ? [one.object] : [];
  });
  const byName = <T extends { readonly name: string }>(a: T, b: T): number =>
    a.name < b.name ? -1 : 1;
  return {
    ciliumNodes: ciliumNodes.sort(byName),
    blockAffinities: blockAffinities.sort((a, b) =>
      a.node === b.node ? byName(a, b) : a.node < b.node ? -1 : 1,
    ),
  };
}

const SERVICE: IndexedObject = {
  of: 'services',
  object: k.service('istio-system/istio-ingressgateway', []),
};

function viewOf(index: ClusterIndex, members: 'pods' | 'nodes'): IngressView {
  for (const kind of ['ciliumNodes', 'blockAffinities'] as const) index.read.add(kind);
  index.apply('added', SERVICE);
  return new IngressView({ ref: REF, members, index, departures: new DepartedPods(0) });
}

test('the objects of an ingress are those of a computation from scratch, after any history', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const index = new ClusterIndex();
      const view = viewOf(index, 'pods');
      const all = new Map<string, IndexedObject>();
      for (const { observed, gone } of history) {
        const key = keyOf(observed);
        const told = gone ? all.get(key) : observed;
        if (told === undefined) continue;
        if (gone) all.delete(key);
        else all.set(key, told);
        const before = index.apply(gone ? 'deleted' : 'added', told);
        const [old, seen] = [
          view.objects()?.optionalKinds,
          view.notice({ observed: told, before }),
        ];
        expect(view.objects()?.optionalKinds).toEqual(expected([...all.values()]));
        // Only what may be in it has it looked at again.
        if (!seen) expect(view.objects()?.optionalKinds).toEqual(old);
      }
    }),
    { numRuns: 300 },
  );
});

test('an ingress whose members are nodes has no such objects', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const index = new ClusterIndex();
      const view = viewOf(index, 'nodes');
      for (const { observed } of history) {
        const seen = view.notice({ observed, before: index.apply('added', observed) });
        if (observed.of !== 'pods') expect(seen).toBe(false);
      }
      expect(view.objects()?.optionalKinds).toEqual({});
    }),
    { numRuns: 50 },
  );
});
