/**
 * The examples that CIS publishes, one row each: the AS3 properties that CIS writes for it, and
 * those that Sluice declares after the import. The objects are written from the names of the
 * fields.
 */
import { describe, expect, test } from '@jest/globals';
import {
  declared,
  imported,
  type Json,
  resource,
  told,
  transport,
  virtual,
} from './import-tables.ts';

const policy = (spec: Json): Json => resource('Policy', 'p', spec);
const tls = (spec: Json): Json => resource('TLSProfile', 't', { tls: spec, hosts: ['a.example'] });
const COOKIE = { mode: 'http', virtualPort: undefined, persistenceMethods: ['cookie'] };
const SOURCE = { persistenceMethods: ['source-address'] };

/** Without undefined properties. */
const clean = (values: Json): Json => JSON.parse(JSON.stringify(values)) as Json;

describe('of a VirtualServer without TLS', () => {
  test.each<[string, Json, Json]>([
    ['waf', { waf: '/Common/w' }, { policyWAF: '/Common/w' }],
    ['dos', { dos: '/Common/d' }, { profileDOS: '/Common/d' }],
    ['botDefense', { botDefense: '/Common/b' }, { profileBotDefense: '/Common/b' }],
    [
      'profileAccess with policyPerRequestAccess',
      { profileAccess: '/Common/a', policyPerRequestAccess: '/Common/r' },
      { profileAccess: '/Common/a', policyPerRequestAccess: '/Common/r' },
    ],
    [
      'profileApiProtection',
      { profileApiProtection: '/Common/a' },
      { profileApiProtection: '/Common/a' },
    ],
    [
      'profileAdapt',
      { profileAdapt: { request: '/Common/q', response: '/Common/s' } },
      { profileRequestAdapt: '/Common/q', profileResponseAdapt: '/Common/s' },
    ],
    ['htmlProfile', { htmlProfile: '/Common/h' }, { profileHTML: '/Common/h' }],
    [
      'httpCompressionProfile',
      { httpCompressionProfile: '/Common/c' },
      { profileHTTPCompression: '/Common/c' },
    ],
    ['profileMultiplex', { profileMultiplex: '/Common/m' }, { profileMultiplex: '/Common/m' }],
    [
      'profileAnalyticsTcp',
      { profileAnalyticsTcp: '/Common/t' },
      { profileAnalyticsTcp: '/Common/t' },
    ],
    [
      'profiles.profileProtocolInspection',
      { profiles: { profileProtocolInspection: '/Common/i' } },
      { profileProtocolInspection: '/Common/i' },
    ],
    [
      'profiles.tcp of both sides',
      { profiles: { tcp: { client: '/Common/c', server: '/Common/s' } } },
      { 'profileTCP.ingress': '/Common/c', 'profileTCP.egress': '/Common/s' },
    ],
    ['httpMrfRoutingEnabled', { httpMrfRoutingEnabled: true }, { httpMrfRoutingEnabled: true }],
    ['iRules', { iRules: ['/Common/r'] }, { iRules: ['/Common/r'] }],
    ['iRules none', { iRules: ['none'] }, {}],
    ['snat', { snat: '/Common/pool' }, { snat: '/Common/pool' }],
    ['allowVlans', { allowVlans: ['/Common/v'] }, { allowVlans: ['/Common/v'] }],
    ['allowSourceRange', { allowSourceRange: ['10.0.0.0/8'] }, { sourceAddress: '10.0.0.0/8' }],
    [
      'persistenceProfile',
      { persistenceProfile: '/Common/p' },
      { persistenceMethods: ['/Common/p'] },
    ],
    ['persistenceProfile none', { persistenceProfile: 'none' }, { persistenceMethods: [] }],
    [
      'serviceAddress',
      {
        serviceAddress: [
          {
            arpEnabled: false,
            icmpEcho: 'disable',
            routeAdvertisement: 'all',
            spanningEnabled: true,
            trafficGroup: '/Common/traffic-group-2',
          },
        ],
      },
      {
        arpEnabled: false,
        icmpEcho: 'disable',
        routeAdvertisement: 'all',
        spanningEnabled: true,
        trafficGroup: '/Common/traffic-group-2',
      },
    ],
    ['another port', { virtualServerHTTPPort: 8080 }, { virtualPort: 8080 }],
  ])('%s', (_, spec, properties) => {
    const found = imported(virtual(spec));
    expect([declared(found), told(found)]).toEqual([clean({ ...COOKIE, ...properties }), []]);
  });

  test('settings of its pool', () => {
    const found = imported(
      virtual({}, 80, {
        loadBalancingMethod: 'fastest-node',
        reselectTries: 15,
        serviceDownAction: 'reselect',
      }),
    );
    expect([declared(found), told(found)]).toEqual([
      clean({
        ...COOKIE,
        loadBalancingMode: 'fastest-node',
        reselectTries: 15,
        serviceDownAction: 'reselect',
      }),
      [],
    ]);
  });
});

