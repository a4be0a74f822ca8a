import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DepartedPods } from '../../../functions/watch/view/departed-pods.ts';
import {
  ClusterIndex,
  type IndexedObjects,
  type IndexedObject,
} from '../../../functions/watch/cache/cluster-index.ts';
import { IngressView } from '../../../functions/watch/view/ingress-view.ts';
import type {
  ConfigMap,
  EndpointSlice,
  KubernetesObjects,
  ListenerSet,
  Node,
} from '../../../shared/domain/snapshot/objects.ts';
import * as k from '../../fixtures/kubernetes.ts';
import { anyCluster } from '../istio/cluster.ts';
import { selectMesh, selectObjects } from './reference.ts';

type List = keyof IndexedObjects;

/**
 * Seen from two ingresses of one namespace and one of another, with pods and with nodes as members.
 */
const VIEWERS = ['istio-system/istio-ingressgateway', 'istio-system/s1', 'team-a/s1'].flatMap(
  (name) => {
    const [namespace = '', service = ''] = name.split('/');
    return (['pods', 'nodes'] as const).map((members) => ({
      ref: { namespace, service },
      members,
    }));
  },
);

const small = fc.integer({ min: 0, max: 3 });
const somewhere = fc.constantFrom('istio-system', 'team-a');
const version = fc.constantFrom('1', '2');
const labelled = fc.constantFrom<Record<string, string>>({ ...k.LABELS }, { canary: 'yes' }, {});

const node: fc.Arbitrary<Node> = fc
  .record({ i: small, ready: fc.boolean() })
  .map(({ i, ready }) => ({
    meta: k.meta(`/node-${i}`, { namespace: '' }),
    addresses: [],
    ready,
    unschedulable: false,
  }));
const slice: fc.Arbitrary<EndpointSlice> = fc
  .record({
    i: small,
    namespace: somewhere,
    service: fc.constantFrom('istio-ingressgateway', 's1', 's2'),
  })
  .map(({ i, namespace, service }) => ({
    meta: k.meta(`${namespace}/e${i}`),
    service,
    addressType: 'IPv4',
    endpoints: [],
  }));
const configMap: fc.Arbitrary<ConfigMap> = fc
  .record({ i: small, namespace: somewhere, version })
  .map(({ i, namespace, version: data }) => ({
    meta: k.meta(`${namespace}/c${i}`),
    data: { data },
  }));
const listenerSet: fc.Arbitrary<ListenerSet> = fc
  .record({ i: small, namespace: somewhere, parent: small })
  .map(({ i, namespace, parent }) => ({
    meta: k.meta(`${namespace}/l${i}`),
    parent: { kind: 'Gateway', namespace: 'istio-system', name: `a${parent}` },
    listeners: [],
  }));
const setRoute = fc
  .record({ i: small, namespace: somewhere, parent: small })
  .map(({ i, namespace, parent }) =>
    k.apiRoute('TCPRoute', `${namespace}/t${i}`, { kind: 'ListenerSet', name: `l${parent}` }),
  );
const namespaceLabels = fc
  .record({ name: fc.constantFrom('istio-system', 'team-a', 'team-b'), version })
  .map(({ name, version: v }) => ({ name, labels: { v } }));
const farPod = fc
  .record({ i: small, labels: labelled, nodeName: fc.constantFrom('node-0', 'node-1') })
  .map(({ i, ...fields }) => k.pod(`team-a/p${i}`, fields));
const farService = fc
  .record({ i: small, selector: labelled })
  .map(({ i, selector }) => k.service(`team-a/s${i}`, [], { selector }));

/**
 * Hosts of one Service, of a namespace, and of all; the Services have TCP or UDP ports, or lead out
 * of the cluster.
 */
