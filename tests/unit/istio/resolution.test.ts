import { describe, expect, test } from '@jest/globals';
import type { Pod, Service, ServicePort } from '../../../shared/domain/snapshot/objects.ts';
import {
  cluster,
  gateway,
  gatewayPod,
  ingressService,
  meta,
  objects,
  server,
  service,
  servicePort,
  tcpRoute,
} from '../../fixtures/kubernetes.ts';
import { mapped, reportIn } from './ask.ts';

interface Setting {
  readonly ports?: ServicePort[];
  readonly services?: Service[];
  readonly pod?: Partial<Pod>;
}

function envoyPorts(
  number: number,
  { ports = [], services, pod = {} }: Setting,
): readonly number[] {
  const there = objects({
    gateways: [gateway('g', [server(number)])],
    virtualServices: [tcpRoute('v', ['g'])],
    services: services ?? [ingressService(ports)],
    pods: [gatewayPod(pod)],
  });
  return reportIn(mapped(there), 'g').envoyPorts;
}

const web = (name: string, port: number, protocol = 'TCP'): Partial<Pod> => ({
  containerPorts: [{ name, port, protocol }],
});
const DISABLED = { 'experimental.istio.io/disable-gateway-port-translation': '' };

describe('istio-port-mapping.md §1.2.1: candidate Services', () => {
  const other = (fields: Parameters<typeof service>[2]): Service =>
    service('istio-system/other', [servicePort(80, { targetPort: 8080 })], { age: 9, ...fields });

  test.each([
    ['that selects the pods', other({}), 8080],
    ['that is headless', other({ headless: true }), 8080],
    [
      'that selects more than the pods have',
      other({ selector: { app: 'istio-ingressgateway', x: 'y' } }),
      80,
    ],
    ['without selector', other({ selector: {} }), 80],
    ['of type ExternalName', other({ type: 'ExternalName' }), 80],
    [
      'of another namespace',
      service('default/other', [servicePort(80, { targetPort: 8080 })], { age: 9 }),
      80,
    ],
  ])('a Service %s', (_, candidate, port) => {
    expect(envoyPorts(80, { services: [ingressService(), candidate] })).toEqual([port]);
  });

  const slice = {
    meta: meta('istio-system/s'),
    service: 'hand-made',
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], ready: false, serving: true, terminating: false }],
  };
  const handMade = service('istio-system/hand-made', [servicePort(80, { targetPort: 8080 })], {
    selector: {},
  });

  test('a selectorless Service with hand-made endpoints counts when no Service selects the pod', () => {
    const there = objects({
      gateways: [gateway('g', [server(80, 'HTTP')])],
      services: [handMade, ingressService([], { selector: { no: 'pod' } })],
      pods: [gatewayPod()],
      endpointSlices: [slice],
    });
    expect(
      reportIn(
        mapped({
          ...there,
          services: [handMade, ingressService([], { selector: {} })],
          endpointSlices: [slice, { ...slice, service: 'istio-ingressgateway' }],
        }),
        'g',
      ).envoyPorts,
    ).toEqual([8080]);
  });

  test('a selectorless Service does not count beside one that selects the pod', () => {
    const there = cluster({
      gateways: [gateway('g', [server(80, 'HTTP')])],
      services: [handMade, ingressService()],
      endpointSlices: [slice],
    });
    expect(reportIn(mapped(there), 'g').envoyPorts).toEqual([80]);
  });

  test('readiness is not required', () => {
    expect(
      envoyPorts(80, { ports: [servicePort(80, { targetPort: 8080 })], pod: { ready: false } }),
    ).toEqual([8080]);
  });
});

describe('istio-port-mapping.md §1.2.2: target ports', () => {
  test.each<[string, Partial<ServicePort>, Partial<Pod>, number]>([
    ['a number as it is', { targetPort: 8080 }, {}, 8080],
    ['a name on a container port', { targetPort: 'web' }, web('web', 8081), 8081],
    [
      'a name of another L4 protocol drops the Service port',
      { targetPort: 'web' },
      web('web', 8081, 'UDP'),
      80,
    ],
    [
      'a name that no container has drops the Service port',
      { targetPort: 'web' },
      web('http', 8081),
      80,
    ],
    ['an impossible number drops the Service port', { targetPort: 70_000 }, {}, 80],
  ])('%s', (_, fields, pod, port) => {
    expect(envoyPorts(80, { ports: [servicePort(80, fields)], pod })).toEqual([port]);
  });

  test('a missing targetPort is the port', () => {
    const { targetPort: _, ...bare } = servicePort(81);
    expect(envoyPorts(81, { ports: [bare] })).toEqual([81]);
  });
});

