/** How map resolves `auto`: which pool, whether the policy allows it, and what a slice contains. */
import { describe, expect, test } from '@jest/globals';
import { AddressPool } from '../../../shared/domain/address-pools/pool.ts';
import { buildExposures, type BuiltExposures } from '../../../shared/domain/exposure/build.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { context, type Gate, REF, type World, world } from '../exposure/fixtures.ts';

const POOLS = [
  { name: 'web', ranges: ['10.1.0.0/28'] },
  { name: 'dmz', ranges: ['192.0.2.16/28'] },
  { name: 'six', ranges: ['2001:db8::/64'] },
].map((pool) => AddressPool.parse(pool));

function build(
  input: World = {},
  entry: Record<string, unknown> = {},
  rules: readonly Record<string, unknown>[] = [],
  addressPools = POOLS,
): BuiltExposures {
  const { objects, mapping } = world(input);
  return buildExposures(REF, objects, mapping, {
    ...context({ virtualAddress: undefined, ...entry }, { rules }),
    addressPools,
    addressSeed: 'east/istio-system/istio-ingressgateway',
  });
}
const gate = (wish: string, more: Partial<Gate> = {}): Gate => ({
  name: 'g',
  annotations: { 'sluice.io/virtual-address': wish },
  ...more,
});
const keys = (built: BuiltExposures): readonly string[] => built.exposures.map(exposureKey);

describe('an automatic address is asked for', () => {
  test.each<[string, World, Record<string, unknown>, string]>([
    ['in sluice.yaml, of the first pool', {}, { virtualAddress: 'auto' }, 'auto(web)'],
    ['in sluice.yaml, of a named pool', {}, { virtualAddress: 'auto:dmz' }, 'auto(dmz)'],
    ['on the Gateway', { gates: [gate('auto')] }, {}, 'auto(web)'],
    [
      'on the Gateway, of a named pool, over sluice.yaml',
      { gates: [gate('auto:dmz')] },
      { virtualAddress: '172.16.100.195' },
      'auto(dmz)',
    ],
    [
      'on the Gateway, of the pool that the ingress names',
      { gates: [gate('auto')] },
      { virtualAddress: 'auto:dmz' },
      'auto(dmz)',
    ],
    [
      'on the ingress gateway Service',
      { serviceAnnotations: { 'sluice.io/virtual-address': 'auto:dmz' } },
      { virtualAddress: 'auto' },
      'auto(dmz)',
    ],
    [
      'by controller-default, the value of sluice.yaml',
      { gates: [{ name: 'g', annotations: { 'virtual-server.f5.com/ip': 'controller-default' } }] },
      { virtualAddress: 'auto:dmz' },
      'auto(dmz)',
    ],
  ])('%s', (_, input, entry, address) => {
    const built = build(input, entry);
    expect(built.exposures.map((e) => e.address)).toEqual([address]);
    expect(built.auto).toMatchObject({
      seed: 'east/istio-system/istio-ingressgateway',
      pools: { [address.slice(5, -1)]: { reserved: [] } },
    });
  });

  test('in a slice that carries only the requested pools, and none if no address is requested', () => {
    expect(
      Object.keys(
        build({ gates: [gate('auto:dmz'), gate('10.9.9.9', { name: 'h', port: 443 })] }).auto
          ?.pools ?? {},
      ),
    ).toEqual(['dmz']);
    expect(build({}, { virtualAddress: '172.16.100.195' }).auto).toBeUndefined();
  });

  test('by two Gateways for one port: they share it, or the older one has it', () => {
    expect(keys(build({ gates: [gate('auto'), gate('auto', { name: 'h' })] }))).toEqual([
      'auto(web):32400/tcp',
    ]);
    const clash = build({
      gates: [
        gate('auto'),
        gate('auto', { name: 'h', listener: 9_000, created: '2026-02-01T00:00:00Z' }),
      ],
    });
    expect(clash.servers.map(({ code }) => code)).toEqual(['OK', 'GW135']);
  });
});

