import { describe, expect, test } from '@jest/globals';
import type { VirtualService } from '../../../shared/domain/snapshot/objects.ts';
import {
  block,
  cluster,
  gateway,
  server,
  tcpRoute,
  virtualService,
} from '../../fixtures/kubernetes.ts';
import { listens, mapped, reportIn, said } from './ask.ts';

const anything = { tcp: [block()] };

/** The verdict of a TCP server of Gateway team/g on port 9000 with these hosts. */
function withRoutes(
  virtualServices: VirtualService[],
  hosts = ['*'],
  options: Parameters<typeof mapped>[1] = {},
): string {
  return said(
    mapped(
      cluster({ gateways: [gateway('team/g', [server(9000, 'TCP', { hosts })])], virtualServices }),
      options,
    ),
    'team/g',
  );
}

const OK = 'listening OK';
const UNBOUND = 'no-route MAP230';
const UNMATCHED = 'no-route MAP231';

describe('istio-port-mapping.md §2: listener or no listener', () => {
  test.each([
    ['HTTP needs no VirtualService', server(80, 'HTTP'), OK],
    ['terminated HTTPS needs none', server(443, 'HTTPS', { tls: 'SIMPLE' }), OK],
    ['TCP needs one', server(9000, 'TCP'), UNBOUND],
    ['TLS terminated needs one', server(9000, 'TLS', { tls: 'SIMPLE' }), UNBOUND],
    ['PASSTHROUGH needs one', server(9000, 'TLS', { tls: 'PASSTHROUGH' }), UNBOUND],
    ['HTTPS PASSTHROUGH needs one', server(9000, 'HTTPS', { tls: 'PASSTHROUGH' }), UNBOUND],
  ])('%s', (_, one, answer) => {
    expect(said(mapped(cluster({ gateways: [gateway('g', [one])] })), 'g')).toBe(answer);
  });

  test.each([
    ['is no route', 0, false, UNMATCHED],
    ['was a route before 1.31', 0, true, OK],
    ['with a destination is a route', 1, false, OK],
  ])('a block with an empty route %s', (_, destinations, emptyRouteCounts, answer) => {
    expect(
      withRoutes([virtualService('team/v', ['g'], { tcp: [block([], destinations)] })], ['*'], {
        emptyRouteCounts,
      }),
    ).toBe(answer);
  });

  test('an empty block does not hide the one after it', () => {
    expect(
      withRoutes([virtualService('team/v', ['g'], { tcp: [block([], 0), block([], 1)] })]),
    ).toBe(OK);
  });

  test('the reason names what is missing', () => {
    const mapping = mapped(cluster({ gateways: [gateway('team/g', [server(9000)])] }));
    expect(reportIn(mapping, 'team/g').reason).toBe(
      'Envoy opens this port only if it has a route, and no VirtualService names Gateway ' +
        'team/g; add a VirtualService with a tcp block for port 9000 and gateways: [team/g]',
    );
  });
});

describe('istio-port-mapping.md §2: gateways of a VirtualService', () => {
  test.each([
    ['namespace/name', 'other/v', 'team/g', OK],
    ['a name is in its own namespace', 'team/v', 'g', OK],
    ['a name of another namespace', 'other/v', 'g', UNBOUND],
    ['./name', 'team/v', './g', OK],
    ['name.namespace, the old form', 'other/v', 'g.team', OK],
    ['name.namespace.svc…', 'other/v', 'g.team.svc.cluster.local', OK],
    ['the mesh', 'team/v', 'mesh', UNBOUND],
  ])('%s', (_, key, name, answer) => {
    expect(withRoutes([virtualService(key, [name], anything)])).toBe(answer);
  });

  test('an empty list means the mesh only', () => {
    expect(withRoutes([virtualService('team/v', [], anything)])).toBe(UNBOUND);
  });
});

