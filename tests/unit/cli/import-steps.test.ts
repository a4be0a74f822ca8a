/**
 * Migrations from CIS, each carried out completely: after the printed steps, Sluice offers exactly
 * what CIS offered.
 */
import { describe, expect, test } from '@jest/globals';
import { follow, printedFor } from './import-steps.ts';

const NAMESPACE = 'istio-system';
const GATEWAY_SERVICE = 'istio-ingressgateway';

const service = (
  more: { annotations?: object; labels?: object; status?: object; type?: string } = {},
): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: GATEWAY_SERVICE,
    namespace: NAMESPACE,
    labels: { istio: 'ingressgateway', ...more.labels },
    annotations: more.annotations ?? {},
  },
  spec: {
    type: more.type ?? 'LoadBalancer',
    selector: { istio: 'ingressgateway' },
    ports: [
      { name: 'status-port', port: 15021, targetPort: 15021, nodePort: 30021 },
      { name: 'http2', port: 80, targetPort: 8080, nodePort: 30080 },
      { name: 'https', port: 443, targetPort: 8443, nodePort: 30443 },
      { name: 'tcp-mq', port: 5672, targetPort: 5672, nodePort: 30672 },
    ],
  },
  status: more.status ?? {},
});
const server = (number: number, protocol: string): object => ({
  port: { number, name: `p${number}`, protocol },
  hosts: ['*'],
  ...(protocol === 'HTTPS' && { tls: { mode: 'SIMPLE', credentialName: 'c' } }),
  ...(protocol === 'TLS' && { tls: { mode: 'PASSTHROUGH' } }),
});
const gateway = (name: string, ...servers: readonly object[]): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace: 'edge' },
  spec: { selector: { istio: 'ingressgateway' }, servers },
});
/** TCP and TLS servers listen only after a route leads somewhere. */
const route = (name: string, port: number, gw = 'web'): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'edge' },
  spec: {
    hosts: ['*'],
    gateways: [gw],
    tcp: [{ match: [{ port }], route: [{ destination: { host: 'mq', port: { number: 5672 } } }] }],
  },
});
const web = [
  gateway('web', server(80, 'HTTP'), server(443, 'HTTPS'), server(5672, 'TCP')),
  route('mq', 5672),
];
const cis = (kind: string, name: string, spec: object, more: object = {}): object => ({
  apiVersion: 'cis.f5.com/v1',
  kind,
  metadata: { name, namespace: NAMESPACE, labels: { f5cr: 'true' } },
  spec,
  ...more,
});
const pool = (servicePort: unknown, more: object = {}): object => ({
  service: GATEWAY_SERVICE,
  servicePort,
  ...more,
});
const transport = (spec: object, target: object = pool(5672), more: object = {}): object =>
  cis('TransportServer', 'mq', { mode: 'standard', ...spec, pool: target }, more);
const virtual = (spec: object, ...pools: readonly object[]): object =>
  cis('VirtualServer', 'www', {
    host: 'www.example.com',
    ...spec,
    pools: pools.length > 0 ? pools : [pool(80)],
  });
const map = (
  name: string,
  servicePort: number,
  frontend: object,
  backend: object = {},
): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE, labels: { f5type: 'virtual-server' } },
  data: {
    schema: 'f5schemadb://bigip-virtual-server_v0.1.7.json',
    data: JSON.stringify({
      virtualServer: {
        backend: { serviceName: GATEWAY_SERVICE, servicePort, ...backend },
        frontend: { partition: 'k8s', mode: 'tcp', ...frontend },
      },
    }),
  },
});
const at = (bindAddr: string, port: number): object => ({ virtualAddress: { bindAddr, port } });

