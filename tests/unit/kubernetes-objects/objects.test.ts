import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { MAX_STRING_CHARACTERS } from '../../../shared/domain/json-bounds.ts';
import {
  normalise,
  normaliseConfigMap,
  normaliseGateway,
  normaliseObjects,
  normaliseVirtualService,
} from '../../../shared/kubernetes/objects/index.ts';

const meta = (name: string, fields: object = {}): object => ({
  name,
  namespace: 'team',
  ...fields,
});
const empty = normaliseObjects([]).objects;

describe('objects of many kinds', () => {
  test.each([
    ['networking.istio.io/v1', 'Gateway', 'gateways'],
    ['networking.istio.io/v1beta1', 'Gateway', 'gateways'],
    ['networking.istio.io/v1alpha3', 'Gateway', 'gateways'],
    ['networking.istio.io/v1', 'VirtualService', 'virtualServices'],
    ['networking.istio.io/v1alpha3', 'VirtualService', 'virtualServices'],
    ['v1', 'Service', 'services'],
    ['v1', 'Pod', 'pods'],
    ['v1', 'Node', 'nodes'],
    ['v1', 'Namespace', 'namespaces'],
    ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointSlices'],
    ['gateway.networking.k8s.io/v1', 'Gateway', 'apiGateways'],
    ['gateway.networking.k8s.io/v1beta1', 'Gateway', 'apiGateways'],
    ['gateway.networking.k8s.io/v1', 'ListenerSet', 'listenerSets'],
    ['gateway.networking.x-k8s.io/v1alpha1', 'XListenerSet', 'listenerSets'],
    ['gateway.networking.k8s.io/v1', 'HTTPRoute', 'apiRoutes'],
    ['gateway.networking.k8s.io/v1', 'GRPCRoute', 'apiRoutes'],
    ['gateway.networking.k8s.io/v1alpha2', 'TCPRoute', 'apiRoutes'],
    ['gateway.networking.k8s.io/v1alpha3', 'TLSRoute', 'apiRoutes'],
    ['gateway.networking.k8s.io/v1alpha2', 'UDPRoute', 'apiRoutes'],
  ] as const)('%s %s', (apiVersion, kind, list) => {
    const raw = { apiVersion, kind, metadata: meta('x') };
    const { objects, ignored } = normaliseObjects([raw]);
    expect(ignored).toEqual([]);
    expect({ ...objects, [list]: [] }).toEqual(empty);
    expect(objects[list]).toHaveLength(1);
    expect(normalise({ apiVersion, kind }, raw)).toEqual({ of: list, object: objects[list][0] });
  });

  test('a List, a list of one kind whose items say nothing, and lists within lists', () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: meta('a') };
    const pods = {
      apiVersion: 'v1',
      kind: 'PodList',
      items: [{ metadata: meta('p') }, { metadata: meta('q') }],
    };
    const { objects } = normaliseObjects([
      {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          service,
          pods,
          { apiVersion: 'v1', kind: 'List', items: [{ ...service, metadata: meta('b') }] },
        ],
      },
    ]);
    expect(objects.services.map((one) => one.meta.name)).toEqual(['a', 'b']);
    expect(objects.pods.map((one) => one.meta.name)).toEqual(['p', 'q']);
  });

  test.each([
    [
      'another kind',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('d') },
      {
        kind: 'Deployment',
        name: 'team/d',
        reason: 'apps/v1 Deployment does not affect the port mapping',
      },
    ],
    [
      'an unknown version',
      { apiVersion: 'networking.istio.io/v2', kind: 'Gateway', metadata: meta('g') },
      {
        kind: 'Gateway',
        name: 'team/g',
        reason: 'version v2 is not supported; use one of v1, v1beta1, v1alpha3',
      },
    ],
    [
      'no name',
      { apiVersion: 'v1', kind: 'Service', metadata: {} },
      { kind: 'Service', name: '', reason: 'metadata.name is missing' },
    ],
    [
      'no metadata',
      { apiVersion: 'v1', kind: 'Service' },
      { kind: 'Service', name: '', reason: 'metadata.name is missing' },
    ],
    [
      'a ConfigMap of another program',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('c') },
      {
        kind: 'ConfigMap',
        name: 'team/c',
        reason: 'it has no label f5type: virtual-server, so it is not an F5 ConfigMap',
      },
    ],
    [
      'an F5 ConfigMap that F5 CIS and the watcher do not find',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...meta('c'), labels: { f5type: 'handed-over' } },
      },
      {
        kind: 'ConfigMap',
        name: 'team/c',
        reason: 'it has no label f5type: virtual-server, so it is not an F5 ConfigMap',
      },
    ],
    [
      'a pod that has ended',
      { apiVersion: 'v1', kind: 'Pod', metadata: meta('p'), status: { phase: 'Failed' } },
      { kind: 'Pod', name: 'team/p', reason: 'the pod has ended' },
    ],
    [
      'a value that is not an object',
      'text',
      { kind: '', name: '', reason: 'it is not an object' },
    ],
  ])('%s is ignored, with the reason', (_, raw, expected) => {
    expect(normaliseObjects([raw])).toEqual({ objects: empty, ignored: [expected] });
  });

  test('an empty document between two others is ignored', () => {
    expect(normaliseObjects([null, undefined])).toEqual({ objects: empty, ignored: [] });
  });

  test('labels and the kept annotations stay, others do not; a Date is a time', () => {
    const metadata = meta('s', {
      uid: 'u',
      resourceVersion: '7',
      creationTimestamp: new Date('2026-01-02T03:04:05Z'),
      labels: { a: 'b', n: 1 },
      annotations: {
        'sluice.io/mode': 'tcp',
        'cis.f5.com/ip': '1.2.3.4',
        'virtual-server.f5.com/ip': '1.2.3.4',
        'gateway.istio.io/name-override': 'x',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
      },
    });
    expect(
      normaliseObjects([{ apiVersion: 'v1', kind: 'Service', metadata }]).objects.services[0]?.meta,
    ).toEqual({
      namespace: 'team',
      name: 's',
      uid: 'u',
      resourceVersion: '7',
      created: '2026-01-02T03:04:05.000Z',
      labels: { a: 'b', n: '1' },
      annotations: {
        'sluice.io/mode': 'tcp',
        'cis.f5.com/ip': '1.2.3.4',
        'virtual-server.f5.com/ip': '1.2.3.4',
        'gateway.istio.io/name-override': 'x',
      },
    });
  });
});

