/** Checks pools against the policy: the result must not depend on which address is free. */
import type { PolicyConfig, PolicyMatter, PolicyRule } from './policy.ts';
import { partitionProblem, matchesMatter, reservedProblem } from './policy.ts';
import type { ExposureRefusal } from './layers.ts';
import { type AddressPool, readAddressPool } from '../../address-pools/pool.ts';
import {
  rangesOverlap,
  type AddressRange,
  formatRange,
  cidrRange,
  subtractRanges,
} from '../../address-pools/range.ts';

/** The schema checked the addresses, so none is left out here. */
function rangesOf(rule: PolicyRule): readonly AddressRange[] {
  return rule.addresses.flatMap((text) => cidrRange(text) ?? []);
}

/**
 * The refusal, if any address of the pool is not allowed; for each address the first matching rule
 * decides.
 */
export function checkPoolPolicy(
  policy: PolicyConfig,
  matter: PolicyMatter,
  pool: AddressPool,
): ExposureRefusal | undefined {
  const { namespace, port, partition } = matter;
  const what = `namespace ${namespace} opening port ${port} in partition ${partition}`;
  const common = partitionProblem(partition);
  if (common !== undefined) return common;
  let left = readAddressPool(pool.name, pool).free;
  for (const rule of policy.rules.filter((one) => matchesMatter(one, matter))) {
    const ranges = rangesOf(rule);
    const met = left.find((range) => ranges.some((other) => rangesOverlap(range, other)));
    if (met === undefined) continue;
    if (!rule.allow)
      return {
        code: 'GW133',
        message:
          `policy rule "${rule.name}" refuses ${what} at addresses of pool ${pool.name} ` +
          `(${formatRange(met)}); a pool must be allowed as a whole`,
      };
    const reserved = reservedProblem(rule, matter);
    if (reserved !== undefined) return reserved;
    left = subtractRanges(left, ranges);
  }
  const [over] = left;
  if (over === undefined) return undefined;
  if (policy.rules.length > 0)
    return {
      code: 'GW133',
      message:
        `no rule of the policy allows ${what} at ${formatRange(over)} of pool ${pool.name}; ` +
        'a pool must be allowed as a whole',
    };
  return reservedProblem(undefined, matter);
}

/** Addresses of a pool that no rule allows for any request. */
export function unusablePoolRanges(
  { rules }: PolicyConfig,
  pool: AddressPool,
): readonly AddressRange[] {
  if (rules.length === 0) return [];
  return subtractRanges(
    readAddressPool(pool.name, pool).free,
    rules.filter(({ allow }) => allow).flatMap(rangesOf),
  );
}
