/** `sluice addresses`: pools of virtual addresses, how full they are, and who has what, by what the devices say. */
import type { Command } from 'commander';
import type { DeviceConfig } from '../../../shared/config/schema.ts';
import { isNearlyFull, poolUsage } from '../../../shared/domain/addresses/usage.ts';
import type { AddressUse, PoolUsage } from '../../../shared/domain/addresses/usage.ts';
import type { Runtime } from '../../../shared/runtime/runtime.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import { formatFailure } from '../terminal/failure.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatTable, formatOption, printData, printLine } from '../terminal/output.ts';
import { readDeviceView } from '../../../shared/operations/devices/device-view.ts';

interface DevicePool extends PoolUsage {
  readonly device: string;
}

export function registerAddresses(program: Command): void {
  addConfigOption(program.command('addresses [words...]'))
    .description(
      'address pools of sluice.yaml on each device: how full they are, and who has which address; words narrow the addresses down',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 done, 1 a device gave no answer, 2 a pool is more than 90 % full.\n\nExamples:\n  sluice addresses -c sluice.yaml\n  sluice addresses -c sluice.yaml -o json 10.1.0.7',
    )
    .action(addresses);
}

async function addresses(
  words: string[],
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  await withContext(options, async ({ runtime }) => {
    const { addressPools, devices } = runtime.config;
    if (addressPools.length === 0) printLine('sluice.yaml has no addressPools');
    const found = await Promise.all(devices.map((device) => poolsOn(runtime, device)));
    const pools = found.flat();
    const matching = pools.map((pool) => ({
      ...pool,
      addresses: pool.addresses.filter((one) =>
        words.every((word) => textOf(pool, one).includes(word)),
      ),
    }));
    printData(options.output, matching.map(asData), () => tables(matching));
    if (process.exitCode !== 1 && pools.some(isNearlyFull)) process.exitCode = 2;
  });
}

/** Nothing is known of the pools of a device that gives no answer. */
async function poolsOn(runtime: Runtime, device: DeviceConfig): Promise<readonly DevicePool[]> {
  try {
    const seen = await readDeviceView(runtime, device, true);
    return runtime.config.addressPools.map((pool) => ({
      device: device.name,
      ...poolUsage(pool, seen),
    }));
  } catch (error) {
    printLine(`${device.name}: ${formatFailure(error)}`);
    process.exitCode = 1;
    return [];
  }
}

function textOf({ device, name }: DevicePool, { address, by }: AddressUse): string {
  return [device, name, address, ...by.flatMap(({ who, exposures }) => [who, ...exposures])].join(
    ' ',
  );
}

/** JSON knows no large whole numbers: what would not be exact is text. */
function asData({ size, used, free, reserved, ...pool }: DevicePool): object {
  const count = (n: bigint): number | string =>
    n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : String(n);
  return {
    ...pool,
    size: count(size),
    used: count(used),
    free: count(free),
    reserved: count(reserved),
  };
}

function tables(pools: readonly DevicePool[]): string {
  if (pools.length === 0) return 'No address pools.';
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
        exposures.join(', ') || '-',
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
