/** Counts the connections that a change would cut, on the devices themselves. */
import type { Device, Devices } from '../../shared/device/device.ts';
import type { MemberPlace } from '../../shared/device/paths.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { Wanted } from '../../shared/failures/asks.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { chooseDevices } from '../../shared/operations/devices/declared-partitions.ts';

/** Each exposure costs one call. */
const MAX_EXPOSURES = 500;
/** Calls to one device at the same time. */
const PARALLEL = 4;

/** Whose connections are counted. */
type WantedCount = Extract<Wanted, { readonly kind: 'connections' }>;

/** Open connections, and when they were counted (RFC 3339). */
export interface Counted {
  /** Current ones, of all chosen devices together. */
  readonly connections: number;
  readonly at: string;
}

/** Part of an exposure. */
interface Place extends MemberPlace {
  /** Addresses with route domains; connections of others at the same pool do not count. */
  readonly members: ReadonlySet<string>;
}

/** Rejects with a DeviceError if a device does not answer: a part of the count would mislead. */
export async function countConnections(
  { runtime: { config, clock }, devices }: { readonly runtime: Runtime; readonly devices: Devices },
  wanted: WantedCount,
): Promise<Counted> {
  const counts = await Promise.all(
    chooseDevices(config, wanted.device).map(async (one) =>
      countOn(await devices.get(one), one.partitions, wanted),
    ),
  );
  const connections = counts.reduce((sum, count) => sum + count, 0);
  return { connections, at: new Date(clock.now()).toISOString() };
}

/** Partitions that are not readable as Sluice's are skipped. Throws above {@link MAX_EXPOSURES}. */
async function countOn(
  device: Device,
  partitions: readonly string[],
  wanted: WantedCount,
): Promise<number> {
  const places: Place[] = [];
  for (const partition of partitions) {
    const reading = await device.read(partition);
    if (reading.kind === 'ours')
      places.push(...placesIn(reading.declared.state, partition, wanted));
  }
  if (places.length > MAX_EXPOSURES)
    throw new Error(
      `${places.length} exposures on ${device.name} are more than the ${MAX_EXPOSURES} that are counted`,
    );
  let sum = 0;
  for (let i = 0; i < places.length; i += PARALLEL)
    for (const count of await Promise.all(
      places.slice(i, i + PARALLEL).map((place) => countAt(device, place)),
    ))
      sum += count;
  return sum;
}

/** Connections that these members have at one place now. */
async function countAt(device: Device, { members, ...place }: Place): Promise<number> {
  const open = await device.paths.connections(place);
  return [...open].reduce((sum, [address, count]) => sum + (members.has(address) ? count : 0), 0);
}

/** The exposures to which the owner, or an ingress of the cluster, contributes members. */
function placesIn(
  { exposures }: DeclaredState,
  partition: string,
  { owner, keys }: WantedCount,
): readonly Place[] {
  return Object.entries(exposures).flatMap(([key, { address, port, protocol, contributions }]) => {
    if (keys?.includes(key) === false) return [];
    const members = contributions
      .filter((one) => one.owner === owner || one.owner.startsWith(`${owner}/`))
      .flatMap((one) => one.members.map((member) => member.address));
    if (members.length === 0) return [];
    return [{ partition, address, port, protocol, members: new Set(members) }];
  });
}
