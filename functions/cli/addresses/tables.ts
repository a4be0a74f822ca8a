/** `sluice addresses` as tables. Pure. */
import { isNearlyFull } from '../../../shared/domain/addresses/usage.ts';
import type { DevicePool } from '../../../shared/operations/addresses/addresses.ts';
import { compareNaturally, formatTable } from '../terminal/output.ts';

/**
 * The usage of each pool, and below it one row for each user of an address. A use without exposures
 * shows `-`.
 */
export function addressTables(pools: readonly DevicePool[]): string {
  if (pools.length === 0) return 'No address pools: addressPools in sluice.yaml is empty.';
  const summary = pools.map((pool) => [
    pool.name,
    pool.device,
    pool.ranges.join(', '),
    String(pool.size),
    String(pool.used),
    `${pool.free}${isNearlyFull(pool) ? ' (over 90 % used)' : ''}`,
    String(pool.reserved),
  ]);
  const rows = pools.flatMap((pool) =>
    pool.addresses.flatMap(({ address, by }) =>
      by.map(({ who, exposures }) => [
        address,
        pool.name,
        pool.device,
        who,
        exposures.toSorted(compareNaturally).join(', ') || '-',
      ]),
    ),
  );
  const head = formatTable(
    ['POOL', 'DEVICE', 'RANGES', 'SIZE', 'USED', 'FREE', 'RESERVED'],
    summary,
  );
  return rows.length === 0
    ? `${head}\n\nNo address is used.`
    : `${head}\n\n${formatTable(['ADDRESS', 'POOL', 'DEVICE', 'USED BY', 'PORTS'], rows)}`;
}
