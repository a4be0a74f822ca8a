import { describe, expect, test } from '@jest/globals';
import { sameContent, type Content } from '../../../functions/watch/emit/snapshot-content.ts';
import { DepartedPods } from '../../../functions/watch/view/departed-pods.ts';
import { ClusterIndex, type IndexedObject } from '../../../functions/watch/cache/cluster-index.ts';
import { trimLabels } from '../../../functions/watch/cache/kinds.ts';
import { IngressView } from '../../../functions/watch/view/ingress-view.ts';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';

const REF = { namespace: 'istio-system', service: 'ingress' };
const PODS = { members: 'pods' } as const;

/** As the watcher caches them: trimmed, indexed, and seen from one ingress. */
function selectObjects(
  ref: typeof REF,
  all: KubernetesObjects,
  { members }: { members: 'pods' | 'nodes' },
): KubernetesObjects | undefined {
  const index = new ClusterIndex();
  const { optionalKinds: _optionalKinds, ...lists } = all;
  for (const [of, list] of Object.entries(lists))
    for (const object of list)
      index.apply('added', {
        of,
        object: 'meta' in object ? trimLabels(object) : object,
      } as IndexedObject);
  return new IngressView({ ref, members, index, departures: new DepartedPods(0) }).objects();
}

const meta = (namespace: string, name: string, labels: Record<string, string> = {}) => ({
  namespace,
  name,
  labels,
  resourceVersion: '7',
});
const pod = (
  name: string,
  labels: Record<string, string>,
  nodeName = 'n1',
  namespace = 'istio-system',
) => ({
  meta: meta(namespace, name, labels),
  ips: ['10.0.0.1'],
  nodeName,
  containerPorts: [],
  ready: true,
});
const service = (name: string, selector: Record<string, string>, namespace = 'istio-system') => ({
  meta: meta(namespace, name),
  selector,
  ports: [],
});
const gateway = (name: string, selector: Record<string, string>, namespace = 'default') => ({
  meta: meta(namespace, name),
  selector,
  servers: [],
});
const route = (name: string, gateways: string[], namespace = 'default') => ({
  meta: meta(namespace, name),
  hosts: ['*'],
  gateways,
  exportTo: [],
  http: 1,
  tcp: [],
  tls: [],
});
const node = (name: string) => ({ meta: meta('', name), addresses: [], ready: true });

function world(parts: object): KubernetesObjects {
  return KubernetesObjects.parse({
    services: [service('ingress', { istio: 'ingress' })],
    pods: [pod('p1', { istio: 'ingress', app: 'gw' })],
    ...parts,
  });
}

const names = (list: readonly { meta: { name: string } }[] | undefined): string[] =>
  (list ?? []).map((one) => one.meta.name);

test('there is no snapshot without the ingress Service', () => {
  expect(selectObjects({ ...REF, service: 'gone' }, world({}), PODS)).toBeUndefined();
});

describe('gateways', () => {
  test('those whose selector is empty or fits the pods come along, from any namespace', () => {
    const gateways = [
      gateway('fits', { istio: 'ingress' }),
      gateway('all', {}, 'elsewhere'),
      gateway('by-app', { app: 'gw' }),
      gateway('other', { istio: 'egress' }),
      gateway('more', { istio: 'ingress', zone: 'a' }),
    ];
    expect(names(selectObjects(REF, world({ gateways }), PODS)?.gateways)).toEqual([
      'by-app',
      'fits',
      'all',
    ]);
  });

  test('without pods, the selector of the Service is used', () => {
    const gateways = [gateway('fits', { istio: 'ingress' }), gateway('other', { istio: 'egress' })];
    expect(names(selectObjects(REF, world({ gateways, pods: [] }), PODS)?.gateways)).toEqual([
      'fits',
    ]);
  });
});

describe('virtual services', () => {
  const gateways = [
    gateway('echo', { istio: 'ingress' }),
    gateway('shop', { istio: 'ingress' }, 'web'),
  ];
  test.each([
    [['echo'], 'default', true],
    [['./echo'], 'default', true],
    [['default/echo'], 'elsewhere', true],
    [['echo.default.svc.cluster.local'], 'elsewhere', true],
    [['echo'], 'elsewhere', false],
    [['mesh'], 'default', false],
    [[], 'default', false],
    [['web/shop', 'mesh'], 'default', true],
  ])('%j in namespace %s: bound %s', (bound, namespace, expected) => {
    const virtualServices = [route('r', bound, namespace)];
    expect(
      names(selectObjects(REF, world({ gateways, virtualServices }), PODS)?.virtualServices),
    ).toEqual(expected ? ['r'] : []);
  });
});

describe('pods, services and nodes', () => {
  test('only pods that the Service selects, in its own namespace', () => {
    const pods = [
      pod('p1', { istio: 'ingress' }),
      pod('p2', { istio: 'egress' }),
      pod('p3', { istio: 'ingress' }, 'n2', 'default'),
    ];
    expect(names(selectObjects(REF, world({ pods }), PODS)?.pods)).toEqual(['p1']);
  });

  test('every Service of the namespace that selects those pods; an empty selector selects nothing', () => {
    const services = [
      service('ingress', { istio: 'ingress' }),
      service('older', { app: 'gw' }),
      service('none', {}),
      service('other', { app: 'x' }),
      service('far', { app: 'gw' }, 'default'),
    ];
    expect(names(selectObjects(REF, world({ services }), PODS)?.services)).toEqual([
      'ingress',
      'older',
    ]);
  });

  test('nodes that run a pod, or all of them when nodes are the members', () => {
    const parts = { nodes: [node('n1'), node('n2')] };
    expect(names(selectObjects(REF, world(parts), PODS)?.nodes)).toEqual(['n1']);
    expect(names(selectObjects(REF, world(parts), { members: 'nodes' })?.nodes)).toEqual([
      'n1',
      'n2',
    ]);
  });
});

describe('the content', () => {
  const content = (parts: object): Content => ({
    objects: selectObjects(REF, world(parts), PODS) as KubernetesObjects,
    removed: false,
  });
  const same = (a: object, b: object): boolean => sameContent(content(a), content(b));
  const two = [gateway('a', {}), gateway('b', {})];

  test('does not depend on the order of arrival', () => {
    expect(same({ gateways: two }, { gateways: two.toReversed() })).toBe(true);
  });

  test('does not depend on versions or labels that decide nothing', () => {
    const renewed = [
      {
        ...pod('p1', { istio: 'ingress', app: 'gw', 'pod-template-hash': 'abc' }),
        meta: {
          ...meta('istio-system', 'p1', {
            app: 'gw',
            istio: 'ingress',
            'pod-template-hash': 'abc',
          }),
          resourceVersion: '99',
        },
      },
    ];
    expect(same({ pods: renewed }, {})).toBe(true);
  });

  test('does depend on everything that decides something', () => {
    expect(
      same({ pods: [{ ...pod('p1', { istio: 'ingress', app: 'gw' }), ready: false }] }, {}),
    ).toBe(false);
    expect(same({ gateways: two }, { gateways: two.slice(1) })).toBe(false);
    expect(sameContent(content({}), { ...content({}), removed: true })).toBe(false);
  });
});
