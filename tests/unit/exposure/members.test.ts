import { describe, expect, test } from '@jest/globals';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import {
  defaultMonitors,
  monitorInterval,
} from '../../../shared/domain/exposure/settings/defaults.ts';
import { context, node, pod, REF, type World, world, build } from './fixtures.ts';

const members = (built: BuiltExposures): unknown =>
  built.exposures[0]?.members.map((one) => `${one.address}:${one.port} ${one.availability}`);

function slice(
  endpoints: readonly Record<string, unknown>[],
  addressType = 'IPv4',
): Record<string, unknown> {
  return {
    meta: { namespace: 'istio-system', name: `s-${addressType}` },
    service: 'istio-ingressgateway',
    addressType,
    endpoints,
  };
}

function endpoint(
  name: string,
  state: Partial<Record<'ready' | 'serving' | 'terminating', boolean>>,
): Record<string, unknown> {
  return { addresses: [], ready: true, serving: true, terminating: false, pod: name, ...state };
}

describe('pods as members', () => {
  test('are worked out once for all ports, and each port has its own list', () => {
    const asked = [2, 40].map((gates) => {
      const { objects, mapping } = world({
        gates: Array.from({ length: gates }, (_, n) => ({ name: `g${n}`, port: 20_000 + n })),
      });
      let reads = 0;
      Object.defineProperty(objects.pods[0], 'gone', { get: () => void (reads += 1) });
      const { exposures } = buildExposures(REF, objects, mapping, context());
      expect(exposures.map((e) => e.members.map(({ port }) => port === e.port))).toEqual(
        exposures.map(() => [true, true]),
      );
      expect(exposures).toHaveLength(gates);
      return reads;
    });
    expect(asked[1]).toBe(asked[0]);
  });

  test('are those of the ingress, at the listener’s port, sorted by address', () => {
    expect(members(build({ pods: [pod('b', '10.1.0.10'), pod('a', '10.1.0.9')] }))).toEqual([
      '10.1.0.9:32400 ready',
      '10.1.0.10:32400 ready',
    ]);
  });

  test.each([
    [{}, 'ready'],
    [{ ready: false, serving: false }, 'out'],
    [{ ready: false, serving: true, terminating: true }, 'draining'],
    [{ ready: false, serving: false, terminating: true }, 'out'],
  ])('an endpoint that is %j makes its pod %s', (state, expected) => {
    const built = build({
      pods: [pod('a', '10.1.0.1', { ready: expected !== 'ready' }), pod('b', '10.1.0.2')],
      objects: { endpointSlices: [slice([endpoint('a', state)])] },
    });
    expect(members(built)).toEqual([`10.1.0.1:32400 ${expected}`, '10.1.0.2:32400 ready']);
  });

  test('a pod without endpoint uses its own readiness, and one being deleted drains at once', () => {
    const pods = [
      pod('a', '10.1.0.1', { ready: false }),
      pod('b', '10.1.0.2', { terminating: true }),
      pod('c', '10.1.0.3'),
    ];
    expect(members(build({ pods }))).toEqual([
      '10.1.0.1:32400 out',
      '10.1.0.2:32400 draining',
      '10.1.0.3:32400 ready',
    ]);
  });

  test('a dual-stack pod is as available as the worse of its two slices, whichever comes first', () => {
    const slices = [
      slice([endpoint('a', {})]),
      slice([endpoint('a', { ready: false, serving: false })], 'IPv6'),
    ];
    for (const endpointSlices of [slices, slices.toReversed()]) {
      expect(
        members(
          build({
            pods: [pod('a', '10.1.0.1'), pod('b', '10.1.0.2')],
            objects: { endpointSlices },
          }),
        ),
      ).toEqual(['10.1.0.1:32400 out', '10.1.0.2:32400 ready']);
    }
  });

  test('slices of another Service or namespace are ignored', () => {
    const other = { ...slice([endpoint('a', { ready: false, serving: false })]), service: 'other' };
    const elsewhere = {
      ...slice([endpoint('a', { ready: false, serving: false })]),
      meta: { namespace: 'default', name: 's' },
    };
    expect(
      members(
        build({
          pods: [pod('a', '10.1.0.1'), pod('b', '10.1.0.2')],
          objects: { endpointSlices: [other, elsewhere] },
        }),
      ),
    ).toEqual(['10.1.0.1:32400 ready', '10.1.0.2:32400 ready']);
  });

  test('of a dual-stack cluster have the family of the virtual address', () => {
    const pods = [pod('a', '10.1.0.1', { ips: ['10.1.0.1', 'fd00::0:1'] })];
    expect(members(build({ pods }))).toEqual(['10.1.0.1:32400 ready']);
    expect(members(build({ pods }, { virtualAddress: '2001:db8::1' }))).toEqual([
      'fd00::1:32400 ready',
    ]);
  });

  test('pods that have no address yet leave the exposure without members', () => {
    const built = build({ pods: [pod('a', '10.1.0.1', { ips: [] })] });
    expect([members(built), built.servers[0]?.verdict]).toEqual([[], 'listening']);
  });
});