describe('istio-port-mapping.md §2: exportTo, tested against the namespace of the pods', () => {
  test.each([
    ['*', 'team/v', ['*'], undefined, OK],
    ['. of the namespace of the Gateway', 'team/v', ['.'], undefined, UNMATCHED],
    ['. of the namespace of the pods', 'istio-system/v', ['.'], undefined, OK],
    ['the namespace of the pods', 'team/v', ['istio-system'], undefined, OK],
    ['another namespace', 'team/v', ['shop'], undefined, UNMATCHED],
    ['several', 'team/v', ['shop', 'istio-system'], undefined, OK],
    ['no namespace', 'team/v', ['~'], undefined, UNMATCHED],
    ['no exportTo, with the default of the mesh', 'team/v', [], ['*'], OK],
    ['no exportTo, where the mesh default is private', 'team/v', [], ['.'], UNMATCHED],
  ])('%s', (_, key, exportTo, fallback, answer) => {
    const options = fallback === undefined ? {} : { defaultVirtualServiceExportTo: fallback };
    expect(
      withRoutes([virtualService(key, ['team/g'], { exportTo, ...anything })], ['*'], options),
    ).toBe(answer);
  });

  test('the reason says that it is not exported', () => {
    const mapping = mapped(
      cluster({
        gateways: [gateway('team/g', [server(9000)])],
        virtualServices: [virtualService('team/v', ['g'], { exportTo: ['.'], ...anything })],
      }),
    );
    expect(reportIn(mapping, 'team/g').reason).toContain(
      'VirtualService team/v is not exported to the namespace of the gateway pods',
    );
  });
});

describe('istio-port-mapping.md §2: hosts of server and VirtualService', () => {
  test.each([
    [['*'], ['anything'], OK],
    [['*'], ['*'], OK],
    [['a.com'], ['a.com'], OK],
    [['a.com'], ['b.com'], UNMATCHED],
    [['*.a.com'], ['x.a.com'], OK],
    [['x.a.com'], ['*.a.com'], OK],
    [['*.a.com'], ['*.x.a.com'], OK],
    [['*.x.a.com'], ['*.a.com'], OK],
    [['*.a.com'], ['a.com'], UNMATCHED],
    [['*.a.com'], ['*.b.com'], UNMATCHED],
    [['a.com', 'b.com'], ['b.com'], OK],
    [['a.com'], ['c.com', 'a.com'], OK],
    [['*/a.com'], ['a.com'], OK],
    [['*/*'], ['x.org'], OK],
    [['team/a.com'], ['a.com'], OK],
    [['shop/a.com'], ['a.com'], UNMATCHED],
    [['./a.com'], ['a.com'], OK],
    [['shop/*'], ['a.com'], UNMATCHED],
    [['*a.com'], ['xa.com'], OK],
    [['xa.com'], ['*a.com'], OK],
    [['*.com'], ['*a.com'], OK],
    [['*.org'], ['*a.com'], UNMATCHED],
    [['*com'], ['*.a.com'], OK],
  ])('%j and %j', (hosts, other, answer) => {
    expect(
      withRoutes([virtualService('team/v', ['g'], { hosts: other, ...anything })], hosts),
    ).toBe(answer);
  });

  test('./ is the namespace of the Gateway, not that of the VirtualService', () => {
    expect(withRoutes([virtualService('shop/v', ['team/g'], anything)], ['./*'])).toBe(UNMATCHED);
  });

  test('the reason names the hosts', () => {
    const mapping = mapped(
      cluster({
        gateways: [gateway('g', [server(9000, 'TCP', { hosts: ['a.com'] })])],
        virtualServices: [virtualService('v', ['g'], { hosts: ['b.com'], ...anything })],
      }),
    );
    expect(reportIn(mapping, 'g').reason).toContain(
      'hosts of VirtualService default/v (b.com) do not overlap with a.com',
    );
  });
});

