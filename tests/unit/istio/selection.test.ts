import { describe, expect, test } from '@jest/globals';
import { mapAll } from '../../../shared/domain/istio/map-ingress.ts';
import {
  apiGateway,
  apiListener,
  cluster,
  gateway,
  gatewayPod,
  ingressService,
  LABELS,
  mesh,
  objects,
  pod,
  server,
  service,
  servicePort,
  tcpRoute,
  virtualService,
} from '../../fixtures/kubernetes.ts';
import { listens, mapped, reportIn, said } from './ask.ts';

const HTTP = [server(80, 'HTTP')];

describe('istio-port-mapping.md §1.1: who gets a Gateway', () => {
  test.each([
    ['one label of several', { istio: 'ingressgateway' }, true],
    ['all labels', { ...LABELS }, true],
    ['no selector at all', {}, true],
    ['one label right and one wrong', { istio: 'ingressgateway', app: 'other' }, false],
    ['a label that the pod lacks', { team: 'a' }, false],
    ['a value with the same beginning only', { istio: 'ingress' }, false],
  ])('a selector with %s', (_, selector, selected) => {
    const mapping = mapped(cluster({ gateways: [gateway('g', HTTP, { selector })] }));
    expect(mapping.servers.map(({ gateway: key, verdict }) => `${key} ${verdict}`)).toEqual(
      selected ? ['default/g listening'] : [],
    );
    expect(listens(mapping)).toEqual(selected ? ['80/tcp HTTP'] : []);
  });

  test('the namespace of a Gateway does not matter, unless Gateways are scoped to theirs', () => {
    const there = cluster({
      gateways: [gateway('team-a/g', HTTP), gateway('istio-system/g', HTTP)],
    });
    expect(mapped(there).servers.map(({ verdict }) => verdict)).toEqual(['listening', 'listening']);
    const scoped = mapped(there, { scopeGatewayToNamespace: true });
    expect(said(scoped, 'team-a/g')).toBe('not-selected MAP202');
    expect(said(scoped, 'istio-system/g')).toBe('listening OK');
    expect(reportIn(scoped, 'team-a/g').reason).toContain('istio-system');
  });

  test.each([
    ['none', {}, 'default', 'listening OK'],
    ['the revision of the pods', { 'istio.io/rev': 'canary' }, 'canary', 'listening OK'],
    ['another', { 'istio.io/rev': 'canary' }, 'default', 'not-selected MAP203'],
    ['default', { 'istio.io/rev': 'default' }, 'default', 'listening OK'],
  ])('a Gateway whose revision label is %s', (_, labels, revision, answer) => {
    expect(
      said(mapped(cluster({ gateways: [gateway('g', HTTP, { labels })] }), { revision }), 'g'),
    ).toBe(answer);
  });

  test('a VirtualService of another revision routes nothing', () => {
    const routes = [
      virtualService('v', ['g'], {
        labels: { 'istio.io/rev': 'canary' },
        tcp: [{ match: [], destinations: 1 }],
      }),
    ];
    const there = cluster({ gateways: [gateway('g', [server(9000)])], virtualServices: routes });
    expect(said(mapped(there), 'g')).toBe('no-route MAP230');
    expect(said(mapped(there, { revision: 'canary' }), 'g')).toBe('listening OK');
  });

  test('a sidecar that carries the labels is no gateway', () => {
    const there = cluster({
      gateways: [gateway('g', HTTP)],
      pods: [gatewayPod({ proxy: 'sidecar' })],
    });
    expect(said(mapped(there), 'g')).toBe('not-selected MAP205');
    expect(listens(mapped(there))).toEqual([]);
  });

  test('beside a router a sidecar with the same labels is not a pod of the ingress', () => {
    const there = cluster({
      gateways: [gateway('g', HTTP)],
      pods: [gatewayPod(), pod('istio-system/app-1', { proxy: 'sidecar' })],
    });
    expect(mapped(there).pods).toEqual(['gateway-1']);
  });

  test('a pod of unknown kind counts as a gateway pod', () => {
    expect(
      said(
        mapped(
          cluster({ gateways: [gateway('g', HTTP)], pods: [gatewayPod({ proxy: 'unknown' })] }),
        ),
        'g',
      ),
    ).toBe('listening OK');
  });

  test.each([
    [true, 'not-selected MAP204', 'listening OK'],
    [false, 'listening OK', 'listening OK'],
  ])(
    'a managed Gateway API Gateway drops Istio Gateways of other namespaces: strict merging %s',
    (strictGatewayMerging, other, own) => {
      const there = objects({
        gateways: [
          gateway('team-a/g', [server(8000, 'HTTP')]),
          gateway('istio-system/g', [server(8001, 'HTTP')]),
        ],
        apiGateways: [apiGateway('istio-system/edge', [apiListener('web', 80, 'HTTP')])],
        services: [service('istio-system/edge-istio', [servicePort(80)]), ingressService()],
        pods: [gatewayPod()],
      });
      const mapping = mapped(there, { strictGatewayMerging });
      expect(said(mapping, 'team-a/g')).toBe(other);
      expect(said(mapping, 'istio-system/g')).toBe(own);
    },
  );
});

