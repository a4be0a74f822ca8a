/** Waits for a device while F5 CIS and Sluice change it, and measures the gap between them. */
import type { Device } from '../../device/device.ts';
import type { DeclaredExposure } from '../../domain/declared/declared.ts';
import { exposureKey } from '../../domain/exposure/exposure.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AskedExposure } from './asked.ts';
import type { CisOwned } from './owned.ts';
import { withoutDomain } from './rows.ts';

/** Pause between two looks at the device. */
const LOOK_EVERY_MS = 250;
/** F5 CIS waits up to 240 s after a failure; longer than this, something is wrong. */
export const CIS_LIMIT_MS = 300_000;
/** Several declares of a busy device. */
export const SLUICE_LIMIT_MS = 120_000;

/** When something was seen, by `clock.monotonic()`. */
export interface Sighting {
  /** The last look at which it was not so. */
  readonly before: number;
  /** The first look at which it was so. */
  readonly seen: number;
}

/** Undefined if it was not so within the limit; a look that fails shows nothing. */
export async function waitUntil(
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
  isSo: () => Promise<boolean>,
  limit: number,
): Promise<Sighting | undefined> {
  const start = clock.monotonic();
  let before = start;
  for (;;) {
    const asked = clock.monotonic();
    if (await isSo().catch(() => false)) return { before, seen: clock.monotonic() };
    before = asked;
    if (asked - start > limit) return undefined;
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** Whether others have nothing at the address. */
export async function isFreeOfOthers(
  device: Pick<Device, 'foreign'>,
  address: string,
): Promise<boolean> {
  const held = await device.foreign();
  return held.every((one) => withoutDomain(one.address) !== address);
}

/** Whether others have a virtual server at each of these ports. */
export async function isBackWithOthers(
  device: Pick<Device, 'foreign'>,
  address: string,
  ports: readonly number[],
): Promise<boolean> {
  const held = await device.foreign();
  return ports.every((port) =>
    held.some((one) => one.port === port && withoutDomain(one.address) === address),
  );
}

/** Ports of F5 CIS at the address. */
export function portsAt(
  address: string,
  objects: readonly Pick<CisOwned, 'servers'>[],
): readonly number[] {
  return objects.flatMap(({ servers }) =>
    servers.filter((one) => one.address === address).map(({ port }) => port),
  );
}

/** Whether Sluice has declared all of these exposures. */
export async function areDeclared(
  device: Pick<Device, 'read'>,
  partitions: readonly string[],
  exposures: readonly AskedExposure[],
): Promise<boolean> {
  const keys = new Set((await declaredIn(device, partitions)).map(exposureKey));
  return exposures.every(({ key }) => keys.has(key));
}

/** Whether Sluice has declared nothing at the address. */
export async function isFreeOfSluice(
  device: Pick<Device, 'read'>,
  partitions: readonly string[],
  address: string,
): Promise<boolean> {
  return (await declaredIn(device, partitions)).every((one) => one.address !== address);
}

async function declaredIn(
  device: Pick<Device, 'read'>,
  partitions: readonly string[],
): Promise<readonly DeclaredExposure[]> {
  const readings = await Promise.all(partitions.map((one) => device.read(one)));
  return readings.flatMap((reading) =>
    reading.kind === 'ours' ? Object.values(reading.declared.state.exposures) : [],
  );
}

/** Longest and shortest time for which nobody can have served the address, in milliseconds. */
export interface Interruption {
  readonly least: number;
  readonly most: number;
}

/** Between the one who went and the one who came. */
export function interruptionBetween(gone: Sighting, come: Sighting): Interruption {
  return { least: Math.max(0, come.before - gone.seen), most: come.seen - gone.before };
}

/** `between 0.4 s and 1.2 s` */
export function gapInWords({ least, most }: Interruption): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return `between ${seconds(least)} and ${seconds(most)}`;
}