describe('after the printed steps, CIS’s virtual servers are there and no other', () => {
  test.each<[string, readonly object[], readonly string[]]>([
    [
      'of a TransportServer, at its port alone',
      [transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 })],
      ['10.8.3.20:5672 tcp <- edge/web'],
    ],
    [
      'of one with another port',
      [transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 15672 })],
      ['10.8.3.20:15672 tcp <- edge/web'],
    ],
    [
      'of one that names the Service port',
      [transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 }, pool('tcp-mq'))],
      ['10.8.3.20:5672 tcp <- edge/web'],
    ],
    [
      'of one that names the target port',
      [transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 80 }, pool(8080))],
      ['10.8.3.20:80 tcp <- edge/web'],
    ],
    [
      'of one with mode performance',
      [
        transport({
          virtualServerAddress: '10.8.3.20',
          virtualServerPort: 5672,
          mode: 'performance',
          profileL4: '/Common/l4',
          persistenceProfile: 'source-address',
        }),
      ],
      ['10.8.3.20:5672 fastl4 <- edge/web'],
    ],
    [
      'of one that refers to objects on the device',
      [
        transport({
          virtualServerAddress: '10.8.3.20',
          virtualServerPort: 5672,
          snat: '/Common/pool',
          allowVlans: ['/Common/v'],
          iRules: ['/Common/r'],
          persistenceProfile: '/Common/p',
          profiles: { tcp: { client: '/Common/t', server: '/Common/t' } },
        }),
      ],
      ['10.8.3.20:5672 tcp <- edge/web'],
    ],
    [
      'of one that names two things its mode cannot have',
      [
        transport({
          virtualServerAddress: '10.8.3.20',
          virtualServerPort: 5672,
          profileL4: '/Common/l4',
          persistenceProfile: 'cookie',
        }),
      ],
      ['10.8.3.20:5672 tcp <- edge/web'],
    ],
    [
      'of one in a partition',
      [transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672, partition: 'dev' })],
      ['10.8.3.20:5672 tcp <- edge/web'],
    ],
    [
      'of one with an address from IPAM',
      [
        transport({ ipamLabel: 'prod', virtualServerPort: 5672 }, pool(5672), {
          status: { vsAddress: '10.8.3.20', status: 'OK' },
        }),
      ],
      ['10.8.3.20:5672 tcp <- edge/web'],
    ],
    [
      'of one that waits for IPAM',
      [transport({ ipamLabel: 'Prod', virtualServerPort: 5672 })],
      ['auto(prod):5672 tcp <- edge/web'],
    ],
    [
      'of an IngressLink, at all ports of the Gateway',
      [
        cis('IngressLink', 'il', {
          virtualServerAddress: '10.8.3.40',
          iRules: ['/Common/Proxy_Protocol_iRule', '/Common/other'],
          selector: { matchLabels: { istio: 'ingressgateway' } },
        }),
      ],
      [
        '10.8.3.40:443 tcp <- edge/web',
        '10.8.3.40:5672 tcp <- edge/web',
        '10.8.3.40:80 tcp <- edge/web',
      ],
    ],
    [
      'of an IngressLink in a partition, with the address of its status',
      [
        cis(
          'IngressLink',
          'il',
          {
            ipamLabel: 'x',
            partition: 'dev',
            selector: { matchLabels: { istio: 'ingressgateway' } },
          },
          { status: { vsAddress: '10.8.3.41' } },
        ),
      ],
      [
        '10.8.3.41:443 tcp <- edge/web',
        '10.8.3.41:5672 tcp <- edge/web',
        '10.8.3.41:80 tcp <- edge/web',
      ],
    ],
    [
      'of a VirtualServer that leads to the gateway',
      [virtual({ virtualServerAddress: '10.8.3.30' })],
      ['10.8.3.30:80 http <- edge/web'],
    ],
    [
      'of one with several hosts and a port of its own',
      [
        virtual({
          virtualServerAddress: '10.8.3.30',
          virtualServerHTTPPort: 8080,
          hostAliases: ['a.example.com'],
        }),
        cis('VirtualServer', 'api', {
          host: 'api.example.com',
          virtualServerAddress: '10.8.3.30',
          virtualServerHTTPPort: 8080,
          pools: [pool(80)],
        }),
      ],
      ['10.8.3.30:8080 http <- edge/web'],
    ],
    [
      'of one that names the port and mirrors nothing',
      [
        virtual(
          {
            virtualServerAddress: '10.8.3.30',
            persistenceProfile: 'cookie',
            connectionMirroring: 'L4',
          },
          pool('http2', { path: '/a' }),
          pool(80, { path: '/b' }),
        ),
      ],
      ['10.8.3.30:80 http <- edge/web'],
    ],
    [
      'of a Service that CIS publishes',
      [service({ annotations: { 'cis.f5.com/ip': '10.8.3.50' } })],
      [
        '10.8.3.50:443 tcp <- edge/web',
        '10.8.3.50:5672 tcp <- edge/web',
        '10.8.3.50:80 tcp <- edge/web',
      ],
    ],
    [
      'of one with an address from IPAM, in a partition',
      [
        service({
          annotations: {
            'cis.f5.com/ipamLabel': 'test',
            'cis.f5.com/partition': 'dev',
            'cis.f5.com/health': '{"interval": 10, "timeout": 31}',
          },
          status: { loadBalancer: { ingress: [{ ip: '10.8.3.51' }] } },
        }),
      ],
      [
        '10.8.3.51:443 tcp <- edge/web',
        '10.8.3.51:5672 tcp <- edge/web',
        '10.8.3.51:80 tcp <- edge/web',
      ],
    ],
    [
      'of two TransportServers at one address',
      [
        transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 }),
        cis('TransportServer', 'https', {
          virtualServerAddress: '10.8.3.20',
          virtualServerPort: 8443,
          mode: 'standard',
          pool: pool(443),
        }),
      ],
      ['10.8.3.20:5672 tcp <- edge/web', '10.8.3.20:8443 tcp <- edge/web'],
    ],
    [
      'of a ConfigMap',
      [
        map('a', 5672, at('10.8.3.60', 15672), {
          healthMonitors: [{ protocol: 'tcp', interval: 10, timeout: 31 }],
        }),
      ],
      ['10.8.3.60:15672 tcp <- edge/web'],
    ],
    [
      'of ConfigMaps for two ports',
      [map('a', 5672, at('10.8.3.60', 5672)), map('b', 80, at('10.8.3.60', 8000))],
      ['10.8.3.60:5672 tcp <- edge/web', '10.8.3.60:8000 tcp <- edge/web'],
    ],
  ])('%s', async (_, objects, expected) => {
    const own = objects.some((one) => (one as { kind: string }).kind === 'Service')
      ? []
      : [service()];
    const { offered, planned, refused, printed } = await follow([...own, ...web, ...objects]);
    expect({ offered, refused }).toEqual({
      offered: expected,
      refused: [],
    });
    // An automatic address is the one that an empty device would assign.
    expect(planned).toEqual(
      expected.map((one) => {
        const place = one.slice(0, one.indexOf(' ')).replace('auto(prod)', '192.0.2.1');
        return `create ${place}/tcp`;
      }),
    );
    expect(printed).not.toContain('NAMESPACE');
  });

  test('of a VirtualServer whose TLS BIG-IP passes through', async () => {
    const profile = cis('TLSProfile', 'pass', {
      tls: { termination: 'passthrough' },
      hosts: ['www.example.com'],
    });
    const objects = [
      service(),
      ...web,
      profile,
      virtual(
        { virtualServerAddress: '10.8.3.30', tlsProfileName: 'pass', httpTraffic: 'redirect' },
        pool(443),
      ),
    ];
    const { offered, printed } = await follow(objects);
    expect(offered).toEqual(['10.8.3.30:443 tcp <- edge/web']);
    expect(printed).toMatch(
      /VirtualServer istio-system\/www +spec\.httpTraffic +redirect: port 80 is not carried/,
    );
    expect(printed).toMatch(/TLSProfile istio-system\/pass +spec\.hosts/);
  });

  test('of a VirtualServer whose TLS BIG-IP terminates, with a Policy', async () => {
    const objects = [
      service(),
      ...web,
      cis('TLSProfile', 'edge', {
        tls: { termination: 'edge', reference: 'bigip', clientSSLs: ['/Common/a', '/Common/b'] },
      }),
      cis('Policy', 'public', {
        l7Policies: { waf: '/Common/waf' },
        profiles: { tcp: { client: '/Common/wan' }, logProfiles: ['/Common/log'] },
      }),
      virtual(
        {
          virtualServerAddress: '10.8.3.30',
          tlsProfileName: 'edge',
          policyName: 'public',
          httpTraffic: 'redirect',
        },
        pool(80),
      ),
    ];
    const { offered, refused, printed } = await follow(objects);
    expect([offered, refused]).toEqual([['10.8.3.30:443 https <- edge/web'], []]);
    expect(printed).toContain(
      `serviceBundles:
  - name: public
    namespaces:
      - edge
    settings:
      policyWaf: /Common/waf
      securityLogProfiles:
        - /Common/log
      profiles:
        tcp: /Common/wan
`,
    );
    expect(printed).toContain(
      "annotate gateways.networking.istio.io web 'sluice.io/port=80=443' 'sluice.io/mode=https' " +
        "'sluice.io/persistence=cookie' 'sluice.io/client-tls=/Common/a,/Common/b' " +
        "'sluice.io/redirect-80=true' 'sluice.io/service-bundle=public' 'sluice.io/expose=80'",
    );
  });

  test('of two Gateways with two addresses', async () => {
    const objects = [
      service(),
      gateway('web', server(80, 'HTTP'), server(443, 'HTTPS')),
      gateway('mq', server(5672, 'TCP')),
      route('mq', 5672, 'mq'),
      transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 }),
      virtual({ virtualServerAddress: '10.8.3.30' }),
    ];
    expect((await follow(objects)).offered).toEqual([
      '10.8.3.20:5672 tcp <- edge/mq',
      '10.8.3.30:80 http <- edge/web',
    ]);
  });

  test('of a Gateway of Gateway API', async () => {
    const api = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'api', namespace: NAMESPACE },
      spec: {
        gatewayClassName: 'istio',
        addresses: [
          { type: 'Hostname', value: `${GATEWAY_SERVICE}.${NAMESPACE}.svc.cluster.local` },
        ],
        listeners: [{ name: 'a', port: 80, protocol: 'HTTP' }],
      },
    };
    const { offered, printed } = await follow([
      service(),
      api,
      cis('TransportServer', 't', {
        virtualServerAddress: '10.8.3.20',
        virtualServerPort: 8080,
        mode: 'standard',
        pool: pool(80),
      }),
    ]);
    expect(offered).toEqual(['10.8.3.20:8080 tcp <- istio-system/api']);
    expect(printed).toContain(
      "annotate gateways.gateway.networking.k8s.io api 'sluice.io/port=80=8080'",
    );
  });

  test('without their Service in the files: names the Gateway that opens the port', () => {
    const printed = printedFor([
      ...web,
      gateway('other', server(9000, 'TCP')),
      transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 15672 }),
    ]);
    expect(printed).toContain(
      'kubectl -n edge annotate gateways.networking.istio.io web ' +
        "'sluice.io/port=5672=15672' 'sluice.io/persistence=source-address' " +
        "'sluice.io/expose=5672'",
    );
    expect(printed).not.toContain('edge/other');
  });

  test('of ConfigMaps that stay, with sluice.io/expose alone', async () => {
    const objects = [service(), ...web, map('a', 5672, at('10.8.3.60', 15672))];
    const { printed } = await follow(objects);
    expect(printed).toContain(
      '# You can also keep the F5 ConfigMaps: Sluice reads them, then of their ' +
        'annotations only sluice.io/expose is needed.',
    );
    expect((await follow(objects, ['a'])).offered).toEqual(['10.8.3.60:15672 tcp <- edge/web']);
  });
});