describe('of a TransportServer', () => {
  test.each<[string, Json, Json]>([
    ['mode standard', {}, {}],
    [
      'mode performance with profileL4',
      { mode: 'performance', profileL4: '/Common/l' },
      { mode: 'fastl4', profileL4: '/Common/l' },
    ],
    ['connectionMirroring', { connectionMirroring: 'L4' }, { mirroring: 'L4' }],
    ['dos', { dos: '/Common/d' }, { profileDOS: '/Common/d' }],
    [
      'dos in mode performance',
      { mode: 'performance', dos: '/Common/d' },
      { mode: 'fastl4', profileDOS: '/Common/d' },
    ],
    [
      'profileAnalyticsTcp',
      { profileAnalyticsTcp: '/Common/t' },
      { profileAnalyticsTcp: '/Common/t' },
    ],
    [
      'tls with profiles on BIG-IP',
      { tls: { clientSSLs: ['/Common/c'], serverSSLs: [], reference: 'bigip' } },
      { serverTLS: ['/Common/c'] },
    ],
    [
      'persistenceProfile',
      { persistenceProfile: 'destination-address' },
      { persistenceMethods: ['destination-address'] },
    ],
    ['another port', { virtualServerPort: 8544 }, { virtualPort: 8544 }],
  ])('%s', (_, spec, properties) => {
    const found = imported(transport(spec));
    expect([declared(found), told(found)]).toEqual([{ ...SOURCE, ...properties }, []]);
  });
});

describe('of a VirtualServer with a TLSProfile', () => {
  const HTTPS = { mode: 'https', virtualPort: 443, persistenceMethods: ['cookie'] };
  test.each<[string, Json, Json, number, Json]>([
    [
      'edge',
      {},
      { termination: 'edge', reference: 'bigip', clientSSL: '/Common/c' },
      80,
      { ...HTTPS, serverTLS: ['/Common/c'] },
    ],
    [
      'edge with a name without a path, which CIS looks for in Common',
      {},
      { termination: 'edge', reference: 'bigip', clientSSLs: ['c', 'Common/d'] },
      80,
      { ...HTTPS, serverTLS: ['/Common/c', '/Common/d'] },
    ],
    [
      'reencrypt',
      {},
      {
        termination: 'reencrypt',
        reference: 'bigip',
        clientSSLs: ['/Common/c', '/Common/d'],
        serverSSLs: ['/Common/s', '/Common/u'],
      },
      443,
      {
        ...HTTPS,
        virtualPort: undefined,
        serverTLS: ['/Common/c', '/Common/d'],
        clientTLS: ['/Common/s', '/Common/u'],
      },
    ],
    [
      'hybrid with both sides on BIG-IP',
      {},
      {
        termination: 'reencrypt',
        reference: 'hybrid',
        clientSSL: '/Common/c',
        serverSSL: '/Common/s',
        clientSSLParams: { profileReference: 'bigip' },
        serverSSLParams: { profileReference: 'bigip' },
      },
      443,
      { ...HTTPS, virtualPort: undefined, serverTLS: ['/Common/c'], clientTLS: ['/Common/s'] },
    ],
    [
      'a redirect from port 80',
      { httpTraffic: 'redirect' },
      { termination: 'edge', reference: 'bigip', clientSSL: '/Common/c' },
      80,
      { ...HTTPS, serverTLS: ['/Common/c'], redirect80: true },
    ],
    [
      'HTTP/2',
      {
        httpMrfRoutingEnabled: true,
        profiles: { http2: { client: '/Common/h', server: '/Common/g' } },
      },
      { termination: 'edge', reference: 'bigip', clientSSL: '/Common/c' },
      80,
      {
        ...HTTPS,
        serverTLS: ['/Common/c'],
        httpMrfRoutingEnabled: true,
        'profileHTTP2.ingress': '/Common/h',
        'profileHTTP2.egress': '/Common/g',
      },
    ],
    [
      'passthrough',
      { virtualServerHTTPSPort: 9443 },
      { termination: 'passthrough' },
      443,
      { virtualPort: 9443, persistenceMethods: ['tls-session-id'] },
    ],
  ])('%s', (_, spec, profile, port, properties) => {
    const found = imported(tls(profile), virtual({ tlsProfileName: 't', ...spec }, port));
    expect(declared(found)).toEqual(clean(properties));
    expect(told(found)).toEqual([
      'TLSProfile ns/t spec.hosts: the profiles on BIG-IP say which server name each is for',
    ]);
  });
});

