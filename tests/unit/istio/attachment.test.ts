import { describe, expect, test } from '@jest/globals';
import {
  attachedRoutes,
  createAttachmentContext,
  type ListenerParent,
} from '../../../shared/domain/istio/gateway-api/attachment.ts';
import { deploymentOf } from '../../../shared/domain/istio/gateway-api/gateways.ts';
import {
  claimPort,
  indexSets,
  joinedSets,
  withPort,
  type PortHolder,
} from '../../../shared/domain/istio/gateway-api/listener-sets.ts';
import { readListeners } from '../../../shared/domain/istio/gateway-api/listeners.ts';
import type { LabelSelector } from '../../../shared/domain/snapshot/label-selector.ts';
import type { ApiGateway, ApiListener, ApiRoute } from '../../../shared/domain/snapshot/objects.ts';
import {
  apiGateway,
  apiListener,
  apiRoute,
  listenerSet,
  mesh,
  meta,
} from '../../fixtures/kubernetes.ts';

const OWNER: ListenerParent = { kind: 'Gateway', meta: meta('apps/edge') };
const NAMESPACES = [
  { name: 'apps', labels: {} },
  { name: 'shop', labels: { team: 'a' } },
  { name: 'blog', labels: { team: 'b' } },
];

function attached(
  listener: ApiListener,
  routes: readonly ApiRoute[],
  owner = OWNER,
): readonly string[] {
  return attachedRoutes(
    listener,
    owner,
    createAttachmentContext({ apiRoutes: [...routes], namespaces: NAMESPACES }, mesh()),
  );
}

describe('istio-port-mapping.md §3: which kinds of routes a listener takes', () => {
  const KINDS = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute'] as const;

  test.each<[string, ApiListener, string[]]>([
    ['HTTP', apiListener('l', 80, 'HTTP'), ['HTTPRoute', 'GRPCRoute']],
    ['HTTPS', apiListener('l', 443, 'HTTPS'), ['HTTPRoute', 'GRPCRoute']],
    ['TCP', apiListener('l', 9000, 'TCP'), ['TCPRoute']],
    [
      'TLS that terminates',
      apiListener('l', 9000, 'TLS', { tlsMode: 'Terminate' }),
      ['TCPRoute', 'TLSRoute'],
    ],
    ['TLS with its mode left out', apiListener('l', 9000, 'TLS'), ['TCPRoute', 'TLSRoute']],
    [
      'TLS that passes through',
      apiListener('l', 9000, 'TLS', { tlsMode: 'Passthrough' }),
      ['TLSRoute'],
    ],
    [
      'TLS in AUTO_PASSTHROUGH',
      apiListener('l', 9000, 'TLS', { tlsMode: 'AUTO_PASSTHROUGH' }),
      ['TLSRoute'],
    ],
    [
      'TCP with a TLS mode, which has no effect',
      apiListener('l', 9000, 'TCP', { tlsMode: 'Terminate' }),
      ['TCPRoute'],
    ],
    ['an unknown protocol', apiListener('l', 9000, 'SCTP'), []],
    [
      'only some kinds allowed',
      apiListener('l', 80, 'HTTP', { allowedKinds: ['GRPCRoute', 'TCPRoute'] }),
      ['GRPCRoute'],
    ],
  ])('%s', (_, listener, kinds) => {
    expect(
      attached(
        listener,
        KINDS.map((kind) => apiRoute(kind, `apps/${kind}`, { name: 'edge' })),
      ).map((route) => route.split(' ')[0]),
    ).toEqual([...kinds].sort());
  });
});