describe('every ingress among the objects', () => {
  test('pods that several Services select are one ingress', () => {
    const internal = service('istio-system/internal', [servicePort(80)], { age: 1 });
    const there = objects({
      gateways: [gateway('g', HTTP)],
      services: [ingressService([servicePort(80)]), internal],
      pods: [gatewayPod(), pod('istio-system/gateway-2')],
    });
    const mappings = mapAll(there, mesh());
    expect(mappings.map(({ services, pods }) => ({ services, pods }))).toEqual([
      {
        services: ['istio-system/internal', 'istio-system/istio-ingressgateway'],
        pods: ['gateway-1', 'gateway-2'],
      },
    ]);
  });

  test('pods that differ only in irrelevant labels are one kind', () => {
    const rolling = [
      gatewayPod({ labels: { ...LABELS, 'pod-template-hash': 'a' } }),
      pod('istio-system/gateway-2', { labels: { ...LABELS, 'pod-template-hash': 'b' } }),
    ];
    expect(mapAll(cluster({ gateways: [gateway('g', HTTP)], pods: rolling }), mesh())).toHaveLength(
      1,
    );
  });

  test('gateway pods without a Service are an ingress of their own', () => {
    const [mapping] = mapAll(
      objects({ gateways: [gateway('g', HTTP)], pods: [gatewayPod()] }),
      mesh(),
    );
    expect(mapping).toMatchObject({
      namespace: 'istio-system',
      services: [],
      pods: ['gateway-1'],
      listeners: [{ port: 80, transport: 'tcp', kinds: ['HTTP'] }],
      missing: [],
    });
    expect(mapping?.servers[0]?.reason).toContain('no Service selects the gateway pods');
  });

  test('pods of applications are no ingress', () => {
    const app = pod('shop/cart-1', { labels: { app: 'cart' }, proxy: 'sidecar' });
    const plain = pod('shop/job-1', { labels: { app: 'job' }, proxy: 'unknown' });
    const there = cluster({
      gateways: [gateway('g', HTTP)],
      pods: [gatewayPod(), app, plain],
      services: [
        ingressService(),
        service('shop/cart', [servicePort(80)], { selector: { app: 'cart' } }),
      ],
    });
    expect(mapAll(there, mesh()).map(({ services }) => services)).toEqual([
      ['istio-system/istio-ingressgateway'],
    ]);
  });

  test('a Gateway without selector makes unknown pods gateways only where nothing else is one', () => {
    const unknown = pod('edge/gw', { labels: { app: 'gw' }, proxy: 'unknown' });
    const all = gateway('g', HTTP, { selector: {} });
    expect(
      mapAll(objects({ gateways: [all], pods: [unknown] }), mesh()).map(({ pods }) => pods),
    ).toEqual([['gw']]);
    expect(
      mapAll(objects({ gateways: [all], pods: [unknown, gatewayPod()] }), mesh()).map(
        ({ pods }) => pods,
      ),
    ).toEqual([['gateway-1']]);
  });

  test('a Gateway that selects no pod anywhere is reported once', () => {
    const there = cluster({
      gateways: [
        gateway('g', HTTP),
        gateway('team/lost', [server(80, 'HTTP'), server(0, 'HTTP')], {
          selector: { istio: 'gone' },
        }),
      ],
    });
    const lost = mapAll(there, mesh()).flatMap(({ servers }) =>
      servers.filter((one) => one.gateway === 'team/lost'),
    );
    expect(lost.map(({ server: index, verdict, code }) => [index, verdict, code])).toEqual([
      [0, 'not-selected', 'MAP201'],
      [1, 'rejected', 'GW111'],
    ]);
    expect(lost[0]?.reason).toContain('istio=gone');
  });

  test('a Gateway that only sidecars match says so', () => {
    const there = cluster({
      gateways: [gateway('lost', HTTP, { selector: { app: 'cart' } })],
      pods: [gatewayPod(), pod('shop/cart-1', { labels: { app: 'cart' }, proxy: 'sidecar' })],
    });
    const [report] = mapAll(there, mesh()).flatMap(({ servers }) => servers);
    expect(report).toMatchObject({ verdict: 'not-selected', code: 'MAP205' });
    expect(report?.reason).toContain('shop/cart-1');
  });

  test('Gateways are reported even if there are no other objects', () => {
    const mappings = mapAll(objects({ gateways: [gateway('team/g', HTTP)] }), mesh());
    expect(
      mappings.map(({ namespace, services, pods, servers }) => ({
        namespace,
        services,
        pods,
        verdicts: servers.map(({ verdict }) => verdict),
      })),
    ).toEqual([{ namespace: 'team', services: [], pods: [], verdicts: ['not-selected'] }]);
  });

  test('a Gateway without servers leaves a note', () => {
    const there = cluster({
      gateways: [gateway('empty', []), gateway('lost', [], { selector: { a: 'b' } })],
    });
    expect(mapped(there).notes?.map(({ gateway: key, code }) => [key, code])).toEqual([
      ['default/empty', 'GW116'],
    ]);
    expect(
      mapAll(there, mesh()).flatMap(({ notes }) => notes?.map(({ gateway: key }) => key) ?? []),
    ).toEqual(['default/empty', 'default/lost']);
  });
});