describe('of a Policy', () => {
  const EDGE = tls({ termination: 'edge', reference: 'bigip', clientSSL: '/Common/c' });
  test.each<[string, Json, Json]>([
    ['l7Policies.waf', { l7Policies: { waf: '/Common/w' } }, { policyWAF: '/Common/w' }],
    [
      'l7Policies.profileAccess and policyPerRequestAccess',
      { l7Policies: { profileAccess: '/Common/a', policyPerRequestAccess: '/Common/r' } },
      { profileAccess: '/Common/a', policyPerRequestAccess: '/Common/r' },
    ],
    [
      'l7Policies.profileApiProtection',
      { l7Policies: { profileApiProtection: '/Common/a' } },
      { profileApiProtection: '/Common/a' },
    ],
    [
      'l7Policies.profileAdapt',
      { l7Policies: { profileAdapt: { request: '/Common/q', response: '/Common/s' } } },
      { profileRequestAdapt: '/Common/q', profileResponseAdapt: '/Common/s' },
    ],
    [
      'l3Policies',
      {
        l3Policies: {
          dos: '/Common/d',
          botDefense: '/Common/b',
          firewallPolicy: '/Common/f',
          ipIntelligencePolicy: '/Common/i',
          allowSourceRange: ['10.0.0.0/8'],
          allowVlans: ['/Common/v'],
        },
      },
      {
        profileDOS: '/Common/d',
        profileBotDefense: '/Common/b',
        policyFirewallEnforced: '/Common/f',
        ipIntelligencePolicy: '/Common/i',
        sourceAddress: '10.0.0.0/8',
        allowVlans: ['/Common/v'],
      },
    ],
    [
      'iRuleList before iRules',
      { iRuleList: ['/Common/l'], iRules: { insecure: '/Common/l' } },
      { iRules: ['/Common/l'] },
    ],
    [
      'iRules.insecure',
      { iRuleList: [], iRules: { insecure: '/Common/i' } },
      { iRules: ['/Common/i'] },
    ],
    ['iRules none', { iRules: { insecure: 'none', secure: 'none' } }, {}],
    ['profiles.http', { profiles: { http: '/Common/h' } }, { profileHTTP: '/Common/h' }],
    [
      'profiles.httpProfiles',
      { profiles: { httpProfiles: { insecure: '/Common/h', secure: '/Common/s' } } },
      { profileHTTP: '/Common/h' },
    ],
    [
      'profiles.tcp, persistenceProfile, logProfiles and others',
      {
        profiles: {
          tcp: { client: '/Common/c', server: '/Common/s' },
          persistenceProfile: 'source-address',
          logProfiles: ['/Common/l', '/Common/m'],
          requestLogProfile: '/Common/r',
          profileMultiplex: '/Common/o',
          profileWebSocket: '/Common/w',
          analyticsProfiles: { http: '/Common/a' },
          profileAnalyticsTcp: '/Common/t',
          htmlProfile: '/Common/h',
          httpCompressionProfile: '/Common/z',
          profileProtocolInspection: '/Common/i',
          httpMrfRoutingEnabled: true,
        },
      },
      {
        'profileTCP.ingress': '/Common/c',
        'profileTCP.egress': '/Common/s',
        persistenceMethods: ['source-address'],
        securityLogProfiles: ['/Common/l', '/Common/m'],
        profileTrafficLog: '/Common/r',
        profileMultiplex: '/Common/o',
        profileWebSocket: '/Common/w',
        profileAnalytics: '/Common/a',
        profileAnalyticsTcp: '/Common/t',
        profileHTML: '/Common/h',
        profileHTTPCompression: '/Common/z',
        profileProtocolInspection: '/Common/i',
        httpMrfRoutingEnabled: true,
      },
    ],
    ['autoLastHop', { autoLastHop: 'auto' }, { lastHop: 'auto' }],
    ['snat', { snat: 'none' }, { snat: 'none' }],
    [
      'poolSettings',
      { poolSettings: { reselectTries: 1, serviceDownAction: 'reselect', slowRampTime: 20 } },
      { reselectTries: 1, serviceDownAction: 'reselect', slowRampTime: 20 },
    ],
    [
      'defaultPool that is the gateway',
      { defaultPool: { service: 'gw', servicePort: 80, reference: 'service' } },
      {},
    ],
  ])('for a VirtualServer: %s', (_, spec, properties) => {
    const found = imported(policy(spec), virtual({ policyName: 'p' }));
    expect([declared(found), told(found)]).toEqual([clean({ ...COOKIE, ...properties }), []]);
  });

  test('for one with TLS: what is for TLS', () => {
    const found = imported(
      EDGE,
      policy({
        iRules: { secure: '/Common/s', insecure: '/Common/i' },
        profiles: {
          httpProfiles: { secure: '/Common/hs', insecure: '/Common/hi' },
          http2: { client: '/Common/h2' },
        },
      }),
      virtual({ policyName: 'p', tlsProfileName: 't' }),
    );
    expect(declared(found)).toEqual({
      mode: 'https',
      virtualPort: 443,
      persistenceMethods: ['cookie'],
      serverTLS: ['/Common/c'],
      iRules: ['/Common/s'],
      profileHTTP: '/Common/hs',
      'profileHTTP2.ingress': '/Common/h2',
    });
  });

  test.each<[string, Json, Json, Json]>([
    [
      'profiles.profileL4',
      { mode: 'performance' },
      { profileL4: '/Common/l' },
      { mode: 'fastl4', profileL4: '/Common/l' },
    ],
    ['profiles.tcp', {}, { tcp: { client: '/Common/c' } }, { 'profileTCP.ingress': '/Common/c' }],
    [
      'profiles.profileProtocolInspection',
      {},
      { profileProtocolInspection: '/Common/i' },
      { profileProtocolInspection: '/Common/i' },
    ],
  ])('for a TransportServer: %s', (_, spec, profiles, properties) => {
    const found = imported(
      policy({ profiles, l3Policies: { firewallPolicy: '/Common/f' } }),
      transport({ policyName: 'p', ...spec }),
    );
    expect(declared(found)).toEqual({
      ...SOURCE,
      policyFirewallEnforced: '/Common/f',
      ...properties,
    });
    expect(told(found)).toEqual([]);
  });

  test('of a Service of type LoadBalancer', () => {
    const found = imported(policy({ l3Policies: { firewallPolicy: '/Common/f' } }), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: 'ns',
        name: 'lb',
        annotations: { 'cis.f5.com/ip': '192.0.2.9', 'cis.f5.com/policyName': 'p' },
      },
      spec: { type: 'LoadBalancer', selector: { app: 'gw' }, ports: [{ name: 'x', port: 9000 }] },
    });
    expect(found.serviceBundles).toEqual([
      { name: 'p', namespaces: ['ns'], settings: { policyFirewallEnforced: '/Common/f' } },
    ]);
    expect(found.gateways.map(({ gateway, annotations }) => [gateway, annotations])).toEqual(
      ['http', 'https', 'tcp', 'tls'].map((name) => [
        `ns/${name}`,
        { 'sluice.io/persistence': 'source-address', 'sluice.io/service-bundle': 'p' },
      ]),
    );
    expect(told(found)).toEqual([
      'Service ns/lb cis.f5.com/policyName: is carried; remove it when CIS no longer ' +
        'publishes the Service: Sluice refuses one that has it',
      expect.stringContaining('Service ns/lb ports: CIS publishes every port'),
    ]);
    expect(found.staying).toEqual([]);
  });

  test('of a Service that is left out does not have to be removed', () => {
    const service: Json = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: 'ns',
        name: 'lb',
        annotations: { 'cis.f5.com/ip': '192.0.2.9', 'cis.f5.com/policyName': 'p' },
      },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    };
    const left = imported(policy({ l3Policies: { botDefense: '/Common/b' } }), service);
    expect(left.gateways).toEqual([]);
    expect(told(left)).toEqual([
      expect.stringMatching(/^Policy ns\/p spec.l3Policies.botDefense: /),
    ]);
    const closed = { ...service, spec: { type: 'ClusterIP', ports: [{ port: 80 }] } };
    expect(told(imported(policy({ snat: 'none' }), closed))).toEqual([
      expect.stringContaining('CIS reads them on Services of type LoadBalancer'),
    ]);
  });
});
