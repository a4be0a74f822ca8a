/** `mapAll`: every ingress of a cluster, and what belongs to none; always in the same order. */
import { describe, expect, test } from '@jest/globals';
import { mapAll, mapIngress } from '../../../shared/domain/istio/map-ingress.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import {
  apiGateway,
  apiListener,
  gateway,
  mesh,
  objects,
  pod,
  server,
  service,
  servicePort,
} from '../../fixtures/kubernetes.ts';

const HTTP = [server(80, 'HTTP')];
const by = (app: string) => ({ selector: { app } });
const runs = (key: string, app: string, fields: Parameters<typeof pod>[1] = {}) =>
  pod(key, { labels: { app }, ...fields });

/** The same whatever the order of the objects. */
function all(there: Partial<KubernetesObjects>): readonly PortMapping[] {
  const forwards = mapAll(objects(there), mesh());
  const backwards = mapAll(
    objects(
      Object.fromEntries(
        Object.entries(there).map(([kind, list]) => [
          kind,
          (list as readonly unknown[]).toReversed(),
        ]),
      ),
    ),
    mesh(),
  );
  expect(backwards).toEqual(forwards);
  return forwards;
}

const outline = (mappings: readonly PortMapping[]): readonly string[] =>
  mappings.map(
    ({ namespace, services, pods, servers }) =>
      `${namespace}: ${services.join('+') || 'no Service'}; ` +
      `${pods.join('+') || 'no pods'}; ` +
      (servers.map((one) => `${one.gateway} ${one.verdict}`).join(', ') || 'no servers'),
  );

describe('every ingress', () => {
  test('is sorted by namespace, then Service, with its pods and servers by name', () => {
    const there = {
      services: [
        service('b/s', [], by('b')),
        service('a/z', [], by('z')),
        service('a/s', [], by('a')),
      ],
      pods: [runs('b/p2', 'b'), runs('b/p1', 'b'), runs('a/p', 'a'), runs('a/q', 'z')],
      gateways: [
        gateway('t/y', HTTP, by('b')),
        gateway('t/x', HTTP, by('b')),
        gateway('t/a', HTTP, by('a')),
      ],
    };
    expect(outline(all(there))).toEqual([
      'a: a/s; p; t/a listening',
      'a: a/z; q; no servers',
      'b: b/s; p1+p2; t/x listening, t/y listening',
    ]);
  });

  test('comes in that order whether it has pods or not', () => {
    const services = [
      service('a/none', [servicePort(80)], by('x')),
      service('b/s', [], by('b')),
      service('c/none', [servicePort(80)], by('x')),
    ];
    const gateways = [gateway('g', HTTP, by('x')), gateway('h', HTTP, by('b'))];
    expect(
      all({ services, pods: [runs('b/p', 'b')], gateways }).map(({ namespace }) => namespace),
    ).toEqual(['a', 'b', 'c']);
  });

  test('has its pods by name, also where they are of several kinds', () => {
    const pods = [runs('a/1', 'x'), runs('a/2', 'x', { unprivileged: true }), runs('a/3', 'x')];
    expect(
      all({ services: [service('a/s', [], by('x'))], pods }).map((mapping) => mapping.pods),
    ).toEqual([['1', '2', '3']]);
  });

  test('of one Service has the pods of that Service, and the Services of those pods', () => {
    const services = [
      service('a/s', [], by('x')),
      service('a/twin', [], { ...by('x'), age: 2 }),
      service('a/else', [], by('y')),
    ];
    const there = objects({
      services,
      pods: [runs('a/p', 'x'), runs('a/q', 'y'), runs('b/p', 'x')],
    });
    const { pods, services: names } = mapIngress({ namespace: 'a', service: 's' }, there, mesh());
    expect([pods, names]).toEqual([['p'], ['a/twin', 'a/s']]);
    expect(mapIngress({ namespace: 'a', service: 'gone' }, there, mesh())).toEqual({
      namespace: 'a',
      services: [],
      pods: [],
      listeners: [],
      servers: [],
      missing: [],
    });
  });

  test('whose Services write one selector in two orders is one, scaled to nothing, too', () => {
    const services = [
      service('a/s', [servicePort(80)], { selector: { app: 'x', tier: 'y' } }),
      service('a/t', [], { selector: { tier: 'y', app: 'x' } }),
    ];
    expect(outline(all({ services, gateways: [gateway('g', HTTP, by('x'))] }))).toEqual([
      'a: a/s+a/t; no pods; default/g listening',
    ]);
  });

  test('one of several Services with the port is enough', () => {
    const services = [
      service('a/s', [servicePort(80)], by('x')),
      service('a/t', [], { ...by('x'), age: 2 }),
    ];
    const [mapping] = all({
      services,
      pods: [runs('a/p', 'x')],
      gateways: [gateway('g', HTTP, by('x'))],
    });
    expect([mapping?.missing, mapping?.servers[0]?.missingInService]).toEqual([[], false]);
  });

  test('without a Service is one for each kind of pods', () => {
    expect(
      outline(
        all({
          pods: [runs('a/p', 'x'), runs('a/q', 'y'), runs('b/r', 'x')],
          gateways: [gateway('x', HTTP, by('x')), gateway('y', HTTP, by('y'))],
        }),
      ),
    ).toEqual([
      'a: no Service; p; default/x listening',
      'a: no Service; q; default/y listening',
      'b: no Service; r; default/x listening',
    ]);
  });

  test('of several Services with the same pods is one, the oldest Service first', () => {
    const services = [
      service('a/young', [], by('x')),
      service('a/old', [], { ...by('x'), age: 3 }),
    ];
    expect(
      outline(all({ services, pods: [runs('a/p', 'x')], gateways: [gateway('g', HTTP, by('x'))] })),
    ).toEqual(['a: a/old+a/young; p; default/g listening']);
  });

  test('scaled to nothing stays, one for all Services of the same pods, if a gateway points at it', () => {
    const services = [
      service('a/s', [servicePort(80)], by('x')),
      service('a/t', [], by('x')),
      service('a/else', [], by('y')),
      service('a/none', [], { selector: {} }),
      service('b/s', [], by('x')),
    ];
    expect(outline(all({ services, gateways: [gateway('g', HTTP, by('x'))] }))).toEqual([
      'a: a/s+a/t; no pods; default/g listening',
      'b: b/s; no pods; default/g listening',
    ]);
  });

  test('a Service without selector is not scaled to nothing, even if a Gateway names it', () => {
    const there = {
      services: [service('a/hand', [servicePort(80)], { selector: {} })],
      apiGateways: [
        {
          ...apiGateway('a/edge', [apiListener('web', 80, 'HTTP')]),
          addresses: [{ type: 'Hostname', value: 'hand' }],
        },
      ],
    };
    expect(outline(all(there))).toEqual(['a: no Service; no pods; a/edge not-selected']);
  });

  test('scaled to nothing stays for a Gateway API Gateway, too', () => {
    const there = {
      services: [service('a/edge-istio', [servicePort(80)], by('edge'))],
      apiGateways: [apiGateway('a/edge', [apiListener('web', 80, 'HTTP')])],
    };
    expect(outline(all(there))).toEqual(['a: a/edge-istio; no pods; a/edge listening']);
  });
});

