import { describe, expect, test } from '@jest/globals';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import {
  annotated,
  configMap,
  context,
  REF,
  type Gate,
  pod,
  walkthrough,
  type World,
  world,
} from './fixtures.ts';

function build(
  input: World = {},
  entry: Record<string, unknown> = {},
  policy: Record<string, unknown> = {},
): BuiltExposures {
  const { objects, mapping } = world(input);
  return buildExposures(REF, objects, mapping, context(entry, policy));
}

function verdicts(built: BuiltExposures): readonly string[] {
  return built.servers.map((one) => `${one.gateway} ${one.verdict} ${one.code}`);
}

const gate = (annotations: Record<string, string>, more: Partial<Gate> = {}): Gate => ({
  name: 'g',
  annotations,
  ...more,
});

describe('an exposure is refused with code and sentence', () => {
  test.each<[string, World, Record<string, unknown>, Record<string, unknown>, string, RegExp]>([
    [
      'no virtual address anywhere',
      {},
      { virtualAddress: undefined },
      {},
      'GW130',
      /Gateway default\/tcp-echo-gateway port 32400 has no virtual address: set sluice.io\/virtual-address/,
    ],
    [
      'a wrong annotation',
      { gates: [gate({ 'sluice.io/mode': 'x' })] },
      {},
      {},
      'GW120',
      /must be one of tcp/,
    ],
    [
      'a wrong annotation of the Service',
      { serviceAnnotations: { 'sluice.io/snat': 'x' } },
      {},
      {},
      'GW120',
      /Service istio-system\/istio-ingressgateway: annotation sluice.io\/snat/,
    ],
    [
      'a broken ConfigMap',
      {
        configMaps: [configMap('cm', '{"serviceName":"istio-ingressgateway","servicePort":32400')],
      },
      {},
      {},
      'GW124',
      /ConfigMap istio-system\/cm: data.data is not valid JSON/,
    ],
    [
      'an iApp',
      { configMaps: [configMap('cm', walkthrough({ iapp: '/Common/a' }))] },
      {},
      {},
      'GW126',
      /deploys the iApp/,
    ],
    [
      'a ConfigMap in a foreign partition',
      { configMaps: [configMap('cm', walkthrough({ partition: 'other' }))] },
      {},
      {},
      'GW131',
      /ConfigMap istio-system\/cm requests partition other, which is not in devices\[\]\.partitions of .*\(k8s, edge\)/,
    ],
    [
      'partition Common',
      { gates: [gate({ 'sluice.io/partition': 'Common' })] },
      {},
      {},
      'GW131',
      /policy rule "Common"/,
    ],
    [
      'a reference outside the policy',
      { gates: [gate({ 'sluice.io/irules': '/Other/x' })] },
      {},
      {},
      'GW132',
      /refers to \/Other\/x \(iRules\), which policy.references does not list/,
    ],
    [
      'a reference of sluice.yaml outside the policy',
      {},
      { settings: { snat: '/Other/x' } },
      {},
      'GW132',
      /sluice.yaml .* refers to \/Other\/x \(snat\)/,
    ],
    [
      'a rule that refuses',
      {},
      {},
      { rules: [{ name: 'no high ports', allow: false, ports: ['30000-32767'] }] },
      'GW133',
      /policy rule "no high ports" refuses namespace default opening 172.16.100.195 port 32400 in partition k8s/,
    ],
    [
      'no rule that allows',
      {},
      {},
      { rules: [{ name: 'web', ports: [443] }] },
      'GW133',
      /no rule of the policy allows namespace default/,
    ],
    [
      'a reserved virtual port',
      { gates: [gate({ 'sluice.io/port': '15021' })] },
      {},
      {},
      'GW134',
      /policy rule "reserved ports": Envoy and Istio use port 15021/,
    ],
    [
      'a reserved listener port',
      { gates: [gate({}, { port: 443, listener: 15_000 })] },
      {},
      { rules: [{ name: 'all' }] },
      'GW134',
      /port 15000/,
    ],
    [
      'mode http on a TCP listener',
      { gates: [gate({ 'sluice.io/mode': 'http' })] },
      {},
      {},
      'GW137',
      /sets mode http, but the listener carries TCP/,
    ],
    [
      'mode udp on a TCP listener',
      { gates: [gate({ 'sluice.io/mode': 'udp' })] },
      {},
      {},
      'GW137',
      /sets mode udp, but Envoy listens on UDP only for HTTP\/3/,
    ],
    [
      'a profile of another mode',
      { gates: [gate({ 'sluice.io/mode': 'fastl4', 'sluice.io/profile-tcp': '/Common/t' })] },
      {},
      {},
      'GW137',
      /sets profileTcp \/Common\/t, which mode fastl4 does not support; remove it or use mode tcp or http/,
    ],
    [
      'cookies without HTTP',
      { gates: [gate({ 'sluice.io/persistence': 'cookie' })] },
      {},
      {},
      'GW137',
      /sets persistence cookie, which mode tcp does not support/,
    ],
    [
      'PROXY protocol in fastl4',
      { gates: [gate({ 'sluice.io/mode': 'fastl4', 'sluice.io/proxy-protocol': '/Common/p' })] },
      {},
      {},
      'GW137',
      /cannot send in mode fastl4/,
    ],
    [
      'pods that expect the PROXY protocol',
      { pods: [pod('a', '10.1.0.1', { proxyProtocol: true })] },
      {},
      {},
      'GW141',
      /name it in sluice.io\/proxy-protocol/,
    ],
    [
      'a virtual address of another family',
      {},
      { virtualAddress: '2001:db8::1' },
      {},
      'GW139',
      /virtual address 2001:db8::1 is IPv6, but no gateway pod has an IPv6 address/,
    ],
    [
      'a useless monitor in sluice.yaml',
      {},
      { settings: { monitors: [{ type: 'tcp', interval: 9, timeout: 9 }] } },
      {},
      'GW137',
      /sluice.yaml \(ingress east\/.*\): a monitor's timeout/,
    ],
  ])('%s', (...[, input, entry, policy, code, reason]) => {
    const built = build(input, entry, policy);
    expect(built.exposures).toEqual([]);
    expect(built.servers[0]).toMatchObject({
      verdict: 'rejected',
      code,
      reason: expect.stringMatching(reason),
    });
  });

  test('and disturbs no other', () => {
    const built = build({ gates: [gate({ 'sluice.io/mode': 'x' }), { name: 'h', port: 443 }] });
    expect(verdicts(built)).toEqual(['default/g rejected GW120', 'default/h listening OK']);
    expect(built.exposures.map((one) => one.port)).toEqual([443]);
  });

  test('without a node port the server waits for one', () => {
    const built = build({ nodePort: null }, { members: 'nodes' });
    expect(built.exposures).toEqual([]);
    expect(built.servers[0]).toMatchObject({
      verdict: 'no-service-port',
      code: 'GW138',
      reason: expect.stringContaining('none was given to port 32400 of Service'),
    });
  });
});

