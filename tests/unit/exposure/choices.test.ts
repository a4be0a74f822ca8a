/** Which of several possibilities counts for an exposure, and which one a message names. */
import { describe, expect, test } from '@jest/globals';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { exposureKey, exposureWithKey } from '../../../shared/domain/exposure/exposure.ts';
import { ANNOTATION_READERS } from '../../../shared/domain/exposure/settings/annotation-values.ts';
import { CATALOGUE } from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import { REFERENCE_KINDS } from '../../../shared/domain/exposure/settings/reference-kinds.ts';
import { PolicyRequirement } from '../../../shared/domain/exposure/settings/requirements.ts';
import { ServiceBundle } from '../../../shared/domain/exposure/settings/service-bundles.ts';
import { cisObjectsIn } from '../../../shared/domain/exposure/sources/cis/cis-object.ts';
import { readLoadBalancer } from '../../../shared/domain/exposure/sources/cis/cis-service.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { exposure } from '../../fixtures/exposures.ts';
import {
  annotated,
  build,
  configMap,
  context,
  type Gate,
  older,
  REF,
  walkthrough,
  world,
  younger,
} from './fixtures.ts';

const SERVICE = 'istio-system/istio-ingressgateway';
const verdicts = ({ servers }: BuiltExposures): readonly string[] =>
  servers.map(({ gateway, verdict, code }) => `${gateway} ${verdict} ${code}`);
const codes = ({ notes }: BuiltExposures): readonly string[] => notes.map(({ code }) => code);

describe('on one address', () => {
  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    [
      'a setting and its default',
      {},
      { 'sluice.io/arp': 'false' },
      'asks for arp false of 172.16.100.195, and Gateway default/older port 32400, which comes first, for the default;',
    ],
    [
      'the default and a setting',
      { 'sluice.io/server-scope': 'all' },
      {},
      'asks for serverScope the default of 172.16.100.195, and Gateway default/older ' +
        'port 32400, which comes first, for all;',
    ],
    [
      'the first of two settings',
      {},
      { 'sluice.io/icmp-echo': 'disable', 'sluice.io/arp': 'false' },
      'asks for arp false of',
    ],
  ])('a clash names %s', (_, first, second, reason) => {
    const built = build({
      gates: [annotated(older, first), annotated({ ...younger, port: 443 }, second)],
    });
    expect(built.servers[1]?.reason).toContain(reason);
  });

  const redirecting = {
    'sluice.io/mode': 'https',
    'sluice.io/client-tls': '/Common/x',
    'sluice.io/redirect-80': 'true',
  };
  const withRedirect = (...gates: readonly Gate[]): BuiltExposures =>
    build({
      gates,
      listeners: [80, 443, 8_443].map((port) => ({
        port,
        transport: 'tcp' as const,
        kinds: ['HTTP' as const],
      })),
    });
  const elsewhere = { 'sluice.io/virtual-address': '172.16.100.196' };

  test('the redirect of another port leaves every port but 80', () => {
    const built = withRedirect(annotated({ ...older, port: 443 }, redirecting), {
      ...younger,
      port: 8_443,
    });
    expect(verdicts(built)).toEqual(['default/older listening OK', 'default/younger listening OK']);
  });

  test('the redirect of another address leaves port 80', () => {
    const built = withRedirect(annotated({ ...older, port: 443 }, redirecting), {
      ...annotated(younger, elsewhere),
      port: 80,
    });
    expect(verdicts(built)).toEqual(['default/older listening OK', 'default/younger listening OK']);
  });

  test('port 80 and a second redirect are refused beside a redirect', () => {
    const built = withRedirect(
      annotated({ ...older, port: 443 }, redirecting),
      annotated({ ...younger, port: 8_443 }, redirecting),
      { name: 'youngest', created: '2026-03-01T00:00:00Z', port: 80 },
    );
    expect(verdicts(built)).toEqual([
      'default/older listening OK',
      'default/younger rejected GW135',
      'default/youngest rejected GW135',
    ]);
    for (const { reason } of built.servers.slice(1))
      expect(reason).toContain('but Gateway default/older port 443 comes first');
  });

  test('an address that is spelled out is the one of sluice.yaml', () => {
    const same = { 'sluice.io/virtual-address': '172.16.100.195' };
    const built = build({ gates: [older, annotated({ ...younger, port: 32_400 }, same)] });
    expect([verdicts(built).length, codes(built)]).toEqual([2, []]);
  });
});