const meshHosts = fc.uniqueArray(
  fc.constantFrom(
    'm0.team-a.svc.cluster.local',
    'team-a/s0.team-a.svc.cluster.local',
    's0.istio-system.svc.cluster.local',
    '*.team-b.svc.cluster.local',
    '*.team-a.svc.cluster.local',
    '*.local',
  ),
  { minLength: 1, maxLength: 2 },
);
const meshGateway = fc
  .record({
    i: small,
    hosts: fc.array(meshHosts, { minLength: 1, maxLength: 2 }),
    selector: fc.constantFrom<Record<string, string>>(
      { istio: 'ingressgateway' },
      {},
      { no: 'pod' },
    ),
  })
  .map(({ i, hosts, selector }) =>
    k.gateway(
      `team-a/g${i}`,
      hosts.map((names) => k.server(15_443, 'TLS', { tls: 'AUTO_PASSTHROUGH', hosts: names })),
      { selector },
    ),
  );
const meshListener = fc
  .record({
    i: small,
    hostname: fc.option(
      fc.constantFrom('m0.team-a.svc.cluster.local', '*.team-b.svc.cluster.local'),
      { nil: undefined },
    ),
  })
  .map(({ i, hostname }) =>
    k.apiGateway(`istio-system/a${i}`, [
      k.apiListener('mesh', 15_443, 'TLS', {
        tlsMode: 'AUTO_PASSTHROUGH',
        ...(hostname === undefined ? {} : { hostname }),
      }),
    ]),
  );
const meshService = fc
  .record({
    namespace: fc.constantFrom('team-a', 'team-b', 'istio-system'),
    name: fc.constantFrom('m0', 's0'),
    age: small,
    protocol: fc.constantFrom('TCP', 'TCP', 'UDP'),
    type: fc.constantFrom('ClusterIP', 'ClusterIP', 'ExternalName'),
  })
  .map(({ namespace, name, age, protocol, type }) =>
    k.service(`${namespace}/${name}`, [k.servicePort(80, { protocol })], {
      age,
      type,
      selector: {},
    }),
  );

/** It may be one of the ingress, which then fulfils the demand itself. */
const meshSibling = fc
  .record({ namespace: somewhere, protocol: fc.constantFrom('TCP', 'UDP'), selector: labelled })
  .map(({ namespace, protocol, selector }) =>
    k.service(`${namespace}/s0`, [k.servicePort(80, { protocol })], { selector }),
  );

/**
 * Objects of several random clusters: many have the same name, so that one counts as the next
 * version of the other.
 */
const pool: fc.Arbitrary<readonly IndexedObject[]> = fc
  .tuple(
    fc.array(anyCluster, { minLength: 1, maxLength: 3 }),
    fc.array(
      fc.record({
        nodes: node,
        endpointSlices: slice,
        configMaps: configMap,
        listenerSets: listenerSet,
        apiRoutes: setRoute,
        namespaces: namespaceLabels,
        pods: farPod,
        services: farService,
      }),
      { maxLength: 6 },
    ),
    fc.array(
      fc.record({
        gateways: meshGateway,
        meshServices: meshService,
        apiGateways: meshListener,
        services: meshSibling,
      }),
      { maxLength: 6 },
    ),
  )
  .map(([clusters, more, mesh]) => [
    ...clusters.flatMap((cluster) =>
      Object.entries(cluster).flatMap(([of, objects]) =>
        (Array.isArray(objects) ? (objects as object[]) : []).map(
          (object) => ({ of, object }) as IndexedObject,
        ),
      ),
    ),
    ...[...more, ...mesh].flatMap((entry) =>
      Object.entries(entry).map(([of, object]) => ({ of, object }) as IndexedObject),
    ),
  ]);

interface Step {
  readonly pick: number;
  readonly gone: boolean;
  readonly look: boolean;
  readonly departs: boolean;
}
const often = (times: number): fc.Arbitrary<boolean> => fc.nat({ max: 9 }).map((n) => n < times);
const steps = fc.array(
  fc.record<Step>({
    pick: fc.nat({ max: 999 }),
    gone: often(3),
    look: often(6),
    departs: often(1),
  }),
  { minLength: 1, maxLength: 60 },
);

