import { expect, test } from '@jest/globals';
import { demandedPorts } from '../../../functions/watch/ports/port-plan.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';

const SERVICE = 'istio-system/istio-ingressgateway';

function server(port: number, fields: Partial<ServerReport> = {}): ServerReport {
  return {
    gateway: 'team/gw',
    api: 'istio',
    server: 0,
    port,
    protocol: 'TCP',
    verdict: 'listening',
    code: 'OK',
    reason: 'Envoy listens.',
    envoyPorts: [port],
    servicePorts: [],
    missingInService: false,
    ...fields,
  };
}

function reached(service: string, port: number): ServerReport['servicePorts'][number] {
  return { service, port, targetPort: 8_443, nodePort: null, reachesListener: true };
}

function wants(...servers: readonly ServerReport[]): ReturnType<typeof demandedPorts> {
  return demandedPorts({
    namespace: 'istio-system',
    services: [SERVICE],
    pods: [],
    listeners: [],
    servers,
    missing: [],
  });
}

test('a port that a server names is wanted on every Service', () => {
  expect(wants(server(9_000)).has(SERVICE, 9_000)).toBe(true);
  expect(wants(server(9_000)).has('other/service', 9_000)).toBe(true);
  expect(wants(server(9_000)).has(SERVICE, 9_001)).toBe(false);
});

test('a port that leads to what a server names is wanted on that Service alone', () => {
  const some = wants(
    server(8_443, {
      servicePorts: [reached(SERVICE, 443), reached(SERVICE, 444), reached('other/service', 445)],
    }),
  );
  expect([443, 444, 445].filter((port) => some.has(SERVICE, port))).toEqual([443, 444]);
  expect([443, 444, 445].filter((port) => some.has('other/service', port))).toEqual([445]);
});

test('the port of a rejected server stays wanted, because the server may be corrected soon', () => {
  expect(
    wants(server(9_000, { verdict: 'rejected', code: 'GW130', envoyPorts: [] })).has(
      SERVICE,
      9_000,
    ),
  ).toBe(true);
});