describe('a port of a Service', () => {
  /** The walkthrough with other ports in its report. */
  const withPorts = (...servicePorts: ServerReport['servicePorts']): BuiltExposures => {
    const { objects, mapping } = world();
    const servers = mapping.servers.map((one) => ({ ...one, servicePorts }));
    return buildExposures(REF, objects, { ...mapping, servers }, context());
  };
  const port = (
    number: number,
    more: Partial<ServerReport['servicePorts'][number]> = {},
  ): ServerReport['servicePorts'][number] => ({
    service: SERVICE,
    port: number,
    targetPort: 32_400,
    nodePort: null,
    reachesListener: true,
    ...more,
  });

  test('with another number is reported, although another Service has the number', () => {
    const there = port(32_400, { service: 'istio-system/other' });
    expect(codes(withPorts(port(8_443), there))).toEqual(codes(withPorts(port(8_443))));
    expect(codes(withPorts(port(8_443)))).toHaveLength(1);
  });

  test('of another Service makes nothing internal if it does not lead to the listener', () => {
    const aside = port(80, { service: 'istio-system/other', reachesListener: false });
    expect(withPorts(aside).exposures[0]?.refusedIfNew).toBeUndefined();
    const leading = port(80, { service: 'istio-system/other' });
    expect(withPorts(leading).exposures[0]?.refusedIfNew?.code).toBe('GW146');
  });
});

test('the first of several exposures with one key is found', () => {
  const exposures = [exposure({ gateways: ['a'] }), exposure({ gateways: ['b'] })];
  const key = exposureKey(exposure());
  expect(exposureWithKey({ exposures }, key)?.gateways).toEqual(['a']);
  expect(exposureWithKey({ exposures }, 'x')).toBeUndefined();
});

describe('a required setting', () => {
  const bundle = ServiceBundle.parse({ name: 'web', settings: { iRules: ['/Common/log'] } });
  const requirements = [PolicyRequirement.parse({ name: 'r', bundle: 'web' })];
  const more = { serviceBundles: [bundle], requirements };
  const reason = (annotations: Record<string, string>, over: object): string =>
    build({ gates: [annotated(older, annotations)] }, {}, { ...more, ...over }).exposures[0]
      ?.refusedIfNew?.message ?? '';
  const fleet = { name: 'shop', settings: { iRules: ['/Common/other'] } };

  test('that is missing is reported without the fleet, which would take it away as well', () => {
    expect(reason({}, { fleet })).not.toContain('fleet shop');
    expect(reason({ 'sluice.io/irules': '/Common/log' }, { fleet })).toContain('fleet shop');
  });

  test('that HTTP/3 cannot have keeps a server that has only HTTP/3 from being published', () => {
    const built = build(
      {
        gates: [annotated({ ...older, port: 443 }, { 'sluice.io/irules': '/Common/log' })],
        listeners: [{ port: 443, transport: 'udp', kinds: ['HTTP3'] }],
      },
      {},
      more,
    );
    expect(
      built.exposures.map(({ protocol, refusedIfNew }) => [protocol, refusedIfNew?.code]),
    ).toEqual([['udp', 'GW172']]);
  });

  test('of a bundle for the namespace of the Service may be requested there', () => {
    const own = ServiceBundle.parse({
      name: 'own',
      namespaces: ['istio-system'],
      settings: { balance: 'ratio-member' },
    });
    const built = build(
      { serviceAnnotations: { 'sluice.io/service-bundle': 'own' } },
      {},
      { serviceBundles: [own] },
    );
    expect(built.exposures[0]?.settings.balance).toBe('ratio-member');
  });
});

