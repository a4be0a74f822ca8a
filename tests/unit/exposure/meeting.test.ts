/**
 * What an ingress offers as a whole: order, notes, and Gateways that request the same address and
 * port.
 */
import { describe, expect, test } from '@jest/globals';
import { AddressPool } from '../../../shared/domain/address-pools/pool.ts';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import {
  configMap,
  context,
  type Gate,
  node,
  pod,
  REF,
  walkthrough,
  type World,
  world,
  build,
  annotated,
  older,
  younger,
} from './fixtures.ts';

const SERVICE = 'istio-system/istio-ingressgateway';
const KEY = '172.16.100.195:32400/tcp';

const keys = ({ exposures }: BuiltExposures): readonly string[] => exposures.map(exposureKey);
const codes = ({ notes }: BuiltExposures): readonly string[] => notes.map(({ code }) => code);

describe('exposures', () => {
  test('come in the order of address, port and protocol', () => {
    const at = (name: string, address: string, port: number): Gate =>
      annotated({ name, port }, { 'sluice.io/virtual-address': address });
    const gates = [
      at('a', '172.16.100.200', 443),
      at('b', '172.16.100.195', 443),
      at('c', '172.16.100.195', 80),
      at('d', '172.16.100.197', 22),
    ];
    const listeners = [
      ...[22, 80].map((port) => ({ port, transport: 'tcp' as const, kinds: ['TCP' as const] })),
      { port: 443, transport: 'tcp' as const, kinds: ['HTTPS' as const] },
      { port: 443, transport: 'udp' as const, kinds: ['HTTP3' as const] },
    ];
    for (const turned of [gates, gates.toReversed()])
      expect(keys(build({ gates: turned, listeners }))).toEqual([
        '172.16.100.195:80/tcp',
        '172.16.100.195:443/tcp',
        '172.16.100.195:443/udp',
        '172.16.100.197:22/tcp',
        '172.16.100.200:443/tcp',
        '172.16.100.200:443/udp',
      ]);
  });

  test('have the address of an IPv6 exposure in brackets in their key', () => {
    expect(exposureKey({ address: '2001:db8::1', port: 443, protocol: 'tcp' })).toBe(
      '[2001:db8::1]:443/tcp',
    );
  });

  test('say where their partition comes from', () => {
    expect(build().sources[KEY]?.['partition']).toBe('sluice.yaml (devices)');
    expect(build({}, {}, { spread: 'address' }).sources[KEY]?.['partition']).toBe(
      'sluice.yaml (devices[].spread)',
    );
  });

  test('are restricted by their Service only if nothing else asks for it', () => {
    const source = (input: World): unknown => {
      const [one] = build(input).exposures;
      return [one?.settings.source, one?.sourceByService];
    };
    const ranges = { service: { sourceRanges: ['10.0.0.0/8'] } };
    const asked = { gates: [annotated(older, { 'sluice.io/source': '10.0.0.0/8' })] };
    expect(source(ranges)).toEqual(['10.0.0.0/8', true]);
    expect(source(asked)).toEqual(['10.0.0.0/8', undefined]);
    expect(source({})).toEqual([undefined, undefined]);
  });

  test('are watched by the monitors of their ConfigMap instead of the default ones', () => {
    const healthMonitors = [{ protocol: 'tcp', interval: 9, timeout: 30 }];
    const built = build({ configMaps: [configMap('cm', walkthrough({}, { healthMonitors }))] });
    expect(built.exposures[0]?.settings.monitors).toEqual([
      { type: 'tcp', interval: 9, timeout: 30 },
    ]);
  });

  test.each([
    ['Local', 31_000],
    ['Cluster', undefined],
  ])(
    'on nodes, with externalTrafficPolicy %s, are watched at %s',
    (externalTrafficPolicy, port) => {
      const built = build(
        {
          service: { externalTrafficPolicy, healthCheckNodePort: 31_000 },
          objects: { nodes: [node('n1', '10.0.0.1')] },
        },
        { members: 'nodes' },
      );
      expect(built.exposures[0]?.settings.monitors.map((one) => one.port)).toContain(port);
    },
  );

  test('name no excluded nodes where there are none', () => {
    expect(build()).not.toHaveProperty('excludedNodes');
  });
});

describe('a pool that sluice.yaml does not have is refused', () => {
  const pools = ['web', 'internal'].map((name) =>
    AddressPool.parse({ name, ranges: ['10.1.0.0/29'] }),
  );
  test.each<[string, readonly AddressPool[], RegExp]>([
    ['webb', pools, /no address pool webb; did you mean web\?/],
    ['something', pools, /no address pool something; addressPools has web, internal/],
    ['web', [], /no address pool web; addressPools has none/],
  ])('%s', (name, addressPools, reason) => {
    const [refused] = build({}, { virtualAddress: `auto:${name}` }, { addressPools }).servers;
    expect(refused?.code).toBe('GW155');
    expect(refused?.reason).toMatch(reason);
  });
});