describe('istio-port-mapping.md §3: which routes are attached', () => {
  const web = apiListener('web', 80, 'HTTP', { hostname: 'a.com' });
  const to = (parent: object, fields: Partial<ApiRoute> = {}): ApiRoute =>
    apiRoute('HTTPRoute', 'apps/r', { name: 'edge', ...parent }, fields);

  test.each<[string, ApiRoute, boolean]>([
    ['its name', to({}), true],
    ['another name', to({ name: 'other' }), false],
    ['another namespace', to({ namespace: 'shop' }), false],
    ['another kind', to({ kind: 'ListenerSet' }), false],
    ['the listener', to({ sectionName: 'web' }), true],
    ['another listener', to({ sectionName: 'other' }), false],
    ['the port', to({ port: 80 }), true],
    ['another port', to({ port: 81 }), false],
    ['its host', to({}, { hostnames: ['b.com', 'a.com'] }), true],
    ['a wildcard that covers its host', to({}, { hostnames: ['*.com'] }), true],
    ['other hosts', to({}, { hostnames: ['b.com', 'c.com'] }), false],
    ['no rule at all', to({}, { rules: 0 }), false],
  ])('a route that names %s', (_, route, is) => {
    // Parents with the same name but of another kind or namespace: they must not have any effect.
    const beside: ApiRoute['parents'] = [
      { kind: 'ListenerSet', namespace: 'apps', name: 'edge' },
      { kind: 'Gateway', namespace: 'shop', name: 'edge' },
      { kind: 'Gateway', namespace: 'apps', name: 'beside' },
    ];
    const both = { ...route, parents: [...beside, ...route.parents] };
    expect([attached(web, [route]), attached(web, [both])]).toEqual(
      is ? [['HTTPRoute apps/r'], ['HTTPRoute apps/r']] : [[], []],
    );
  });

  test.each([[undefined], ['']])(
    'a listener whose host is %j takes routes of every host',
    (hostname) => {
      const listener = apiListener('web', 80, 'HTTP', hostname === undefined ? {} : { hostname });
      expect(attached(listener, [to({}, { hostnames: ['b.com'] })])).toHaveLength(1);
    },
  );

  test.each<[ApiListener['allowedNamespaces'], Record<string, string> | undefined, string[]]>([
    ['Same', undefined, ['apps']],
    ['All', undefined, ['apps', 'blog', 'shop', 'unknown']],
    ['None', undefined, []],
    ['Selector', { team: 'a' }, ['shop']],
    ['Selector', { 'kubernetes.io/metadata.name': 'unknown' }, ['unknown']],
    ['Selector', undefined, []],
  ])('from %s %j', (allowedNamespaces, allowedSelector, from) => {
    const listener = apiListener('web', 80, 'HTTP', {
      allowedNamespaces,
      ...(allowedSelector === undefined ? {} : { allowedSelector }),
    });
    const routes = ['apps', 'blog', 'shop', 'unknown'].map((namespace) =>
      apiRoute('HTTPRoute', `${namespace}/r`, { name: 'edge', namespace: 'apps' }),
    );
    expect(attached(listener, routes)).toEqual(from.map((namespace) => `HTTPRoute ${namespace}/r`));
  });

  test.each<[string, LabelSelector['matchExpressions'][number], string[]]>([
    ['In', { key: 'team', operator: 'In', values: ['a', 'b'] }, ['blog', 'shop']],
    ['NotIn', { key: 'team', operator: 'NotIn', values: ['a'] }, ['apps', 'blog', 'unknown']],
    ['Exists', { key: 'team', operator: 'Exists', values: [] }, ['blog', 'shop']],
    ['DoesNotExist', { key: 'team', operator: 'DoesNotExist', values: [] }, ['apps', 'unknown']],
  ])('from a selector with %s', (_, expression, from) => {
    const selector = { matchLabels: {}, matchExpressions: [expression] };
    const listener = apiListener('web', 80, 'HTTP', {
      allowedNamespaces: 'Selector',
      allowedExpressions: selector,
    });
    const all = ['apps', 'blog', 'shop', 'unknown'];
    const routes = all.map((namespace) =>
      apiRoute('HTTPRoute', `${namespace}/r`, { name: 'edge', namespace: 'apps' }),
    );
    expect(attached(listener, routes)).toEqual(from.map((namespace) => `HTTPRoute ${namespace}/r`));
    const sets = all.map((namespace) => listenerSet(`${namespace}/set`, 'edge', []));
    const gateway = apiGateway('apps/edge', [], {
      allowedListeners: 'Selector',
      allowedListenersExpressions: selector,
    });
    const namespaces = new Map(NAMESPACES.map(({ name, labels }) => [name, labels]));
    expect(
      joinedSets(gateway, sets, namespaces)
        .filter(({ allowed }) => allowed)
        .map(({ set }) => set.meta.namespace),
    ).toEqual(from);
  });

  test('several are listed, the oldest first, and a route with two parents once', () => {
    const old = {
      ...to({}),
      meta: meta('apps/old', { age: 5 }),
      parents: [...to({ sectionName: 'web' }).parents, ...to({ port: 80 }).parents],
    };
    expect(attached(web, [to({}), old])).toEqual(['HTTPRoute apps/old', 'HTTPRoute apps/r']);
  });

  test('those of a ListenerSet go to the set, not to a Gateway of its name', () => {
    const owner: ListenerParent = { kind: 'ListenerSet', meta: meta('apps/edge') };
    expect(attached(web, [to({ kind: 'ListenerSet' })], owner)).toEqual(['HTTPRoute apps/r']);
    expect(attached(web, [to({})], owner)).toEqual([]);
  });
});

