/** What the declared state says of the nodes of its partition. Pure. */
import type { Availability } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { Version } from '../revision.ts';
import { compareVersions } from '../revision.ts';
import type { LiveNode, NodeWrite, NodeUse } from './node.ts';
import { drainAvailability, usesByAddress, lessAvailable } from './node.ts';
import { nodeRatios } from './ratio.ts';
import type { NodeStamp } from './stamp.ts';
import { clusterOfOwner, isNewerStamp } from './stamp.ts';

/**
 * The writes that bring live nodes to what is declared. An owner whose declared version is older than a node's stamp has no say in it:
 * express was there ahead of its slice. Where nobody has a say the node stays; nodes that nothing declared uses stay too.
 */
export function nodeReconciliation(
  state: DeclaredState,
  nodes: readonly LiveNode[],
): readonly NodeWrite[] {
  const uses = usesByAddress(state);
  const ratios = nodeRatios(state);
  return nodes.flatMap((node) => {
    const { name, address, availability, stamp } = node;
    const heard = (uses.get(address) ?? []).filter(
      (use) => hasSay(state, use.owner, stamp) || isDrainedFurther(state, use, availability),
    );
    const wanted = wantedOf(heard);
    if (wanted === undefined) return [];
    const ratio = ratioFor(node, wanted, ratios);
    if (wanted === availability && ratio.isRight) return [];
    const { cluster, version } = notBelow(stamp, stampFor(state, heard));
    return [
      {
        name,
        address,
        availability: wanted,
        stamp: { cluster, version, ...ratio.mark },
        ...(ratio.isRight ? {} : { ratio: ratio.wanted }),
      },
    ];
  });
}

/** A drain is heard even where express was ahead of its owner's slice, as long as it takes nothing back. */
function isDrainedFurther(
  state: DeclaredState,
  { owner, availability }: NodeUse,
  present: Availability,
): boolean {
  return (
    drainAvailability(state, owner) !== undefined &&
    lessAvailable(present, availability) === availability
  );
}

/** Nor must its word open the node to older ones. */
function notBelow(present: NodeStamp | undefined, next: NodeStamp): NodeStamp {
  return present !== undefined && isNewerStamp(present, next.cluster, next.version)
    ? present
    : next;
}

interface RatioVerdict {
  readonly wanted: number;
  readonly isRight: boolean;
  readonly mark: Pick<NodeStamp, 'ratio'>;
}

/** A ratio that Sluice gave goes back to 1 when no fleet wants it; one that somebody else gave stays. What takes no connections keeps what it has. */
function ratioFor(
  { address, ratio: live = 1, stamp }: LiveNode,
  availability: Availability,
  ratios: ReadonlyMap<string, number>,
): RatioVerdict {
  const given = stamp?.ratio;
  const wished = ratios.get(address);
  const isIdle = wished === undefined && availability !== 'ready';
  if (given === undefined && wished === undefined) return { wanted: live, isRight: true, mark: {} };
  if (given !== undefined && isIdle) return { wanted: live, isRight: true, mark: { ratio: given } };
  const wanted = wished ?? 1;
  // 1 is what every node has, so that it needs no mark.
  return {
    wanted,
    isRight: live === wanted && (wanted === 1 || given === wanted),
    mark: wanted === 1 ? {} : { ratio: wanted },
  };
}

/** Addresses whose every declared use takes no new connections. */
export function drainingAddresses(state: DeclaredState): ReadonlySet<string> {
  return new Set(
    [...usesByAddress(state)]
      .filter(([, uses]) => wantedOf(uses) === 'draining')
      .map(([address]) => address),
  );
}

/** A node drains or is out only if every use of its address wants at least that. */
function wantedOf(uses: readonly NodeUse[]): Availability | undefined {
  const wanted = new Set(uses.map((use) => use.availability));
  return (['ready', 'draining', 'out'] as const).find((availability) => wanted.has(availability));
}

function versionOf(state: DeclaredState, owner: string): Version {
  return state.owners[owner]?.version ?? { epoch: 0, counter: 0, generation: 0 };
}

function hasSay(state: DeclaredState, owner: string, stamp: NodeStamp | undefined): boolean {
  return !isNewerStamp(stamp, clusterOfOwner(owner), versionOf(state, owner));
}

/** The oldest of those who were heard, so that each of them is heard the next time too. */
function stampFor(state: DeclaredState, heard: readonly NodeUse[]): NodeStamp {
  const cluster = clusterOfOwner(heard[0]?.owner ?? '');
  const versions = heard
    .filter(({ owner }) => clusterOfOwner(owner) === cluster)
    .map(({ owner }) => versionOf(state, owner));
  const [version = versionOf(state, '')] = versions.sort(compareVersions);
  return { cluster, version };
}
