import { describe, expect, test } from '@jest/globals';
import { readAnnotations } from '../../../shared/domain/exposure/sources/annotations.ts';
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { importCis } from './import-support.ts';
import { walkthrough } from './fixtures.ts';

const OPTIONS = { cluster: 'east', devices: ['bigip'], members: 'nodes' as const };

function cm(name: string, body: unknown, created = '2026-01-01T00:00:00Z'): unknown {
  const data = {
    schema: 'f5schemadb://bigip-virtual-server_v0.1.7.json',
    data: JSON.stringify(body),
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: 'istio-system',
      name,
      labels: { f5type: 'virtual-server' },
      creationTimestamp: created,
    },
    data,
  };
}

function cr(kind: string, name: string, spec: Record<string, unknown>): unknown {
  return {
    apiVersion: 'cis.f5.com/v1',
    kind,
    metadata: { namespace: 'istio-system', name, labels: { f5cr: 'true' } },
    spec,
  };
}

const lost = (found: CisImport): readonly string[] =>
  found.notCarried.map((one) => `${one.object} ${one.field}`);

describe('importing from CIS', () => {
  test('the ConfigMap of the walkthrough becomes an entry and the annotations of its Gateway', () => {
    expect(importCis([cm('vs', walkthrough())], OPTIONS)).toMatchObject({
      ingresses: [
        {
          cluster: 'east',
          service: 'istio-system/istio-ingressgateway',
          devices: ['bigip'],
          virtualAddress: '172.16.100.195',
          partition: 'k8s',
          members: 'nodes',
        },
      ],
      annotations: [
        {
          object: 'Gateway that opens port 32400 of Service istio-system/istio-ingressgateway',
          annotations: {
            'sluice.io/port': '32400=31400',
            'sluice.io/mode': 'tcp',
            'sluice.io/balance': 'least-connections-member',
          },
        },
      ],
      needs: { partitions: ['k8s'], references: [], pools: [] },
      notCarried: [],
    });
  });

  test('the address that most share becomes that of the ingress; another one becomes an annotation', () => {
    const of = (port: number, bindAddr: string): unknown =>
      cm(
        `p${port}`,
        walkthrough(
          { virtualAddress: { port, bindAddr }, mode: undefined, balance: undefined },
          { servicePort: port },
        ),
      );
    const found = importCis([of(1, '192.0.2.1'), of(2, '192.0.2.2'), of(3, '192.0.2.2')], OPTIONS);
    expect(found.ingresses[0]?.virtualAddress).toBe('192.0.2.2');
    expect(found.annotations).toEqual([
      {
        object: 'Gateway that opens port 1 of Service istio-system/istio-ingressgateway',
        annotations: { 'sluice.io/virtual-address': '192.0.2.1' },
      },
    ]);
  });

  test('a TransportServer is converted as far as Sluice supports it, and the rest is listed with reasons', () => {
    const spec = {
      virtualServerAddress: '192.0.2.1',
      virtualServerPort: 8443,
      type: 'tcp',
      mode: 'performance',
      snat: 'none',
      partition: 'edge',
      allowVlans: ['/Common/v'],
      iRules: ['/Common/r'],
      profileL4: '/Common/l4',
      persistenceProfile: 'destination-address',
      connectionMirroring: 'L7',
      pool: {
        service: 'gw',
        servicePort: 443,
        serviceNamespace: 'mesh',
        loadBalancingMethod: 'ratio-member',
        monitor: { type: 'tcp', interval: 10, timeout: 31, targetPort: 0 },
        nodeMemberLabel: 'a=b',
        alternateBackends: [],
      },
    };
    const found = importCis([cr('TransportServer', 'ts', spec)], OPTIONS);
    expect(found.ingresses).toMatchObject([
      { service: 'mesh/gw', virtualAddress: '192.0.2.1', partition: 'edge' },
    ]);
    expect(found.annotations[0]?.annotations).toEqual({
      'sluice.io/port': '443=8443',
      'sluice.io/mode': 'fastl4',
      'sluice.io/balance': 'ratio-member',
      'sluice.io/snat': 'none',
      'sluice.io/irules': '/Common/r',
      'sluice.io/vlans': '/Common/v',
      'sluice.io/persistence': 'destination-address',
      'sluice.io/profile-l4': '/Common/l4',
      'sluice.io/monitors': '[{"type":"tcp","interval":10,"timeout":31}]',
    });
    expect(lost(found)).toEqual(
      ['connectionMirroring', 'pool.nodeMemberLabel', 'pool.alternateBackends'].map(
        (field) => `TransportServer istio-system/ts spec.${field}`,
      ),
    );
  });

  test('Sluice reads what the importer writes', () => {
    const spec = {
      virtualServerAddress: '192.0.2.1',
      virtualServerPort: 8443,
      snat: '/Common/s',
      pool: {
        service: 'gw',
        servicePort: 443,
        monitors: [{ type: 'http', send: 'GET /', recv: 'ok', interval: 5, timeout: 16 }],
      },
    };
    const { annotations } = importCis([cr('TransportServer', 'ts', spec)], OPTIONS);
    const layer = readAnnotations('Gateway a/b', annotations[0]?.annotations ?? {}, {
      port: 443,
      protocol: 'TLS',
      servers: [{ port: 443, protocol: 'TLS' }],
      strictPorts: true,
    });
    expect([layer.refusals, layer.notes]).toEqual([[], []]);
    expect(layer.wanted).toEqual({
      port: 8443,
      snat: '/Common/s',
      monitors: [{ type: 'http', send: 'GET /', receive: 'ok', interval: 5, timeout: 16 }],
    });
  });

  test.each<[string, unknown, string]>([
    [
      'an IPAM label',
      cr('TransportServer', 't', { ipamLabel: 'x', pool: { service: 's', servicePort: 1 } }),
      'TransportServer istio-system/t spec.ipamLabel',
    ],
    [
      'type udp',
      cr('TransportServer', 't', { type: 'udp', pool: { service: 's', servicePort: 1 } }),
      'TransportServer istio-system/t spec.type',
    ],
    [
      'a monitor on the device',
      cr('TransportServer', 't', {
        pool: {
          service: 's',
          servicePort: 1,
          monitors: [{ name: '/Common/m', reference: 'bigip' }],
        },
      }),
      'TransportServer istio-system/t spec.pool.monitors',
    ],
    [
      'a named port',
      cr('TransportServer', 't', { pool: { service: 's', servicePort: 'http' } }),
      'TransportServer istio-system/t spec.pool.servicePort',
    ],
    [
      'partition Common',
      cr('TransportServer', 't', { partition: 'Common', pool: { service: 's', servicePort: 1 } }),
      'TransportServer istio-system/t partition',
    ],
    ['an iApp', cm('i', walkthrough({ iapp: '/Common/x' })), 'ConfigMap istio-system/i GW126'],
    [
      'an SSL profile that is not a path',
      cm('s', walkthrough({ sslProfile: { f5ProfileName: 'a' } })),
      'ConfigMap istio-system/s GW143',
    ],
    [
      'an IngressLink without its Service',
      cr('IngressLink', 'l', { selector: { matchLabels: { app: 'gw' } } }),
      'IngressLink istio-system/l spec.selector',
    ],
    [
      'an unknown field',
      cr('IngressLink', 'l', { toString: 1 }),
      'IngressLink istio-system/l spec.toString',
    ],
  ])('%s is listed as not carried over', (_, raw, field) => {
    expect(lost(importCis([raw], OPTIONS))).toContain(field);
  });

  test('an IngressLink finds the oldest Service of its selector, in lists too', () => {
    const service = (name: string, created: string): unknown => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: 'istio-system',
        name,
        labels: { app: 'gw' },
        creationTimestamp: created,
      },
    });
    const link = cr('IngressLink', 'l', {
      selector: { matchLabels: { app: 'gw' } },
      virtualServerAddress: '192.0.2.1',
      iRules: ['/Common/p'],
    });
    const found = importCis(
      [
        {
          kind: 'List',
          items: [
            service('new', '2026-02-01T00:00:00Z'),
            service('old', '2026-01-01T00:00:00Z'),
            link,
          ],
        },
      ],
      OPTIONS,
    );
    expect(found.ingresses).toMatchObject([
      { service: 'istio-system/old', virtualAddress: '192.0.2.1' },
    ]);
    expect(found.annotations).toEqual([
      {
        object: 'Gateway that opens every port of Service istio-system/old',
        annotations: { 'sluice.io/irules': '/Common/p' },
      },
    ]);
    expect(found.notCarried[0]?.reason).toContain('CIS publishes every port');
  });

  test('of two virtual servers for one port the older is kept and the other listed', () => {
    const found = importCis(
      [
        cm('b', walkthrough(), '2026-02-01T00:00:00Z'),
        cm(
          'a',
          walkthrough({ virtualAddress: { port: 1, bindAddr: '192.0.2.1' } }),
          '2026-01-01T00:00:00Z',
        ),
      ],
      OPTIONS,
    );
    expect(found.annotations[0]?.annotations['sluice.io/port']).toBe('32400=1');
    expect(lost(found)).toEqual(['ConfigMap istio-system/b virtual server']);
  });

  test('other objects are passed over', () => {
    expect(
      importCis(
        [null, 'x', { kind: 'Pod' }, { kind: 'ConfigMap', metadata: { name: 'x' } }],
        OPTIONS,
      ),
    ).toMatchObject({ ingresses: [], annotations: [], gateways: [], notCarried: [] });
  });
});