/** The initial objects. */
function history(objects: readonly IndexedObject[], then: readonly Step[]): readonly Step[] {
  return [
    ...objects.map((_, pick) => ({ pick, gone: false, look: false, departs: false })),
    ...then,
  ];
}

const nameOf = (one: IndexedObject): string =>
  'name' in one.object
    ? one.object.name
    : `${one.of === 'apiRoutes' ? one.object.kind : ''} ${one.object.meta.namespace}/${one.object.meta.name}`;

/** The present objects, without any index. */
class Cluster {
  readonly lists = new Map<List, Map<string, IndexedObject>>();

  take(one: IndexedObject, gone: boolean): void {
    const list = this.lists.get(one.of) ?? new Map<string, IndexedObject>();
    this.lists.set(one.of, list);
    if (gone) list.delete(nameOf(one));
    else list.set(nameOf(one), one);
  }

  /**
   * A deletion is reported with the last known version; nothing is reported for an object that does
   * not exist.
   */
  told(one: IndexedObject | undefined, gone: boolean): IndexedObject | undefined {
    return one === undefined || !gone ? one : this.lists.get(one.of)?.get(nameOf(one));
  }

  objects(): IndexedObjects {
    const lists = Object.fromEntries(
      [...this.lists].map(([of, list]) => [of, [...list.values()].map(({ object }) => object)]),
    );
    return {
      ...k.objects(lists),
      meshServices: (lists['meshServices'] ?? []) as IndexedObjects['meshServices'],
      referenceGrants: [],
      meshConfigs: [],
      ingresses: [],
      envoyFilters: [],
      ciliumNodes: [],
      blockAffinities: [],
    };
  }
}

interface Watched {
  readonly view: IngressView;
  readonly departures: DepartedPods;
  readonly reference: (all: IndexedObjects) => KubernetesObjects | undefined;
  /** The content of the view, with the Services of the rest of the cluster as a separate list. */
  readonly selected: (all: IndexedObjects) => Partial<IndexedObjects>;
}

function watch(index: ClusterIndex): readonly Watched[] {
  return VIEWERS.map(({ ref, members }) => {
    const departures = new DepartedPods(1_000);
    const among = (all: IndexedObjects): IndexedObjects => ({
      ...all,
      pods: [...departures.among(all.pods)],
    });
    const reference = (all: IndexedObjects): KubernetesObjects | undefined =>
      selectObjects(ref, among(all), members);
    const selected = (all: IndexedObjects): Partial<IndexedObjects> => ({
      ...reference(all),
      meshServices: [...selectMesh(ref, among(all))],
    });
    return {
      view: new IngressView({ ref, members, index, departures }),
      departures,
      reference,
      selected,
    };
  });
}

const CHANGE = {
  what: 'deleted',
  kind: 'Pod',
  namespace: '',
  name: '',
  resourceVersion: '',
} as const;

/**
 * Seen red without `before` in `notice`, without `#virtualServices.drop()` after a Gateway, with an
 * index that keeps an old group, with a mesh Service that is kept after a Service of the ingress
 * changed, with one that an older Service does not replace, with routes that are kept when a
 * Gateway is deleted or read by other pods, and with Gateways of the Gateway API that are kept
 * after the Service was deleted.
 */
