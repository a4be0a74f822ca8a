/** Computes node states from the declared state. Pure. */
import type { Availability } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { Version } from '../revision.ts';
import { compareVersions } from '../revision.ts';
import type { LiveNode, NodeWrite, NodeUse } from './node.ts';
import { drainAvailability, usesByAddress, lessAvailable } from './node.ts';
import { nodeRatios } from './ratio.ts';
import type { NodeStamp } from './stamp.ts';
import { clusterOfOwner } from '../text/owners.ts';
import { isNewerStamp } from './stamp.ts';

/**
 * The writes that bring live nodes to the declared state. An owner whose declared version is older
 * than a node's stamp is ignored, because express was ahead of its slice. A node without any
 * remaining owner is not changed, and neither are nodes that no declared member uses.
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

/**
 * The writes before a declare: enables drained nodes that the new state requires, so that a reused
 * address does not inherit the drain of the previous pod. Not where the state still drains a use of
 * the address: it may be one of several steps, and the rest of its version drains the others.
 */
export function nodesToEnable(
  next: DeclaredState,
  nodes: readonly LiveNode[],
): readonly NodeWrite[] {
  const drained = new Map(nodes.map((node) => [node.address, node.availability !== 'ready']));
  const uses = usesByAddress(next);
  return nodeReconciliation(next, nodes).filter(
    ({ address }) =>
      drained.get(address) === true &&
      (uses.get(address) ?? []).every((use) => use.availability === 'ready'),
  );
}

/**
 * A drain applies even if express was ahead of its owner's slice, if it only makes the node less
 * available.
 */
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

/** The stamp never goes backwards, so that older events stay superseded. */
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

/**
 * A ratio set by Sluice returns to 1 when no fleet needs it; one set by others stays. Nodes without
 * connections keep theirs.
 */
function ratioFor(
  { address, ratio: live = 1, stamp }: LiveNode,
  availability: Availability,
  ratios: ReadonlyMap<string, number>,
): RatioVerdict {
  const given = stamp?.ratio;
  const requested = ratios.get(address);
  const isIdle = requested === undefined && availability !== 'ready';
  if (given === undefined && requested === undefined)
    return { wanted: live, isRight: true, mark: {} };
  if (given !== undefined && isIdle) return { wanted: live, isRight: true, mark: { ratio: given } };
  const wanted = requested ?? 1;
  // 1 is the default and needs no mark.
  return {
    wanted,
    isRight: live === wanted && (wanted === 1 || given === wanted),
    mark: wanted === 1 ? {} : { ratio: wanted },
  };
}

/** Addresses for which every declared use takes no new connections. */
export function drainingAddresses(state: DeclaredState): ReadonlySet<string> {
  return new Set(
    [...usesByAddress(state)]
      .filter(([, uses]) => wantedOf(uses) === 'draining')
      .map(([address]) => address),
  );
}

/** A node drains or is out only if every use of its address requests at least that. */
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

/** The oldest of the considered owners, so that all of them are considered again next time. */
function stampFor(state: DeclaredState, heard: readonly NodeUse[]): NodeStamp {
  const cluster = clusterOfOwner(heard[0]?.owner ?? '');
  const versions = heard
    .filter(({ owner }) => clusterOfOwner(owner) === cluster)
    .map(({ owner }) => versionOf(state, owner));
  const [version = versionOf(state, '')] = versions.sort(compareVersions);
  return { cluster, version };
}