describe('what a monitor ignores is not asked for', () => {
  const ping = { type: 'icmp', interval: 5, timeout: 16, receive: 'OK' };
  test.each<[string, World, Record<string, unknown>]>([
    ['sluice.yaml', {}, { settings: { monitors: [ping] } }],
    [
      'an annotation',
      {
        gates: [
          gate({ 'sluice.io/monitors': JSON.stringify([{ type: 'tcp-half-open', send: 'x' }]) }),
        ],
      },
      {},
    ],
  ])('%s: an existing exposure may stay', (_where, input, entry) => {
    const built = build(input, entry);
    const message = expect.stringMatching(
      /sets send or receive on a monitor of type (icmp|tcp-half-open), which ignores both; remove them, or use type tcp or http$/,
    );
    expect(built.servers[0]).toMatchObject({ verdict: 'rejected', code: 'GW137', reason: message });
    expect(built.exposures).toMatchObject([{ refusedIfNew: { code: 'GW137', message } }]);
  });

  test('monitors that send and read are asked for what they get', () => {
    const monitors = [
      { ...ping, type: 'http' },
      { type: 'icmp', interval: 5, timeout: 16 },
    ];
    expect(build({}, { settings: { monitors } }).exposures[0]?.refusedIfNew).toBeUndefined();
  });
});