describe('a note', () => {
  const notReady = [pod('gw-1', '10.1.0.1', { ready: false })];
  const gates = (count: number): readonly Gate[] =>
    Array.from({ length: count }, (_, i) => ({ name: `g${i}`, port: 81 + i }));

  test.each([
    [3, '172.16.100.195:81/tcp, 172.16.100.195:82/tcp, 172.16.100.195:83/tcp is ready'],
    [4, '172.16.100.195:83/tcp and 1 more is ready'],
  ])('about %i exposures names three of them', (count, text) => {
    const [note] = build({ gates: gates(count), pods: notReady }).notes;
    expect(note).toMatchObject({ code: 'GW140', message: expect.stringContaining(text) });
  });

  test('about members or numbers is not made of an exposure that may only stay', () => {
    const entry = { expose: 'annotated' };
    const built = build({ pods: notReady }, entry);
    expect([built.staying.size, codes(built)]).toEqual([1, []]);
  });

  test('comes in order of objects, whatever the order of Gateways', () => {
    const wrong = (name: string, created: string): Gate =>
      annotated({ name, created }, { 'sluice.io/mode': 'fastl4' });
    const built = build({
      gates: [older, wrong('z', '2026-03-01T00:00:00Z'), wrong('a', '2026-04-01T00:00:00Z')],
    });
    expect(built.notes.map(({ object }) => object)).toEqual([
      'Gateway default/a',
      'Gateway default/z',
    ]);
  });

  describe('about another number of the Service (GW149)', () => {
    const leads = (
      more: Partial<ServerReport['servicePorts'][number]>,
    ): ServerReport['servicePorts'][number] => ({
      service: SERVICE,
      port: 80,
      targetPort: 32_400,
      nodePort: null,
      reachesListener: true,
      ...more,
    });
    const noted = (
      servicePorts: ServerReport['servicePorts'],
      annotations: Record<string, string> = {},
    ): readonly string[] => {
      const { objects, mapping } = world({ gates: [annotated(older, annotations)] });
      const servers = mapping.servers.map((one) => ({ ...one, servicePorts }));
      return codes(buildExposures(REF, objects, { ...mapping, servers }, context()));
    };

    test.each<[string, ServerReport['servicePorts'], readonly string[]]>([
      ['is made if only that number leads to the listener', [leads({})], ['GW149']],
      [
        'is not made if the number of the Gateway leads there',
        [leads({}), leads({ port: 32_400 })],
        [],
      ],
      ['is not made for a port of another Service', [leads({ service: 'a/b' })], []],
      ['is not made for a port that leads elsewhere', [leads({ reachesListener: false })], []],
      ['is not made without any', [], []],
    ])('%s', (_, ports, expected) => {
      expect(noted(ports)).toEqual(expected);
    });

    test('is not made if the port was asked for', () => {
      expect(noted([leads({})], { 'sluice.io/port': '32400' })).toEqual([]);
    });
  });
});

describe('a younger Gateway on the same address and port', () => {
  const meet = (first: Record<string, string>, second: Record<string, string>): BuiltExposures =>
    build({ gates: [annotated(older, first), annotated(younger, second)] });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'the same setting',
      { 'sluice.io/balance': 'ratio-member' },
      { 'sluice.io/balance': 'ratio-member' },
    ],
    ['nothing', { 'sluice.io/balance': 'ratio-member' }, {}],
    ['its place', {}, { 'sluice.io/port': '32400', 'sluice.io/virtual-address': '172.16.100.195' }],
    ['the same clients', {}, { 'sluice.io/source': 'any' }],
  ])('joins without a note if it requests %s', (_, first, second) => {
    const built = meet(first, second);
    expect(built.exposures[0]?.gateways).toHaveLength(2);
    expect(codes(built)).toEqual([]);
  });

  test('gets a report of the value that applies instead', () => {
    const [note] = meet(
      { 'sluice.io/balance': 'ratio-member' },
      { 'sluice.io/balance': 'fastest-node' },
    ).notes;
    expect(note).toMatchObject({
      code: 'GW136',
      message: expect.stringContaining('(ratio-member)'),
    });
  });

  test('is refused for other clients, in words', () => {
    const open = meet({}, { 'sluice.io/source': '10.0.0.0/8' }).servers[1];
    expect(open?.code).toBe('GW157');
    expect(open?.reason).toContain(
      `lets 10.0.0.0/8 connect to ${KEY}, and Gateway default/older port 32400, which comes first, lets any;`,
    );
    expect(meet({ 'sluice.io/source': '10.0.0.0/8' }, {}).servers[1]?.reason).toContain(
      `lets any connect to ${KEY}`,
    );
  });

  test('is refused in another partition, in words', () => {
    const [, refused] = meet({}, { 'sluice.io/partition': 'edge' }).servers;
    expect(refused).toMatchObject({
      code: 'GW135',
      reason: expect.stringContaining('comes first and has it in partition k8s'),
    });
  });
});
