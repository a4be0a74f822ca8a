/** Checks of address pools and of the references to them. */
import { unusablePoolRanges } from '../domain/exposure/settings/pool-policy.ts';
import {
  type AddressPool,
  containsAddress,
  type AddressRanges,
  readAddressPool,
} from '../domain/address-pools/pool.ts';
import {
  rangesOverlap,
  parseRange,
  type AddressRange,
  formatRange,
  usableRange,
  cidrRange,
} from '../domain/address-pools/range.ts';
import { isAuto, poolNamedBy } from '../domain/address-pools/auto-address.ts';
import { UNUSABLE_ADDRESSES } from '../domain/net/ip.ts';
import { nearest } from '../domain/text/nearest.ts';
import type { ConfigProblem } from './error.ts';
import type { SluiceConfig } from './schema.ts';

interface Written {
  /** Of the key in sluice.yaml, such as `addressPools[0].ranges[1]`. */
  readonly path: string;
  /** The range as it is written there. */
  readonly text: string;
  readonly range: AddressRange;
}

/**
 * All ranges of all pools, in the order of the file; unreadable ones are reported by the schema.
 */
function rangesOf({ addressPools }: SluiceConfig): readonly Written[] {
  return addressPools.flatMap(({ ranges }, i) =>
    ranges.flatMap((text, k) =>
      [usableRange(text)].flatMap((range) =>
        range === undefined ? [] : [{ path: `addressPools[${i}].ranges[${k}]`, text, range }],
      ),
    ),
  );
}

/** Ranges of address pools must not overlap. */
function rangeProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const written = rangesOf(config);
  // Not when this file is loaded: most configurations have no pools.
  const unusable =
    written.length === 0 ? [] : UNUSABLE_ADDRESSES.flatMap((text) => cidrRange(text) ?? []);
  return written.flatMap(({ path, text, range }, i) => {
    const other = written.slice(0, i).find((earlier) => rangesOverlap(earlier.range, range));
    return [
      ...(other === undefined
        ? []
        : [{ path, message: `${text} overlaps ${other.path} (${other.text})` }]),
      ...(unusable.some((bad) => rangesOverlap(bad, range))
        ? [
            {
              path,
              message:
                `${text} contains addresses that cannot be virtual addresses (multicast, ` +
                'link-local, unspecified or reserved)',
            },
          ]
        : []),
    ];
  });
}

/** Problems of one pool: its family, its size, and addresses that the policy forbids. */
function poolProblems(
  config: SluiceConfig,
  pool: AddressPool,
  path: string,
): readonly ConfigProblem[] {
  const { ranges, free, family } = readAddressPool(pool.name, pool);
  if (ranges.some((range) => range.family !== family))
    return [{ path: `${path}.ranges`, message: 'mixes IPv4 and IPv6; define two pools' }];
  const astray = pool.reserved.flatMap((text, k) => {
    const reserved = parseRange(text);
    return reserved !== undefined && !ranges.some((range) => rangesOverlap(range, reserved))
      ? [
          {
            path: `${path}.reserved[${k}]`,
            message: `${text} is not in any range of the pool`,
          },
        ]
      : [];
  });
  const [forbidden] = unusablePoolRanges(config.policy, pool);
  return [
    ...astray,
    ...(free.length === 0
      ? [{ path: `${path}.reserved`, message: 'reserves every address of the pool' }]
      : []),
    ...(forbidden === undefined
      ? []
      : [
          {
            path: `${path}.ranges`,
            message:
              `no rule of the policy allows ${formatRange(forbidden)}, ` +
              'so exposures of this pool would be refused; ' +
              'allow the addresses, or add them to reserved',
          },
        ]),
  ];
}

/**
 * Checks the address of one ingress: a fixed address must not be in the assignable part of a pool,
 * and `auto` needs the pool that it names.
 */
function requestProblems(
  pools: readonly AddressRanges[],
  virtualAddress: string,
  path: string,
): readonly ConfigProblem[] {
  const names = pools.map(({ name }) => name);
  if (!isAuto(virtualAddress)) {
    const inside = pools.find(({ free }) => containsAddress(free, virtualAddress));
    return inside === undefined
      ? []
      : [
          {
            path,
            message:
              `${virtualAddress} is in address pool ${inside.name}, ` +
              'which may assign it to another ingress; add it to reserved of the pool',
          },
        ];
  }
  const name = poolNamedBy(virtualAddress);
  if (name === undefined)
    return names.length > 0
      ? []
      : [
          {
            path,
            message: 'requests an automatic address, but there are no addressPools; add one',
          },
        ];
  if (names.includes(name)) return [];
  const meant = nearest(name, names);
  return [
    {
      path,
      message:
        `no address pool ${name}; ` +
        (meant === undefined
          ? `known pools: ${names.join(', ') || 'none'}`
          : `did you mean ${meant}?`),
    },
  ];
}

/**
 * Checks ranges, reserved addresses, references to pools, and whether policy allows every address
 * of a pool.
 */
export function addressPoolProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const pools = config.addressPools.map((pool) => readAddressPool(pool.name, pool));
  return [
    ...rangeProblems(config),
    ...config.addressPools.flatMap((pool, i) => poolProblems(config, pool, `addressPools[${i}]`)),
    ...config.ingresses.flatMap(({ virtualAddress }, i) =>
      virtualAddress === undefined
        ? []
        : requestProblems(pools, virtualAddress, `ingresses[${i}].virtualAddress`),
    ),
  ];
}