describe('istio-port-mapping.md §1.2.3: one entry for each target and Istio protocol', () => {
  const pair = (first: Partial<ServicePort>, second: Partial<ServicePort>): ServicePort[] => [
    servicePort(80, { targetPort: 8080, ...first }),
    servicePort(81, { targetPort: 8080, ...second }),
  ];

  test.each<[string, ServicePort[], number]>([
    [
      'the second port of one protocol is hidden, so the listener binds its own number',
      pair({ name: 'http-a' }, { name: 'http-b' }),
      81,
    ],
    ['the prefix of the name decides', pair({ name: 'http-a' }, { name: 'tcp-b' }), 8080],
    [
      'appProtocol takes precedence over the name',
      pair({ name: 'http-a' }, { name: 'tcp-b', appProtocol: 'http' }),
      81,
    ],
    [
      'the names of Kubernetes for protocols are known',
      pair({ name: 'http2-a' }, { name: 'x', appProtocol: 'kubernetes.io/h2c' }),
      81,
    ],
    ['upper and lower case are alike', pair({ name: 'HTTP-a' }, { name: 'http-b' }), 81],
    ['grpc-web is not grpc', pair({ name: 'grpc-a' }, { name: 'grpc-web-b' }), 8080],
    [
      'names without a known prefix count as the same protocol',
      pair({ name: 'alpha' }, { name: 'beta' }),
      81,
    ],
    [
      'UDP is another protocol whatever its name',
      pair({ name: 'http-a' }, { name: 'http-b', protocol: 'UDP' }),
      8080,
    ],
  ])('%s', (_, ports, port) => {
    expect(envoyPorts(81, { ports })).toEqual([port]);
  });

  test('it is counted within one Service only', () => {
    const first = ingressService([servicePort(80, { name: 'http-a', targetPort: 8080 })], {
      age: 2,
    });
    const second = service(
      'istio-system/second',
      [servicePort(81, { name: 'http-b', targetPort: 8080 })],
      { age: 1 },
    );
    expect(envoyPorts(81, { services: [first, second] })).toEqual([8080]);
  });
});

describe('istio-port-mapping.md §1.2.4: order of Services', () => {
  const leads = (name: string, targetPort: number, age: number): Service =>
    service(`istio-system/${name}`, [servicePort(80, { targetPort })], { age });

  test('the oldest wins', () => {
    expect(
      envoyPorts(80, { services: [ingressService(), leads('a', 8001, 1), leads('b', 8002, 2)] }),
    ).toEqual([8002]);
  });

  test('of one age, the host name decides', () => {
    expect(
      envoyPorts(80, { services: [ingressService(), leads('b', 8002, 1), leads('a', 8001, 1)] }),
    ).toEqual([8001]);
  });

  test('the host name goes on after the name', () => {
    expect(
      envoyPorts(80, { services: [ingressService(), leads('a', 8001, 1), leads('a-b', 8002, 1)] }),
    ).toEqual([8002]);
  });
});

describe('istio-port-mapping.md §1.2.5: the first entry with the number wins', () => {
  test('a UDP entry placed first wins', () => {
    const ports = [
      servicePort(80, { name: 'udp', protocol: 'UDP', targetPort: 8053 }),
      servicePort(80, { name: 'tcp', targetPort: 8080 }),
    ];
    expect(envoyPorts(80, { ports })).toEqual([8053]);
    expect(envoyPorts(80, { ports: ports.toReversed() })).toEqual([8080]);
  });
});

describe('istio-port-mapping.md §1.2.6: no entry', () => {
  test('Envoy binds the number itself, so a Gateway may name a pod port', () => {
    const there = cluster({ gateways: [gateway('g', [server(8080, 'HTTP')])] }, [
      servicePort(80, { targetPort: 8080, nodePort: 31080 }),
    ]);
    expect(reportIn(mapped(there), 'g')).toMatchObject({
      envoyPorts: [8080],
      servicePorts: [
        {
          service: 'istio-system/istio-ingressgateway',
          port: 80,
          targetPort: 8080,
          nodePort: 31080,
          reachesListener: true,
        },
      ],
      missingInService: false,
    });
  });
});

describe('istio-port-mapping.md §1.2.7: the label that disables translation', () => {
  const disabled = ingressService([servicePort(80, { targetPort: 8080 })], {
    labels: DISABLED,
    age: 5,
  });

  test('excludes that Service', () => {
    expect(envoyPorts(80, { services: [disabled] })).toEqual([80]);
  });

  test('excludes no other', () => {
    expect(
      envoyPorts(80, {
        services: [
          disabled,
          service('istio-system/other', [servicePort(80, { targetPort: 8081 })]),
        ],
      }),
    ).toEqual([8081]);
  });

  test('does not change where the ports of that Service lead', () => {
    const there = cluster({ gateways: [gateway('g', [server(80, 'HTTP')])], services: [disabled] });
    expect(reportIn(mapped(there), 'g')).toMatchObject({
      verdict: 'listening',
      servicePorts: [{ port: 80, targetPort: 8080, reachesListener: false }],
      missingInService: false,
    });
    expect(reportIn(mapped(there), 'g').reason).toContain(
      'port 80 of Service istio-system/istio-ingressgateway leads to 8080 instead',
    );
  });
});
