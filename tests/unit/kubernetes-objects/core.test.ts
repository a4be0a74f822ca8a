import { describe, expect, test } from '@jest/globals';
import {
  normaliseEndpointSlice,
  normaliseNamespace,
  normaliseNode,
  normalisePod,
  normaliseService,
} from '../../../shared/kubernetes/objects/index.ts';

const metadata = { name: 'x', namespace: 'team' };
const pod = (spec: object, more: object = {}): ReturnType<typeof normalisePod> =>
  normalisePod({ metadata, spec, ...more });
const agent = (...args: string[]): object => ({
  containers: [{ name: 'app' }, { name: 'istio-proxy', args }],
});

describe('Services', () => {
  test('are read with every field that the mapping uses', () => {
    const spec = {
      type: 'LoadBalancer',
      selector: { app: 'gw' },
      ports: [
        {
          name: 'http2',
          port: 80,
          targetPort: 8080,
          nodePort: 31_080,
          protocol: 'TCP',
          appProtocol: 'http',
        },
        { name: 'web', port: 81, targetPort: 'web' },
      ],
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32_000,
      loadBalancerClass: 'sluice.io/bigip',
      ipFamilies: ['IPv4'],
    };
    expect(
      normaliseService({
        metadata,
        spec,
        status: {
          loadBalancer: { ingress: [{ ip: '1.2.3.4', ipMode: 'VIP' }, { hostname: 'x' }] },
        },
      }),
    ).toMatchObject({
      type: 'LoadBalancer',
      headless: false,
      selector: { app: 'gw' },
      ports: [
        {
          name: 'http2',
          port: 80,
          targetPort: 8080,
          nodePort: 31_080,
          protocol: 'TCP',
          appProtocol: 'http',
        },
        { name: 'web', port: 81, targetPort: 'web', protocol: 'TCP' },
      ],
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32_000,
      loadBalancerClass: 'sluice.io/bigip',
      ipFamilies: ['IPv4'],
      loadBalancerIngress: [{ ip: '1.2.3.4' }, { hostname: 'x' }],
    });
  });

  test('may be headless, have target port 0, and omit port numbers', () => {
    const service = normaliseService({
      metadata,
      spec: {
        clusterIP: 'None',
        ports: [{ port: 80, targetPort: 0, nodePort: 0 }, { name: 'lost' }],
      },
    });
    expect([service.headless, service.type, service.ports]).toEqual([
      true,
      'ClusterIP',
      [{ name: '', port: 80, protocol: 'TCP' }],
    ]);
  });
});

