import { describe, expect, test } from '@jest/globals';
import type { Server } from '../../../shared/domain/snapshot/objects.ts';
import {
  cluster,
  gateway,
  server,
  servicePort,
  tcpRoute,
  virtualService,
} from '../../fixtures/kubernetes.ts';
import { listens, mapped, reportIn, said } from './ask.ts';

const http = (hosts = ['*']): Server => server(8000, 'HTTP', { hosts });
const https = (hosts = ['a.com'], fields: object = {}): Server =>
  server(8000, 'HTTPS', { hosts, tls: 'SIMPLE', ...fields });
const passthrough = (hosts = ['p.com']): Server =>
  server(8000, 'TLS', { hosts, tls: 'PASSTHROUGH' });
const tcp = (): Server => server(8000, 'TCP');

/** Gateways g0, g1 … from oldest to youngest, all routed. */
function merged(...servers: Server[]): string[] {
  const gateways = servers.map((one, i) => gateway(`g${i}`, [one], { age: 100 - i }));
  const names = servers.map((_, i) => `g${i}`);
  const tls = [{ match: [{ sniHosts: ['p.com'] }], destinations: 1 }];
  const routes = [tcpRoute('tcp', names), virtualService('tls', names, { hosts: ['*'], tls })];
  const mapping = mapped(cluster({ gateways, virtualServices: routes }));
  return names.map((name) => said(mapping, name).replace('listening OK', 'ok'));
}