describe('no pods at all', () => {
  const there = cluster(
    {
      gateways: [gateway('g', [server(80, 'HTTP'), server(32400)])],
      virtualServices: [tcpRoute('v', ['g'])],
      pods: [],
    },
    [servicePort(80, { name: 'http2', targetPort: 'web', nodePort: 31080 })],
  );

  test('the selector of the Service replaces the labels, so nothing disappears', () => {
    expect(listens(mapped(there))).toEqual(['80/tcp HTTP', '32400/tcp TCP']);
    expect(mapped(there).pods).toEqual([]);
    expect(reportIn(mapped(there), 'g').servicePorts).toEqual([
      {
        service: 'istio-system/istio-ingressgateway',
        port: 80,
        targetPort: 80,
        nodePort: 31080,
        reachesListener: true,
      },
    ]);
  });

  test('the ingress is still found', () => {
    expect(mapAll(there, mesh()).map(({ services }) => services)).toEqual([
      ['istio-system/istio-ingressgateway'],
    ]);
  });

  test('an ingress whose Service is gone has nothing', () => {
    expect(mapped({ ...there, services: [] })).toEqual({
      namespace: 'istio-system',
      services: [],
      pods: [],
      listeners: [],
      servers: [],
      missing: [],
    });
  });
});

describe('pods that disagree', () => {
  test('one pod that listens is enough, and the report says in which', () => {
    const labelled = { ...LABELS, canary: 'yes' };
    const there = cluster({
      gateways: [
        gateway('g', HTTP, { selector: { canary: 'yes' } }),
        gateway('h', [server(81, 'HTTP')]),
      ],
      pods: [gatewayPod(), pod('istio-system/gateway-2', { labels: labelled })],
    });
    const mapping = mapped(there);
    expect(listens(mapping)).toEqual(['80/tcp HTTP', '81/tcp HTTP']);
    expect(reportIn(mapping, 'g').reason).toContain('in 1 of 2 gateway pods: gateway-2');
    expect(reportIn(mapping, 'h').reason).not.toContain('gateway pods');
  });

  test('an unprivileged pod beside one that may bind low ports', () => {
    const there = cluster({
      gateways: [gateway('g', HTTP)],
      pods: [gatewayPod({ unprivileged: true }), pod('istio-system/gateway-2')],
    });
    expect(said(mapped(there), 'g')).toBe('listening OK');
    expect(said(mapped(there, { unprivilegedPods: true }), 'g')).toBe('privileged-port MAP220');
  });
});
