/** Address pools on each device: their usage and the owners of addresses, from the declarations. */
import type { DeviceConfig } from '../../config/schema.ts';
import { isNearlyFull, poolUsage } from '../../domain/addresses/usage.ts';
import type { AddressUse, PoolUsage } from '../../domain/addresses/usage.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { OperationContext } from '../context.ts';
import { unansweredDevice } from '../devices/declared-partitions.ts';
import type { UnansweredDevice } from '../devices/declared-partitions.ts';
import { readDeviceView } from '../devices/device-view.ts';
import type { DeviceView } from '../devices/device-view.ts';

/** The usage of one pool on one device. Each device assigns addresses of its own. */
export interface DevicePool extends PoolUsage {
  readonly device: string;
}

/** The data of `sluice addresses`. */
export interface AddressList {
  /** With the addresses that match all search terms. */
  readonly pools: readonly DevicePool[];
  /** Devices that did not answer, whose pools are unknown. */
  readonly unanswered: readonly UnansweredDevice[];
  /** A pool is more than 90 % full. */
  readonly nearlyFull: boolean;
}

/** Reads what a device declares, and who holds addresses there besides Sluice. */
export type ReadDeviceView = (device: DeviceConfig) => Promise<DeviceView>;

/** Reads all devices. A device that does not answer is listed instead of failing the call. */
export async function listAddresses(
  { runtime }: Pick<OperationContext, 'runtime'>,
  words: readonly string[],
  read: ReadDeviceView = (device) => readDeviceView(runtime, device, true),
): Promise<AddressList> {
  const found = await Promise.all(
    runtime.config.devices.map(async (device) =>
      poolsOn(runtime, device, read).then(
        (pools) => ({ pools }),
        (error: unknown) => unansweredDevice(device.name, error),
      ),
    ),
  );
  const pools = found.flatMap((one) => ('pools' in one ? one.pools : []));
  return {
    pools: pools.map((pool) => ({
      ...pool,
      addresses: pool.addresses.filter((one) =>
        words.every((word) => textOf(pool, one).includes(word)),
      ),
    })),
    unanswered: found.filter((one) => 'problem' in one),
    nearlyFull: pools.some(isNearlyFull),
  };
}

/**
 * All pools, as one device uses them. Rejects if a partition of the device cannot be read, because
 * an address of it would look free.
 */
async function poolsOn(
  runtime: Runtime,
  device: DeviceConfig,
  read: ReadDeviceView,
): Promise<readonly DevicePool[]> {
  const seen = await read(device);
  return runtime.config.addressPools.map((pool) => ({
    device: device.name,
    ...poolUsage(pool, seen),
  }));
}

/** Everything that a search term may match. */
function textOf({ device, name }: DevicePool, { address, by }: AddressUse): string {
  return [device, name, address, ...by.flatMap(({ who, exposures }) => [who, ...exposures])].join(
    ' ',
  );
}

/** JSON numbers cannot represent large integers exactly; these become strings. */
export function poolAsData({ size, used, free, reserved, ...pool }: DevicePool): object {
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
