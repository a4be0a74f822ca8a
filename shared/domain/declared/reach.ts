/** What BIG-IP must reach. */
import type { Needed } from '../paths/needs.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import type { DeclaredState } from './declared.ts';

/** The parts of all exposures. */
export function contributions(
  states: readonly DeclaredState[],
): readonly DeclaredState['exposures'][string]['contributions'][number][] {
  return states.flatMap(({ exposures }) =>
    Object.values(exposures).flatMap((one) => one.contributions),
  );
}

/**
 * The clusters of this installation: those of the configuration, and those that declared something
 * in its partitions, although they are called otherwise now. Others are of another installation.
 */
export function pathClusters(
  configured: readonly { readonly id: string }[],
  states: readonly Pick<DeclaredState, 'owners'>[],
): ReadonlySet<string> {
  const declared = states.flatMap(({ owners }) => Object.keys(owners));
  return new Set([
    ...configured.map(({ id }) => id),
    ...declared.map((owner) => parseOwner(owner).cluster),
  ]);
}

/** Declared members, and those that are asked for. */
export function neededBy(
  states: readonly DeclaredState[],
  asked: readonly { readonly owner: string; readonly members: readonly string[] }[] = [],
): Needed {
  const all = new Map<string, Set<string>>();
  const add = (owner: string, addresses: readonly string[]): void => {
    const { cluster } = parseOwner(owner);
    const known = all.get(cluster) ?? new Set();
    for (const address of addresses) known.add(address);
    all.set(cluster, known);
  };
  for (const { owner, members } of contributions(states))
    add(
      owner,
      members.map(({ address }) => address),
    );
  for (const { owner, members } of asked) add(owner, members);
  return all;
}
