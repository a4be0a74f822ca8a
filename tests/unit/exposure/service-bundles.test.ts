import { describe, expect, test } from '@jest/globals';
import type { BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { PolicyRequirement } from '../../../shared/domain/exposure/settings/requirements.ts';
import { ServiceBundle } from '../../../shared/domain/exposure/settings/service-bundles.ts';
import { build, configMap, type Gate, walkthrough, type World } from './fixtures.ts';

const REQUEST = 'sluice.io/service-bundle';
const KEY = '172.16.100.195:32400/tcp';

const BUNDLES = [
  ServiceBundle.parse({
    name: 'public-web',
    settings: {
      balance: 'least-connections-member',
      iRules: ['/Common/log'],
      source: '198.51.100.0/24',
    },
  }),
  ServiceBundle.parse({
    name: 'team-only',
    namespaces: ['team-*'],
    settings: { balance: 'ratio-member' },
  }),
  ServiceBundle.parse({ name: 'plain-http', settings: { mode: 'http' } }),
];

const require_ = (rule: Record<string, unknown>): PolicyRequirement =>
  PolicyRequirement.parse({ name: 'clients', bundle: 'public-web', ...rule });

function offered(
  input: World,
  rules: readonly PolicyRequirement[] = [],
  entry: Record<string, unknown> = {},
): BuiltExposures {
  return build(input, entry, { serviceBundles: BUNDLES, requirements: rules });
}

const gate = (annotations: Record<string, string>, more: Partial<Gate> = {}): Gate => ({
  name: 'g',
  annotations,
  ...more,
});

const said = (built: BuiltExposures): readonly string[] =>
  built.servers.map(({ code, reason }) => `${code} ${reason}`);

describe('a service bundle', () => {
  test.each<[string, World, Record<string, unknown>, string]>([
    [
      'that a Gateway requests',
      { gates: [gate({ [REQUEST]: 'public-web' })] },
      {},
      'service bundle public-web, requested by Gateway default/g (sluice.io/service-bundle)',
    ],
    [
      'that the ingress Service requests',
      { gates: [gate({})], serviceAnnotations: { [REQUEST]: ' public-web ' } },
      {},
      'service bundle public-web, requested by Service istio-system/istio-ingressgateway (sluice.io/service-bundle)',
    ],
    [
      'that the ingress has in sluice.yaml',
      { gates: [gate({})] },
      { serviceBundle: 'public-web' },
      'service bundle public-web, requested by sluice.yaml (ingress east/istio-system/istio-ingressgateway)',
    ],
  ])('%s sets its settings', (_, input, entry, source) => {
    const built = offered(input, [], entry);
    expect(built.exposures[0]?.settings).toMatchObject({
      balance: 'least-connections-member',
      iRules: ['/Common/log'],
      source: '198.51.100.0/24',
    });
    expect(built.sources[KEY]).toMatchObject({ balance: source, iRules: source });
    expect(built.notes).toEqual([]);
  });

  test('of the Gateway applies instead of that of the Service, and not beside it', () => {
    const built = offered({
      gates: [gate({ [REQUEST]: 'plain-http' })],
      listeners: [{ port: 32_400, transport: 'tcp', kinds: ['HTTP'] }],
      serviceAnnotations: { [REQUEST]: 'public-web' },
    });
    expect(built.exposures[0]?.settings).toMatchObject({ mode: 'http', iRules: [] });
  });

  test.each<[string, World, Record<string, unknown>]>([
    [
      'an annotation of the Service, for a Gateway',
      {
        gates: [gate({ [REQUEST]: 'public-web' })],
        serviceAnnotations: { 'sluice.io/balance': 'ratio-member' },
      },
      {},
    ],
    [
      'the settings of the ingress, for the Service',
      { gates: [gate({})], serviceAnnotations: { [REQUEST]: 'public-web' } },
      { settings: { balance: 'ratio-member' } },
    ],
  ])('takes precedence over %s', (_, input, entry) => {
    const built = offered(input, [], entry);
    expect(built.exposures[0]?.settings.balance).toBe('least-connections-member');
    expect(built.notes.map(({ code }) => code)).toEqual(['GW165']);
  });

  test('gives way to the annotation of a Gateway, if the Service requests it', () => {
    const built = offered({
      gates: [gate({ 'sluice.io/balance': 'ratio-member' })],
      serviceAnnotations: { [REQUEST]: 'public-web' },
    });
    expect(built.exposures[0]?.settings).toMatchObject({
      balance: 'ratio-member',
      iRules: ['/Common/log'],
    });
  });

  test.each<[string, World, string]>([
    [
      'does not exist',
      { gates: [gate({ [REQUEST]: 'publik-web' })] },
      'GW170 Gateway default/g (sluice.io/service-bundle): sluice.yaml has no service ' +
        'bundle publik-web; did you mean public-web?',
    ],
    [
      'resembles no bundle',
      { gates: [gate({ [REQUEST]: '' })] },
      'GW170 Gateway default/g (sluice.io/service-bundle): sluice.yaml has no service ' +
        'bundle ; serviceBundles has public-web, team-only, plain-http',
    ],
    [
      'is for other namespaces',
      { gates: [gate({ [REQUEST]: 'team-only' }, { namespace: 'shop' })] },
      'GW170 Gateway shop/g (sluice.io/service-bundle): namespace shop may not use ' +
        'service bundle team-only; add it to namespaces of the bundle in sluice.yaml ' +
        '(team-*)',
    ],
    [
      'contradicts a setting of the same Gateway',
      { gates: [gate({ [REQUEST]: 'public-web', 'sluice.io/balance': 'ratio-member' })] },
      'GW171 Gateway default/g (sluice.io/balance) sets balance ratio-member, but ' +
        'service bundle public-web, requested by Gateway default/g ' +
        '(sluice.io/service-bundle) sets least-connections-member; remove balance there, ' +
        'or do not request public-web',
    ],
  ])('that %s refuses the exposure, with the remedy', (_, input, sentence) => {
    const built = offered(input);
    expect(built.exposures).toEqual([]);
    expect(said(built)).toEqual([sentence]);
  });

  test('may be used in the namespaces that it lists', () => {
    const built = offered({ gates: [gate({ [REQUEST]: 'team-only' }, { namespace: 'team-a' })] });
    expect(built.exposures[0]?.settings.balance).toBe('ratio-member');
  });

  test('that a misspelt annotation requests is not omitted silently', () => {
    const built = offered({ gates: [gate({ 'sluice.io/service-bundel': 'public-web' })] });
    expect(said(built)).toEqual([
      'GW121 Gateway default/g: annotation sluice.io/service-bundel is unknown; did you mean sluice.io/service-bundle?',
    ]);
  });
});

describe('a requirement of the policy', () => {
  const REFUSED = {
    code: 'GW172',
    message: expect.stringContaining('policy requirement "clients" needs source 198.51.100.0/24'),
  };
  const ONLY_SOURCE = { settings: ['source'] };

  test.each<[string, Record<string, unknown>, World, boolean]>([
    ['every exposure', {}, {}, true],
    ['the namespace', { namespaces: ['def*'] }, {}, true],
    ['another namespace', { namespaces: ['shop'] }, {}, false],
    ['the port', { ports: ['32000-32500'] }, {}, true],
    ['another port', { ports: [443] }, {}, false],
    ['the address', { addresses: ['172.16.100.0/24'] }, {}, true],
    ['other addresses', { addresses: ['172.16.101.0/24', '::/0'] }, {}, false],
    ['the partition', { partitions: ['k8s'] }, {}, true],
    ['another partition', { partitions: ['edge'] }, {}, false],
  ])('for %s', (_, match, input, applies) => {
    const { exposures, servers } = offered(input, [require_({ ...ONLY_SOURCE, ...match })]);
    expect(exposures[0]?.refusedIfNew).toEqual(applies ? REFUSED : undefined);
    expect(servers[0]?.verdict).toBe(applies ? 'rejected' : 'listening');
  });

  test('counts an automatic address as every address of its pool', () => {
    const pools = [{ name: 'web', ranges: ['10.1.0.0/24'], reserved: [] }];
    const at = (address: string): unknown =>
      build(
        {},
        { virtualAddress: 'auto' },
        {
          serviceBundles: BUNDLES,
          addressPools: pools,
          requirements: [require_({ ...ONLY_SOURCE, addresses: [address] })],
        },
      ).exposures[0]?.refusedIfNew;
    expect(at('10.1.0.77')).toEqual(REFUSED);
    expect(at('10.1.1.0/24')).toBeUndefined();
  });

  test('adds the values of the bundle, with their source', () => {
    const built = offered({}, [require_({ ...ONLY_SOURCE, otherwise: 'add' })]);
    expect(built.exposures[0]?.refusedIfNew).toBeUndefined();
    expect(built.exposures[0]?.settings).toMatchObject({ source: '198.51.100.0/24', iRules: [] });
    expect(built.sources[KEY]).toMatchObject({
      source: 'policy requirement "clients" (service bundle public-web)',
    });
  });

  test.each<[string, World, Record<string, unknown>]>([
    [
      'an annotation of the Service',
      { serviceAnnotations: { 'sluice.io/balance': 'ratio-member' } },
      {},
    ],
    ['the ingress in sluice.yaml', {}, { settings: { balance: 'ratio-member' } }],
  ])('overrides %s, which is only a default', (_, input, entry) => {
    const rule = require_({ settings: ['balance'], otherwise: 'add' });
    const [exposure] = offered(input, [rule], entry).exposures;
    expect(exposure?.settings.balance).toBe('least-connections-member');
    expect(exposure?.refusedIfNew).toBeUndefined();
  });

  test.each<[string, World, string]>([
    [
      'a Gateway',
      { gates: [gate({ 'sluice.io/balance': 'ratio-member' })] },
      'Gateway default/g (sluice.io/balance)',
    ],
    [
      'an F5 ConfigMap',
      { configMaps: [configMap('vs', walkthrough({ balance: 'ratio-member' }))] },
      'ConfigMap istio-system/vs',
    ],
  ])('never replaces what %s sets: it refuses', (_, input, source) => {
    const rule = require_({ settings: ['balance'], otherwise: 'add' });
    const [exposure] = offered(input, [rule]).exposures;
    expect(exposure?.refusedIfNew?.message).toContain(
      `needs balance least-connections-member, but ${source} sets ratio-member; remove that`,
    );
  });

  test('is met by a request for the bundle', () => {
    const built = offered({ gates: [gate({ [REQUEST]: 'public-web' })] }, [require_({})]);
    expect(built.exposures[0]?.refusedIfNew).toBeUndefined();
    expect(said(built)).toEqual(['OK Envoy listens']);
  });

  test('is met by a list with more entries, and not by one without', () => {
    const rule = require_({ settings: ['iRules'] });
    const withRules = (rules: string): unknown =>
      offered({ gates: [gate({ 'sluice.io/irules': rules })] }, [rule]).exposures[0]?.refusedIfNew
        ?.code;
    expect(withRules('/Common/own,/Common/log')).toBeUndefined();
    expect(withRules('/Common/own')).toBe('GW172');
  });

  test.each<[string, Record<string, string>, string | undefined]>([
    ['any value', { 'sluice.io/source': '10.0.0.0/8' }, undefined],
    ['no value', {}, 'GW172'],
  ])('without a bundle is judged by whether there is %s', (_, annotations, code) => {
    const rule = PolicyRequirement.parse({ name: 'clients', settings: ['source'] });
    const [exposure] = offered({ gates: [gate(annotations)] }, [rule]).exposures;
    expect(exposure?.refusedIfNew?.code).toBe(code);
  });

  test('of a setting that the mode does not support names a mode that does', () => {
    const web = { name: 'web', settings: { profiles: { http: '/Common/http-xff' } } };
    const rule = PolicyRequirement.parse({ name: 'web', bundle: 'web', otherwise: 'add' });
    const more = { serviceBundles: [ServiceBundle.parse(web)], requirements: [rule] };
    const built = build({ gates: [gate({ 'sluice.io/mode': 'fastl4' })] }, {}, more);
    expect(built.exposures[0]?.refusedIfNew?.message).toMatch(
      /needs profileHttp \/Common\/http-xff, which mode fastl4 does not support; use mode http/,
    );
  });

  test('applies to a Gateway that shares the virtual server of an older one', () => {
    const gates: readonly Gate[] = [
      { name: 'older', created: '2026-01-01T00:00:00Z' },
      {
        name: 'younger',
        namespace: 'team-a',
        created: '2026-02-01T00:00:00Z',
        annotations: { [REQUEST]: 'team-only' },
      },
    ];
    const built = offered({ gates }, [require_({ bundle: 'team-only', namespaces: ['team-*'] })]);
    expect(built.exposures[0]).toMatchObject({ gateways: ['default/older'] });
    expect(built.exposures[0]?.refusedIfNew).toBeUndefined();
    expect(said(built)[1]).toMatch(
      /^GW172 Gateway team-a\/younger port 32400 shares .* with Gateway default\/older port 32400/,
    );
  });

  test.each(['mode', 'profileHttp'])(
    'of %s covers the virtual server of HTTP/3, which is not published without it',
    (setting) => {
      const bundle = {
        name: 'web',
        settings: { mode: 'http', profiles: { http: '/Common/http-xff' } },
      };
      const input: World = {
        gates: [gate({ [REQUEST]: 'web' }, { port: 443 })],
        listeners: [
          { port: 443, transport: 'tcp', kinds: ['HTTP'] },
          { port: 443, transport: 'udp', kinds: ['HTTP3'] },
        ],
      };
      const rule = PolicyRequirement.parse({ name: 'web', bundle: 'web', settings: [setting] });
      const more = { serviceBundles: [ServiceBundle.parse(bundle)], requirements: [rule] };
      const built = build(input, {}, more);
      expect(
        built.exposures.map(({ protocol, refusedIfNew }) => [protocol, refusedIfNew?.code]),
      ).toEqual([
        ['tcp', undefined],
        ['udp', 'GW172'],
      ]);
      expect(built.notes.map(({ code, message }) => `${code} ${message}`)).toContainEqual(
        expect.stringContaining(
          `GW145 no HTTP/3 virtual server on 172.16.100.195:443: policy requirement "web" needs ${setting}`,
        ),
      );
    },
  );

  test('is not met by a virtual server of HTTP/3 that an older Gateway has without it', () => {
    const gates: readonly Gate[] = [
      {
        name: 'older',
        created: '2026-01-01T00:00:00Z',
        port: 443,
        annotations: { 'sluice.io/mode': 'http', 'sluice.io/profile-http': '/Common/http-xff' },
      },
      {
        name: 'younger',
        namespace: 'team-a',
        created: '2026-02-01T00:00:00Z',
        port: 443,
        annotations: { 'sluice.io/mode': 'http', 'sluice.io/profile-http': '/Common/http-xff' },
      },
    ];
    const rule = PolicyRequirement.parse({
      name: 'web',
      namespaces: ['team-*'],
      settings: ['profileHttp'],
    });
    const { exposures } = build(
      {
        gates,
        listeners: [
          { port: 443, transport: 'tcp', kinds: ['HTTP'] },
          { port: 443, transport: 'udp', kinds: ['HTTP3'] },
        ],
      },
      {},
      { requirements: [rule] },
    );
    expect(exposures.map(({ protocol, gateways }) => [protocol, gateways])).toEqual([
      ['tcp', ['default/older', 'team-a/younger']],
      ['udp', ['default/older']],
    ]);
  });

  test('is not met where the settings of a fleet would take it away', () => {
    const rule = require_({ settings: ['source'], otherwise: 'add' });
    const fleet = { name: 'shop', settings: { source: '0.0.0.0/0' } };
    const [exposure] = build(
      {},
      {},
      { serviceBundles: BUNDLES, requirements: [rule], fleet },
    ).exposures;
    expect(exposure?.refusedIfNew).toMatchObject({
      code: 'GW172',
      message: expect.stringContaining('in the settings of fleet shop takes away'),
    });
  });

  test('also counts an address of a pool that was reserved afterwards', () => {
    const pools = [{ name: 'web', ranges: ['10.1.0.0/24'], reserved: ['10.1.0.77'] }];
    const [exposure] = build(
      {},
      { virtualAddress: 'auto' },
      {
        serviceBundles: BUNDLES,
        addressPools: pools,
        requirements: [require_({ ...ONLY_SOURCE, addresses: ['10.1.0.77'] })],
      },
    ).exposures;
    expect(exposure?.refusedIfNew).toEqual(REFUSED);
  });

  test('and another one with a different value: the first adds, the second is named', () => {
    const bundles = [
      ...BUNDLES,
      ServiceBundle.parse({ name: 'other', settings: { source: '10.0.0.0/8' } }),
    ];
    const rules = [
      require_({ ...ONLY_SOURCE, otherwise: 'add' }),
      PolicyRequirement.parse({ name: 'inside', bundle: 'other', otherwise: 'add' }),
    ];
    const [exposure] = build({}, {}, { serviceBundles: bundles, requirements: rules }).exposures;
    expect(exposure?.refusedIfNew?.message).toContain(
      'policy requirement "inside" needs source 10.0.0.0/8, but policy requirement ' +
        '"clients" (service bundle public-web) sets 198.51.100.0/24',
    );
  });
});