describe('what an ingress sees of the cluster', () => {
  test('is the result of a computation from scratch, after any history', () => {
    fc.assert(
      fc.property(pool, steps, (objects, then) => {
        const [index, cluster] = [new ClusterIndex(), new Cluster()];
        const watched = watch(index);
        history(objects, then).forEach(({ pick, gone, look, departs }, now) => {
          const observed = cluster.told(objects[pick % objects.length], gone);
          if (observed === undefined) return;
          cluster.take(observed, gone);
          const before = index.apply(gone ? 'deleted' : 'added', observed);
          for (const { view, departures, reference } of watched) {
            view.notice({ observed, before });
            if (departs && observed.of === 'pods') {
              const since = { epoch: 1, counter: now };
              departures.add(observed.object, { change: CHANGE, now, since });
              view.departed();
            }
            if (look) expect(view.objects()).toEqual(reference(cluster.objects()));
          }
        });
        for (const { view, reference } of watched)
          expect(view.objects()).toEqual(reference(cluster.objects()));
      }),
      { numRuns: 100 },
    );
  });

  test('contains nothing that was deleted while its Service did not exist', () => {
    const index = new ClusterIndex();
    const view = new IngressView({
      ref: { namespace: 'istio-system', service: 'istio-ingressgateway' },
      members: 'pods',
      index,
      departures: new DepartedPods(0),
    });
    const happens = (what: 'added' | 'deleted', observed: IndexedObject): void =>
      void view.notice({ observed, before: index.apply(what, observed) });
    const service: IndexedObject = {
      of: 'services',
      object: k.service('istio-system/istio-ingressgateway', []),
    };
    const gateway: IndexedObject = {
      of: 'apiGateways',
      object: k.apiGateway('istio-system/a0', []),
    };
    happens('added', service);
    happens('added', gateway);
    expect(view.objects()?.apiGateways).toEqual([gateway.object]);
    happens('deleted', service);
    happens('deleted', gateway);
    happens('added', service);
    expect(view.objects()?.apiGateways).toEqual([]);
  });

  test('is touched only by objects that are in it or were in it', () => {
    fc.assert(
      fc.property(pool, steps, (objects, then) => {
        const [index, cluster] = [new ClusterIndex(), new Cluster()];
        const watched = watch(index);
        const selects = (
          selection: Partial<IndexedObjects>,
          { of, object }: IndexedObject,
        ): boolean => (selection[of] ?? []).some((one) => one === object);
        for (const { pick, gone } of history(objects, then)) {
          const observed = cluster.told(objects[pick % objects.length], gone);
          if (observed === undefined) continue;
          const earlier = watched.map(({ selected }) => selected(cluster.objects()));
          cluster.take(observed, gone);
          const before = index.apply(gone ? 'deleted' : 'added', observed);
          watched.forEach(({ view, selected }, i) => {
            const touched =
              (before !== undefined && selects(earlier[i] ?? {}, before)) ||
              (!gone && selects(selected(cluster.objects()), observed));
            const seen = view.notice({ observed, before });
            expect(seen).toBe(touched || isViewed(i, observed));
          });
        }
      }),
      { numRuns: 100 },
    );
  });

  test('does not depend on the order in which the objects came', () => {
    fc.assert(
      fc.property(
        pool.chain((objects) =>
          fc.tuple(
            fc.constant(objects),
            fc.shuffledSubarray([...objects], {
              minLength: objects.length,
              maxLength: objects.length,
            }),
          ),
        ),
        ([objects, others]) => {
          const unique = (list: readonly IndexedObject[]): readonly IndexedObject[] =>
            list.filter(
              (one) =>
                objects.findLast(
                  (other) => other.of === one.of && nameOf(other) === nameOf(one),
                ) === one,
            );
          const seen = [unique(objects), unique(others)].map((list) => {
            const index = new ClusterIndex();
            for (const one of list) index.apply('added', one);
            return watch(index).map(({ view }) => view.objects());
          });
          expect(seen[0]).toEqual(seen[1]);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** The ingress Service itself is always checked. */
function isViewed(i: number, observed: IndexedObject): boolean {
  const { ref } = VIEWERS[i] ?? { ref: { namespace: '', service: '' } };
  return (
    observed.of === 'services' &&
    observed.object.meta.namespace === ref.namespace &&
    observed.object.meta.name === ref.service
  );
}
