import { describe, expect, test } from '@jest/globals';
import { meshServiceDemands, scopeOfHost } from '../../../shared/domain/istio/mesh-services.ts';
import { apiGateway, apiListener, gateway, server } from '../../fixtures/kubernetes.ts';

describe('the Services of the mesh that gateways need', () => {
  const auto = (hosts: string[]) => server(15_443, 'TLS', { tls: 'AUTO_PASSTHROUGH', hosts });

  test('are found by the host names of each server with AUTO_PASSTHROUGH, and of no other', () => {
    const gateways = [
      gateway('a/g', [
        auto(['team/x.team.svc.cluster.local', '*.local']),
        server(443, 'TLS', { tls: 'PASSTHROUGH' }),
        { malformed: 'port is absent' },
      ]),
      gateway('a/h', [server(80, 'HTTP')]),
    ];
    expect(meshServiceDemands({ gateways, apiGateways: [], listenerSets: [] })).toEqual([
      { gateway: 'a/g', api: 'istio', names: ['x.team.svc.cluster.local', '*.local'] },
    ]);
  });

  test.each([
    ['the option of the listener', { tlsMode: 'AUTO_PASSTHROUGH' }, {}, ['*']],
    [
      'the network label and port 15443',
      { tlsMode: 'Passthrough', hostname: '*.team.svc.cluster.local' },
      { 'topology.istio.io/network': 'n1' },
      ['*.team.svc.cluster.local'],
    ],
  ])('are found in Gateway API by %s', (_, fields, labels, names) => {
    const apiGateways = [
      apiGateway(
        'a/g',
        [
          apiListener('mesh', 15_443, 'TLS', fields),
          apiListener('web', 443, 'TLS', { tlsMode: 'Passthrough' }),
        ],
        { labels },
      ),
    ];
    expect(meshServiceDemands({ gateways: [], apiGateways, listenerSets: [] })).toEqual([
      { gateway: 'a/g', api: 'gateway-api', names },
    ]);
  });
});

test.each([
  ['x.team.svc.cluster.local', { service: 'team/x' }],
  ['*.team.svc.cluster.local', { namespace: 'team' }],
  ['*x.team.svc.cluster.local', undefined],
  ['*.svc.cluster.local', undefined],
  ['a.x.team.svc.cluster.local', undefined],
  ['*.local', undefined],
  ['*', undefined],
  ['x.example.com', undefined],
])('host %s matches only %j', (host, place) => {
  expect(scopeOfHost(host)).toEqual(place);
});