describe('a reserved port can be exposed on purpose', () => {
  test.each([
    [[15_021], 1],
    [['15021'], 1],
    [['15000-15100'], 0],
  ])('ports %j expose %i', (ports, count) => {
    expect(
      build(
        { gates: [gate({ 'sluice.io/port': '15021' })] },
        {},
        { rules: [{ name: 'status', ports }] },
      ).exposures,
    ).toHaveLength(count);
  });
});

describe('gateways that meet', () => {
  const older = { name: 'older', created: '2026-01-01T00:00:00Z' };
  const younger = { name: 'younger', created: '2026-02-01T00:00:00Z' };

  test('on one listener share one exposure, oldest first, whatever the order of the input', () => {
    const [a, b] = [build({ gates: [older, younger] }), build({ gates: [younger, older] })];
    expect(a.exposures).toEqual(b.exposures);
    expect(a.exposures).toMatchObject([
      { gateways: ['default/older', 'default/younger'], since: '2026-01-01T00:00:00Z' },
    ]);
  });

  test('the oldest decides the settings and the younger one gets a note', () => {
    const built = build({
      gates: [older, { ...younger, annotations: { 'sluice.io/mode': 'fastl4' } }],
    });
    expect(built.exposures[0]?.settings.mode).toBe('tcp');
    expect(built.notes).toEqual([
      {
        object: 'Gateway default/younger',
        code: 'GW136',
        message:
          'requests mode fastl4 on 172.16.100.195:32400/tcp; ignored, because Gateway ' +
          'default/older comes first and decides there (the default)',
      },
    ]);
  });

  test.each<[string, World, Record<string, unknown>]>([
    [
      'of sluice.yaml, by a Gateway',
      { gates: [gate({ 'sluice.io/snat': 'none' })] },
      { settings: { snat: 'auto' } },
    ],
    [
      'of the Service, by a Gateway',
      {
        gates: [gate({ 'sluice.io/snat': 'none' })],
        serviceAnnotations: { 'sluice.io/snat': 'auto' },
      },
      {},
    ],
    [
      'of sluice.yaml, by the Service',
      { serviceAnnotations: { 'sluice.io/snat': 'none' } },
      { settings: { snat: 'auto' } },
    ],
  ])('a default %s is overridden on purpose', (_, input, entry) => {
    expect(build(input, entry).notes.map((note) => note.code)).toEqual(['GW165']);
  });

  test('moved to one virtual port from different listeners, the older keeps it', () => {
    const built = build({
      gates: [
        { ...younger, port: 8443 },
        { ...older, port: 9443, annotations: { 'sluice.io/port': '8443' } },
      ],
    });
    expect(verdicts(built)).toEqual([
      'default/younger rejected GW135',
      'default/older listening OK',
    ]);
    expect(built.servers[0]?.reason).toContain(
      'but Gateway default/older port 9443 comes first and uses it for listener port 9443',
    );
  });

  test('on one address in two partitions, the older keeps the address', () => {
    const built = build({
      gates: [older, { ...younger, port: 443, annotations: { 'sluice.io/partition': 'edge' } }],
    });
    expect(verdicts(built)).toEqual([
      'default/older listening OK',
      'default/younger rejected GW142',
    ]);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['one of them asks for ARP to be off', {}, { 'sluice.io/arp': 'false' }],
    [
      'they ask for different echoes',
      { 'sluice.io/icmp-echo': 'disable' },
      { 'sluice.io/icmp-echo': 'selective' },
    ],
    ['only the older asks for it', { 'sluice.io/server-scope': 'all' }, {}],
  ])('on one address, the older decides about the address: %s', (_, first, second) => {
    const built = build({
      gates: [annotated(older, first), annotated({ ...younger, port: 443 }, second)],
    });
    expect(verdicts(built)).toEqual([
      'default/older listening OK',
      'default/younger rejected GW169',
    ]);
    expect(built.servers[1]?.reason).toMatch(
      /Gateway default\/younger port 443 asks for .* of 172.16.100.195, and Gateway default\/older/,
    );
  });

  test('on one address, both are exposed if they ask for the same, the default spelled out', () => {
    const same = { 'sluice.io/arp': 'false', 'sluice.io/icmp-echo': 'enable' };
    const built = build({
      gates: [
        annotated(older, same),
        annotated({ ...younger, port: 443 }, { 'sluice.io/arp': 'false' }),
      ],
    });
    expect(verdicts(built)).toEqual(['default/older listening OK', 'default/younger listening OK']);
  });

  test.each([
    ['443 first', 443, 80],
    ['80 first', 80, 443],
  ])('port 80 of an address is for the redirect, or for a Gateway: %s', (_, first, second) => {
    const redirecting = {
      'sluice.io/mode': 'https',
      'sluice.io/client-tls': '/Common/x',
      'sluice.io/redirect-80': 'true',
    };
    const at = (one: Gate, port: number): Gate =>
      annotated({ ...one, port }, port === 443 ? redirecting : {});
    const listeners = [80, 443].map((port) => ({
      port,
      transport: 'tcp' as const,
      kinds: ['HTTP' as const],
    }));
    const input = { gates: [at(older, first), at(younger, second)], listeners };
    const built = build(input);
    expect(verdicts(built)).toEqual([
      'default/older listening OK',
      'default/younger rejected GW135',
    ]);
  });

  test('a gateway of unknown age counts as the youngest', () => {
    expect(
      build({ gates: [{ ...older, name: 'unknown', created: '' }, younger] }).exposures[0],
    ).toMatchObject({ gateways: ['default/younger', 'default/unknown'], since: younger.created });
  });

  test('when the oldest is refused, the next one decides', () => {
    const built = build({
      gates: [
        { ...older, annotations: { 'sluice.io/mode': 'x' } },
        { ...younger, annotations: { 'sluice.io/mode': 'fastl4' } },
      ],
    });
    expect(built.exposures).toMatchObject([
      { gateways: ['default/younger'], settings: { mode: 'fastl4' } },
    ]);
  });

  test('one listener may be offered on two ports', () => {
    const built = build({
      gates: [
        { ...older, port: 80, listener: 8080 },
        { ...younger, port: 8080 },
      ],
    });
    expect(built.exposures.map((one) => [one.port, one.members[0]?.port])).toEqual([
      [80, 8080],
      [8080, 8080],
    ]);
  });
});

