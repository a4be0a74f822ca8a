/**
 * The messages for people. A message that names the wrong object is as wrong as a wrong verdict.
 */
import { describe, expect, test } from '@jest/globals';
import { mapAll } from '../../../shared/domain/istio/map-ingress.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import {
  apiGateway,
  apiListener,
  block,
  cluster,
  gateway,
  gatewayPod,
  ingressService,
  manualGateway,
  mesh,
  objects,
  pod,
  server,
  service,
  servicePort,
  tcpRoute,
  virtualService,
} from '../../fixtures/kubernetes.ts';
import { mapped } from './ask.ts';

const EDGE = { 'gateway.networking.k8s.io/gateway-name': 'edge' };
const http = (number = 80) => server(number, 'HTTP');

/** The first ingress, or the gateways that belong to none. */
function all(there: KubernetesObjects): PortMapping {
  const [first] = mapAll(there, mesh());
  if (first === undefined) throw new Error('nothing at all was found');
  return first;
}

function sentences({ servers }: PortMapping): readonly string[] {
  return servers.map(
    ({ gateway: key, server: index, code, reason }) => `${key}#${index} ${code} ${reason}`,
  );
}

const CASES: readonly (readonly [string, () => PortMapping, readonly string[]])[] = [
  [
    'a node port leads there',
    () =>
      mapped(
        cluster({ gateways: [gateway('g', [http()])] }, [servicePort(80, { nodePort: 30080 })]),
      ),
    [
      'default/g#0 OK Envoy listens on port 80; Service ' +
        'istio-system/istio-ingressgateway port 80 (node port 30080) leads there',
    ],
  ],
  [
    'a Service port leads there',
    () => mapped(cluster({ gateways: [gateway('g', [http()])] }, [servicePort(80)])),
    [
      'default/g#0 OK Envoy listens on port 80; Service istio-system/istio-ingressgateway port 80 leads there',
    ],
  ],
  [
    'the Service lacks the port',
    () => mapped(cluster({ gateways: [gateway('g', [http(81)])] }, [servicePort(80)])),
    [
      'default/g#0 OK Envoy listens on port 81; Service ' +
        'istio-system/istio-ingressgateway lacks port 81 -> 81 (http-81)',
    ],
  ],
  [
    'another number leads there',
    () =>
      mapped(
        cluster({ gateways: [gateway('g', [http(8080)])] }, [
          servicePort(80, { targetPort: 8080 }),
        ]),
      ),
    [
      'default/g#0 OK Envoy listens on port 8080; Service istio-system/istio-ingressgateway port 80 leads there',
    ],
  ],
  [
    'an address of its own',
    () =>
      mapped(
        cluster({ gateways: [gateway('g', [server(80, 'HTTP', { bind: '10.0.0.1' })])] }, [
          servicePort(80),
        ]),
      ),
    [
      'default/g#0 OK Envoy listens on port 80 of 10.0.0.1; Service ' +
        'istio-system/istio-ingressgateway port 80 leads there',
    ],
  ],
  [
    'a Service port that leads nowhere',
    () =>
      mapped(
        cluster({ gateways: [gateway('g', [http(81)])] }, [
          servicePort(81, { targetPort: 'none' }),
        ]),
      ),
    [
      'default/g#0 OK Envoy listens on port 81; no port of Service istio-system/istio-ingressgateway leads there',
    ],
  ],
  [
    'HTTP/3',
    () =>
      mapped(
        cluster({ gateways: [gateway('g', [server(443, 'HTTPS', { tls: 'SIMPLE' })])] }, [
          servicePort(443),
          servicePort(443, { protocol: 'UDP', name: 'u' }),
        ]),
        { enableQuic: true },
      ),
    [
      'default/g#0 OK Envoy listens on port 443 (TCP, and UDP for HTTP/3); Service ' +
        'istio-system/istio-ingressgateway port 443 leads there; Service ' +
        'istio-system/istio-ingressgateway port 443 leads there',
    ],
  ],
  [
    'a route',
    () =>
      mapped(
        cluster(
          { gateways: [gateway('g', [server(9000)])], virtualServices: [tcpRoute('v', ['g'])] },
          [servicePort(9000)],
        ),
      ),
    [
      'default/g#0 OK Envoy listens on port 9000, routed by VirtualService default/v; ' +
        'Service istio-system/istio-ingressgateway port 9000 leads there',
    ],
  ],
  [
    'the Service port leads elsewhere',
    () =>
      mapped(
        objects({
          services: [
            service(
              'istio-system/istio-ingressgateway',
              [servicePort(9000, { targetPort: 9001 })],
              { labels: { 'experimental.istio.io/disable-gateway-port-translation': 'x' } },
            ),
          ],
          pods: [gatewayPod()],
          gateways: [gateway('g', [http(9000)])],
        }),
      ),
    [
      'default/g#0 OK Envoy listens on port 9000; no Service port leads there: port 9000 ' +
        'of Service istio-system/istio-ingressgateway leads to 9001 instead',
    ],
  ],
  [
    'only UDP has the number',
    () =>
      mapped(
        cluster({ gateways: [gateway('g', [http(9000)])] }, [
          servicePort(9000, { protocol: 'UDP' }),
        ]),
      ),
    [
      'default/g#0 OK Envoy listens on port 9000; Service ' +
        'istio-system/istio-ingressgateway lacks port 9000 -> 9000 (http-9000)',
    ],
  ],
  [
    'a low port that another target port solves',
    () =>
      mapped(
        cluster(
          { gateways: [gateway('g', [http(80)])], pods: [gatewayPod({ unprivileged: true })] },
          [],
        ),
      ),
    [
      'default/g#0 MAP220 the gateway pods are unprivileged and cannot bind port 80, so ' +
        'istiod leaves the listener out; Service istio-system/istio-ingressgateway lacks ' +
        'port 80 -> 8080 (http-80)',
    ],
  ],
  [
    'a low port behind the Service',
    () =>
      mapped(
        cluster(
          { gateways: [gateway('g', [http(8080)])], pods: [gatewayPod({ unprivileged: true })] },
          [servicePort(8080, { targetPort: 80 })],
        ),
      ),
    [
      'default/g#0 MAP220 the gateway pods are unprivileged and cannot bind port 80 (to ' +
        'which the Service maps port 8080), so istiod leaves the listener out; give port ' +
        '8080 of Service istio-system/istio-ingressgateway a targetPort of 1024 or more',
    ],
  ],
  [
    'a low port that the Service has',
    () =>
      mapped(
        cluster(
          { gateways: [gateway('g', [http(80)])], pods: [gatewayPod({ unprivileged: true })] },
          [servicePort(80)],
        ),
      ),
    [
      'default/g#0 MAP220 the gateway pods are unprivileged and cannot bind port 80, so ' +
        'istiod leaves the listener out; give port 80 of Service ' +
        'istio-system/istio-ingressgateway a targetPort of 1024 or more',
    ],
  ],
  [
    'four of five pods',
    () =>
      mapped(
        objects({
          services: [ingressService([servicePort(80)])],
          gateways: [gateway('g', [http()], { selector: { istio: 'ingressgateway', v: '1' } })],
          pods: ['a', 'b', 'c', 'd', 'e'].map((n, i) =>
            pod(`istio-system/${n}`, {
              labels: {
                app: 'istio-ingressgateway',
                istio: 'ingressgateway',
                ...(i < 4 ? { v: '1' } : {}),
              },
            }),
          ),
        }),
      ),
    [
      'default/g#0 OK Envoy listens on port 80; Service ' +
        'istio-system/istio-ingressgateway port 80 leads there (in 4 of 5 gateway pods: a, ' +
        'b, c, …)',
    ],
  ],
  [
    'three of five pods',
    () =>
      mapped(
        objects({
          services: [ingressService([servicePort(80)])],
          gateways: [gateway('g', [http()], { selector: { istio: 'ingressgateway', v: '1' } })],
          pods: ['a', 'b', 'c', 'd', 'e'].map((n, i) =>
            pod(`istio-system/${n}`, {
              labels: {
                app: 'istio-ingressgateway',
                istio: 'ingressgateway',
                ...(i < 3 ? { v: '1' } : {}),
              },
            }),
          ),
        }),
      ),
    [
      'default/g#0 OK Envoy listens on port 80; Service ' +
        'istio-system/istio-ingressgateway port 80 leads there (in 3 of 5 gateway pods: a, ' +
        'b, c)',
    ],
  ],
  [
    'no VirtualService',
    () => mapped(cluster({ gateways: [gateway('g', [server(9000)])] })),
    [
      'default/g#0 MAP230 Envoy opens this port only if it has a route, and no ' +
        'VirtualService names Gateway default/g; add a VirtualService with a tcp block for ' +
        'port 9000 and gateways: [default/g]',
    ],
  ],
  [
    'VirtualServices that do not fit, more than are shown',
    () =>
      mapped(
        cluster({
          gateways: [gateway('g', [server(9000, 'TCP', { hosts: ['a.com', 'b.com'] })])],
          virtualServices: [
            virtualService('w', ['g'], { hosts: ['x.com'], tcp: [block()] }),
            virtualService('u', ['g'], { hosts: ['a.com'] }),
            virtualService('t', ['g'], { hosts: ['a.com'], tcp: [block([], 0)] }),
            virtualService('s', ['g'], { hosts: ['a.com'], tcp: [block([{ port: 1 }])] }),
            virtualService('r', ['g'], { exportTo: ['~'] }),
          ],
        }),
      ),
    [
      'default/g#0 MAP231 Envoy opens this port only if it has a route: no tcp block of ' +
        'VirtualService default/s matches port 9000; the tcp blocks of VirtualService ' +
        'default/t have no destination; VirtualService default/u has no tcp block; ' +
        'VirtualService default/r is not exported to the namespace of the gateway pods, ' +
        'and 1 more do not match; it needs a VirtualService with a tcp block for port 9000 ' +
        'and gateways: [default/g]',
    ],
  ],
  [
    'VirtualServices that do not fit, as many as are shown',
    () =>
      mapped(
        cluster({
          gateways: [gateway('g', [server(9000)])],
          virtualServices: [
            virtualService('u', ['g'], { hosts: [] }),
            virtualService('t', ['g'], { tcp: [block([], 0), block([{ port: 1 }])] }),
            virtualService('s', ['g'], { tcp: [block([{ port: 1 }])] }),
            virtualService('r', ['g'], { exportTo: ['~'] }),
          ],
        }),
      ),
    [
      'default/g#0 MAP231 Envoy opens this port only if it has a route: no tcp block of ' +
        'VirtualService default/s matches port 9000; no tcp block of VirtualService ' +
        'default/t matches port 9000; hosts of VirtualService default/u (none) do not ' +
        'overlap with *; VirtualService default/r is not exported to the namespace of the ' +
        'gateway pods; it needs a VirtualService with a tcp block for port 9000 and ' +
        'gateways: [default/g]',
    ],
  ],
  [
    'VirtualServices that are not exported',
    () =>
      mapped(
        cluster({
          gateways: [gateway('g', [server(9000)])],
          virtualServices: ['a', 'b', 'c', 'd'].map((n) =>
            virtualService(n, ['g'], { exportTo: ['~'] }),
          ),
        }),
      ),
    [
      'default/g#0 MAP231 Envoy opens this port only if it has a route: VirtualService ' +
        'default/a is not exported to the namespace of the gateway pods; VirtualService ' +
        'default/b is not exported to the namespace of the gateway pods; VirtualService ' +
        'default/c is not exported to the namespace of the gateway pods, and 1 more do not ' +
        'match; it needs a VirtualService with a tcp block for port 9000 and gateways: ' +
        '[default/g]',
    ],
  ],
  [
    'TLS without a route',
    () =>
      mapped(
        cluster({
          gateways: [gateway('g', [server(9000, 'TLS', { tls: 'PASSTHROUGH' })])],
          virtualServices: [virtualService('u', ['g'])],
        }),
      ),
    [
      'default/g#0 MAP231 Envoy opens this port only if it has a route: VirtualService ' +
        'default/u has no tls block; it needs a VirtualService with a tls block for port ' +
        '9000 and gateways: [default/g]',
    ],
  ],
  [
    'an SNI host that is routed already',
    () =>
      mapped(
        cluster({
          gateways: [
            gateway('g', [server(9000, 'TLS', { tls: 'PASSTHROUGH', hosts: ['a.com'] })], {
              age: 2,
            }),
            gateway('h', [server(9000, 'TLS', { tls: 'PASSTHROUGH', hosts: ['*.com'] })]),
          ],
          virtualServices: [
            virtualService('v', ['g', 'h'], {
              hosts: ['a.com'],
              tls: [block([{ sniHosts: ['a.com'] }])],
            }),
          ],
        }),
      ),
    [
      'default/g#0 OK Envoy listens on port 9000, routed by VirtualService default/v; ' +
        'Service istio-system/istio-ingressgateway lacks port 9000 -> 9000 (tls-9000)',
      'default/h#0 MAP234 VirtualService default/v already routes SNI host a.com of ' +
        'VirtualService default/v on this port, so istiod creates no filter chain for this ' +
        'server',
    ],
  ],
  [
    'AUTO_PASSTHROUGH',
    () =>
      mapped(
        cluster({
          gateways: [
            gateway('g', [server(15443, 'TLS', { tls: 'AUTO_PASSTHROUGH', hosts: ['*.local'] })]),
          ],
          services: [
            ingressService([]),
            service('shop/u', [servicePort(1, { protocol: 'UDP' })]),
            service('shop/db', [servicePort(2, { protocol: 'UDP' }), servicePort(1)]),
          ],
        }),
      ),
    [
      'default/g#0 OK Envoy listens on port 15443, routed by Service shop/db; Service ' +
        'istio-system/istio-ingressgateway lacks port 15443 -> 15443 (tls-15443)',
    ],
  ],
  [
    'AUTO_PASSTHROUGH without a Service',
    () =>
      mapped(
        cluster({
          gateways: [
            gateway('g', [
              server(15443, 'TLS', { tls: 'AUTO_PASSTHROUGH', hosts: ['*.global', 'x'] }),
            ]),
          ],
          services: [ingressService([])],
        }),
      ),
    [
      'default/g#0 MAP232 AUTO_PASSTHROUGH opens a port only for mesh Services, and no Service matches *.global, x',
    ],
  ],
  [
    'a port of another Service',
    () =>
      mapped(
        cluster(
          {
            gateways: [
              gateway('g', [server(80, 'HTTP', { name: 'web' })], { age: 2 }),
              gateway('h', [server(80)]),
            ],
            virtualServices: [tcpRoute('v', ['h'])],
          },
          [servicePort(80)],
        ),
      ),
    [
      'default/g#0 OK Envoy listens on port 80; Service istio-system/istio-ingressgateway port 80 leads there',
      'default/h#0 MAP210 server 0 (web) of Gateway default/g (HTTP) comes first and ' +
        'holds the port, and TCP cannot share it; use another port or bind',
    ],
  ],
  [
    'a duplicate port name',
    () =>
      mapped(
        cluster(
          {
            gateways: [
              gateway('g', [
                server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['a'], name: 'x' }),
                server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['b'], name: 'x' }),
              ]),
            ],
          },
          [servicePort(443)],
        ),
      ),
    [
      'default/g#0 OK Envoy listens on port 443; Service istio-system/istio-ingressgateway port 443 leads there',
      'default/g#1 MAP212 server 0 (x) of Gateway default/g already uses port.name "x" ' +
        'on this port; give every port of a Gateway a unique name',
    ],
  ],
  [
    'a duplicate host',
    () =>
      mapped(
        cluster(
          {
            gateways: [
              gateway('g', [
                server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['a'], name: '' }),
                server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['a'], name: 'y' }),
              ]),
            ],
          },
          [servicePort(443)],
        ),
      ),
    [
      'default/g#0 OK Envoy listens on port 443; Service istio-system/istio-ingressgateway port 443 leads there',
      'default/g#1 MAP211 server 0 of Gateway default/g comes first and already serves ' +
        'host a on this port, so istiod drops the whole server; remove the host from one ' +
        'of them',
    ],
  ],
  [
    'equal filter chains',
    () =>
      mapped(
        cluster(
          {
            gateways: [
              gateway('g', [
                server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['n/a'], name: 'x' }),
                server(443, 'HTTPS', { tls: 'SIMPLE', hosts: ['o/a'], name: 'y' }),
              ]),
            ],
          },
          [servicePort(443)],
        ),
      ),
    [
      'default/g#0 OK Envoy listens on port 443; Service istio-system/istio-ingressgateway port 443 leads there',
      'default/g#1 MAP213 its filter chain for a equals the one of server 0 (x) of ' +
        'Gateway default/g, which comes first (the hosts differ only in their namespace), ' +
        'and Envoy refuses such a listener; use different hosts or binds',
    ],
  ],
  [
    'a reserved port',
    () => mapped(cluster({ gateways: [gateway('g', [http(15090)])] })),
    ["default/g#0 MAP214 Istio's proxy or agent uses port 15090 in the pod; use another port"],
  ],
  [
    'another revision',
    () =>
      mapped(cluster({ gateways: [gateway('g', [http()], { labels: { 'istio.io/rev': 'x' } })] })),
    [
      'default/g#0 MAP203 Gateway default/g is not read: label istio.io/rev is x, but ' +
        'revision default serves the gateway pods',
    ],
  ],
  [
    'another namespace',
    () =>
      mapped(cluster({ gateways: [gateway('g', [http()])] }), { scopeGatewayToNamespace: true }),
    [
      'default/g#0 MAP202 Gateway default/g is not read: Gateways are scoped to their ' +
        'namespace (PILOT_SCOPE_GATEWAY_TO_NAMESPACE), and the gateway pods are in ' +
        'istio-system',
    ],
  ],
  [
    'sidecars',
    () =>
      mapped(
        cluster({ gateways: [gateway('g', [http()])], pods: [gatewayPod({ proxy: 'sidecar' })] }),
      ),
    [
      'default/g#0 MAP205 Gateway default/g is not read: the pods that match its ' +
        'selector (such as istio-system/gateway-1) run as sidecars, and only pods started ' +
        'as "proxy router" read Gateways',
    ],
  ],
  [
    'labels that no pod has',
    () => all(cluster({ gateways: [gateway('g', [http()], { selector: { z: '1', a: '2' } })] })),
    [
      'default/g#0 MAP201 Gateway default/g opens no port: no gateway pod has all labels of its selector (a=2, z=1)',
    ],
  ],
  [
    'no pods at all',
    () => all(objects({ gateways: [gateway('g', [http()], { selector: {} })] })),
    ['default/g#0 MAP201 Gateway default/g opens no port: there are no gateway pods'],
  ],
  [
    'labels that only sidecars carry',
    () =>
      all(
        objects({
          gateways: [gateway('g', [http()])],
          pods: [
            pod('b/b', { proxy: 'sidecar' }),
            pod('a/z', { proxy: 'sidecar' }),
            pod('c/c', { proxy: 'sidecar' }),
          ],
        }),
      ),
    [
      'default/g#0 MAP205 Gateway default/g is not read: the pods that match its ' +
        'selector (such as a/z) run as sidecars, and only pods started as "proxy router" ' +
        'read Gateways',
    ],
  ],
  [
    'objects that cannot be read',
    () =>
      mapped(
        cluster({
          gateways: [
            gateway('g', [{ malformed: 'port is absent' }, server(80, 'HTTP', { name: '' })]),
          ],
        }),
      ),
    [
      'default/g#0 GW110 server 0 of Gateway default/g cannot be read: port is absent',
      'default/g#1 OK Envoy listens on port 80; Service ' +
        'istio-system/istio-ingressgateway lacks port 80 -> 80 (http-80)',
    ],
  ],
  [
    'listeners of one Gateway',
    () =>
      all(
        objects({
          apiGateways: [
            apiGateway('apps/edge', [
              apiListener('a', 80, 'TCP'),
              apiListener('b', 80, 'TCP'),
              apiListener('c', 81, 'TLS', { tlsMode: 'Passthrough' }),
              apiListener('d', 82, 'HTTP'),
            ]),
          ],
          services: [
            service('apps/edge-istio', [servicePort(80), servicePort(81)], { selector: EDGE }),
          ],
          pods: [pod('apps/e', { labels: EDGE })],
        }),
      ),
    [
      'apps/edge#0 MAP233 Envoy opens this port only if it has a route, and no TCPRoute ' +
        'is attached to listener a of Gateway apps/edge',
      'apps/edge#1 MAP215 it conflicts with the earlier listener 0 (a) of Gateway ' +
        'apps/edge (TCP): on one port, HTTP, HTTPS and TLS listeners need different host ' +
        'names, and TCP cannot share the port',
      'apps/edge#2 MAP233 Envoy opens this port only if it has a route, and no TLSRoute ' +
        'is attached to listener c of Gateway apps/edge',
      'apps/edge#3 MAP240 Service apps/edge-istio has no port 82, and a Gateway API ' +
        'listener is reachable only through such a port',
    ],
  ],
  [
    'a Service that a person manages',
    () =>
      all(
        objects({
          apiGateways: [
            manualGateway('apps/edge', 's', [
              apiListener('a', 8080, 'HTTP'),
              apiListener('b', 82, 'HTTP'),
            ]),
          ],
          services: [
            service('apps/s', [servicePort(80, { targetPort: 8080 })], { selector: { a: 'b' } }),
          ],
          pods: [pod('apps/e', { labels: { a: 'b' } })],
        }),
      ),
    [
      'apps/edge#0 MAP240 Service apps/s has no port 8080, and a Gateway API listener is ' +
        'reachable only through such a port; did you mean 80, which leads to 8080 in the ' +
        'pod?',
      'apps/edge#1 MAP240 Service apps/s has no port 82, and a Gateway API listener is ' +
        'reachable only through such a port; Service apps/s lacks port 82 -> 82 (http-82)',
    ],
  ],
  [
    'pods without a Service',
    () => all(objects({ gateways: [gateway('g', [http()])], pods: [gatewayPod()] })),
    ['default/g#0 OK Envoy listens on port 80; no Service selects the gateway pods'],
  ],
  [
    'a Service that istiod manages',
    () =>
      all(
        objects({
          gateways: [gateway('g', [http(81)])],
          services: [
            service('istio-system/x', [servicePort(80)], {
              labels: { 'gateway.istio.io/managed': 'y' },
            }),
          ],
          pods: [gatewayPod()],
        }),
      ),
    [
      'default/g#0 OK Envoy listens on port 81; Service istio-system/x has no such port, ' +
        'and istiod manages it: add a listener to its Gateway',
    ],
  ],
  [
    'strict merging',
    () =>
      all(
        objects({
          gateways: [gateway('other/g', [http(81)], { selector: EDGE })],
          apiGateways: [apiGateway('apps/edge', [apiListener('a', 80, 'HTTP')])],
          services: [service('apps/edge-istio', [servicePort(80)], { selector: EDGE })],
          pods: [pod('apps/e', { labels: EDGE })],
        }),
      ),
    [
      'apps/edge#0 OK Envoy listens on port 80; Service apps/edge-istio port 80 leads there',
      'other/g#0 MAP204 Gateway other/g is not read: the pods belong to the managed ' +
        'Gateway API Gateway apps/edge, and strict merging ' +
        '(PILOT_ENABLE_STRICT_GATEWAY_MERGING) drops Istio Gateways of other namespaces',
    ],
  ],
];

describe('the sentence of each server', () => {
  test.each(CASES)('%s', (_, mapping, wanted) => {
    expect(sentences(mapping())).toEqual(wanted);
  });

  test('gateways without servers are reported in order of their names', () => {
    const { notes, servers } = mapped(
      cluster({ gateways: [gateway('z', [], { age: 1 }), gateway('g', [])] }),
    );
    expect(servers).toEqual([]);
    expect(notes).toEqual(
      ['g', 'z'].map((name) => ({
        gateway: `default/${name}`,
        code: 'GW116',
        message: `Gateway default/${name} has no servers, so it opens no port`,
      })),
    );
    expect(mapped(cluster({ gateways: [gateway('g', [http()])] }))).not.toHaveProperty('notes');
  });

  test('a server has its name only where it has one', () => {
    const mapping = mapped(
      cluster({
        gateways: [gateway('g', [{ malformed: 'x' }, server(80, 'HTTP', { name: 'web' })])],
      }),
    );
    expect(mapping.servers.map((one) => 'name' in one)).toEqual([false, true]);
  });
});