describe('whatever comes in', () => {
  const KINDS = [
    'Gateway',
    'VirtualService',
    'Service',
    'Pod',
    'Node',
    'Namespace',
    'ConfigMap',
    'EndpointSlice',
    'ListenerSet',
    'TCPRoute',
    'List',
    'PodList',
  ];
  const GROUPS = [
    'networking.istio.io/v1',
    'v1',
    'gateway.networking.k8s.io/v1',
    'discovery.k8s.io/v1',
  ];
  const FIELDS = [
    'servers',
    'port',
    'ports',
    'hosts',
    'selector',
    'tls',
    'http',
    'tcp',
    'match',
    'route',
    'gateways',
    'listeners',
    'addresses',
    'allowedRoutes',
    'namespaces',
    'containers',
    'args',
    'env',
    'endpoints',
    'conditions',
    'rules',
    'parentRefs',
    'parentRef',
    'backendRefs',
    'number',
    'protocol',
    'name',
    'kind',
    'from',
    'matchExpressions',
  ];

  const node = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.constantFrom(null, true, 0, 80, Number.NaN, 1e99, '', 'x', 'Ready', '*'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  const raw = fc.record(
    {
      apiVersion: fc.constantFrom(...GROUPS),
      kind: fc.constantFrom(...KINDS),
      metadata: fc.oneof(fc.constant({ name: 'x', labels: { f5type: 'virtual-server' } }), node),
      spec: node,
      status: node,
      endpoints: node,
      data: node,
      items: node,
    },
    { requiredKeys: ['apiVersion', 'kind', 'metadata'] },
  );

  test('it never throws, and what comes out fits the types of the domain', () => {
    fc.assert(
      fc.property(fc.array(raw, { maxLength: 5 }), (objects) => {
        expect(
          KubernetesObjects.safeParse(normaliseObjects(objects).objects).error,
        ).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

/**
 * Red without the cut in `read.ts`: one object of one namespace would make the snapshots of all
 * ingresses unreadable (Q615).
 */
describe('no string of an object is longer than a snapshot may hold', () => {
  const long = 'x'.repeat(MAX_STRING_CHARACTERS + 1);
  const longest = (value: unknown): number => {
    if (typeof value === 'string') return value.length;
    return typeof value === 'object' && value !== null
      ? Math.max(0, ...Object.entries(value).flat().map(longest))
      : 0;
  };

  test.each<[string, unknown]>([
    [
      'a ConfigMap',
      normaliseConfigMap({ metadata: { name: 'c', namespace: 'n' }, data: { data: long } }),
    ],
    [
      'a selector',
      normaliseGateway({ metadata: { name: 'g' }, spec: { selector: { [long]: long } } }),
    ],
    [
      'a host',
      normaliseGateway({
        metadata: { name: 'g' },
        spec: { servers: [{ port: { number: 1, protocol: long }, hosts: [long] }] },
      }),
    ],
    [
      'a server that cannot be read',
      normaliseGateway({
        metadata: { name: 'g' },
        spec: {
          servers: [{ port: long }, { port: { number: 1, protocol: 'TCP' }, hosts: [1, long] }],
        },
      }),
    ],
    [
      'a VirtualService',
      normaliseVirtualService({
        metadata: { name: 'v' },
        spec: { hosts: [long], gateways: [long], exportTo: [long] },
      }),
    ],
  ])('in %s', (_, object) => {
    expect(longest(object)).toBeGreaterThan(100);
    expect(longest(object)).toBeLessThanOrEqual(MAX_STRING_CHARACTERS);
  });

  test('and a host or a name, which sentences quote, is far shorter', () => {
    expect(
      normaliseGateway({
        metadata: { name: 'g' },
        spec: { servers: [{ port: { number: 1, protocol: long }, hosts: [long] }] },
      }).servers,
    ).toMatchObject([{ hosts: ['x'.repeat(4_096)] }]);
  });

  test('and what annotations may hold is left as it is', () => {
    const text = 'x'.repeat(MAX_STRING_CHARACTERS);
    expect(
      normaliseGateway({ metadata: { name: 'g', annotations: { 'sluice.io/port': text } } }).meta
        .annotations,
    ).toEqual({ 'sluice.io/port': text });
  });
});
