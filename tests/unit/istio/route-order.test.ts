/**
 * istio-port-mapping.md §2 at its limits: which VirtualService routes a listener, if several could.
 */
import { describe, expect, test } from '@jest/globals';
import { gatewayName, routeTable } from '../../../shared/domain/istio/route-table.ts';
import type { VirtualService } from '../../../shared/domain/snapshot/objects.ts';
import {
  block,
  cluster,
  gateway,
  ingressService,
  mesh,
  server,
  service,
  servicePort,
  tcpRoute,
  virtualService,
} from '../../fixtures/kubernetes.ts';
import { mapped, reportIn, said } from './ask.ts';

test.each([
  ['mesh', undefined],
  ['g', 'ns/g'],
  ['./g', 'ns/g'],
  ['other/g', 'other/g'],
  ['g.other', 'other/g'],
  ['g.other.svc.cluster.local', 'other/g'],
])('gateway name %s in namespace ns is %s', (name, key) => {
  expect(gatewayName(name, 'ns')).toBe(key);
});

describe('which VirtualService comes first', () => {
  function routedBy(virtualServices: readonly VirtualService[]): string | undefined {
    const answers = [virtualServices, virtualServices.toReversed()].map(
      (input) =>
        /VirtualService (\S+);/.exec(
          reportIn(
            mapped(
              cluster({ gateways: [gateway('g', [server(9000)])], virtualServices: [...input] }),
            ),
            'g',
          ).reason,
        )?.[1],
    );
    expect(answers[0]).toBe(answers[1]);
    return answers[0];
  }
  const route = (key: string, fields: Parameters<typeof virtualService>[2] = {}) =>
    virtualService(key, ['default/g'], { tcp: [block()], ...fields });

  test.each<[string, VirtualService[], string]>([
    ['the oldest', [route('young'), route('old', { age: 1 })], 'default/old'],
    [
      'one for any port before a younger one for this port',
      [route('exact', { tcp: [block([{ port: 9000 }])] }), route('any', { age: 1 })],
      'default/any',
    ],
    [
      'one for this port before a younger one for any',
      [route('exact', { tcp: [block([{ port: 9000 }])], age: 1 }), route('any')],
      'default/exact',
    ],
    [
      'one of the pods’ own namespace before an older public one',
      [route('public', { age: 9 }), route('istio-system/own', { exportTo: ['.'] })],
      'istio-system/own',
    ],
    [
      'one exported to its own namespace by name, in the same way',
      [route('public', { age: 9 }), route('istio-system/own', { exportTo: ['istio-system'] })],
      'istio-system/own',
    ],
    [
      'one exported by name before an older public one',
      [route('public', { age: 9 }), route('named', { exportTo: ['istio-system'] })],
      'default/named',
    ],
    [
      'one of the own namespace before an older one exported by name',
      [
        route('named', { exportTo: ['istio-system'], age: 9 }),
        route('istio-system/own', { exportTo: ['.'] }),
      ],
      'istio-system/own',
    ],
    [
      'one that names its own namespace before an older one exported by name',
      [
        route('named', { exportTo: ['istio-system'], age: 9 }),
        route('istio-system/own', { exportTo: ['istio-system'] }),
      ],
      'istio-system/own',
    ],
    [
      'not one of the own namespace that is exported elsewhere only',
      [route('public'), route('istio-system/own', { exportTo: ['elsewhere'], age: 9 })],
      'default/public',
    ],
    [
      'a public one of the own namespace like any other public one',
      [route('istio-system/own', { exportTo: ['*'] }), route('public', { age: 9 })],
      'default/public',
    ],
  ])('%s', (_, virtualServices, first) => {
    expect(routedBy(virtualServices)).toBe(first);
  });

  test('a dot exports to the own namespace only', () => {
    const there = cluster({
      gateways: [gateway('g', [server(9000)])],
      virtualServices: [route('v', { exportTo: ['.'] })],
    });
    expect(said(mapped(there), 'g')).toBe('no-route MAP231');
  });
});

describe('a match', () => {
  const there = (...gateways: string[][]) =>
    cluster({
      gateways: [gateway('g', [server(9000)])],
      virtualServices: [
        virtualService('v', ['g'], { tcp: gateways.map((names) => block([{ gateways: names }])) }),
      ],
    });

  test.each([
    ['names no gateway', [], 'listening OK'],
    ['names this one', ['g'], 'listening OK'],
    ['names this one and another', ['other', 'g'], 'listening OK'],
    ['names another', ['other'], 'no-route MAP231'],
  ])('that %s', (_, names, verdict) => {
    expect(said(mapped(there(names)), 'g')).toBe(verdict);
  });

  test('the mesh is no gateway', () => {
    const table = routeTable([tcpRoute('v', ['mesh', 'g'])], 'istio-system', mesh());
    expect([...table.bound.keys()]).toEqual(['default/g']);
  });
});

