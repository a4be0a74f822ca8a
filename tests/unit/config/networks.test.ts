import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { networkProblems } from '../../../shared/config/networks.ts';
import { ConfigError, parseConfig } from '../../../shared/config/load.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import {
  inCidr,
  cidrsOverlap,
  parseCidr,
  parseIp,
  type Cidr,
} from '../../../shared/domain/net/ip.ts';

interface Given {
  readonly east?: object;
  readonly west?: object;
  readonly devices?: readonly [readonly string[], readonly string[]];
  readonly members?: readonly ['pods' | 'nodes', 'pods' | 'nodes'];
}

function config({
  east = {},
  west = {},
  devices = [['one'], ['one']],
  members = ['pods', 'pods'],
}: Given): object {
  return {
    generation: 1,
    devices: ['one', 'two'].map((name) => ({
      name,
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s'],
    })),
    clusters: [
      { id: 'east', ...east },
      { id: 'west', ...west },
    ],
    ingresses: ['east', 'west'].map((cluster, i) => ({
      cluster,
      service: 'a/b',
      devices: devices[i],
      members: members[i],
    })),
  };
}

const problems = (given: Given): readonly string[] =>
  networkProblems(SluiceConfig.parse(config(given))).map(
    ({ path, message }) => `${path}: ${message}`,
  );
const pods = (...podNetworks: readonly string[]): object => ({ podNetworks });

describe('pod networks that overlap behind one device', () => {
  test('are refused with both clusters, both networks and the remedy', () => {
    const given = { east: pods('10.1.0.0/16', '10.244.0.0/16'), west: pods('10.244.128.0/17') };
    const sentence =
      'clusters[1].podNetworks[0]: 10.244.128.0/17 of cluster west overlaps ' +
      '10.244.0.0/16 of cluster east (clusters[0].podNetworks[1]), and both clusters use ' +
      'device one in route domain 0; give one of the clusters another ' +
      'clusters[].routeDomain, or other devices';
    expect(problems(given)).toEqual([sentence]);
    expect(() => parseConfig(JSON.stringify(config(given)), 'sluice.yaml', 1)).toThrow(
      expect.objectContaining({
        code: 'GW101',
        name: ConfigError.name,
        message: expect.stringContaining(sentence),
      }),
    );
  });

  test.each<[string, Given]>([
    ['the same network', { east: pods('10.244.0.0/16'), west: pods('10.244.0.0/16') }],
    [
      'one network inside another, in either order',
      { east: pods('10.244.7.0/24'), west: pods('10.0.0.0/8') },
    ],
    ['IPv6', { east: pods('fd00:10::/32'), west: pods('fd00:10:244::/48') }],
    ['a single address', { east: pods('10.244.0.1'), west: pods('10.244.0.0/24') }],
    [
      'the same route domain other than 0',
      {
        east: { ...pods('10.244.0.0/16'), routeDomain: 2 },
        west: { ...pods('10.244.0.0/16'), routeDomain: 2 },
      },
    ],
    [
      'one of several devices in common',
      {
        east: pods('10.244.0.0/16'),
        west: pods('10.244.0.0/16'),
        devices: [['one', 'two'], ['two']],
      },
    ],
    [
      "the nodes of another cluster within a cluster's pods",
      {
        east: pods('10.0.0.0/8'),
        west: { nodeNetworks: ['10.9.0.0/24'] },
        members: ['pods', 'nodes'],
      },
    ],
  ])('are refused: %s', (_, given) => {
    expect(problems(given)).toHaveLength(1);
  });

  test.each<[string, Given]>([
    [
      'with different route domains',
      { east: pods('10.244.0.0/16'), west: { ...pods('10.244.0.0/16'), routeDomain: 2 } },
    ],
    [
      'with different devices',
      { east: pods('10.244.0.0/16'), west: pods('10.244.0.0/16'), devices: [['one'], ['two']] },
    ],
    [
      'where the networks are neighbours',
      { east: pods('10.244.0.0/17'), west: pods('10.244.128.0/17') },
    ],
    [
      'where only nodes are members, whatever the pods have',
      { east: pods('10.244.0.0/16'), west: pods('10.244.0.0/16'), members: ['nodes', 'nodes'] },
    ],
    [
      'where nodes of both are in one network, each with its own address',
      {
        east: { nodeNetworks: ['10.0.0.0/24'] },
        west: { nodeNetworks: ['10.0.0.0/24'] },
        members: ['nodes', 'nodes'],
      },
    ],
    [
      'within one cluster',
      { east: { podNetworks: ['10.0.0.0/8', '10.1.0.0/16'], nodeNetworks: ['10.2.0.0/16'] } },
    ],
    ['in different address families', { east: pods('0.0.0.0/0'), west: pods('::/0') }],
    ['without configured networks', {}],
  ])('are no problem %s', (_, given) => {
    expect(problems(given)).toEqual([]);
  });

  test.each<[string, object, string]>([
    [
      'an invalid network',
      { podNetworks: ['10.244.0.0/33'] },
      'clusters[0].podNetworks[0]: must be a network such as 10.244.0.0/16 or fd00:10:244::/56 (got "10.244.0.0/33")',
    ],
    [
      'a route domain in it',
      { podNetworks: ['10.244.0.0%2/16'] },
      'clusters[0].podNetworks[0]: must be a network such as 10.244.0.0/16 or fd00:10:244::/56 (got "10.244.0.0%2/16")',
    ],
    [
      'an invalid route domain',
      { routeDomain: 65_535 },
      'clusters[0].routeDomain: Too big: expected number to be <=65534 (got 65535)',
    ],
  ])('%s is refused', (_, east, expected) => {
    expect(() => parseConfig(JSON.stringify(config({ east })), 'sluice.yaml', 1)).toThrow(expected);
  });
});

const cidr: fc.Arbitrary<Cidr> = fc
  .tuple(
    fc.constantFrom(4 as const, 6 as const),
    fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }),
    fc.nat(32),
  )
  .map(([family, value, bits]) => ({
    ip: { family, value: family === 4 ? value : value << 96n },
    bits,
  }));

test('two networks overlap exactly if an address is in both, in either order', () => {
  fc.assert(
    fc.property(cidr, cidr, (a, b) => {
      expect(cidrsOverlap(a, b)).toBe(cidrsOverlap(b, a));
      // The address of the smaller network, if any, is in both.
      expect(cidrsOverlap(a, b)).toBe(
        (inCidr(a.ip, b) && a.bits >= b.bits) || (inCidr(b.ip, a) && b.bits >= a.bits),
      );
    }),
  );
  const [small, large, address] = [
    parseCidr('10.1.2.0/24'),
    parseCidr('10.1.0.0/16'),
    parseIp('10.1.2.3'),
  ];
  expect(
    small &&
      large &&
      address && [cidrsOverlap(small, large), inCidr(address, small), inCidr(address, large)],
  ).toEqual([true, true, true]);
});
