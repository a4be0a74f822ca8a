/** What the device really has, against what it was told: a 200 of AS3 is not proof. */
import type { DeclaredExposure, DeclaredState } from '../domain/plan/declared.ts';
import { devicePaths } from './as3/names.ts';
import type { Session } from './session.ts';

interface LiveVirtual {
  readonly fullPath: string;
  readonly destination: string;
}

interface LivePool {
  readonly fullPath: string;
  readonly membersReference?: { readonly items?: readonly { readonly fullPath: string }[] };
}

export async function liveMismatches(session: Session, partition: string, state: DeclaredState): Promise<readonly string[]> {
  const [virtuals, pools] = await Promise.all([
    list<LiveVirtual>(session, `/mgmt/tm/ltm/virtual?$filter=partition+eq+${partition}&$select=fullPath,destination`),
    list<LivePool>(session, `/mgmt/tm/ltm/pool?$filter=partition+eq+${partition}&expandSubcollections=true`),
  ]);
  const destinations = new Map(virtuals.map((v) => [v.fullPath, lastPart(v.destination)]));
  const members = new Map(pools.map((p) => [p.fullPath, (p.membersReference?.items ?? []).map((m) => lastPart(m.fullPath)).toSorted()]));
  const wanted = Object.values(state.exposures);
  const expected = new Set(wanted.map((e) => devicePaths(partition, e).virtual));
  const extra = [...destinations.keys()].filter((path) => !expected.has(path)).map((path) => `virtual server ${path} is there but not declared`);
  return [...wanted.flatMap((e) => compare(partition, e, destinations, members)), ...extra];
}

async function list<T>(session: Session, path: string): Promise<readonly T[]> {
  const answer = await session.call({ method: 'GET', path });
  return ((answer.json as { items?: readonly T[] } | undefined)?.items ?? []);
}

function compare(partition: string, e: DeclaredExposure, destinations: ReadonlyMap<string, string>, members: ReadonlyMap<string, readonly string[]>): string[] {
  const { virtual, pool } = devicePaths(partition, e);
  const destination = destinations.get(virtual);
  if (destination === undefined) return [`virtual server ${virtual} is missing`];
  const problems = destination === endpoint(e.address, e.port) ? [] : [`virtual server ${virtual} listens on ${destination} instead of ${endpoint(e.address, e.port)}`];
  const want = [...new Set(e.contributions.flatMap((c) => c.members.map((m) => endpoint(m.address, m.port))))].toSorted();
  const have = members.get(pool) ?? [];
  return want.join() === have.join() ? problems : [...problems, `pool ${pool} has members ${have.join(', ') || 'none'} instead of ${want.join(', ') || 'none'}`];
}

/** As the device writes it: IPv6 with a dot before the port. */
function endpoint(address: string, port: number): string {
  return address.includes(':') ? `${address}.${port}` : `${address}:${port}`;
}

/** `/Common/10.0.0.1:80` → `10.0.0.1:80` */
function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