describe('istio-port-mapping.md §3: what a listener becomes', () => {
  function read(listener: ApiListener, gateway: Partial<Parameters<typeof apiGateway>[2]> = {}) {
    const one = apiGateway('apps/edge', [listener], gateway);
    const [found] = readListeners(
      one,
      [],
      [],
      createAttachmentContext({ apiRoutes: [], namespaces: NAMESPACES }, mesh()),
    );
    return found;
  }
  const spec = (...args: Parameters<typeof read>) => {
    const server = read(...args)?.server;
    return server !== undefined && 'spec' in server ? server.spec : undefined;
  };

  test.each<[string, Partial<ApiListener>, string[]]>([
    ['its own namespace', { allowedNamespaces: 'Same' }, ['apps/a.com']],
    ['all', { allowedNamespaces: 'All' }, ['a.com']],
    ['none', { allowedNamespaces: 'None' }, ['~/a.com']],
    [
      'those with a label',
      { allowedNamespaces: 'Selector', allowedSelector: { team: 'a' } },
      ['shop/a.com'],
    ],
    [
      'a label that no pod has',
      { allowedNamespaces: 'Selector', allowedSelector: { team: 'z' } },
      ['~/a.com'],
    ],
  ])('hosts carry the namespaces whose routes may attach: %s', (_, fields, hosts) => {
    expect(spec(apiListener('web', 443, 'HTTPS', { hostname: 'a.com', ...fields }))?.hosts).toEqual(
      hosts,
    );
  });

  test('its own namespace is known without its Namespace object', () => {
    const one = apiGateway('apps/edge', [apiListener('web', 80, 'HTTP', { hostname: 'a.com' })]);
    const server = readListeners(
      one,
      [],
      [],
      createAttachmentContext({ namespaces: [], apiRoutes: [] }, mesh()),
    )[0]?.server;
    expect(server !== undefined && 'spec' in server && server.spec.hosts).toEqual(['apps/a.com']);
  });

  test('several namespaces come in order, an absent or empty host is every host', () => {
    const world = { namespaces: NAMESPACES.toReversed(), apiRoutes: [] };
    const one = apiGateway('apps/edge', [
      apiListener('web', 80, 'HTTP', {
        hostname: '',
        allowedNamespaces: 'Selector',
        allowedSelector: {},
      }),
    ]);
    const server = readListeners(one, [], [], createAttachmentContext(world, mesh()))[0]?.server;
    expect(server !== undefined && 'spec' in server && server.spec.hosts).toEqual([
      'apps/*',
      'blog/*',
      'shop/*',
    ]);
    expect(spec(apiListener('web', 80, 'HTTP'))?.hosts).toEqual(['apps/*']);
  });

  test.each([
    ['HTTP', undefined, undefined, 'http', 'HTTP'],
    ['HTTPS', 'Terminate', 'SIMPLE', 'https', 'HTTPS'],
    ['TLS', 'Terminate', 'SIMPLE', 'tls', 'TLS_TERMINATE'],
    ['TLS', 'Passthrough', 'PASSTHROUGH', 'tls', 'TLS_PASSTHROUGH'],
    ['TLS', 'AUTO_PASSTHROUGH', 'AUTO_PASSTHROUGH', 'tls', 'TLS_AUTO_PASSTHROUGH'],
    ['TLS', undefined, 'SIMPLE', 'tls', 'TLS_TERMINATE'],
    ['TCP', 'Terminate', undefined, 'tcp', 'TCP'],
  ])('%s with mode %s', (protocol, tlsMode, tls, family, kind) => {
    expect(
      spec(apiListener('l', 9000, protocol, tlsMode === undefined ? {} : { tlsMode })),
    ).toMatchObject({ family, kind, ...(tls === undefined ? {} : { tls }) });
  });

  test.each<[string, Partial<ApiListener>, Record<string, string>, string]>([
    [
      'on the port agreed by default',
      { port: 15_443, tlsMode: 'Passthrough' },
      {},
      'AUTO_PASSTHROUGH',
    ],
    [
      'on the port that a label names',
      { port: 9443, tlsMode: 'Passthrough' },
      { 'networking.istio.io/gatewayPort': '9443' },
      'AUTO_PASSTHROUGH',
    ],
    ['on another port', { port: 9443, tlsMode: 'Passthrough' }, {}, 'PASSTHROUGH'],
    ['with its mode left out', { port: 15_443 }, {}, 'SIMPLE'],
  ])('a Gateway of another network passes through by itself %s', (_, fields, more, tls) => {
    const labels = { 'topology.istio.io/network': 'n1', ...more };
    expect(spec(apiListener('l', 15_443, 'TLS', fields), { labels })?.tls).toBe(tls);
    expect(
      spec(apiListener('l', 15_443, 'TLS', { ...fields, tlsMode: 'Passthrough' }), { labels: more })
        ?.tls,
    ).toBe('PASSTHROUGH');
  });

  test('bind is the wildcard, and its name identifies the listener', () => {
    expect(spec(apiListener('web', 443, 'HTTPS'))).toMatchObject({
      bind: '',
      name: 'web',
      configName: 'default.apps/edge~istio-autogenerated-k8s-gateway~web',
      namespace: 'apps',
    });
  });
});