describe('pods without a known role', () => {
  const unknown = { proxy: 'unknown' } as const;

  test('are gateway pods where a Gateway names their labels, or refers to their Service', () => {
    expect(
      outline(
        all({
          pods: [runs('a/p', 'x', unknown), runs('a/q', 'y', unknown)],
          gateways: [gateway('g', HTTP, by('x'))],
        }),
      ),
    ).toEqual(['a: no Service; p; default/g listening']);
    const there = {
      pods: [runs('a/p', 'edge', unknown), runs('a/q', 'y', unknown)],
      services: [service('a/edge-istio', [servicePort(80)], by('edge'))],
      apiGateways: [apiGateway('a/edge', [apiListener('web', 80, 'HTTP')])],
    };
    expect(outline(all(there))).toEqual(['a: a/edge-istio; p; a/edge listening']);
  });

  test('are gateway pods for a Gateway without selector only where no other is', () => {
    const any = [gateway('any', HTTP, { selector: {} })];
    expect(
      outline(
        all({
          pods: [runs('a/p', 'x', unknown), runs('a/s', 'x', { proxy: 'sidecar' })],
          gateways: any,
        }),
      ),
    ).toEqual(['a: no Service; p; default/any listening']);
    expect(
      outline(all({ pods: [runs('a/p', 'x', unknown), runs('a/r', 'y')], gateways: any })),
    ).toEqual(['a: no Service; r; default/any listening']);
    expect(outline(all({ pods: [runs('a/p', 'x', unknown)] }))).toEqual([]);
  });
});

