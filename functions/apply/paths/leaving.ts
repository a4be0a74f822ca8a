/** Members that are about to leave with open connections: after that, nobody can tell. */
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { MemberPlace } from '../../../shared/device/paths.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { PathJob } from './job.ts';

/** Pools that are asked at most; the others count as without connections. */
const MOST_POOLS = 20;

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
): { readonly places: readonly MemberPlace[]; readonly leaving: ReadonlySet<string> } {
  const staying = new Map(slices.map((slice) => [slice.owner, stayingIn(slice)]));
  const leaving = new Set<string>();
  const places: MemberPlace[] = [];
  for (const [partition, { exposures }] of states)
    for (const { address, port, protocol, contributions } of Object.values(exposures)) {
      const gone = contributions.flatMap(({ owner, members }) =>
        members.filter((one) => staying.get(owner)?.has(one.address) === false),
      );
      if (gone.length > 0) places.push({ partition, address, port, protocol });
      for (const one of gone) leaving.add(one.address);
    }
  return { places, leaving };
}

/** Their addresses, as far as the device says so. */
export async function busyLeaving(
  { device, log }: Pick<PathJob, 'device' | 'log'>,
  slices: readonly Slice[],
  states: ReadonlyMap<string, DeclaredState>,
): Promise<ReadonlySet<string>> {
  const { places, leaving } = poolsToAsk(slices, states);
  const busy = new Set<string>();
  for (const place of places.slice(0, MOST_POOLS)) {
    const found = await device.paths.busy(place).catch((error: unknown) => {
      log.debug({ device: device.name, error: String(error) }, 'connections are not known');
      return [];
    });
    for (const address of found) if (leaving.has(address)) busy.add(address);
  }
  return busy;
}