describe('the last member is never taken out', () => {
  test('if no pod is ready, all stay, and this is reported', () => {
    const built = build({
      pods: [pod('a', '10.1.0.1', { ready: false }), pod('b', '10.1.0.2', { ready: false })],
    });
    expect(members(built)).toEqual(['10.1.0.1:32400 ready', '10.1.0.2:32400 ready']);
    expect(built.notes).toEqual([
      {
        object: 'Service istio-system/istio-ingressgateway',
        code: 'GW140',
        message:
          "no member of 172.16.100.195:32400/tcp is ready, so all stay and BIG-IP's monitors decide",
      },
    ]);
  });

  test('if no pod is ready but some are draining, those stay in use', () => {
    const built = build({
      pods: [pod('a', '10.1.0.1', { ready: false }), pod('b', '10.1.0.2', { terminating: true })],
    });
    expect(members(built)).toEqual(['10.1.0.1:32400 out', '10.1.0.2:32400 ready']);
  });
});

describe("Kubernetes' readiness never removes more than half", () => {
  const unready = (name: string, ip: string): ReturnType<typeof pod> =>
    pod(name, ip, { ready: false });

  test('more than half not ready: they stay, which is reported', () => {
    const built = build({
      pods: [pod('a', '10.1.0.1'), unready('b', '10.1.0.2'), unready('c', '10.1.0.3')],
    });
    expect(members(built)).toEqual([
      '10.1.0.1:32400 ready',
      '10.1.0.2:32400 ready',
      '10.1.0.3:32400 ready',
    ]);
    expect(built.notes).toEqual([
      {
        object: 'Service istio-system/istio-ingressgateway',
        code: 'GW140',
        message: expect.stringContaining(
          '2 of 3 members of 172.16.100.195:32400/tcp are not ready',
        ),
      },
    ]);
  });

  test('just half may go', () => {
    const built = build({
      pods: [
        pod('a', '10.1.0.1'),
        pod('b', '10.1.0.2'),
        unready('c', '10.1.0.3'),
        unready('d', '10.1.0.4'),
      ],
    });
    expect([members(built), built.notes]).toEqual([
      ['10.1.0.1:32400 ready', '10.1.0.2:32400 ready', '10.1.0.3:32400 out', '10.1.0.4:32400 out'],
      [],
    ]);
  });

  test('terminating pods leave, however many they are', () => {
    const ending = ['10.1.0.2', '10.1.0.3', '10.1.0.4'].map((ip) =>
      pod(`e${ip}`, ip, { terminating: true }),
    );
    expect(members(build({ pods: [pod('a', '10.1.0.1'), ...ending] }))).toEqual([
      '10.1.0.1:32400 ready',
      '10.1.0.2:32400 draining',
      '10.1.0.3:32400 draining',
      '10.1.0.4:32400 draining',
    ]);
  });

  test('nodes whose pods are not ready are counted the same way', () => {
    const unreadyOn = (name: string, ip: string, nodeName: string): ReturnType<typeof pod> =>
      pod(name, ip, { ready: false, nodeName });
    const set = [node('n1', '10.0.0.1'), node('n2', '10.0.0.2'), node('n3', '10.0.0.3')];
    const pods = [
      pod('a', '10.1.0.1'),
      unreadyOn('b', '10.1.0.2', 'n2'),
      unreadyOn('c', '10.1.0.3', 'n3'),
    ];
    expect(
      members(
        build(
          { pods, service: { externalTrafficPolicy: 'Local' }, objects: { nodes: set } },
          { members: 'nodes' },
        ),
      ),
    ).toEqual(['10.0.0.1:30776 ready', '10.0.0.2:30776 ready', '10.0.0.3:30776 ready']);
  });

  test('what holds for several exposures is reported once', () => {
    const gates = [31_001, 31_002, 31_003, 31_004, 31_005].map((port) => ({
      name: `g${port}`,
      port,
    }));
    const built = build({ gates, pods: [unready('a', '10.1.0.1')] });
    expect(built.notes.map(({ message }) => message)).toEqual([
      'no member of 172.16.100.195:31001/tcp, 172.16.100.195:31002/tcp, ' +
        "172.16.100.195:31003/tcp and 2 more is ready, so all stay and BIG-IP's monitors " +
        'decide',
    ]);
  });
});