describe('an object that belongs to no ingress', () => {
  const a = { services: [service('a/s', [], by('a'))], pods: [runs('a/p', 'a')] };
  const b = {
    services: [service('b/s', [], by('b')), ...a.services],
    pods: [runs('b/p', 'b'), ...a.pods],
  };

  test('is reported with an ingress of its namespace, else with the first', () => {
    const gateways = [
      gateway('b/lost', HTTP, by('none')),
      gateway('elsewhere/lost', HTTP, by('none')),
      gateway('b/here', HTTP, by('b')),
      gateway('b/away', HTTP, by('none')),
    ];
    expect(outline(all({ ...b, gateways }))).toEqual([
      'a: a/s; p; elsewhere/lost not-selected',
      'b: b/s; p; b/away not-selected, b/here listening, b/lost not-selected',
    ]);
  });

  test('is reported separately, in its own namespace, if there is no ingress', () => {
    expect(outline(all({ gateways: [gateway('t/lost', HTTP, by('none'))] }))).toEqual([
      't: no Service; no pods; t/lost not-selected',
    ]);
  });

  test('a Gateway without servers is reported once, with the ingress it refers to', () => {
    const gateways = [gateway('t/empty', [], by('b')), gateway('t/lost', [], by('none'))];
    expect(
      all({ ...b, gateways }).map(({ services, notes }) => [
        services,
        notes?.map((note) => note.gateway),
      ]),
    ).toEqual([
      [['a/s'], ['t/lost']],
      [['b/s'], ['t/empty']],
    ]);
  });

  test('a Gateway API Gateway without listeners is reported once, too', () => {
    const there = {
      apiGateways: [
        apiGateway('a/edge', []),
        apiGateway('a/other', [], { class: 'nginx' }),
        apiGateway('a/full', [apiListener('web', 80, 'HTTP')]),
      ],
      services: [
        service('a/edge-istio', [servicePort(80)], by('edge')),
        service('a/more', [], by('z')),
      ],
      pods: [runs('a/p', 'edge'), runs('a/z', 'z')],
    };
    expect(
      all(there).map(({ services, notes }) => [services, notes?.map((note) => note.message)]),
    ).toEqual([
      [
        ['a/edge-istio'],
        [
          'Gateway a/edge has no listeners, so it opens no port',
          'Gateway a/other has no listeners, so it opens no port',
        ],
      ],
      [['a/more'], undefined],
    ]);
  });

  test('a listener that cannot be read is rejected for that, and otherwise not selected', () => {
    const there = {
      apiGateways: [
        apiGateway('a/edge', [apiListener('bad', 80, 'SCTP'), apiListener('good', 81, 'HTTP')]),
      ],
    };
    expect(
      all(there)[0]?.servers.map(({ name, verdict, code, missingInService }) => [
        name,
        verdict,
        code,
        missingInService,
      ]),
    ).toEqual([
      ['bad', 'rejected', 'GW112', false],
      ['good', 'not-selected', 'MAP207', false],
    ]);
    expect(all(there)[0]?.servers.map(({ reason }) => reason.includes('SCTP'))).toEqual([
      true,
      false,
    ]);
  });

  test('a server without a name is reported without one', () => {
    const there = {
      gateways: [gateway('t/lost', [server(80, 'HTTP', { name: '' })], by('none'))],
    };
    expect(all(there)[0]?.servers[0]).not.toHaveProperty('name');
  });
});

describe('pods of one ingress that differ', () => {
  test('a server gets the best verdict of all, and every listener is reported', () => {
    const there = {
      services: [service('a/s', [servicePort(80)], by('x'))],
      pods: [runs('a/low', 'x', { unprivileged: true }), runs('a/free', 'x')],
      gateways: [gateway('g', [server(80, 'HTTP'), server(81, 'HTTP')], by('x'))],
    };
    const [mapping] = all(there);
    expect(
      mapping?.servers.map(({ verdict, reason }) => [
        verdict,
        reason.includes('(in 1 of 2 gateway pods: free)'),
      ]),
    ).toEqual([
      ['listening', true],
      ['listening', true],
    ]);
    expect(mapping?.listeners).toEqual([
      { port: 80, transport: 'tcp', kinds: ['HTTP'] },
      { port: 81, transport: 'tcp', kinds: ['HTTP'] },
    ]);
  });

  test('listeners of both are joined by port, bind and transport, with all their kinds', () => {
    const there = {
      services: [
        service(
          'a/s',
          [servicePort(443, { name: 'https', targetPort: 'web' }), servicePort(9000)],
          by('x'),
        ),
      ],
      pods: [
        runs('a/p', 'x', { containerPorts: [{ name: 'web', port: 9000, protocol: 'TCP' }] }),
        runs('a/q', 'x', { containerPorts: [{ name: 'web', port: 8443, protocol: 'TCP' }] }),
      ],
      gateways: [
        gateway('g', [server(443, 'HTTPS', { tls: 'SIMPLE' })], { ...by('x') }),
        gateway('h', [server(9000, 'HTTP')], by('x')),
        gateway('i', [server(9000, 'HTTP', { bind: '10.0.0.1' })], by('x')),
      ],
    };
    const [mapping] = all(there);
    expect(mapping?.listeners).toEqual([
      { port: 8443, transport: 'tcp', kinds: ['HTTPS'] },
      { port: 9000, transport: 'tcp', kinds: ['HTTP', 'HTTPS'] },
      { port: 9000, bind: '10.0.0.1', transport: 'tcp', kinds: ['HTTP'] },
    ]);
  });
});
