/** Compares the device with what the clusters want. */
import type { Team } from './changes.ts';
import type { ServedPorts } from './device.ts';

/** One line for each difference; empty if there is none. */
export function differences(
  teams: readonly Pick<Team, 'id' | 'wants'>[],
  served: ServedPorts,
): readonly string[] {
  const wanted = combined(teams);
  const missing = [...wanted.keys()].filter((port) => !served.has(port));
  const surplus = [...served.keys()].filter((port) => !wanted.has(port));
  return [
    ...missing.map((port) => `port ${port} is missing`),
    ...surplus.map((port) => `port ${port} is still served`),
    ...[...wanted].flatMap(([port, { members, balance }]) => {
      const found = served.get(port);
      if (found === undefined) return [];
      const lost = [...members].filter((address) => !found.members.has(address));
      const stale = [...found.members].filter((address) => !members.has(address));
      return [
        ...lost.map((address) => `port ${port} has no ${address}`),
        ...stale.map((address) => `port ${port} still has ${address}`),
        ...[...found.draining].map((address) => `port ${port} still drains ${address}`),
        ...(balance === undefined || balance === found.balance
          ? []
          : [`port ${port} has ${found.balance}, not ${balance}`]),
      ];
    }),
  ];
}

function combined(
  teams: readonly Pick<Team, 'wants'>[],
): ReadonlyMap<number, { readonly members: Set<string>; balance: string | undefined }> {
  const all = new Map<number, { readonly members: Set<string>; balance: string | undefined }>();
  for (const team of teams)
    for (const [port, { members, balance }] of team.wants()) {
      const known = all.get(port) ?? { members: new Set<string>(), balance };
      for (const address of members) known.members.add(address);
      all.set(port, known);
    }
  return all;
}
