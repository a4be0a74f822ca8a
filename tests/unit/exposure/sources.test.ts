/**
 * Who may expose a server: the author's request, ConfigMaps, policy, and which of several requests
 * counts.
 */
import { describe, expect, test } from '@jest/globals';
import { AddressPool } from '../../../shared/domain/address-pools/pool.ts';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { partitionFor } from '../../../shared/domain/exposure/spread.ts';
import {
  allowsInternal,
  checkPolicy,
  PolicyConfig,
  reservedProblem,
} from '../../../shared/domain/exposure/settings/policy.ts';
import { compareServerAge } from '../../../shared/domain/exposure/sources/assigned-configmaps.ts';
import { readConfigMap } from '../../../shared/domain/exposure/sources/f5-configmap.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import {
  configMap,
  context,
  type Gate,
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
const EXPOSE = 'sluice.io/expose';

const codes = ({ notes }: BuiltExposures): readonly string[] => notes.map(({ code }) => code);
const verdicts = ({ servers }: BuiltExposures): readonly string[] =>
  servers.map(({ code }) => code);

describe('sluice.io/expose', () => {
  const own = (text: string): string | undefined =>
    build({ gates: [annotated(older, { [EXPOSE]: text })] }).servers[0]?.code;
  const ofService = (text: string, entry: Record<string, unknown> = {}): string | undefined =>
    build({ gates: [older], serviceAnnotations: { [EXPOSE]: text } }, entry).servers[0]?.code;

  test.each([
    ['true', 'OK'],
    [' true ', 'OK'],
    ['false', 'GW148'],
    ['32400', 'OK'],
    ['80, 32400', 'OK'],
    ['80,443', 'GW148'],
    ['80,nonsense', 'GW120'],
    ['nonsense', 'GW120'],
    ['', 'GW120'],
  ])('%j of a Gateway gives %s', (text, code) => {
    expect(own(text)).toBe(code);
  });

  test.each([
    ['true', 'OK'],
    ['false', 'GW148'],
    // A list on the Service says nothing about other ports.
    ['80', 'OK'],
    ['32400', 'OK'],
    ['80,nonsense', 'GW120'],
  ])('%j of the Service gives %s', (text, code) => {
    expect(ofService(text)).toBe(code);
  });

  test('in a list of the Service is a request only for its ports', () => {
    expect(ofService('32400', { expose: 'annotated' })).toBe('OK');
    expect(ofService('80', { expose: 'annotated' })).toBe('GW147');
  });

  test('of a Gateway goes before that of the Service', () => {
    const gates = [annotated(older, { [EXPOSE]: 'true' })];
    expect(verdicts(build({ gates, serviceAnnotations: { [EXPOSE]: 'false' } }))).toEqual(['OK']);
  });
});

describe('a server that may only stay where it is declared', () => {
  const entry = { expose: 'annotated' };
  const asks = { [EXPOSE]: 'true' };

  test('leaves the port to a younger one that is not refused, and does not share it', () => {
    const built = build({ gates: [older, annotated(younger, asks)] }, entry);
    expect(verdicts(built)).toEqual(['GW147', 'OK']);
    expect(built.exposures).toMatchObject([{ gateways: ['default/younger'] }]);
    expect(built.exposures[0]).not.toHaveProperty('refusedIfNew');
  });

  test('shares it with others of its kind, without a note about their settings', () => {
    const gates = [older, annotated(younger, { 'sluice.io/balance': 'ratio-member' })];
    const built = build({ gates }, entry);
    expect(built.exposures).toMatchObject([
      { gateways: ['default/older', 'default/younger'], refusedIfNew: { code: 'GW147' } },
    ]);
    expect(codes(built)).toEqual([]);
  });
});

test('a server that the device could not serve is not added beside one that may only stay', () => {
  const wrong = { [EXPOSE]: 'true', 'sluice.io/mode': 'http' };
  const built = build({ gates: [older, annotated(younger, wrong)] }, { expose: 'annotated' });
  expect(verdicts(built)).toEqual(['GW147', 'GW137']);
  expect(built.exposures).toMatchObject([{ gateways: ['default/older'] }]);
});