describe('a pod that is gone', () => {
  const gone = (name: string, ip: string): ReturnType<typeof pod> =>
    pod(name, ip, { gone: true, terminating: true });

  test('drains, whatever the endpoint of a new pod with its name says', () => {
    const built = build({
      pods: [gone('a', '10.1.0.1'), pod('a', '10.1.0.2')],
      objects: { endpointSlices: [slice([endpoint('a', {})])] },
    });
    expect(members(built)).toEqual(['10.1.0.1:32400 draining', '10.1.0.2:32400 ready']);
  });

  test('never gets new connections, even if no other member is left', () => {
    const built = build({ pods: [gone('a', '10.1.0.1'), gone('b', '10.1.0.2')] });
    expect([members(built), built.notes]).toEqual([
      ['10.1.0.1:32400 draining', '10.1.0.2:32400 draining'],
      [],
    ]);
  });

  test('does not count as the one that may stay alone', () => {
    expect(
      members(build({ pods: [gone('a', '10.1.0.1'), pod('b', '10.1.0.2', { ready: false })] })),
    ).toEqual(['10.1.0.1:32400 draining', '10.1.0.2:32400 ready']);
  });
});

describe('nodes as members', () => {
  const nodes = [node('n1', '10.0.0.1'), node('n2', '10.0.0.2')];
  const asNodes = (input: World, entry: Record<string, unknown> = {}): BuiltExposures =>
    build(input, { members: 'nodes', ...entry });

  test('have the node port of the Service port', () => {
    expect(members(asNodes({ objects: { nodes } }))).toEqual([
      '10.0.0.1:30776 ready',
      '10.0.0.2:30776 ready',
    ]);
  });

  test('among several Service ports, the number of the listener goes first, then the lowest', () => {
    const { objects, mapping } = world({ objects: { nodes: [node('n1', '10.0.0.1')] } });
    const to = (port: number, nodePort: number): object => ({
      service: 'istio-system/istio-ingressgateway',
      port,
      targetPort: 32_400,
      nodePort,
      reachesListener: true,
    });
    const portOf = (...ports: readonly object[]): unknown => {
      const servers = mapping.servers.map((one) => ({
        ...one,
        servicePorts: ports as typeof one.servicePorts,
      }));
      return buildExposures(REF, objects, { ...mapping, servers }, context({ members: 'nodes' }))
        .exposures[0]?.members[0]?.port;
    };
    expect(portOf(to(80, 30_080), to(32_400, 30_776))).toBe(30_776);
    expect(portOf(to(90, 30_090), to(80, 30_080))).toBe(30_080);
  });

  test('a cordoned node stays, a node that is not ready is out', () => {
    const set = [
      node('n1', '10.0.0.1', { unschedulable: true }),
      node('n2', '10.0.0.2', { ready: false }),
    ];
    expect(members(asNodes({ objects: { nodes: set } }))).toEqual([
      '10.0.0.1:30776 ready',
      '10.0.0.2:30776 out',
    ]);
  });

  test('the exclusion label and the node selector leave nodes out altogether', () => {
    const labelled = (name: string, address: string, labels: Record<string, string>): unknown => ({
      ...node(name, address),
      meta: { namespace: '', name, labels },
    });
    const set = [
      labelled('n1', '10.0.0.1', { role: 'edge' }),
      labelled('n2', '10.0.0.2', {
        role: 'edge',
        'node.kubernetes.io/exclude-from-external-load-balancers': '',
      }),
      labelled('n3', '10.0.0.3', { role: 'db' }),
    ];
    expect(
      members(asNodes({ objects: { nodes: set } }, { nodeSelector: { role: 'edge' } })),
    ).toEqual(['10.0.0.1:30776 ready']);
  });

  test('the address type is the one configured, and the family that of the virtual address', () => {
    const set = [
      node('n1', '10.0.0.1', {
        addresses: [
          { type: 'InternalIP', address: '10.0.0.1' },
          { type: 'InternalIP', address: 'fd00::1' },
          { type: 'ExternalIP', address: '198.51.100.1' },
          { type: 'Hostname', address: 'n1' },
        ],
      }),
    ];
    expect(
      members(asNodes({ objects: { nodes: set } }, { nodeAddressType: 'ExternalIP' })),
    ).toEqual(['198.51.100.1:30776 ready']);
    expect(
      members(asNodes({ objects: { nodes: set } }, { virtualAddress: '2001:db8::1' })),
    ).toEqual(['fd00::1:30776 ready']);
    expect(
      asNodes(
        { objects: { nodes: set } },
        { virtualAddress: '2001:db8::1', nodeAddressType: 'ExternalIP' },
      ).servers[0]?.code,
    ).toBe('GW139');
  });

  test('under externalTrafficPolicy Local are only nodes with gateway pods, as available as their best pod', () => {
    const pods = [
      pod('a', '10.1.0.1', { nodeName: 'n1' }),
      pod('b', '10.1.0.2', { nodeName: 'n2', terminating: true }),
      pod('c', '10.1.0.3', { nodeName: 'n3', ready: false }),
      pod('d', '10.1.0.4', { nodeName: 'n1', ready: false }),
    ];
    const set = [...nodes, node('n3', '10.0.0.3'), node('n4', '10.0.0.4')];
    const built = asNodes({
      pods,
      service: { externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 },
      objects: { nodes: set },
    });
    expect(members(built)).toEqual([
      '10.0.0.1:30776 ready',
      '10.0.0.2:30776 draining',
      '10.0.0.3:30776 out',
    ]);
    expect(built.exposures[0]?.settings.monitors).toMatchObject([
      { type: 'http', port: 31_000, send: expect.stringContaining('GET /healthz HTTP/1.1') },
    ]);
  });
});

