/** Which of the wishes are written to the device, and why the others are not. Pure. */
import type { DeclaredState } from '../plan/declared.ts';
import { compareVersions } from '../revision.ts';
import type { Express, Wish } from './event.ts';
import { stayInPools } from './pools.ts';
import type { LiveNode, NodeWrite, Use } from './node.ts';
import { drainOf, usesByAddress, worse } from './node.ts';
import type { Stamp } from './stamp.ts';
import { clusterOf, isNewerStamp } from './stamp.ts';

export interface ExpressInput {
  /** The newest of each owner, all of one device and partition. */
  readonly events: readonly Express[];
  readonly declared: DeclaredState;
  readonly nodes: readonly LiveNode[];
}

/** `left`: the slice will say what becomes of it. */
export type Verdict = 'write' | 'unchanged' | 'superseded' | 'left';

export interface Decision {
  readonly owner: string;
  readonly wish: Wish;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Present when the verdict is `write`. */
  readonly write?: NodeWrite;
}

/** What every wish is measured against, worked out once. */
interface Scene extends ExpressInput {
  readonly uses: ReadonlyMap<string, readonly Use[]>;
  readonly live: ReadonlyMap<string, LiveNode>;
}

export function decideExpress(input: ExpressInput): readonly Decision[] {
  const events = input.events.toSorted((a, b) => compareVersions(a.version, b.version));
  const scene: Scene = {
    ...input,
    events,
    uses: usesByAddress(input.declared),
    live: new Map(input.nodes.map((node) => [node.address, node])),
  };
  const decisions = oncePerNode(
    events.flatMap((event) => event.wishes.map((wish) => judge(scene, event, wish))),
  );
  const stay = stayInPools(
    scene,
    decisions.filter(({ verdict }) => verdict === 'write').map(({ wish }) => wish),
  );
  return decisions.map((decision) => {
    const reason = decision.verdict === 'write' ? stay.get(decision.wish.address) : undefined;
    return reason === undefined
      ? decision
      : { owner: decision.owner, wish: decision.wish, verdict: 'left', reason };
  });
}

/** Several ingresses may speak of one Kubernetes node; the newest of them, which comes last, is written. */
function oncePerNode(decisions: readonly Decision[]): readonly Decision[] {
  const last = new Map(
    decisions
      .filter(({ write }) => write !== undefined)
      .map((decision) => [decision.wish.address, decision]),
  );
  return decisions.map((decision) => {
    if (decision.write === undefined || last.get(decision.wish.address) === decision)
      return decision;
    return {
      owner: decision.owner,
      wish: decision.wish,
      verdict: 'superseded',
      reason: `a newer event of the same cluster speaks of ${decision.wish.address}`,
    };
  });
}

function judge(scene: Scene, event: Express, wish: Wish): Decision {
  const { owner } = event;
  const refused = fence(scene, event) ?? strangers(scene, event, wish);
  if (refused !== undefined) return { owner, wish, ...refused };
  const node = scene.live.get(wish.address);
  if (node === undefined)
    return { owner, wish, verdict: 'left', reason: `the partition has no node ${wish.address}` };
  const cluster = clusterOf(owner);
  if (isNewerStamp(node.stamp, cluster, event.version))
    return {
      owner,
      wish,
      verdict: 'superseded',
      reason: `node ${wish.address} was written by a newer revision`,
    };
  if (node.availability === wish.availability && isKnown(scene, event, node))
    return { owner, wish, verdict: 'unchanged', reason: `node ${wish.address} is so already` };
  const write = {
    name: node.name,
    address: wish.address,
    availability: wish.availability,
    stamp: { ...ratioOf(node.stamp), cluster, version: event.version },
  };
  return { owner, wish, verdict: 'write', reason: wish.because, write };
}

/** A ratio is left as it is, and with it the mark that it is ours. */
function ratioOf(stamp: Stamp | undefined): Pick<Stamp, 'ratio'> {
  return stamp?.ratio === undefined ? {} : { ratio: stamp.ratio };
}

type Refusal = Pick<Decision, 'verdict' | 'reason'>;

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

/** Pods are one owner's; a Kubernetes node may serve several ingresses of its cluster, and its state holds for all of them. */
function strangers({ uses, declared }: Scene, { owner }: Express, wish: Wish): Refusal | undefined {
  if (worse(wish.availability, drainOf(declared, owner)) !== wish.availability)
    return { verdict: 'left', reason: `cluster ${clusterOf(owner)} is drained` };
  const found = uses.get(wish.address) ?? [];
  if (found.length === 0)
    return { verdict: 'left', reason: `no declared pool has ${wish.address}` };
  const mayShare = wish.wholeNode || wish.availability === 'ready';
  const stranger = found.find(
    (use) => use.owner !== owner && !(mayShare && clusterOf(use.owner) === clusterOf(owner)),
  );
  return stranger === undefined
    ? undefined
    : { verdict: 'left', reason: `${stranger.owner} uses ${wish.address} too` };
}

/** The same state needs a newer stamp only until the declared state says it as well. */
function isKnown(
  { uses }: Scene,
  { version }: Express,
  { address, availability, stamp }: LiveNode,
): boolean {
  const declared = uses.get(address)?.every((use) => use.availability === availability) ?? false;
  return declared || (stamp !== undefined && compareVersions(stamp.version, version) === 0);
}
