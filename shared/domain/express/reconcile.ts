/** What the declared state says of the nodes of its partition. Pure. */
import type { Availability } from '../exposure/exposure.ts';
import type { DeclaredState } from '../plan/declared.ts';
import type { Version } from '../revision.ts';
import { compareVersions } from '../revision.ts';
import type { LiveNode, NodeWrite, Use } from './node.ts';
import { usesByAddress } from './node.ts';
import type { Stamp } from './stamp.ts';
import { clusterOf, isNewerStamp } from './stamp.ts';

/**
 * The writes that bring live nodes to what is declared. An owner whose declared version is older than a node's stamp has no say in it:
 * express was there ahead of its slice. Where nobody has a say the node stays; nodes that nothing declared uses stay too.
 */
export function reconciliation(state: DeclaredState, nodes: readonly LiveNode[]): readonly NodeWrite[] {
  const uses = usesByAddress(state);
  return nodes.flatMap(({ name, address, availability, stamp }) => {
    const heard = (uses.get(address) ?? []).filter(({ owner }) => hasSay(state, owner, stamp));
    const wanted = wantedOf(heard);
    if (wanted === undefined || wanted === availability) return [];
    return [{ name, address, availability: wanted, stamp: stampFor(state, heard) }];
  });
}

/** Addresses whose every declared use takes no new connections. */
export function drainingAddresses(state: DeclaredState): ReadonlySet<string> {
  return new Set([...usesByAddress(state)].filter(([, uses]) => wantedOf(uses) === 'draining').map(([address]) => address));
}

/** A node drains only if every use of its address wants it to. */
function wantedOf(uses: readonly Use[]): Availability | undefined {
  if (uses.length === 0) return undefined;
  return uses.some((use) => use.availability === 'ready') ? 'ready' : 'draining';
}

function versionOf(state: DeclaredState, owner: string): Version {
  return state.owners[owner]?.version ?? { epoch: 0, counter: 0, generation: 0 };
}

function hasSay(state: DeclaredState, owner: string, stamp: Stamp | undefined): boolean {
  return !isNewerStamp(stamp, clusterOf(owner), versionOf(state, owner));
}

/** The oldest of those who were heard, so that each of them is heard the next time too. */
function stampFor(state: DeclaredState, heard: readonly Use[]): Stamp {
  const cluster = clusterOf(heard[0]?.owner ?? '');
  const versions = heard.filter(({ owner }) => clusterOf(owner) === cluster).map(({ owner }) => versionOf(state, owner));
  const [version = versionOf(state, '')] = versions.sort(compareVersions);
  return { cluster, version };
}
