import { describe, expect, test } from '@jest/globals';
import { buildExposures } from '../../../shared/domain/exposure/build.ts';
import { partitionFor } from '../../../shared/domain/exposure/spread.ts';
import { ApiGateway } from '../../../shared/domain/snapshot/objects.ts';
import { configMap, context, pod, REF, walkthrough, type World, world, build } from './fixtures.ts';

describe('precedence, source by source', () => {
  const sources: readonly [string, World, Record<string, unknown>][] = [
    [
      'Gateway default/g (sluice.io/balance)',
      { gates: [{ name: 'g', annotations: { 'sluice.io/balance': 'ratio-member' } }] },
      {},
    ],
    [
      'ConfigMap istio-system/cm',
      {
        gates: [{ name: 'g' }],
        configMaps: [configMap('cm', walkthrough({ balance: 'ratio-node' }))],
      },
      {},
    ],
    [
      'Service istio-system/istio-ingressgateway (sluice.io/balance)',
      { gates: [{ name: 'g' }], serviceAnnotations: { 'sluice.io/balance': 'fastest-node' } },
      {},
    ],
    [
      'sluice.yaml (ingress east/istio-system/istio-ingressgateway)',
      { gates: [{ name: 'g' }] },
      { settings: { balance: 'ratio-session' } },
    ],
    ['default', { gates: [{ name: 'g' }] }, {}],
  ];
  const methods = ['ratio-member', 'ratio-node', 'fastest-node', 'ratio-session', 'round-robin'];

  test.each(sources.map(([name], highest) => [name, highest] as const))(
    '%s goes before all below it',
    (name, highest) => {
      const input = sources
        .slice(highest)
        .reduceRight<World>((below, [, above]) => ({ ...below, ...above }), {});
      const entry = highest <= 3 ? { settings: { balance: 'ratio-session' } } : {};
      const built = build(input, entry);
      const [key] = Object.keys(built.sources);
      expect(built.exposures[0]?.settings.balance).toBe(methods[highest]);
      expect(built.sources[key ?? '']?.['balance']).toBe(name);
      const told = built.notes.filter((note) => note.message.includes('says balance'));
      expect(told).toHaveLength(Math.max(0, 3 - highest));
      expect(
        told.every((note) =>
          note.message.endsWith(`${name} sets ${methods[highest]} and takes precedence`),
        ),
      ).toBe(true);
    },
  );

  test('an address of sluice.yaml has one spelling, as all have', () => {
    const built = build(
      { pods: [pod('gw-1', '2001:db8::9')] },
      { virtualAddress: '2001:DB8:0::1' },
    );
    expect(built.exposures.map(({ address }) => address)).toEqual(['2001:db8::1']);
  });

  test('sources that agree are not reported', () => {
    expect(
      build(
        {
          configMaps: [
            configMap(
              'cm',
              walkthrough({ virtualAddress: { port: 1, bindAddr: '172.16.100.195' } }),
            ),
          ],
        },
        { partition: 'k8s' },
      ).notes,
    ).toEqual([]);
  });

  test('a profile in sluice.yaml yields to a mode with higher precedence, and this is reported', () => {
    const built = build(
      { gates: [{ name: 'g', annotations: { 'sluice.io/mode': 'fastl4' } }] },
      { settings: { profiles: { tcp: '/Common/t' } } },
    );
    expect(built.exposures[0]?.settings).toMatchObject({ mode: 'fastl4', profiles: {} });
    expect(built.notes).toMatchObject([
      {
        code: 'GW137',
        message: expect.stringContaining(
          'profileTcp /Common/t, which mode fastl4 does not support; it is not applied',
        ),
      },
    ]);
  });
});