describe('SNI hosts of PASSTHROUGH', () => {
  const tls = (
    key: string,
    sniHosts: string[],
    fields: Parameters<typeof virtualService>[2] = {},
  ) => virtualService(key, ['a', 'b'], { tls: [block([{ sniHosts }])], ...fields });
  const passthrough = (key: string, age: number) =>
    gateway(
      key,
      [server(9000, 'TLS', { tls: 'PASSTHROUGH', hosts: [`${key}.com`, 'x.com', 'y.com'] })],
      { age },
    );

  test('the first chain belongs to the oldest one, and a taken host is reported with its holder', () => {
    const there = cluster({
      gateways: [
        gateway('a', [server(9000, 'TLS', { tls: 'PASSTHROUGH', hosts: ['*.com'] })], { age: 1 }),
        gateway('b', [server(9000, 'TLS', { tls: 'PASSTHROUGH', hosts: ['x.com'] })]),
      ],
      virtualServices: [tls('young', ['y.com']), tls('old', ['x.com', 'z.com'], { age: 1 })],
    });
    const mapping = mapped(there);
    expect(reportIn(mapping, 'a').reason).toContain('routed by VirtualService default/old');
    expect(said(mapping, 'b')).toBe('no-route MAP234');
    expect(reportIn(mapping, 'b').reason).toContain(
      'VirtualService default/old already routes SNI host x.com of VirtualService default/old',
    );
  });

  test('a block for any port comes before a younger one for this port, and the other way round', () => {
    const by = (exact: number, any: number): string => {
      const routes = [
        virtualService('exact', ['a'], {
          age: exact,
          tls: [block([{ port: 9000, sniHosts: ['x.com'] }])],
        }),
        virtualService('any', ['a'], { age: any, tls: [block([{ sniHosts: ['x.com'] }])] }),
      ];
      return reportIn(
        mapped(cluster({ gateways: [passthrough('a', 1)], virtualServices: routes })),
        'a',
      ).reason;
    };
    expect(by(1, 2)).toContain('routed by VirtualService default/any');
    expect(by(2, 1)).toContain('routed by VirtualService default/exact');
  });

  test('a block that leads nowhere takes no host', () => {
    const empty = virtualService('empty', ['a'], {
      age: 3,
      tls: [block([{ sniHosts: ['x.com'] }], 0)],
    });
    const there = cluster({
      gateways: [passthrough('a', 1)],
      virtualServices: [
        empty,
        virtualService('full', ['a'], { tls: [block([{ sniHosts: ['x.com'] }])] }),
      ],
    });
    expect(reportIn(mapped(there), 'a').reason).toContain('routed by VirtualService default/full');
  });
});

describe('AUTO_PASSTHROUGH', () => {
  const open = (
    services: ReturnType<typeof service>[],
    hosts = ['a.shop.svc.cluster.local', '*.team.svc.cluster.local'],
  ) =>
    reportIn(
      mapped(
        cluster({
          gateways: [gateway('g', [server(15_443, 'TLS', { tls: 'AUTO_PASSTHROUGH', hosts })])],
          services: [ingressService(), ...services],
        }),
      ),
      'g',
    );

  test.each<[string, ReturnType<typeof service>[], string]>([
    [
      'the Service is one of its hosts',
      [service('shop/a', [servicePort(80)])],
      'routed by Service shop/a',
    ],
    [
      'the Service is under one of its hosts',
      [service('team/x', [servicePort(80)])],
      'routed by Service team/x',
    ],
    [
      'several Services are, the oldest decides',
      [service('team/x', [servicePort(80)]), service('shop/a', [servicePort(80)], { age: 3 })],
      'routed by Service shop/a',
    ],
    [
      'one of its ports is TCP',
      [service('shop/a', [servicePort(53, { protocol: 'UDP' }), servicePort(80)])],
      'routed by Service shop/a',
    ],
  ])('opens where %s', (_, services, words) => {
    expect(open(services).reason).toContain(words);
  });

  test.each<[string, ReturnType<typeof service>[]]>([
    ['no Service is under its hosts', [service('other/a', [servicePort(80)])]],
    ['the Service has UDP only', [service('shop/a', [servicePort(53, { protocol: 'UDP' })])]],
  ])('does not open where %s', (_, services) => {
    expect(open(services).code).toBe('MAP232');
  });
});
