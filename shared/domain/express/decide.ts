/** Decides which requested member states are written to the device. Pure. */
import type { DeclaredState } from '../declared/declared.ts';
import { compareVersions } from '../revision.ts';
import type { Express, MemberChange } from './event.ts';
import { membersThatStay } from './pool-guard.ts';
import type { LiveNode, NodeWrite, NodeUse } from './node.ts';
import { drainAvailability, usesByAddress, lessAvailable } from './node.ts';
import type { NodeStamp } from './stamp.ts';
import { clusterOfOwner } from '../text/owners.ts';
import { isNewerStamp } from './stamp.ts';

/** The requested changes, and what the device has at the moment. */
export interface ExpressInput {
  /**
   * For one device and partition: the newest event of each owner, and those that were sent ahead
   * since.
   */
  readonly events: readonly Express[];
  readonly declared: DeclaredState;
  readonly nodes: readonly LiveNode[];
}

/** `left`: left to the slice. */
export type ExpressVerdict = 'write' | 'unchanged' | 'superseded' | 'left';

/** The verdict for one address, with its reason. */
export interface ExpressDecision {
  readonly owner: string;
  readonly change: MemberChange;
  readonly verdict: ExpressVerdict;
  readonly reason: string;
  /** Set if the verdict is `write`. */
  readonly write?: NodeWrite;
}

/** Input of every decision, computed once. */
interface Scene extends ExpressInput {
  readonly uses: ReadonlyMap<string, readonly NodeUse[]>;
  readonly live: ReadonlyMap<string, LiveNode>;
}

/** See decision 8 for the rules. */
export function decideExpress(input: ExpressInput): readonly ExpressDecision[] {
  const events = input.events.toSorted((a, b) => compareVersions(a.version, b.version));
  const scene: Scene = {
    ...input,
    events,
    uses: usesByAddress(input.declared),
    live: new Map(input.nodes.map((node) => [node.address, node])),
  };
  const decisions = oncePerNode(
    events.flatMap((event) => event.wishes.map((change) => decideChange(scene, event, change))),
  );
  const stay = membersThatStay(
    scene,
    decisions.filter(({ verdict }) => verdict === 'write').map(({ change }) => change),
  );
  return decisions.map((decision) => {
    const reason = decision.verdict === 'write' ? stay.get(decision.change.address) : undefined;
    return reason === undefined
      ? decision
      : { owner: decision.owner, change: decision.change, verdict: 'left', reason };
  });
}

/**
 * Several ingresses may report the same Kubernetes node; only the newest, which comes last, is
 * written.
 */
function oncePerNode(decisions: readonly ExpressDecision[]): readonly ExpressDecision[] {
  const last = new Map(
    decisions
      .filter(({ write }) => write !== undefined)
      .map((decision) => [decision.change.address, decision]),
  );
  return decisions.map((decision) => {
    if (decision.write === undefined || last.get(decision.change.address) === decision)
      return decision;
    return {
      owner: decision.owner,
      change: decision.change,
      verdict: 'superseded',
      reason: `a newer event of the same cluster speaks of ${decision.change.address}`,
    };
  });
}

/** Whether the requested change of a member may be made now. */
function decideChange(scene: Scene, event: Express, change: MemberChange): ExpressDecision {
  const { owner } = event;
  const refused = fence(scene, event) ?? strangers(scene, event, change);
  if (refused !== undefined) return { owner, change, ...refused };
  const node = scene.live.get(change.address);
  if (node === undefined)
    return {
      owner,
      change,
      verdict: 'left',
      reason: `the partition has no node ${change.address}`,
    };
  const cluster = clusterOfOwner(owner);
  if (isNewerStamp(node.stamp, cluster, event.version))
    return {
      owner,
      change,
      verdict: 'superseded',
      reason: `node ${change.address} was written by a newer revision`,
    };
  if (node.availability === change.availability && isKnown(scene, event, node))
    return { owner, change, verdict: 'unchanged', reason: `node ${change.address} is so already` };
  const write = {
    name: node.name,
    address: change.address,
    availability: change.availability,
    stamp: { ...ratioOf(node.stamp), cluster, version: event.version },
  };
  return { owner, change, verdict: 'write', reason: change.because, write };
}

/** Keeps the ratio and the mark that Sluice set it. */
function ratioOf(stamp: NodeStamp | undefined): Pick<NodeStamp, 'ratio'> {
  return stamp?.ratio === undefined ? {} : { ratio: stamp.ratio };
}

type Refusal = Pick<ExpressDecision, 'verdict' | 'reason'>;

/** Refuses an event that is older than what is declared, or of another cluster. */
function fence({ declared }: Scene, { owner, clusterUid, version }: Express): Refusal | undefined {
  const record = declared.owners[owner];
  if (record === undefined)
    return { verdict: 'left', reason: `nothing is declared for ${owner} yet` };
  if (record.clusterUid !== clusterUid)
    return { verdict: 'left', reason: `${owner} is declared by another cluster of this id` };
  return compareVersions(record.version, version) > 0
    ? { verdict: 'superseded', reason: `${owner} is declared at a newer revision` }
    : undefined;
}

/**
 * Other users of an address. A pod belongs to one owner; a Kubernetes node may serve several
 * ingresses of its cluster, and its state applies to all.
 */
function strangers(
  { uses, declared }: Scene,
  { owner }: Express,
  change: MemberChange,
): Refusal | undefined {
  if (
    lessAvailable(change.availability, drainAvailability(declared, owner)) !== change.availability
  )
    return { verdict: 'left', reason: `cluster ${clusterOfOwner(owner)} is drained` };
  const found = uses.get(change.address) ?? [];
  if (found.length === 0)
    return { verdict: 'left', reason: `no declared pool has ${change.address}` };
  const mayShare = change.wholeNode || change.availability === 'ready';
  const stranger = found.find(
    (use) =>
      use.owner !== owner && !(mayShare && clusterOfOwner(use.owner) === clusterOfOwner(owner)),
  );
  return stranger === undefined
    ? undefined
    : { verdict: 'left', reason: `${stranger.owner} uses ${change.address} too` };
}

/** An unchanged state needs a newer stamp only until the declaration contains it. */
function isKnown(
  { uses }: Scene,
  { version }: Express,
  { address, availability, stamp }: LiveNode,
): boolean {
  const declared = uses.get(address)?.every((use) => use.availability === availability) ?? false;
  return declared || (stamp !== undefined && compareVersions(stamp.version, version) === 0);
}
