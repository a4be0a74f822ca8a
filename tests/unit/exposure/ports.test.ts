/** The listener port, node port and partition of an exposure where the mapping offers several. */
import { describe, expect, test } from '@jest/globals';
import { AddressPool } from '../../../shared/domain/address-pools/pool.ts';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { partitionFor } from '../../../shared/domain/exposure/spread.ts';
import type { Listener, ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { context, node, pod, REF, type World, world } from './fixtures.ts';

const SERVICE = 'istio-system/istio-ingressgateway';
type Context = ReturnType<typeof context>;

/** The walkthrough with another report for its only server. */
function build(
  report: Partial<ServerReport>,
  entry: Record<string, unknown> = {},
  { input = {}, more = {} }: { readonly input?: World; readonly more?: Partial<Context> } = {},
): BuiltExposures {
  const { objects, mapping } = world(input);
  const servers = mapping.servers.map((one) => ({ ...one, ...report }));
  return buildExposures(REF, objects, { ...mapping, servers }, { ...context(entry), ...more });
}
const leads = (
  port: number,
  targetPort: number,
  more: Partial<ServerReport['servicePorts'][number]> = {},
): ServerReport['servicePorts'][number] => ({
  service: SERVICE,
  port,
  targetPort,
  nodePort: null,
  reachesListener: true,
  ...more,
});

describe('of several listener ports', () => {
  const envoyPorts = [9_090, 8_080];
  const memberPort = (...servicePorts: ServerReport['servicePorts']): number | undefined =>
    build({ envoyPorts, servicePorts }).exposures[0]?.members[0]?.port;

  test.each<[string, ServerReport['servicePorts'], number]>([
    ['the one to which the number of the Gateway leads is used', [leads(32_400, 9_090)], 9_090],
    ['else the lowest', [], 8_080],
    ['another number of the Service does not decide', [leads(80, 9_090)], 8_080],
    [
      'another Service does not decide',
      [leads(32_400, 9_090, { service: 'istio-system/other' })],
      8_080,
    ],
    ['a port without listener is not used', [leads(32_400, 7_777)], 8_080],
    [
      'of two that lead there, the first of the Service is used',
      [leads(32_400, 9_090), leads(32_400, 8_080)],
      9_090,
    ],
  ])('%s', (_, servicePorts, port) => {
    expect(memberPort(...servicePorts)).toBe(port);
  });
});

describe('the node port', () => {
  const objects = { nodes: [node('n1', '10.0.0.1')] };
  // Also if only another Service leads there, which would be internal.
  const gates = [{ name: 'g', annotations: { 'sluice.io/expose': 'true' } }];
  const ports = (...list: readonly object[]): World => ({
    gates,
    service: { type: 'NodePort', ports: list },
    objects,
  });
  const asNodes = (
    input: World,
    servicePorts: ServerReport['servicePorts'],
    listeners?: readonly Listener[],
  ): BuiltExposures =>
    build(
      { servicePorts },
      { members: 'nodes' },
      { input: { ...input, ...(listeners && { listeners }) } },
    );
  const memberPorts = ({ exposures }: BuiltExposures): readonly unknown[] =>
    exposures.map(({ protocol, members }) => [protocol, members[0]?.port]);
  const both: readonly Listener[] = [
    { port: 32_400, transport: 'tcp', kinds: ['HTTPS'] },
    { port: 32_400, transport: 'udp', kinds: ['HTTP3'] },
  ];

  test('is that of the same protocol', () => {
    const built = asNodes(
      ports(
        { name: 'tcp', port: 443, protocol: 'TCP', nodePort: 30_001 },
        { name: 'udp', port: 443, protocol: 'UDP', nodePort: 30_002 },
      ),
      [leads(443, 32_400, { nodePort: 30_001 }), leads(443, 32_400, { nodePort: 30_002 })],
      both,
    );
    expect(memberPorts(built)).toEqual([
      ['tcp', 30_001],
      ['udp', 30_002],
    ]);
  });

  test('is distinguished where both protocols have the same one', () => {
    const built = asNodes(
      ports(
        { name: 'udp', port: 8443, protocol: 'UDP', nodePort: 30_001 },
        { name: 'tcp', port: 443, protocol: 'TCP', nodePort: 30_001 },
      ),
      [leads(443, 32_400, { nodePort: 30_001 })],
    );
    expect(memberPorts(built)).toEqual([['tcp', 30_001]]);
  });

  test.each<[string, ServerReport['servicePorts']]>([
    ['of another Service', [leads(443, 32_400, { service: 'a/b', nodePort: 30_001 })]],
    [
      'of a port that leads elsewhere',
      [leads(443, 32_400, { reachesListener: false, nodePort: 30_001 })],
    ],
    ['of no Service', [leads(443, 32_400)]],
  ])('%s is not used', (_, servicePorts) => {
    const input = ports({ name: 'tcp', port: 443, protocol: 'TCP', nodePort: 30_001 });
    expect(asNodes(input, servicePorts).servers[0]).toMatchObject({
      verdict: 'no-service-port',
      code: 'GW138',
    });
  });

  test.each<[string, string, ServerReport['servicePorts'], RegExp]>([
    [
      'is not assigned yet',
      'NodePort',
      [leads(443, 32_400)],
      /none was given to port 443 of Service/,
    ],
    ['is not assigned yet', 'LoadBalancer', [leads(443, 32_400)], /none was given to port 443/],
    ['needs another type', 'ClusterIP', [leads(443, 32_400)], /with type NodePort or LoadBalancer/],
    [
      'needs a port that leads there, of this Service',
      'NodePort',
      [leads(443, 32_400, { service: 'a/b' })],
      /needs a TCP port that leads to 32400/,
    ],
    [
      'needs a port that leads there, and not elsewhere',
      'NodePort',
      [leads(443, 32_400, { reachesListener: false })],
      /needs a TCP port that leads to 32400/,
    ],
    [
      'is not assigned yet for the first port that leads there',
      'NodePort',
      [leads(80, 32_400), leads(443, 32_400)],
      /none was given to port 80 of/,
    ],
    [
      'needs a port of the protocol',
      'NodePort',
      [leads(53, 32_400)],
      /needs a TCP port that leads to 32400/,
    ],
  ])('%s (%s)', (_, type, servicePorts, reason) => {
    const input = {
      gates,
      service: {
        type,
        ports: [
          { name: 'a', port: 80, protocol: 'TCP' },
          { name: 'b', port: 443, protocol: 'TCP' },
          { name: 'c', port: 53, protocol: 'UDP' },
        ],
      },
      objects,
    };
    expect(asNodes(input, servicePorts).servers[0]?.reason).toMatch(reason);
  });
});

test('a listener for UDP alone is offered over UDP', () => {
  const listeners: readonly Listener[] = [{ port: 32_400, transport: 'udp', kinds: ['HTTP3'] }];
  const built = build({}, {}, { input: { listeners } });
  expect(built.exposures.map(({ protocol }) => protocol)).toEqual(['udp']);
});

test('an HTTP/3 listener beside it does not keep a port from being offered as HTTP', () => {
  const listeners: readonly Listener[] = [
    { port: 32_400, transport: 'tcp', kinds: ['HTTP'] },
    { port: 32_400, transport: 'udp', kinds: ['HTTP3'] },
  ];
  const gates = [{ name: 'g', annotations: { 'sluice.io/mode': 'http' } }];
  const [first] = build({}, {}, { input: { listeners, gates } }).exposures;
  expect([first?.protocol, first?.settings.mode]).toEqual(['tcp', 'http']);
});

describe('the partition', () => {
  const partitions = ['k8s', 'edge', 'third'];

  test('of an automatic address depends on the ingress, not on the pool', () => {
    const addressPools = [AddressPool.parse({ name: 'web', ranges: ['10.1.0.0/29'] })];
    for (const addressSeed of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const more = { spread: 'address' as const, partitions, addressSeed, addressPools };
      const built = build({}, { virtualAddress: 'auto' }, { more });
      expect(built.exposures[0]?.partition).toBe(partitionFor(addressSeed, partitions));
    }
  });

  test('of sluice.yaml must be one of the devices, too', () => {
    for (const more of [
      { defaultPartition: 'other' },
      { defaultPartition: 'other', spread: 'address' as const, partitions: [] },
    ])
      expect(build({}, {}, { more }).servers[0]).toMatchObject({
        code: 'GW131',
        reason: expect.stringContaining('sluice.yaml requests partition other'),
      });
  });
});

describe('a virtual address of a family that no member has', () => {
  test.each<[string, Record<string, unknown>, World, string]>([
    [
      'pods, though one has no address yet',
      {},
      { pods: [pod('a', '10.1.0.1'), pod('b', '', { ips: [] })] },
      'no gateway pod has an IPv6 address',
    ],
    [
      'nodes',
      { members: 'nodes' },
      { objects: { nodes: [node('n1', '10.0.0.1')] } },
      'no node has an IPv6 InternalIP',
    ],
  ])('is refused: %s', (_, entry, input, reason) => {
    const built = build({}, { virtualAddress: '2001:db8::1', ...entry }, { input });
    expect(built.servers[0]?.code).toBe('GW139');
    expect(built.servers[0]?.reason).toContain(reason);
  });

  test('is not assumed of nodes that have no address yet', () => {
    const input = { objects: { nodes: [node('n1', '', { addresses: [] })] } };
    const built = build({}, { members: 'nodes' }, { input });
    expect(built.exposures[0]?.members).toEqual([]);
  });
});
