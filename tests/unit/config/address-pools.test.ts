import { describe, expect, test } from '@jest/globals';
import { ConfigError, parseConfig } from '../../../shared/config/load.ts';

type Tree = Record<string, unknown>;

function problems(
  pools: readonly Tree[],
  virtualAddress?: string,
  rules: readonly Tree[] = [],
): readonly string[] {
  const config = {
    devices: [
      {
        name: 'bigip',
        url: 'https://192.0.2.1',
        username: 'admin',
        password: 'env:PW',
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east' }],
    addressPools: pools,
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip'],
        ...(virtualAddress === undefined ? {} : { virtualAddress }),
      },
    ],
    policy: { rules },
  };
  try {
    parseConfig(JSON.stringify(config), 'sluice.yaml', 7);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

const WEB = { name: 'web', ranges: ['10.1.0.0/28', '10.1.9.1-10.1.9.5'], reserved: ['10.1.0.1'] };

describe('address pools', () => {
  test.each<[string, readonly Tree[], string | undefined, readonly Tree[]]>([
    [
      'several, one named by an ingress',
      [WEB, { name: 'six', ranges: ['2001:db8::/64'] }],
      'auto:six',
      [],
    ],
    ['one, asked for without a name', [WEB], 'auto', []],
    ['an ingress at a reserved address', [WEB], '10.1.0.1', []],
    ['an ingress at the network address, which is not given out', [WEB], '10.1.0.0', []],
    [
      'rules that allow all of it together',
      [WEB],
      'auto',
      [
        { name: 'a', addresses: ['10.1.0.0/28'] },
        { name: 'b', ports: [443], addresses: ['10.1.9.0/24'] },
      ],
    ],
  ])('are right: %s', (_, pools, address, rules) => {
    expect(problems(pools, address, rules)).toEqual([]);
  });

  test.each<[string, readonly Tree[], string | undefined, readonly Tree[], string]>([
    [
      'no range',
      [{ name: 'web', ranges: ['10.1.0.0-'] }],
      undefined,
      [],
      'addressPools[0].ranges[0]: must be a CIDR such as 10.0.0.0/24, an address, or ' +
        'from-to such as 10.0.0.10-10.0.0.20 (got "10.1.0.0-")',
    ],
    [
      'a duplicate name',
      [WEB, { name: 'web', ranges: ['10.2.0.0/24'] }],
      undefined,
      [],
      'addressPools[1].name: web is already used by addressPools[0]',
    ],
    [
      'two families',
      [{ name: 'web', ranges: ['10.1.0.0/28', '2001:db8::/64'] }],
      undefined,
      [],
      'addressPools[0].ranges: mixes IPv4 and IPv6; define two pools',
    ],
    [
      'ranges that overlap',
      [WEB, { name: 'dmz', ranges: ['10.1.0.8/30'] }],
      undefined,
      [],
      'addressPools[1].ranges[0]: 10.1.0.8/30 overlaps addressPools[0].ranges[0] (10.1.0.0/28)',
    ],
    [
      'addresses that cannot be reached',
      [{ name: 'web', ranges: ['224.0.0.0/28'] }],
      undefined,
      [],
      'addressPools[0].ranges[0]: 224.0.0.0/28 contains addresses that cannot be virtual ' +
        'addresses (multicast, link-local, unspecified or reserved)',
    ],
    [
      'a reserved address outside',
      [{ ...WEB, reserved: ['10.2.0.1'] }],
      undefined,
      [],
      'addressPools[0].reserved[0]: 10.2.0.1 is not in any range of the pool',
    ],
    [
      'everything reserved',
      [{ ...WEB, reserved: ['10.1.0.0/16'] }],
      undefined,
      [],
      'addressPools[0].reserved: reserves every address of the pool',
    ],
    [
      'addresses that no rule of the policy allows',
      [WEB],
      undefined,
      [
        { name: 'a', addresses: ['10.1.0.0/16'], allow: false },
        { name: 'b', addresses: ['10.1.0.0/28'] },
      ],
      'addressPools[0].ranges: no rule of the policy allows 10.1.9.1-10.1.9.5, so ' +
        'exposures of this pool would be refused; allow the addresses, or add them to ' +
        'reserved',
    ],
    [
      'a missing pool',
      [WEB],
      'auto:wbe',
      [],
      'ingresses[0].virtualAddress: no address pool wbe; did you mean web?',
    ],
    [
      'no pool',
      [],
      'auto',
      [],
      'ingresses[0].virtualAddress: requests an automatic address, but there are no addressPools; add one',
    ],
    [
      'an ingress at an address that the pool gives out',
      [WEB],
      '10.1.9.3',
      [],
      'ingresses[0].virtualAddress: 10.1.9.3 is in address pool web, which may assign it ' +
        'to another ingress; add it to reserved of the pool',
    ],
  ])('are wrong: %s', (_, pools, address, rules, expected) => {
    expect(problems(pools, address, rules)).toContain(expected);
  });
});
