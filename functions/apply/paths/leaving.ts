/** Members that are about to leave with open connections: after that, nobody can tell. */
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { MemberPlace } from '../../../shared/device/paths.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { PathJob } from './job.ts';

/** Pools that are asked at most. What is not known counts as open connections. */
const MOST_POOLS = 20;

/** Addresses of members that leave one place. Their paths stay until the members are gone. */
interface LeavingPool {
  readonly place: MemberPlace;
  readonly addresses: readonly string[];
}

/** The addresses of the owner that stay members. */
function stayingIn({ exposures }: Slice): ReadonlySet<string> {
  return new Set(
    exposures.flatMap(({ members }) =>
      members.filter(({ availability }) => availability !== 'out').map(({ address }) => address),
    ),
  );
}

/** Pools with members that the slices do not have any more. */
function poolsToAsk(
  slices: readonly Slice[],
  states: ReadonlyMap<string, DeclaredState>,
): readonly LeavingPool[] {
  const staying = new Map(slices.map((slice) => [slice.owner, stayingIn(slice)]));
  return [...states].flatMap(([partition, { exposures }]) =>
    Object.values(exposures).flatMap(({ address, port, protocol, contributions }) => {
      const gone = contributions.flatMap(({ owner, members }) =>
        members.filter((one) => staying.get(owner)?.has(one.address) === false),
      );
      const addresses = gone.map((one) => one.address);
      return gone.length === 0
        ? []
        : [{ place: { partition, address, port, protocol }, addresses }];
    }),
  );
}

/** Their addresses: those of which the device says so, and those of which nobody knows. */
export async function busyLeaving(
  { device, log }: Pick<PathJob, 'device' | 'log'>,
  slices: readonly Slice[],
  states: ReadonlyMap<string, DeclaredState>,
): Promise<ReadonlySet<string>> {
  const pools = poolsToAsk(slices, states);
  const busy = new Set(pools.slice(MOST_POOLS).flatMap(({ addresses }) => addresses));
  for (const { place, addresses } of pools.slice(0, MOST_POOLS)) {
    const found = await device.paths.connections(place).catch((error: unknown) => {
      log.debug({ device: device.name, error: String(error) }, 'connections are not known');
      return new Map(addresses.map((address) => [address, 1]));
    });
    for (const address of addresses) if ((found.get(address) ?? 0) > 0) busy.add(address);
  }
  return busy;
}