describe('an automatic address is refused', () => {
  test.each<
    [string, World, readonly Record<string, unknown>[], readonly AddressPool[], string, RegExp]
  >([
    [
      'where there is no pool',
      { gates: [gate('auto')] },
      [],
      [],
      'GW155',
      /Gateway default\/g port 32400: it requests an automatic address, but sluice\.yaml has no addressPools/,
    ],
    [
      'of a pool that is misspelt',
      { gates: [gate('auto:dmx')] },
      [],
      POOLS,
      'GW155',
      /sluice.yaml has no address pool dmx; did you mean dmz\?/,
    ],
    [
      'with an unknown value',
      { gates: [gate('automatic')] },
      [],
      POOLS,
      'GW120',
      /annotation sluice\.io\/virtual-address: "automatic": must be an address, auto, or auto:<pool>/,
    ],
    [
      'of another family than the members',
      { gates: [gate('auto:six')] },
      [],
      POOLS,
      'GW139',
      /virtual address auto\(six\) is IPv6, but no gateway pod/,
    ],
    [
      'by a rule for any part of the pool',
      { gates: [gate('auto')] },
      [{ name: 'not there', allow: false, addresses: ['10.1.0.8/30'] }, { name: 'all' }],
      POOLS,
      'GW133',
      /policy rule "not there" refuses namespace default opening port 32400 .* pool web \(10\.1\.0\.1-10\.1\.0\.14\)/,
    ],
    [
      'where a part of the pool is allowed by no rule',
      { gates: [gate('auto')] },
      [{ name: 'half', addresses: ['10.1.0.0/29'] }],
      POOLS,
      'GW133',
      /no rule of the policy allows namespace default .* at 10\.1\.0\.8-10\.1\.0\.14 of pool web/,
    ],
    [
      'at a reserved port',
      { gates: [gate('auto', { port: 15_021 })] },
      [],
      POOLS,
      'GW134',
      /port 15021/,
    ],
    [
      'in partition Common',
      {
        gates: [
          {
            name: 'g',
            annotations: { 'sluice.io/virtual-address': 'auto', 'sluice.io/partition': 'Common' },
          },
        ],
      },
      [],
      POOLS,
      'GW131',
      /never writes to partition Common/,
    ],
  ])('%s', (...[, input, rules, pools, code, reason]) => {
    const built = build(input, {}, rules, pools as AddressPool[]);
    expect(built.exposures).toEqual([]);
    expect(built.servers[0]).toMatchObject({
      verdict: 'rejected',
      code,
      reason: expect.stringMatching(reason),
    });
  });

  test.each<[string, readonly Record<string, unknown>[]]>([
    [
      'several rules allow all of the pool together',
      [
        { name: 'low', addresses: ['10.1.0.0/29'] },
        { name: 'high', addresses: ['10.1.0.8/29'] },
      ],
    ],
    ['a refusal is of another port', [{ name: 'no', allow: false, ports: [80] }, { name: 'all' }]],
    ['a refusal comes after what allows it', [{ name: 'all' }, { name: 'no', allow: false }]],
  ])('but not if %s', (_, rules) => {
    expect(keys(build({ gates: [gate('auto')] }, {}, rules))).toEqual(['auto(web):32400/tcp']);
  });
});

describe('the claim of the Service', () => {
  const status = { loadBalancerIngress: [{ ip: '10.1.0.7' }, { hostname: 'lb.example.com' }] };
  const notes = ({ notes: all }: BuiltExposures): readonly string[] =>
    all.map(({ code }) => code).filter((code) => code === 'GW156');

  test.each<
    [string, Record<string, unknown>, Record<string, unknown>, readonly string[], readonly string[]]
  >([
    [
      'counts by its class',
      { ...status, loadBalancerClass: 'sluice.io/bigip' },
      {},
      ['10.1.0.7'],
      [],
    ],
    [
      'counts where Sluice wrote it',
      { ...status, statusIsOurs: true },
      { writeStatus: true },
      ['10.1.0.7'],
      [],
    ],
    ['does not count where another controller wrote it', status, { writeStatus: true }, [], []],
    [
      'does not count, and cannot come, with another class',
      { ...status, loadBalancerClass: 'cloud' },
      {},
      [],
      ['GW156'],
    ],
    [
      'cannot come where the type has no status',
      { type: 'NodePort', statusIsOurs: true, ...status },
      { writeStatus: true },
      [],
      ['GW156'],
    ],
  ])('%s', (_, service, entry, claims, said) => {
    const built = build({ service }, { virtualAddress: 'auto', ...entry });
    expect([built.auto?.claims, notes(built)]).toEqual([claims, said]);
  });
});
