/** Policy and pools: what is allowed must not depend on which address happens to be free. */
import type { PolicyConfig, PolicyMatter, PolicyRule } from '../exposure/policy.ts';
import { commonProblem, matchesMatter, reservedProblem } from '../exposure/policy.ts';
import type { Refusal } from '../exposure/source.ts';
import { type AddressPool, readPool } from './pool.ts';
import { overlap, type Range, sayRange, wholeCidr, without } from './range.ts';

function rangesOf(rule: PolicyRule): readonly Range[] {
  return rule.addresses.flatMap((text) => wholeCidr(text) ?? []);
}

/** Why an address of this pool may not be opened, or undefined when every one may: the first rule that matches decides for each address. */
export function judgePool(
  policy: PolicyConfig,
  matter: PolicyMatter,
  pool: AddressPool,
): Refusal | undefined {
  const { namespace, port, partition } = matter;
  const what = `namespace ${namespace} opening port ${port} in partition ${partition}`;
  const common = commonProblem(partition);
  if (common !== undefined) return common;
  let left = readPool(pool.name, pool).free;
  for (const rule of policy.rules.filter((one) => matchesMatter(one, matter))) {
    const ranges = rangesOf(rule);
    const met = left.find((range) => ranges.some((other) => overlap(range, other)));
    if (met === undefined) continue;
    if (!rule.allow)
      return {
        code: 'GW133',
        message: `policy rule "${rule.name}" refuses ${what} at addresses of pool ${pool.name} (${sayRange(met)}); a pool is used as a whole`,
      };
    const reserved = reservedProblem(rule, matter);
    if (reserved !== undefined) return reserved;
    left = without(left, ranges);
  }
  const [over] = left;
  if (over === undefined) return undefined;
  if (policy.rules.length > 0)
    return {
      code: 'GW133',
      message: `no rule of the policy allows ${what} at ${sayRange(over)} of pool ${pool.name}; a pool is used as a whole`,
    };
  return reservedProblem(undefined, matter);
}

/** Addresses of a pool that no rule allows to anybody. */
export function neverAllowed({ rules }: PolicyConfig, pool: AddressPool): readonly Range[] {
  if (rules.length === 0) return [];
  return without(
    readPool(pool.name, pool).free,
    rules.filter(({ allow }) => allow).flatMap(rangesOf),
  );
}