describe('what would differ from CIS is listed, and nothing is printed for it', () => {
  test.each<[string, object, string]>([
    [
      'udp',
      transport({ type: 'udp', virtualServerAddress: '10.8.3.50', virtualServerPort: 53 }),
      'TransportServer istio-system/mq +spec.type',
    ],
    [
      'sctp',
      transport({ type: 'sctp', virtualServerAddress: '10.8.3.50', virtualServerPort: 53 }),
      'TransportServer istio-system/mq +spec.type',
    ],
    [
      'a ConfigMap with mode udp',
      map('u', 5672, { mode: 'udp', ...at('10.8.3.50', 53) }),
      'ConfigMap istio-system/u +mode',
    ],
    [
      'a ConfigMap that terminates TLS',
      map('s', 443, { sslProfile: { f5ProfileName: 'Common/x' }, ...at('10.8.3.50', 443) }),
      'ConfigMap istio-system/s +virtual server +terminates TLS and sends plain data, but port 443',
    ],
    [
      'a ConfigMap that makes only a pool',
      map('p', 443, {}),
      'ConfigMap istio-system/p +virtualAddress',
    ],
    [
      'an AS3 declaration',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'as3',
          namespace: NAMESPACE,
          labels: { f5type: 'virtual-server', as3: 'true' },
        },
        data: { template: '{}' },
      },
      'ConfigMap istio-system/as3 +GW127',
    ],
    [
      'CIS’s own settings',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'ext', namespace: NAMESPACE, labels: { f5nr: 'true' } },
        data: { extendedSpec: 'baseRouteSpec: {}' },
      },
      'ConfigMap istio-system/ext +data',
    ],
    [
      'TLS that BIG-IP ends',
      virtual({ virtualServerAddress: '10.8.3.30', tlsProfileName: 'edge' }),
      'VirtualServer istio-system/www +spec.tlsProfileName',
    ],
    [
      'TLS of a TransportServer',
      transport({
        virtualServerAddress: '10.8.3.30',
        virtualServerPort: 1,
        tls: { clientSSLs: ['/Common/c'] },
      }),
      'TransportServer istio-system/mq +spec.tls',
    ],
    [
      'a WAF policy that is not a path',
      virtual({ virtualServerAddress: '10.8.3.30', waf: 'WAF' }),
      'VirtualServer istio-system/www +spec.waf',
    ],
    [
      'a policy',
      transport({ virtualServerAddress: '10.8.3.30', virtualServerPort: 1, policyName: 'p' }),
      'TransportServer istio-system/mq +spec.policyName',
    ],
    [
      'source ranges that AS3 cannot take',
      virtual({
        virtualServerAddress: '10.8.3.30',
        allowSourceRange: ['10.0.0.0/8', '192.168.0.0/16'],
      }),
      'VirtualServer istio-system/www +spec.allowSourceRange',
    ],
    [
      'another route domain',
      transport({ virtualServerAddress: '10.8.3.30', virtualServerPort: 1, bigipRouteDomain: 10 }),
      'TransportServer istio-system/mq +spec.bigipRouteDomain',
    ],
    [
      'paths to several Services',
      virtual(
        { virtualServerAddress: '10.8.3.30' },
        pool(80, { path: '/a' }),
        pool(443, { path: '/b' }),
      ),
      'VirtualServer istio-system/www +spec.pools',
    ],
    [
      'a rewritten path',
      virtual({ virtualServerAddress: '10.8.3.30' }, pool(80, { path: '/a', rewrite: '/b' })),
      String.raw`VirtualServer istio-system/www +spec.pools\[0\].rewrite`,
    ],
    [
      'HTTP for a port that carries TLS',
      virtual({ virtualServerAddress: '10.8.3.30' }, pool(443)),
      'VirtualServer istio-system/www +virtual server',
    ],
    [
      'a VirtualServer of an application',
      virtual({ virtualServerAddress: '10.8.3.30' }, { service: 'shop', servicePort: 80 }),
      'VirtualServer istio-system/www +Service +is for Service istio-system/shop, which is not in these files',
    ],
    [
      'a port that no Gateway opens',
      transport({ virtualServerAddress: '10.8.3.30', virtualServerPort: 1 }, pool(15021)),
      'TransportServer istio-system/mq +virtual server +no Gateway in these files opens port 15021',
    ],
    [
      'a port that the Service does not have',
      transport({ virtualServerAddress: '10.8.3.30', virtualServerPort: 1 }, pool('nope')),
      'TransportServer istio-system/mq +spec.pool.servicePort +is nope',
    ],
    ['a TLSProfile', cis('TLSProfile', 't', { tls: {} }), 'TLSProfile istio-system/t +kind'],
    ['a Policy', cis('Policy', 'p', {}), 'Policy istio-system/p +kind'],
    [
      'an ExternalDNS',
      cis('ExternalDNS', 'd', { domainName: 'x' }),
      'ExternalDNS istio-system/d +kind',
    ],
    ['an unknown kind', cis('Novelty', 'n', {}), 'Novelty istio-system/n +kind'],
    [
      'a request to IPAM',
      { ...cis('IPAM', 'i', {}), apiVersion: 'fic.f5.com/v1' },
      'IPAM istio-system/i +kind',
    ],
    [
      'an Ingress of CIS',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: {
          name: 'i',
          namespace: 'shop',
          annotations: { 'virtual-server.f5.com/ip': '10.1.1.1' },
        },
        spec: {},
      },
      'Ingress shop/i +kind',
    ],
    [
      'an Ingress of the class f5',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'i', namespace: 'shop' },
        spec: { ingressClassName: 'f5' },
      },
      'Ingress shop/i +kind',
    ],
    [
      'a Route',
      {
        apiVersion: 'route.openshift.io/v1',
        kind: 'Route',
        metadata: { name: 'r', namespace: 'shop' },
        spec: {},
      },
      'Route shop/r +kind',
    ],
    [
      'a Service of an application that CIS publishes',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'app', namespace: 'shop', annotations: { 'cis.f5.com/ip': '10.1.1.1' } },
        spec: { type: 'LoadBalancer', selector: { app: 'x' }, ports: [{ port: 80 }] },
      },
      'Service shop/app +Service +is for Service shop/app, to which no Gateway',
    ],
    [
      'a Service of a type that CIS does not publish',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'app', namespace: 'shop', annotations: { 'cis.f5.com/ip': '10.1.1.1' } },
        spec: { ports: [] },
      },
      'Service shop/app +annotations +CIS reads them on Services of type LoadBalancer',
    ],
    [
      'a Service with a health check and no address',
      service({ annotations: { 'cis.f5.com/health': '{"interval": 5, "timeout": 16}' } }),
      'Service istio-system/istio-ingressgateway +annotations +cis.f5.com/ip and cis.f5.com/ipamLabel are missing',
    ],
    [
      'a Service that fills an AS3 declaration',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'app', namespace: 'shop', labels: { 'cis.f5.com/as3-tenant': 't' } },
        spec: { ports: [] },
      },
      'Service shop/app +cis.f5.com/as3-tenant',
    ],
  ])('%s', (_, object, line) => {
    const printed = printedFor([service(), ...web, object]);
    expect(printed).toMatch(/^# nothing for sluice.yaml\n/);
    expect(printed).not.toMatch(/^kubectl/m);
    expect(printed).not.toContain('everything was converted');
    expect(printed).toMatch(new RegExp(`^# ${line}`, 'm'));
  });

  test('what is not CIS’s is not mentioned, whatever its kind is called', () => {
    const nginx = ['TransportServer', 'VirtualServer', 'Policy'].map((kind) => ({
      ...cis(kind, 'n', {}),
      apiVersion: 'k8s.nginx.org/v1',
    }));
    const others = [
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'i' },
        spec: { ingressClassName: 'nginx' },
      },
    ];
    expect(printedFor([service(), ...web, ...nginx, ...others])).toBe(
      'No object of F5 CIS in these files.',
    );
  });

  test('a Service with a Policy that is not there, which is reported', () => {
    const policed = service({
      annotations: { 'cis.f5.com/ip': '10.8.3.50', 'cis.f5.com/policyName': 'p' },
    });
    const printed = printedFor([policed, ...web]);
    expect(printed).toMatch(/^# nothing for sluice.yaml\n/);
    expect(printed).toContain('Policy istio-system/p is not in these files; give it too');
  });
});