test('the network of clients is reported with the annotation that asks for it', () => {
  const { sources } = build({ gates: [annotated(older, { 'sluice.io/source': '10.0.0.0/8' })] });
  expect(sources['172.16.100.195:32400/tcp']?.['source']).toContain('sluice.io/source');
});

describe('a Gateway that is refused at an address and port', () => {
  test('is not listed among those that have it', () => {
    const built = build({
      gates: [older, annotated(younger, { 'sluice.io/partition': 'edge' })],
    });
    expect(built.exposures[0]?.gateways).toEqual(['default/older']);
  });

  test('is told which exposure had the address first', () => {
    const at = (gate: Gate, port: number, annotations: Record<string, string> = {}): Gate => ({
      ...annotated(gate, annotations),
      port,
    });
    const third = { name: 'third', created: '2026-03-01T00:00:00Z' };
    const built = build({
      gates: [
        at(older, 1_001),
        at(younger, 1_002),
        at(third, 1_003, { 'sluice.io/partition': 'edge' }),
      ],
    });
    expect(built.servers[2]?.reason).toContain('but 172.16.100.195:1001/tcp has that address');
  });
});

describe('the PROXY protocol of the pods', () => {
  const proxied = pod('gw-1', '10.1.0.1', { proxyProtocol: true });
  test('is needed if one of them expects it, even if others do not', () => {
    const pods = [proxied, pod('gw-2', '10.1.0.2')];
    expect(verdicts(build({ pods }))).toEqual(['GW141']);
    expect(verdicts(build())).toEqual(['OK']);
  });

  test('is not needed over UDP', () => {
    const listeners = [{ port: 32_400, transport: 'udp' as const, kinds: ['HTTP3' as const] }];
    expect(verdicts(build({ pods: [proxied], listeners }))).toEqual(['OK']);
  });
});

describe('the order of requests', () => {
  test.each([
    ['2026-01-01T00:00:00Z', 'b', '2026-01-02T00:00:00Z', 'a', -1],
    ['2026-01-02T00:00:00Z', 'a', '2026-01-01T00:00:00Z', 'b', 1],
    ['', 'a', '2026-01-01T00:00:00Z', 'b', 1],
    ['2026-01-01T00:00:00Z', 'b', '', 'a', -1],
    ['', 'a', '', 'b', -1],
    ['', 'b', '', 'a', 1],
    ['', 'a', '', 'a', 0],
  ])('%j %s before %j %s: %i', (created, name, otherCreated, otherName, order) => {
    expect(compareServerAge({ created, name }, { created: otherCreated, name: otherName })).toBe(
      order,
    );
  });
});

describe('an F5 ConfigMap', () => {
  const noted = (
    body: unknown,
    options: Parameters<typeof configMap>[2] = {},
    input: World = {},
  ): readonly string[] =>
    build({ configMaps: [configMap('cm', body, options)], ...input }).notes.map(
      ({ message }) => message,
    );

  test.each<[string, Record<string, unknown>, World, string]>([
    ['for a port that the Service does not have', { servicePort: 9 }, {}, 'does not have'],
    [
      'for a port of the Service that leads to no server',
      { servicePort: 9 },
      {
        service: {
          ports: [
            { name: 'a', port: 9 },
            { name: 'b', port: 32_400 },
          ],
        },
      },
      'which leads to no gateway server',
    ],
    [
      'for another Service',
      { serviceName: 'other' },
      {},
      'is for Service istio-system/other, not for the ingress gateway Service',
    ],
  ])('%s is ignored, which is reported', (_, backend, input, text) => {
    expect(noted(walkthrough({}, backend), {}, input)).toEqual([expect.stringContaining(text)]);
  });

  test('applies to the Service port that leads to the server, under its number', () => {
    const { objects, mapping } = world({
      configMaps: [configMap('cm', walkthrough({}, { servicePort: 80 }))],
    });
    const leads = (port: number, more: object = {}): ServerReport['servicePorts'][number] => ({
      service: SERVICE,
      port,
      targetPort: 32_400,
      nodePort: null,
      reachesListener: true,
      ...more,
    });
    const ports = (...servicePorts: ServerReport['servicePorts']): readonly number[] => {
      const servers = mapping.servers.map((one) => ({ ...one, servicePorts }));
      return buildExposures(REF, objects, { ...mapping, servers }, context()).exposures.map(
        ({ port }) => port,
      );
    };
    expect(ports(leads(80))).toEqual([31_400]);
    expect(ports(leads(80, { service: 'a/b' }), leads(32_400))).toEqual([32_400]);
    expect(ports(leads(80, { reachesListener: false }))).toEqual([32_400]);
  });
});