describe('istio-port-mapping.md §3: which Services a Gateway refers to', () => {
  const of = (fields: Partial<ApiGateway>, classes = ['istio']) =>
    deploymentOf({ ...apiGateway('apps/edge', []), ...fields }, { gatewayClasses: classes });
  const hosts = (...values: string[]): Partial<ApiGateway> => ({
    addresses: values.map((value) => ({ type: 'Hostname', value })),
  });

  test.each<[string, Partial<ApiGateway>, object]>([
    ['a short name', hosts('s'), { mode: 'manual', services: ['apps/s'] }],
    [
      'a long name',
      hosts('s.apps.svc.cluster.local', 't.apps'),
      { mode: 'manual', services: ['apps/s', 'apps/t'] },
    ],
    [
      'one in this namespace and one elsewhere',
      hosts('s', 't.other'),
      { mode: 'manual', services: ['apps/s'] },
    ],
    [
      'only elsewhere',
      hosts('t.other'),
      {
        mode: 'none',
        code: 'MAP207',
        reason: expect.stringContaining('(t.other) names no Service in namespace apps'),
      },
    ],
    ['an empty name', hosts('', '.apps'), { mode: 'none', code: 'MAP207' }],
  ])('%s', (_, fields, deployment) => {
    expect(of(fields)).toMatchObject(deployment);
  });

  test.each([
    ['istio-remote', 'is never programmed by istiod'],
    ['istio-waypoint', 'makes waypoints'],
    ['istio-east-west', 'makes ambient east-west gateways'],
    ['nginx', "is not one of Istio's ingress classes"],
  ])('class %s refers to none and says why', (name, why) => {
    expect(of({ class: name })).toMatchObject({
      mode: 'none',
      code: 'MAP206',
      reason: expect.stringContaining(`gatewayClassName ${name} ${why}`),
    });
  });
});