describe('default monitors', () => {
  const pool = {
    members: 'pods' as const,
    protocol: 'tcp' as const,
    statusPort: 15_020,
    healthCheckNodePort: undefined,
    targets: 2,
  };

  test('of pods ask the readiness port and the port itself', () => {
    expect(defaultMonitors(pool).map((one) => [one.type, one.port])).toEqual([
      ['http', 15_020],
      ['tcp', undefined],
    ]);
  });

  test('of nodes ask the health check node port, else the node port, else the node', () => {
    expect(
      defaultMonitors({ ...pool, members: 'nodes', healthCheckNodePort: 31_000 }).map((one) => [
        one.type,
        one.port,
      ]),
    ).toEqual([['http', 31_000]]);
    expect(defaultMonitors({ ...pool, members: 'nodes' }).map((one) => one.type)).toEqual(['tcp']);
    expect(
      defaultMonitors({ ...pool, members: 'nodes', protocol: 'udp' }).map((one) => one.type),
    ).toEqual(['icmp']);
  });

  test.each([
    [1, 5],
    [500, 5],
    [501, 10],
    [1000, 10],
    [2000, 20],
    [3000, 30],
    [3001, 60],
    [1_000_000, 60],
  ])('%i probes a round are spread over %i s', (probes, interval) => {
    expect(monitorInterval(probes)).toBe(interval);
  });

  test('grow with ports × pods × monitors and keep three intervals and a second', () => {
    expect(
      defaultMonitors({ ...pool, targets: 300 }).map((one) => [one.interval, one.timeout]),
    ).toEqual([
      [10, 31],
      [10, 31],
    ]);
  });
});