describe('Pods', () => {
  test.each([
    ['router', agent('proxy', 'router', '--domain'), 'router'],
    ['sidecar', agent('proxy', 'sidecar'), 'sidecar'],
    [
      'started by command',
      { containers: [{ command: ['pilot-agent', 'proxy', 'router'] }] },
      'router',
    ],
    [
      'native sidecar',
      {
        containers: [{ name: 'app' }],
        initContainers: [{ restartPolicy: 'Always', args: ['proxy', 'sidecar'] }],
      },
      'sidecar',
    ],
    [
      'an init container that ends',
      { containers: [{ name: 'app' }], initContainers: [{ args: ['proxy', 'router'] }] },
      'unknown',
    ],
    ['no arguments', agent(), 'unknown'],
    ['the arguments as separate items', agent('router', 'proxy'), 'unknown'],
    ['nothing', {}, 'unknown'],
  ])('%s', (_, spec, proxy) => {
    expect(pod(spec).proxy).toBe(proxy);
  });

  test('without arguments are routers if their injection template is that of gateways', () => {
    const annotations = { 'inject.istio.io/templates': 'gateway, custom' };
    expect(
      normalisePod({
        metadata: { ...metadata, annotations },
        spec: { containers: [{ image: 'auto' }] },
      }).proxy,
    ).toBe('router');
  });

  test.each([
    ['true', true],
    ['1', true],
    ['T', true],
    ['false', false],
    ['yes', false],
    ['', false],
  ])('ISTIO_META_UNPRIVILEGED_POD=%s', (value, unprivileged) => {
    expect(
      pod({
        containers: [
          {
            env: [
              { name: 'OTHER', value: 'true' },
              { name: 'ISTIO_META_UNPRIVILEGED_POD', value },
            ],
          },
        ],
      }).unprivileged,
    ).toBe(unprivileged);
  });

  test.each([
    [
      'on the pod',
      { 'proxy.istio.io/config': 'gatewayTopology:\n  proxyProtocol: {}\n' },
      undefined,
      true,
    ],
    [
      'as JSON',
      { 'proxy.istio.io/config': '{"gatewayTopology":{"proxyProtocol":{}}}' },
      undefined,
      true,
    ],
    ['for the mesh', {}, '{"gatewayTopology":{"proxyProtocol":{}}}', true],
    [
      'on the pod before the mesh',
      { 'proxy.istio.io/config': 'gatewayTopology: {numTrustedProxies: 1}' },
      '{"gatewayTopology":{"proxyProtocol":{}}}',
      false,
    ],
    [
      'null',
      { 'proxy.istio.io/config': 'gatewayTopology: {proxyProtocol: null}' },
      undefined,
      false,
    ],
    ['from text that is not YAML', { 'proxy.istio.io/config': '{[' }, undefined, false],
    ['nowhere', {}, undefined, false],
  ])('PROXY protocol %s', (_, annotations, env, expected) => {
    const containers = [{ env: env === undefined ? [] : [{ name: 'PROXY_CONFIG', value: env }] }];
    expect(
      normalisePod({ metadata: { ...metadata, annotations }, spec: { containers } }).proxyProtocol,
    ).toBe(expected);
  });

  test('have the ports of running containers, addresses, node and state', () => {
    const spec = {
      nodeName: 'n1',
      containers: [
        {
          ports: [
            { name: 'web', containerPort: 8080 },
            { containerPort: 53, protocol: 'UDP' },
            { name: 'lost' },
          ],
        },
      ],
      initContainers: [
        { restartPolicy: 'Always', ports: [{ containerPort: 9 }] },
        { ports: [{ containerPort: 10 }] },
      ],
    };
    const status = {
      podIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    expect(
      normalisePod({
        metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
        spec,
        status,
      }),
    ).toMatchObject({
      nodeName: 'n1',
      containerPorts: [
        { name: 'web', port: 8080, protocol: 'TCP' },
        { name: '', port: 53, protocol: 'UDP' },
        { name: '', port: 9, protocol: 'TCP' },
      ],
      ips: ['10.0.0.1', 'fd00::1'],
      ready: true,
      terminating: true,
    });
    expect(pod({})).toMatchObject({ ips: [], ready: false, terminating: false, nodeName: '' });
  });
});

describe('nodes, namespaces and endpoints', () => {
  test('a node is read with its addresses, readiness and cordon', () => {
    const raw = {
      metadata: { name: 'n1' },
      spec: { unschedulable: true },
      status: {
        addresses: [{ type: 'InternalIP', address: '10.1.0.1' }, { type: 'Hostname' }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    };
    expect(normaliseNode(raw)).toMatchObject({
      meta: { namespace: '', name: 'n1' },
      addresses: [{ type: 'InternalIP', address: '10.1.0.1' }],
      ready: true,
      unschedulable: true,
    });
  });

  test('a namespace is read with its labels', () => {
    expect(normaliseNamespace({ metadata: { name: 'team', labels: { a: 'b' } } })).toEqual({
      name: 'team',
      labels: { a: 'b' },
    });
  });

  test.each([
    ['absent', undefined, { ready: true, serving: true, terminating: false }],
    [
      'null',
      { ready: null, serving: null, terminating: null },
      { ready: true, serving: true, terminating: false },
    ],
    [
      'said',
      { ready: false, serving: true, terminating: true },
      { ready: false, serving: true, terminating: true },
    ],
  ])('an endpoint with conditions that are %s is read', (_, conditions, expected) => {
    const endpoint = {
      addresses: ['10.0.0.1'],
      conditions,
      targetRef: { kind: 'Pod', name: 'p' },
      nodeName: 'n1',
    };
    const slice = normaliseEndpointSlice({
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'gw' } },
      addressType: 'IPv4',
      endpoints: [endpoint],
    });
    expect(slice).toMatchObject({
      service: 'gw',
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], pod: 'p', nodeName: 'n1', ...expected }],
    });
  });

  test('an endpoint that is no pod has no pod name', () => {
    const [endpoint] = normaliseEndpointSlice({
      metadata,
      endpoints: [{ addresses: ['10.0.0.1'], targetRef: { kind: 'Node', name: 'n' } }],
    }).endpoints;
    expect(endpoint).toEqual({
      addresses: ['10.0.0.1'],
      ready: true,
      serving: true,
      terminating: false,
    });
  });
});