describe('settings that cannot be combined', () => {
  test('at one Gateway: the first counts, the other is listed with both values and what to do', async () => {
    const { offered, printed } = await follow([
      service(),
      ...web,
      virtual({ virtualServerAddress: '10.8.3.30' }),
      transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 }),
    ]);
    expect(offered).toEqual(['10.8.3.20:5672 tcp <- edge/web']);
    expect(printed).toMatch(
      /VirtualServer istio-system\/www +virtual server +TransportServer istio-system\/mq is for the same Gateway edge\/web, and wants virtualAddress "?10\.8\.3\.20"? where this one wants "?10\.8\.3\.30"?; give port 80 a Gateway of its own/,
    );
  });

  test('beside an address of the Service itself: the Gateway names its own', async () => {
    const published = service({ annotations: { 'cis.f5.com/ip': '10.8.3.50' } });
    const mq = transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 });
    const { offered, printed } = await follow([published, ...web, mq]);
    expect(offered).toEqual(['10.8.3.20:5672 tcp <- edge/web']);
    expect(printed).toContain("'sluice.io/virtual-address=10.8.3.20'");
    expect(printed).toMatch(/Service istio-system\/istio-ingressgateway +virtual server/);
  });

  test('an object without an address gets none of another', async () => {
    const bare = cis('TransportServer', 'bare', {
      mode: 'standard',
      virtualServerPort: 443,
      pool: pool(443),
    });
    const mq = transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 });
    const { offered, printed } = await follow([service(), ...web, bare, mq]);
    expect(offered).toEqual(['10.8.3.20:5672 tcp <- edge/web']);
    expect(printed).toMatch(/TransportServer istio-system\/bare +address/);
  });

  test('at one port: the others of an IngressLink are offered all the same', async () => {
    const link = cis('IngressLink', 'zz', {
      virtualServerAddress: '10.8.3.20',
      selector: { matchLabels: { istio: 'ingressgateway' } },
    });
    const moved = transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 15672 });
    const { offered, printed } = await follow([service(), ...web, link, moved]);
    expect(offered).toEqual([
      '10.8.3.20:15672 tcp <- edge/web',
      '10.8.3.20:443 tcp <- edge/web',
      '10.8.3.20:80 tcp <- edge/web',
    ]);
    expect(printed).toMatch(
      /IngressLink istio-system\/zz +virtual server +TransportServer istio-system\/mq already exposes port 5672/,
    );
  });

  test('in ConfigMaps that differ: they may stay, for Sluice reads each for its port', async () => {
    const objects = [
      service(),
      ...web,
      map('a', 5672, { balance: 'ratio-member', ...at('10.8.3.60', 5672) }),
      map('b', 80, { balance: 'round-robin', ...at('10.8.3.60', 80) }),
    ];
    const { offered, printed } = await follow(objects);
    expect(offered).toEqual(['10.8.3.60:5672 tcp <- edge/web']);
    expect(printed).toContain(
      'or keep the ConfigMaps, which Sluice reads, instead of the annotations',
    );
  });

  test('everything was converted is reported only where nothing is listed', () => {
    const all = [
      service(),
      ...web,
      transport({ virtualServerAddress: '10.8.3.20', virtualServerPort: 5672 }),
    ];
    expect(printedFor(all)).toMatch(/# everything was converted$/);
    expect(printedFor([...all, cis('Policy', 'p', {})])).not.toContain('everything was converted');
  });
});
