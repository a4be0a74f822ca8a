/** Compares the live state with the declaration, because a 200 of AS3 proves nothing. */
import { REDIRECT_PORT } from '../../domain/exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../../domain/declared/declared.ts';
import { itemsOf, VerifiedPool, VerifiedVirtual } from '../rest/answers.ts';
import { devicePaths, redirectPath, virtualPaths } from '../as3/names.ts';
import { endpoint, lastPart, memberDifferences } from './member-differences.ts';
import type { Session } from '../rest/session.ts';

/** Returns one message per difference; empty if the device matches. */
export async function liveMismatches(
  session: Session,
  partition: string,
  state: DeclaredState,
): Promise<readonly string[]> {
  const [virtuals, pools] = await Promise.all([
    session.read(
      {
        path: `/mgmt/tm/ltm/virtual?$filter=partition+eq+${partition}&$select=fullPath,destination`,
        kind: 'list',
      },
      itemsOf(VerifiedVirtual),
    ),
    session.read(
      {
        path: `/mgmt/tm/ltm/pool?$filter=partition+eq+${partition}&expandSubcollections=true`,
        kind: 'list',
      },
      itemsOf(VerifiedPool),
    ),
  ]);
  const destinations = new Map(virtuals.map((v) => [v.fullPath, lastPart(v.destination)]));
  const live = { destinations, pools: new Map(pools.map((pool) => [pool.fullPath, pool])) };
  const wanted = Object.values(state.exposures);
  const expected = new Set(wanted.flatMap((e) => virtualPaths(partition, e)));
  const extra = [...destinations.keys()]
    .filter((path) => !expected.has(path))
    .map((path) => `virtual server ${path} exists but is not declared`);
  return [...wanted.flatMap((e) => compare(partition, e, live, state)), ...extra];
}

/** By full path; only what the comparison needs. */
interface Live {
  readonly destinations: ReadonlyMap<string, string>;
  readonly pools: ReadonlyMap<string, VerifiedPool>;
}

/** What differs between the declared exposure and the live objects; empty if nothing does. */
function compare(
  partition: string,
  e: DeclaredExposure,
  { destinations, pools }: Live,
  state: DeclaredState,
): readonly string[] {
  const { virtual, pool } = devicePaths(partition, e);
  if (!destinations.has(virtual)) return [`virtual server ${virtual} is missing`];
  const redirect = redirectPath(partition, e);
  const wrong = [
    ...wrongPlace(destinations, virtual, endpoint(e.address, e.port)),
    ...(redirect === undefined
      ? []
      : wrongPlace(destinations, redirect, endpoint(e.address, REDIRECT_PORT))),
  ];
  const live = pools.get(pool);
  const want = new Set(
    e.contributions.flatMap((c) => c.members.map((m) => endpoint(m.address, m.port))),
  );
  const have = new Set((live?.membersReference?.items ?? []).map((m) => lastPart(m.fullPath)));
  const members =
    want.size === have.size && [...want].every((one) => have.has(one))
      ? []
      : [`pool ${pool} has members ${inWords(have)} instead of ${inWords(want)}`];
  const placing = live
    ? memberDifferences(live, e, state).map((words) => `pool ${pool} ${words}`)
    : [];
  return [...wrong, ...members, ...placing];
}

function inWords(members: ReadonlySet<string>): string {
  return [...members].toSorted().join(', ') || 'none';
}

/** Whether the virtual server is missing, or listens elsewhere. */
function wrongPlace(
  destinations: Live['destinations'],
  path: string,
  wanted: string,
): readonly string[] {
  const destination = destinations.get(path);
  if (destination === undefined) return [`virtual server ${path} is missing`];
  return destination === wanted
    ? []
    : [`virtual server ${path} listens on ${destination} instead of ${wanted}`];
}