describe('ConfigMaps', () => {
  const codes = (input: World): readonly string[] =>
    build(input).notes.map((note) => `${note.object} ${note.code} ${note.message}`);

  test.each<[string, ReturnType<typeof configMap>, RegExp]>([
    [
      'for another Service',
      configMap('cm', walkthrough({}, { serviceName: 'other' })),
      /^ConfigMap istio-system\/cm GW128 ignored, because it is for Service istio-system\/other, not for the ingress gateway Service/,
    ],
    [
      'in another namespace',
      configMap('cm', walkthrough(), { namespace: 'default' }),
      /GW128 ignored, because it is for Service default\/istio-ingressgateway/,
    ],
    [
      'for a port the Service lacks',
      configMap('cm', walkthrough({}, { servicePort: 1 })),
      /GW128 ignored, because it is for port 1, which Service istio-system\/istio-ingressgateway does not have/,
    ],
    [
      'of an unknown schema',
      configMap('cm', 'x', { schema: 'y' }),
      /GW123 ConfigMap istio-system\/cm: names the schema "y"/,
    ],
    ['that is not JSON and names no Service', configMap('cm', '{'), /GW124/],
  ])('%s are noted and change nothing', (_, map, expected) => {
    const notes = codes({ configMaps: [map] });
    expect(notes).toEqual([expect.stringMatching(expected)]);
    expect(build({ configMaps: [map] }).exposures).toEqual(build().exposures);
  });

  test('for another ingress of the cluster are reported only there', () => {
    const { objects, mapping } = world({
      configMaps: [configMap('cm', walkthrough({}, { serviceName: 'other' }))],
    });
    expect(buildExposures(REF, objects, mapping, context()).notes).toHaveLength(1);
    expect(
      buildExposures(REF, objects, mapping, {
        ...context(),
        otherIngresses: ['istio-system/other'],
      }).notes,
    ).toEqual([]);
  });

  test('the older of two for one port counts, and the other is noted', () => {
    const built = build({
      configMaps: [
        configMap('b', walkthrough({ virtualAddress: { port: 2 } }), {
          created: '2026-03-01T00:00:00Z',
        }),
        configMap('c', walkthrough({ virtualAddress: { port: 3 } }), {
          created: '2026-02-01T00:00:00Z',
        }),
      ],
    });
    expect(built.exposures.map((one) => one.port)).toEqual([3]);
    expect(built.notes.map((note) => `${note.object} ${note.code}`)).toContain(
      'ConfigMap istio-system/b GW129',
    );
  });

  test('before the Service has the port, it refers to the gateway port itself', () => {
    const { objects, mapping } = world({ configMaps: [configMap('cm', walkthrough())] });
    const servers = mapping.servers.map((one) => ({
      ...one,
      servicePorts: [],
      missingInService: true,
    }));
    expect(
      buildExposures(REF, objects, { ...mapping, servers }, context()).exposures.map(
        (one) => one.port,
      ),
    ).toEqual([31_400]);
  });
});