describe('the Service and port of an F5 ConfigMap', () => {
  const target = (body: unknown): unknown => {
    const { service, port } = readConfigMap(configMap('cm', body));
    return [service, port];
  };
  const backend = { serviceName: 'gw', servicePort: 80 };
  const decoy = { serviceName: 'decoy', servicePort: 1 };

  test.each<[string, unknown, unknown]>([
    ['are those of its backend', { virtualServer: { frontend: decoy, backend } }, ['gw', 80]],
    [
      'are guessed if the port is a string',
      { virtualServer: { backend: { ...backend, servicePort: '80' } } },
      ['gw', 80],
    ],
    [
      'are guessed if the name is invalid',
      { virtualServer: { backend: { ...backend, serviceName: 5 } } },
      [undefined, 80],
    ],
    ['are guessed without a backend', { virtualServer: { frontend: decoy } }, ['decoy', 1]],
    ['are guessed from a list', { virtualServer: [{ backend }] }, ['gw', 80]],
    [
      'are guessed from text that is not JSON',
      '{"serviceName": "gw", "servicePort": 80',
      ['gw', 80],
    ],
    ['are unknown if it names none', '{"servicePort": x', [undefined, undefined]],
  ])('%s', (_, body, expected) => {
    expect(target(body)).toEqual(expected);
  });
});

describe('an address that only BIG-IP remembers', () => {
  const addressPools = [AddressPool.parse({ name: 'web', ranges: ['10.1.0.0/29'] })];
  const noted = (service: Record<string, unknown>): readonly string[] =>
    build({ service }, { virtualAddress: 'auto', writeStatus: false }, { addressPools }).notes.map(
      ({ code, message }) => `${code} ${message}`,
    );

  test('is reported with the remedy that its Service allows', () => {
    expect(noted({ type: 'ClusterIP' })).toEqual([
      expect.stringMatching(/^GW156 .*make it type LoadBalancer$/),
    ]);
    expect(noted({ type: 'LoadBalancer' })).toEqual([
      expect.stringMatching(/^GW156 .*set writeStatus: true for the ingress/),
    ]);
  });

  test('is claimed from the status of a Service that only Sluice writes', () => {
    const claims = (service: Record<string, unknown>): unknown =>
      build({ service }, { virtualAddress: 'auto' }, { addressPools }).auto?.claims;
    const loadBalancerIngress = [{ hostname: 'lb.example.com' }, { ip: '10.1.0.3' }];
    const ours = { type: 'LoadBalancer', statusIsOurs: true, loadBalancerIngress };
    expect(claims(ours)).toEqual(['10.1.0.3']);
    expect(claims({ ...ours, statusIsOurs: false })).toEqual([]);
    expect(claims({ ...ours, type: 'ClusterIP' })).toEqual([]);
  });
});