describe('an annotation', () => {
  const at = { port: 443, protocol: 'TCP', servers: [], strictPorts: false } as never;

  test.each([
    ['auto', true],
    ['/Common/routers', true],
    ['nonsense', false],
  ])('for the last hop is a word or a path: %s', (text, isRead) => {
    expect('value' in ANNOTATION_READERS.lastHop(text, at)).toBe(isRead);
  });

  test.each<[string, object]>([
    ['["/Common/a","/Common/b"]', { value: ['/Common/a', '/Common/b'] }],
    ['["a"]', { problem: 'is not a list of full paths such as /Common/name' }],
    ['["/Common/a"', { problem: expect.stringContaining('JSON') }],
  ])('for SSL profiles is a list of paths: %s', (text, expected) => {
    expect(ANNOTATION_READERS.sslProfiles(text, at)).toEqual(expected);
  });

  test('beside a label on a Gateway of another ingress says nothing', () => {
    const { objects, mapping } = world();
    const [mine] = objects.gateways;
    const labels = { 'sluice.io/snat': 'none' };
    const other = { ...mine!, meta: { ...mine!.meta, name: 'other', labels } };
    const both = { ...objects, gateways: [mine!, other] };
    expect(buildExposures(REF, both, mapping, context()).notes).toEqual([]);
    const own = { ...objects, gateways: [{ ...mine!, meta: { ...mine!.meta, labels } }] };
    expect(buildExposures(REF, own, mapping, context()).notes).toHaveLength(1);
  });
});

test('a mode for HTTP is refused where the listener terminates TLS', () => {
  const built = build({
    gates: [annotated(older, { 'sluice.io/mode': 'http' })],
    listeners: [{ port: 32_400, transport: 'tcp', kinds: ['HTTPS'] }],
  });
  expect(built.servers[0]?.reason).toContain('but the listener carries HTTPS');
});

test('kinds that cannot be read are reported although the mesh has discovery selectors', () => {
  const { objects, mapping } = world();
  const notes = (mesh: object): readonly string[] =>
    buildExposures(REF, { ...objects, optionalKinds: {} }, mapping, {
      ...context(),
      mesh: MeshOptions.parse(mesh),
    }).notes.map(({ message }) => message);
  const all = notes({});
  const some = notes({ discoverySelectors: [] });
  expect(all.filter((one) => !some.includes(one))).toEqual([
    expect.stringContaining('the mesh ConfigMap'),
  ]);
  expect(some.length).toBeGreaterThan(0);
});

describe('a reference', () => {
  test('names the modules that it needs, if it needs any', () => {
    expect(REFERENCE_KINDS.wafPolicy).toMatchObject({ modules: ['asm'] });
    expect(REFERENCE_KINDS.tcp).not.toHaveProperty('modules');
    expect(CATALOGUE.maximumBandwidth).toMatchObject({ modules: ['afm'] });
    expect(CATALOGUE.rateLimit).not.toHaveProperty('modules');
  });
});

describe('a source', () => {
  test('of version 0.1.4 on names several SSL profiles', () => {
    const several = walkthrough({ sslProfile: { f5ProfileNames: ['a/b'] } });
    const of = (minor: number): readonly string[] =>
      build({
        configMaps: [
          configMap('vs', several, {
            schema: `f5schemadb://bigip-virtual-server_v0.1.${minor}.json`,
          }),
        ],
      }).notes.map(({ message }) => message);
    expect(of(3).join()).toContain('f5ProfileNames');
    expect(of(4).join()).not.toContain('f5ProfileNames: unknown key');
  });

  test('from CIS without a time counts as the youngest', () => {
    const one = (name: string, creationTimestamp?: string): object => ({
      kind: 'Service',
      metadata: { name, ...(creationTimestamp && { creationTimestamp }) },
    });
    expect(
      cisObjectsIn([one('a'), one('b', '2026-01-01T00:00:00Z')]).map(({ name }) => name),
    ).toEqual(['b', 'a']);
  });

  test('from CIS is none if a Service requests nothing', () => {
    const [service] = cisObjectsIn([{ kind: 'Service', metadata: { name: 'a' } }]);
    expect(readLoadBalancer(service!, [])).toBeUndefined();
  });
});