describe('istio-port-mapping.md §3: ListenerSets and shared ports', () => {
  test.each([
    ['HTTP', 0, 80],
    ['HTTPS', 0, 443],
    ['TCP', 0, 0],
    ['HTTP', 8080, 8080],
  ])('%s port %i is %i', (protocol, port, number) => {
    expect(withPort(apiListener('l', port, protocol)).port).toBe(number);
  });

  test('sets are found by their Gateway, oldest first, then by name; another kind of parent is none', () => {
    const sets = [
      listenerSet('apps/b', 'apps/edge', []),
      listenerSet('apps/a', 'apps/edge', []),
      listenerSet('shop/old', 'apps/edge', [], { age: 3 }),
      listenerSet('apps/else', 'apps/other', []),
    ];
    const service = {
      ...listenerSet('apps/s', 'apps/edge', []),
      parent: { kind: 'Service', namespace: 'apps', name: 'edge' },
    };
    for (const input of [sets, sets.toReversed()]) {
      expect(
        indexSets([...input, service])
          .get('apps/edge')
          ?.map(({ meta: { namespace, name } }) => `${namespace}/${name}`),
      ).toEqual(['shop/old', 'apps/a', 'apps/b']);
    }
  });

  test.each<[string, ApiListener[], (string | undefined)[]]>([
    [
      'HTTP listeners differ by host',
      [
        apiListener('a', 80, 'HTTP', { hostname: 'a.com' }),
        apiListener('b', 80, 'HTTP', { hostname: 'b.com' }),
        apiListener('c', 80, 'HTTP', { hostname: 'b.com' }),
      ],
      [undefined, undefined, 'b'],
    ],
    [
      'a rejected listener does not block its host',
      [apiListener('a', 80, 'HTTP'), apiListener('b', 80, 'HTTP'), apiListener('c', 80, 'HTTP')],
      [undefined, 'a', 'a'],
    ],
    [
      'a missing host equals an empty one',
      [apiListener('a', 80, 'HTTP'), apiListener('b', 80, 'HTTP', { hostname: '' })],
      [undefined, 'a'],
    ],
    [
      'TCP cannot share the port',
      [
        apiListener('a', 80, 'TCP'),
        apiListener('b', 80, 'HTTP', { hostname: 'b.com' }),
        apiListener('c', 80, 'TCP'),
      ],
      [undefined, 'a', 'a'],
    ],
    [
      'and nothing can share a port with TCP',
      [
        apiListener('a', 80, 'HTTP', { hostname: 'a.com' }),
        apiListener('b', 80, 'TCP', { hostname: 'b.com' }),
      ],
      [undefined, 'a'],
    ],
    [
      'different ports do not conflict',
      [apiListener('a', 80, 'TCP'), apiListener('b', 81, 'TCP')],
      [undefined, undefined],
    ],
  ])('%s', (_, listeners, against) => {
    const holders = new Map<number, PortHolder<string>>();
    expect(listeners.map((listener) => claimPort(listener, listener.name, holders))).toEqual(
      against,
    );
  });
});