describe('istio-port-mapping.md §1.7: several Gateways on one port', () => {
  test.each<[string, Server[], string[]]>([
    ['HTTP and HTTP merge', [http(['a.com']), http(['b.com'])], ['ok', 'ok']],
    ['HTTP with the same host merges', [http(), http()], ['ok', 'ok']],
    [
      'the whole HTTP family merges',
      [
        http(),
        server(8000, 'grpc'),
        server(8000, 'HTTP2'),
        server(8000, 'GRPC-Web'),
        server(8000, 'http_proxy'),
      ],
      ['ok', 'ok', 'ok', 'ok', 'ok'],
    ],
    ['HTTP first, TCP later', [http(), tcp()], ['ok', 'rejected MAP210']],
    ['HTTP first, HTTPS later', [http(), https()], ['ok', 'rejected MAP210']],
    ['HTTP first, TLS later', [http(), passthrough()], ['ok', 'rejected MAP210']],
    ['TCP first, HTTP later', [tcp(), http()], ['ok', 'rejected MAP210']],
    ['TCP first, TCP later', [tcp(), tcp()], ['ok', 'rejected MAP210']],
    ['TCP first, MONGO later', [tcp(), server(8000, 'MONGO')], ['ok', 'rejected MAP210']],
    ['TCP first, HTTPS later', [tcp(), https()], ['ok', 'rejected MAP210']],
    ['HTTPS and HTTPS merge by SNI', [https(['a.com']), https(['b.com'])], ['ok', 'ok']],
    ['HTTPS and TLS merge by SNI', [https(['a.com']), passthrough(['p.com'])], ['ok', 'ok']],
    [
      'a repeated host rejects the whole later server',
      [https(['a.com', 'b.com']), https(['c.com', 'b.com'])],
      ['ok', 'rejected MAP211'],
    ],
    [
      'a host that a wildcard covers is another host string',
      [https(['*.a.com']), https(['x.a.com'])],
      ['ok', 'ok'],
    ],
    [
      'a server that was rejected for a host leaves its other hosts free',
      [https(['a.com']), https(['a.com', 'b.com']), https(['b.com'])],
      ['ok', 'rejected MAP211', 'ok'],
    ],
    [
      'hosts in two namespaces are different host strings',
      [https(['ns1/a.com']), passthrough(['ns2/a.com'])],
      ['ok', 'no-route MAP231'],
    ],
    ['*/host equals the host', [https(['*/a.com']), https(['a.com'])], ['ok', 'rejected MAP211']],
    [
      'HTTPS first: one plaintext server is accepted on the same port',
      [https(), http()],
      ['ok', 'ok'],
    ],
    ['HTTPS first: TCP is accepted on the same port', [https(), tcp()], ['ok', 'ok']],
    [
      'after that the plaintext server decides: its family merges',
      [https(), http(), http()],
      ['ok', 'ok', 'ok'],
    ],
    [
      'after that the plaintext server decides: TLS is rejected',
      [https(), http(), https(['b.com'])],
      ['ok', 'ok', 'rejected MAP210'],
    ],
    [
      'after that the plaintext server decides: TCP is rejected',
      [https(), http(), tcp()],
      ['ok', 'ok', 'rejected MAP210'],
    ],
    [
      'a second TCP beside TLS is rejected',
      [https(), tcp(), tcp()],
      ['ok', 'ok', 'rejected MAP210'],
    ],
    [
      'two redirecting HTTP servers with one host: TLS settings make hosts unique',
      [
        server(8000, 'HTTP', { httpsRedirect: true }),
        server(8000, 'HTTP', { httpsRedirect: true }),
      ],
      ['ok', 'rejected MAP211'],
    ],
  ])('%s', (_, servers, expected) => {
    expect(merged(...servers)).toEqual(expected);
  });

  test.each<[string, Server[], string[]]>([
    [
      'different binds do not conflict',
      [{ ...server(8000), bind: '10.0.0.1' }, server(8000)],
      ['ok', 'ok'],
    ],
    [
      'equal binds conflict',
      [
        { ...server(8000), bind: '10.0.0.1' },
        { ...server(8000), bind: '10.0.0.1' },
      ],
      ['ok', 'rejected MAP210'],
    ],
    [
      'the same host on another bind is no duplicate',
      [
        { ...server(8000, 'HTTPS', { tls: 'SIMPLE', hosts: ['a.com'] }), bind: '10.0.0.1' },
        https(),
      ],
      ['ok', 'ok'],
    ],
    [
      '0.0.0.0 is the wildcard',
      [{ ...server(8000), bind: '0.0.0.0' }, server(8000)],
      ['ok', 'rejected MAP210'],
    ],
  ])('%s', (_, servers, expected) => {
    expect(merged(...servers)).toEqual(expected);
  });

  test('one listener has all kinds that share it', () => {
    const gateways = [
      gateway('g', [https(['a.com']), passthrough(['p.com'])]),
      gateway('h', [http()], { age: -1 }),
    ];
    const tls = [
      virtualService('v', ['g'], {
        hosts: ['p.com'],
        tls: [{ match: [{ sniHosts: ['p.com'] }], destinations: 1 }],
      }),
    ];
    expect(listens(mapped(cluster({ gateways, virtualServices: tls })))).toEqual([
      '8000/tcp HTTP+HTTPS+TLS_PASSTHROUGH',
    ]);
  });

  test('conflicts are decided on the resolved port', () => {
    const gateways = [
      gateway('old', [server(80, 'HTTP')], { age: 2 }),
      gateway('new', [server(8080, 'TCP')], { age: 1 }),
    ];
    const there = cluster({ gateways, virtualServices: [tcpRoute('v', ['new'])] }, [
      servicePort(80, { targetPort: 8080 }),
    ]);
    expect(said(mapped(there), 'new')).toBe('rejected MAP210');
    expect(reportIn(mapped(there), 'new').reason).toContain(
      'server 0 (http-80) of Gateway default/old (HTTP)',
    );
  });

  test.each([
    ['creation time', gateway('b', [http()], { age: 2 }), gateway('a', [tcp()], { age: 1 }), 'b'],
    ['then name', gateway('b/b', [tcp()]), gateway('c/a', [http()]), 'c/a'],
    ['then namespace', gateway('b/g', [tcp()]), gateway('a/g', [http()]), 'a/g'],
  ])('age order is %s', (_, first, second, winner) => {
    expect(said(mapped(cluster({ gateways: [first, second] })), winner)).toBe('listening OK');
  });

  test('within a Gateway the servers come in their order', () => {
    const mapping = mapped(cluster({ gateways: [gateway('g', [http(), tcp()])] }));
    expect([said(mapping, 'g', 0), said(mapping, 'g', 1)]).toEqual([
      'listening OK',
      'rejected MAP210',
    ]);
  });

  test('the winner keeps the port even without a route (istio issue 21394)', () => {
    const gateways = [gateway('old', [tcp()], { age: 2 }), gateway('new', [tcp()], { age: 1 })];
    const mapping = mapped(cluster({ gateways, virtualServices: [tcpRoute('v', ['new'])] }));
    expect([said(mapping, 'old'), said(mapping, 'new')]).toEqual([
      'no-route MAP230',
      'rejected MAP210',
    ]);
    expect(listens(mapping)).toEqual([]);
  });

  test('./* in two namespaces passes the merge, and Envoy refuses the equal chain (istio issue 24638)', () => {
    const gateways = [
      gateway('a/g', [https(['./*'])], { age: 2 }),
      gateway('b/g', [https(['./*'])], { age: 1 }),
    ];
    const mapping = mapped(cluster({ gateways }));
    expect([said(mapping, 'a/g'), said(mapping, 'b/g')]).toEqual([
      'listening OK',
      'rejected MAP213',
    ]);
    expect(reportIn(mapping, 'b/g').reason).toContain('Gateway a/g');
  });

  test('terminating HTTPS servers of one Gateway need names of their own', () => {
    const mapping = mapped(
      cluster({
        gateways: [
          gateway('g', [https(['a.com'], { name: 'https' }), https(['b.com'], { name: 'https' })]),
        ],
      }),
    );
    expect([said(mapping, 'g', 0), said(mapping, 'g', 1)]).toEqual([
      'listening OK',
      'rejected MAP212',
    ]);
  });

  test.each([15_000, 15_001, 15_004, 15_006, 15_008, 15_020, 15_021, 15_053, 15_090])(
    'port %i is reserved',
    (port) => {
      const mapping = mapped(cluster({ gateways: [gateway('g', [server(port, 'HTTP')])] }));
      expect(said(mapping, 'g')).toBe('rejected MAP214');
      expect(mapping.missing).toEqual([]);
    },
  );

  test('the status port of the mesh is reserved, and a port that leads to a reserved one', () => {
    expect(
      said(
        mapped(cluster({ gateways: [gateway('g', [server(16_000, 'HTTP')])] }), {
          statusPort: 16_000,
        }),
        'g',
      ),
    ).toBe('rejected MAP214');
    expect(
      said(
        mapped(
          cluster({ gateways: [gateway('g', [server(80, 'HTTP')])] }, [
            servicePort(80, { targetPort: 15_021 }),
          ]),
        ),
        'g',
      ),
    ).toBe('rejected MAP214');
  });

  test('15443 and 15012 are ordinary ports', () => {
    const mapping = mapped(
      cluster({ gateways: [gateway('g', [server(15_443, 'HTTP'), server(15_012, 'HTTP')])] }),
    );
    expect(listens(mapping)).toEqual(['15012/tcp HTTP', '15443/tcp HTTP']);
  });
});