describe('automatic addresses', () => {
  const addressPools = ['web', 'internal'].map((name) =>
    AddressPool.parse({ name, ranges: ['10.1.0.0/29'] }),
  );
  const address = (annotation: string, virtualAddress: string): string | undefined =>
    build(
      { gates: [annotated(older, { 'sluice.io/virtual-address': annotation })] },
      { virtualAddress },
      { addressPools },
    ).exposures[0]?.address;

  test.each([
    ['auto', 'auto:internal', 'auto(internal)'],
    ['auto', 'auto', 'auto(web)'],
    ['auto', '172.16.100.195', 'auto(web)'],
    ['auto:web', 'auto:internal', 'auto(web)'],
    ['172.16.100.1', 'auto:internal', '172.16.100.1'],
  ])('%s of a Gateway under %s of the ingress is %s', (annotation, entry, expected) => {
    expect(address(annotation, entry)).toBe(expected);
  });
});

describe('a policy', () => {
  const policy = (...rules: readonly object[]): PolicyConfig =>
    PolicyConfig.parse({ references: [], rules });
  const question = {
    namespace: 'a',
    address: '10.0.0.1',
    port: 443,
    listener: 8443,
    partition: 'k8s',
  };

  test.each<[string, object, boolean]>([
    ['any of its namespaces', { namespaces: ['b', 'a'] }, true],
    ['none of its namespaces', { namespaces: ['b', 'c'] }, false],
    ['any of its partitions', { partitions: ['x', 'k8s'] }, true],
    ['none of its partitions', { partitions: ['x'] }, false],
    ['any of its ports', { ports: [80, '400-500'] }, true],
    ['the first and the last port of a range', { ports: ['443-443'] }, true],
    ['none of its ports', { ports: [80, '444-500'] }, false],
    ['any of its addresses', { addresses: ['10.9.0.0/16', '10.0.0.0/24'] }, true],
    ['none of its addresses', { addresses: ['10.9.0.0/16'] }, false],
  ])('rule matches by %s: %j is %s', (_, rule, allowed) => {
    expect(checkPolicy(policy({ name: 'r', ...rule }), question) === undefined).toBe(allowed);
  });

  test('opens internal ports by the rule for the address; by any other fitting rule if none is assigned', () => {
    const rules = policy(
      { name: 'elsewhere', addresses: ['10.9.0.0/16'], internal: true },
      { name: 'rest' },
    );
    expect(allowsInternal(rules, question)).toBe(false);
    expect(allowsInternal(rules, { ...question, address: '10.9.0.1' })).toBe(true);
    expect(allowsInternal(rules, { ...question, address: 'auto(web)' })).toBe(true);
    expect(allowsInternal(policy(), question)).toBe(false);
    expect(allowsInternal(policy({ name: 'no', allow: false, internal: true }), question)).toBe(
      false,
    );
  });

  test('names the virtual port first of two reserved ones, and is overridden by a single port only', () => {
    const reserved = { ...question, port: 15_021, listener: 15_090 };
    expect(reservedProblem(undefined, reserved)?.message).toContain('use port 15021;');
    const [listed, range] = [
      policy({ name: 'r', ports: [80, 15_021] }),
      policy({ name: 'r', ports: ['15000-15100'] }),
    ].map(({ rules }) => rules[0]);
    expect(reservedProblem(listed, { ...reserved, listener: 8080 })).toBeUndefined();
    expect(reservedProblem(range, reserved)?.code).toBe('GW134');
  });
});

describe('the partition of an address', () => {
  test('is the first by name of two that draw the same', () => {
    const same = ['p-1dzz9sv', 'p-1my1y60'];
    for (const partitions of [same, same.toReversed()])
      expect(partitionFor('10.0.0.1', partitions)).toBe('p-1dzz9sv');
  });

  test('needs one to choose from', () => {
    expect(() => partitionFor('10.0.0.1', [])).toThrow(RangeError);
  });

  test('does not depend on the spelling of an address, nor on the order of partitions', () => {
    const partitions = ['a', 'b', 'c', 'd'];
    expect(partitionFor('2001:DB8:0::1', partitions)).toBe(
      partitionFor('2001:db8::1', partitions.toReversed()),
    );
    expect(partitions).toContain(partitionFor('no address', partitions));
  });
});
