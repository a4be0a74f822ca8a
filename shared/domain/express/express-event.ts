/**
 * Selects the part of a slice to send ahead: leaving and returning members. Pure; does not compare
 * with earlier slices.
 */
import type { Availability, Slice } from '../exposure/exposure.ts';
import { formatIp } from '../net/ip.ts';
import { withoutRouteDomain } from '../net/cluster-networks.ts';
import { betterAvailability, parseIps } from '../exposure/indexed-ingress.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ExpressReason, Express, MemberChange } from './event.ts';

/**
 * Where the members of an exposure are. Members on devices with several partitions are not sent
 * ahead.
 */
export interface ExpressTarget {
  /**
   * The only partition of the device: with several, nodes are shared in /Common, where Sluice
   * writes nothing.
   */
  readonly partition: string;
  readonly members: 'pods' | 'nodes';
}

/** The state of an address in Kubernetes. */
interface Fact {
  readonly terminating: boolean;
  readonly cordoned: boolean;
  readonly nodeNotReady: boolean;
  /** A change of its pod or node was observed since the last result. */
  readonly changed: boolean;
}

/** Undefined if there is nothing to send ahead. */
export function expressFor(
  slice: Slice,
  snapshot: Snapshot,
  where: ExpressTarget,
): Express | undefined {
  const wanted = availabilities(slice, where.partition);
  if (wanted.size === 0) return undefined;
  const facts = where.members === 'pods' ? podFacts(snapshot) : nodeFacts(snapshot);
  const wishes = [
    ...[...wanted].flatMap(
      ([address, availability]) =>
        memberChange(address, availability, facts.get(withoutRouteDomain(address))) ?? [],
    ),
    ...excludedNow(slice, facts),
  ];
  if (wishes.length === 0) return undefined;
  const { owner, clusterUid, device, version } = slice;
  return {
    owner,
    clusterUid,
    device,
    partition: where.partition,
    version,
    wishes: wishes.sort((a, b) => (a.address < b.address ? -1 : 1)),
  };
}

/** Only when it is seen to change, because most are excluded for good and never were members. */
function excludedNow(
  { excludedNodes = [] }: Slice,
  facts: ReadonlyMap<string, Fact>,
): readonly MemberChange[] {
  return excludedNodes
    .filter((address) => facts.get(withoutRouteDomain(address))?.changed === true)
    .map((address) => ({
      address,
      availability: 'draining',
      because: 'cordoned',
      wholeNode: true,
    }));
}

/**
 * A node applies to its address in every pool, so the best state that any exposure requests is
 * used.
 */
function availabilities(slice: Slice, partition: string): ReadonlyMap<string, Availability> {
  const wanted = new Map<string, Availability>();
  for (const { address, availability } of slice.exposures
    .filter((e) => e.partition === partition)
    .flatMap((e) => e.members)) {
    wanted.set(address, betterAvailability(wanted.get(address) ?? availability, availability));
  }
  return wanted;
}

/** Facts of an address about which nothing is known: it stays as it is. */
const UNKNOWN: Fact = { terminating: false, cordoned: false, nodeNotReady: false, changed: false };

/** The change of a member that its availability requests; undefined if none. */
function memberChange(
  address: string,
  availability: Availability,
  fact: Fact = UNKNOWN,
): MemberChange | undefined {
  if (availability === 'ready')
    return fact.changed ? { address, availability, because: 'back', wholeNode: false } : undefined;
  const because = reasonOf(availability, fact);
  return {
    address,
    availability,
    because,
    wholeNode: because === 'cordoned' || because === 'node-not-ready',
  };
}

/** The reason that people see for a member that leaves; a cause at the node comes first. */
function reasonOf(availability: Exclude<Availability, 'ready'>, fact: Fact): ExpressReason {
  if (availability === 'out' && fact.nodeNotReady) return 'node-not-ready';
  if (availability === 'draining' && fact.cordoned) return 'cordoned';
  return availability === 'draining' || fact.terminating ? 'terminating' : 'unready';
}

/** Names of the objects of a kind that this snapshot changed. */
function changedNames(snapshot: Snapshot, kind: 'Pod' | 'Node'): ReadonlySet<string> {
  return new Set(
    snapshot.changes.filter((change) => change.kind === kind).map((change) => change.name),
  );
}

/**
 * By address of a pod: whether it is terminating, and whether this snapshot changed it. Pods
 * without addresses have none.
 */
function podFacts(snapshot: Snapshot): ReadonlyMap<string, Fact> {
  const changed = changedNames(snapshot, 'Pod');
  return new Map(
    snapshot.objects.pods.flatMap(({ meta, ips, terminating }) => {
      const fact = { ...UNKNOWN, terminating, changed: changed.has(meta.name) };
      return addressesOf(ips).map((address) => [address, fact] as const);
    }),
  );
}

/** A node also returns when a pod on it does (`externalTrafficPolicy: Local`). */
function nodeFacts(snapshot: Snapshot): ReadonlyMap<string, Fact> {
  const [nodes, pods] = [changedNames(snapshot, 'Node'), changedNames(snapshot, 'Pod')];
  const busy = new Set(
    snapshot.objects.pods.filter(({ meta }) => pods.has(meta.name)).map(({ nodeName }) => nodeName),
  );
  return new Map(
    snapshot.objects.nodes.flatMap(({ meta, addresses, ready, unschedulable }) => {
      const fact = {
        terminating: false,
        cordoned: unschedulable,
        nodeNotReady: !ready,
        changed: nodes.has(meta.name) || busy.has(meta.name),
      };
      return addressesOf(addresses.map(({ address }) => address)).map(
        (address) => [address, fact] as const,
      );
    }),
  );
}

function addressesOf(texts: readonly string[]): readonly string[] {
  return parseIps(texts).map(formatIp);
}