describe('spread: address', () => {
  const partitionOf = (
    input: World,
    entry: Record<string, unknown> = {},
  ): readonly (string | undefined)[] => {
    const { objects, mapping } = world(input);
    const built = buildExposures(REF, objects, mapping, { ...context(entry), spread: 'address' });
    return [built.exposures[0]?.partition, Object.values(built.sources)[0]?.['partition']];
  };

  test.each([['172.16.100.195'], ['172.16.100.196'], ['172.16.100.197'], ['172.16.100.198']])(
    'puts %s into the partition of its address, if no partition is set',
    (virtualAddress) => {
      expect(partitionOf({ gates: [{ name: 'g' }] }, { virtualAddress })).toEqual([
        partitionFor(virtualAddress, ['k8s', 'edge']),
        'sluice.yaml (devices[].spread)',
      ]);
    },
  );

  test.each([['k8s'], ['edge']])('gives way to a gateway that names partition %s', (partition) => {
    expect(
      partitionOf({ gates: [{ name: 'g', annotations: { 'sluice.io/partition': partition } }] }),
    ).toEqual([partition, 'Gateway default/g (sluice.io/partition)']);
  });

  test.each([['k8s'], ['edge']])(
    'gives way to an ingress in sluice.yaml that names partition %s',
    (partition) => {
      expect(partitionOf({ gates: [{ name: 'g' }] }, { partition })[0]).toBe(partition);
    },
  );
});

describe('Gateway API', () => {
  test('spec.addresses is asked before ConfigMaps and after annotations', () => {
    const { objects, mapping } = world({ gates: [{ name: 'g' }] });
    const gateway = (annotations: Record<string, string>, value: string): typeof objects => ({
      ...objects,
      apiGateways: [
        ApiGateway.parse({
          meta: { namespace: 'default', name: 'g', annotations },
          class: 'istio',
          addresses: [
            { type: 'Hostname', value: 'x' },
            { type: 'IPAddress', value },
            { type: 'IPAddress', value: '192.0.2.3' },
          ],
          listeners: [],
        }),
      ],
    });
    const api = {
      ...mapping,
      servers: mapping.servers.map((one) => ({ ...one, api: 'gateway-api' as const })),
    };
    const first = buildExposures(REF, gateway({}, '192.0.2.2'), api, context());
    expect(first.exposures[0]?.address).toBe('192.0.2.2');
    expect(first.notes.map((note) => note.message)).toContain(
      'spec.addresses names 2 addresses; Sluice uses the first and ignores 192.0.2.3',
    );
    expect(
      buildExposures(
        REF,
        gateway({ 'sluice.io/virtual-address': '192.0.2.9' }, '192.0.2.2'),
        api,
        context(),
      ).exposures[0]?.address,
    ).toBe('192.0.2.9');
    expect(buildExposures(REF, gateway({}, 'x'), api, context()).servers[0]).toMatchObject({
      verdict: 'rejected',
      code: 'GW143',
    });
  });
});

describe('PROXY protocol', () => {
  const expecting = [pod('a', '10.1.0.1', { proxyProtocol: true })];

  test('its iRule goes before the others and names its source', () => {
    const built = build({
      pods: expecting,
      gates: [
        {
          name: 'g',
          annotations: {
            'sluice.io/proxy-protocol': '/Common/p',
            'sluice.io/irules': '/Common/a,/Common/p',
          },
        },
      ],
    });
    expect(built.exposures[0]?.settings.iRules).toEqual(['/Common/p', '/Common/a']);
    expect(built.sources['172.16.100.195:32400/tcp']?.['proxyProtocol']).toBe(
      'Gateway default/g (sluice.io/proxy-protocol)',
    );
    expect(built.notes).toEqual([]);
  });

  test('any iRule is accepted, but reported', () => {
    const built = build({
      pods: expecting,
      gates: [{ name: 'g', annotations: { 'sluice.io/irules': '/Common/a' } }],
    });
    expect([built.exposures.length, built.notes.map((note) => note.code)]).toEqual([1, ['GW141']]);
  });

  test('sent to pods that do not declare that they expect it, it causes a warning', () => {
    expect(
      build({
        gates: [{ name: 'g', annotations: { 'sluice.io/proxy-protocol': '/Common/p' } }],
      }).notes.map((note) => note.code),
    ).toEqual(['GW141']);
  });
});