describe('HTTP/3', () => {
  const listeners = [
    { port: 443, transport: 'tcp' as const, kinds: ['HTTPS' as const] },
    { port: 443, transport: 'udp' as const, kinds: ['HTTP3' as const] },
  ];

  test('adds a UDP exposure beside the TCP one, without what only suits TCP', () => {
    const built = build(
      {
        listeners,
        gates: [
          gate(
            { 'sluice.io/irules': '/Common/x', 'sluice.io/profile-udp': '/Common/u' },
            { port: 443, protocol: 'HTTPS' },
          ),
        ],
      },
      { settings: { profiles: { udp: '/Common/u' } } },
    );
    expect(built.servers[0]?.code).toBe('GW137');
    const plain = build({
      listeners,
      gates: [gate({ 'sluice.io/irules': '/Common/x' }, { port: 443, protocol: 'HTTPS' })],
    });
    expect(
      plain.exposures.map((one) => [
        one.protocol,
        one.settings.mode,
        one.settings.iRules,
        one.settings.reselectTries,
        one.settings.monitors.map((monitor) => monitor.type),
      ]),
    ).toEqual([
      ['tcp', 'tcp', ['/Common/x'], 3, ['http', 'tcp']],
      ['udp', 'udp', [], 0, ['http']],
    ]);
    expect(plain.notes).toMatchObject([
      {
        code: 'GW145',
        message: expect.stringContaining('sets iRules, which is not applied to HTTP/3'),
      },
    ]);
  });

  test('mode udp offers UDP alone', () => {
    const built = build({ listeners, gates: [gate({ 'sluice.io/mode': 'udp' }, { port: 443 })] });
    expect(built.exposures.map((one) => one.protocol)).toEqual(['udp']);
  });

  test('with node members a TCP node port is not used for UDP', () => {
    const built = build(
      {
        listeners,
        gates: [gate({}, { port: 443 })],
        objects: {
          nodes: [
            {
              meta: { namespace: '', name: 'n1' },
              addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
              ready: true,
            },
          ],
        },
      },
      { members: 'nodes' },
    );
    expect(built.exposures.map((one) => one.protocol)).toEqual(['tcp']);
    expect(built.notes).toMatchObject([
      { code: 'GW145', message: expect.stringContaining('needs a UDP port') },
    ]);
  });
});