describe('istio-port-mapping.md §2: tcp match', () => {
  test.each([
    ['no match list', [], OK],
    ['the number of the server', [{ port: 9000 }], OK],
    ['another number', [{ port: 9001 }], UNMATCHED],
    ['one of several matches', [{ port: 1 }, { port: 9000 }], OK],
    ['the Gateway by name', [{ gateways: ['g'] }], OK],
    ['another Gateway', [{ gateways: ['h'] }], UNMATCHED],
    ['the mesh', [{ gateways: ['mesh'] }], UNMATCHED],
    ['number and Gateway', [{ port: 9000, gateways: ['team/g'] }], OK],
    ['an empty match', [{}], OK],
  ])('%s', (_, match, answer) => {
    expect(withRoutes([virtualService('team/v', ['g'], { tcp: [block(match)] })])).toBe(answer);
  });

  test('the port is that of the Gateway, not the target port', () => {
    const there = (port: number) =>
      cluster(
        { gateways: [gateway('g', [server(9000)])], virtualServices: [tcpRoute('v', ['g'], port)] },
        [{ name: 'tcp', port: 9000, protocol: 'TCP', targetPort: 9100 }],
      );
    expect(said(mapped(there(9000)), 'g')).toBe(OK);
    expect(said(mapped(there(9100)), 'g')).toBe(UNMATCHED);
  });

  test('http and tls blocks are no route for TCP', () => {
    expect(
      withRoutes([
        virtualService('team/v', ['g'], { http: 1, tls: [block([{ sniHosts: ['a.com'] }])] }),
      ]),
    ).toBe(UNMATCHED);
  });

  test.each([
    [
      'the oldest',
      [
        virtualService('team/b', ['g'], { age: 2, ...anything }),
        virtualService('team/a', ['g'], { age: 1, ...anything }),
      ],
      'team/b',
    ],
    [
      'a private one before a public one',
      [
        virtualService('istio-system/p', ['team/g'], { exportTo: ['.'], ...anything }),
        virtualService('team/old', ['g'], { age: 9, ...anything }),
      ],
      'istio-system/p',
    ],
    [
      'an exported one before a public one',
      [
        virtualService('team/e', ['g'], { exportTo: ['istio-system'], ...anything }),
        virtualService('team/old', ['g'], { age: 9, ...anything }),
      ],
      'team/e',
    ],
  ])('the first VirtualService wins: %s', (_, virtualServices, winner) => {
    const mapping = mapped(
      cluster({ gateways: [gateway('team/g', [server(9000)])], virtualServices }),
    );
    expect(reportIn(mapping, 'team/g').reason).toContain(`routed by VirtualService ${winner}`);
  });
});

describe('istio-port-mapping.md §2: tls match', () => {
  const tls = (match: VirtualService['tls'][number]['match'], hosts = ['*']) =>
    virtualService('team/v', ['g'], { hosts, tls: [block(match)] });
  const passthrough = (virtualServices: VirtualService[]) =>
    said(
      mapped(
        cluster({
          gateways: [gateway('team/g', [server(9000, 'TLS', { tls: 'PASSTHROUGH' })])],
          virtualServices,
        }),
      ),
      'team/g',
    );

  test.each([
    ['SNI hosts', [{ sniHosts: ['a.com'] }], OK],
    ['SNI hosts and the number', [{ port: 9000, sniHosts: ['a.com'] }], OK],
    ['another number', [{ port: 1, sniHosts: ['a.com'] }], UNMATCHED],
    ['no match makes no filter chain', [], UNMATCHED],
  ])('%s', (_, match, answer) => {
    expect(passthrough([tls(match)])).toBe(answer);
  });

  test('a tcp block is no route for PASSTHROUGH', () => {
    expect(passthrough([virtualService('team/v', ['g'], anything)])).toBe(UNMATCHED);
  });

  test('for terminating TLS the tls blocks are not read', () => {
    const there = cluster({
      gateways: [gateway('team/g', [server(9000, 'TLS', { tls: 'SIMPLE' })])],
      virtualServices: [tls([{ sniHosts: ['a.com'] }])],
    });
    expect(said(mapped(there), 'team/g')).toBe(UNMATCHED);
  });

  test('a repeated SNI host on a listener is skipped', () => {
    const gateways = [
      gateway('team/g', [server(9000, 'TLS', { tls: 'PASSTHROUGH', hosts: ['*.com'] })], {
        age: 2,
      }),
      gateway('team/h', [server(9000, 'TLS', { tls: 'PASSTHROUGH', hosts: ['*'] })], { age: 1 }),
    ];
    const routes = [
      tls([{ sniHosts: ['a.com'] }]),
      virtualService('team/w', ['h'], { tls: [block([{ sniHosts: ['b.com', 'a.com'] }])] }),
    ];
    const mapping = mapped(cluster({ gateways, virtualServices: routes }));
    expect([said(mapping, 'team/g'), said(mapping, 'team/h')]).toEqual([OK, 'no-route MAP234']);
    expect(reportIn(mapping, 'team/h').reason).toContain(
      'VirtualService team/v already routes SNI host a.com of VirtualService team/w',
    );
    expect(listens(mapping)).toEqual(['9000/tcp TLS_PASSTHROUGH']);
  });

  test('on another port it is not repeated', () => {
    const servers = [
      server(9000, 'TLS', { tls: 'PASSTHROUGH' }),
      server(9001, 'TLS', { tls: 'PASSTHROUGH' }),
    ];
    const mapping = mapped(
      cluster({
        gateways: [gateway('team/g', servers)],
        virtualServices: [tls([{ sniHosts: ['a.com'] }])],
      }),
    );
    expect([said(mapping, 'team/g', 0), said(mapping, 'team/g', 1)]).toEqual([OK, OK]);
  });
});
