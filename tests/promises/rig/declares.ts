/** What a declare may do: to what was declared before, and to other partitions. */
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { compareVersions, formatRevision } from '../../../shared/domain/revision.ts';
import type { RigCluster } from './clusters.ts';

/** One declare of a device. */
export interface Declare {
  readonly partition: string;
  readonly before: DeclaredState;
  readonly next: DeclaredState;
  /** The other partitions of Sluice. */
  readonly siblings: readonly DeclaredState[];
}

/** What decides whether a declare is right. */
export interface DeclareRules {
  readonly clusters: readonly RigCluster[];
  /** Whether all clusters are of one fleet. */
  readonly isFleet: boolean;
  /** Whether somebody approved that the nodes of the partition move. */
  readonly mayMoveNodes: (partition: string) => boolean;
  readonly sliceOf: (owner: string, version: Slice['version']) => Slice | undefined;
}

/** Descriptions of broken promises. */
export function problemsOf(declare: Declare, rules: DeclareRules): readonly string[] {
  const { partition, before, next } = declare;
  return [
    ...rollbacks(before, next),
    ...(rules.isFleet ? [] : sharing(next)),
    ...lostParts(before, next).flatMap((part) => {
      const version = next.owners[part.owner]?.version;
      const slice = version && rules.sliceOf(part.owner, version);
      const cluster = rules.clusters.find((one) => one.owner === part.owner);
      return unproven(part, { partition, slice, cluster });
    }),
    ...placedTwice(declare),
    ...(rules.mayMoveNodes(partition) ? [] : emptied(declare)),
  ];
}

function rollbacks(before: DeclaredState, next: DeclaredState): readonly string[] {
  return Object.entries(before.owners).flatMap(([owner, { version }]) => {
    const now = next.owners[owner]?.version;
    return now !== undefined && compareVersions(now, version) >= 0
      ? []
      : [
          `3: ${owner} was rolled back from ${formatRevision(version)} to ` +
            (now ? formatRevision(now) : 'nothing'),
        ];
  });
}

function sharing({ exposures }: DeclaredState): readonly string[] {
  return Object.entries(exposures).flatMap(([key, { contributions }]) =>
    new Set(contributions.map(({ owner }) => owner)).size === 1
      ? []
      : [`7: ${key} has several owners`],
  );
}

/** What an owner had and has no more: an exposure, or a member of one. */
interface LostPart {
  readonly owner: string;
  readonly key: string;
  readonly member?: string;
}

/** Its slice has it still, or nobody ever took it away in Kubernetes. */
function unproven(
  { owner, key, member }: LostPart,
  {
    partition,
    slice,
    cluster,
  }: {
    readonly partition: string;
    readonly slice: Slice | undefined;
    readonly cluster: RigCluster | undefined;
  },
): readonly string[] {
  const port = key.split(':')[1]?.split('/')[0] ?? '';
  const isTaken =
    member === undefined &&
    slice?.exposures.some((one) => one.partition === partition && exposureKey(one) === key);
  const wasAlways =
    member === undefined ? cluster?.wasAlways('port', port) : cluster?.wasAlways('pod', member);
  return [
    ...(isTaken === true ? [`7: ${key} was taken from ${owner}, whose slice has it`] : []),
    ...(wasAlways === true
      ? [`6: ${member ?? key} of ${owner} was removed, and nobody ever took it away`]
      : []),
  ];
}

function lostParts(before: DeclaredState, next: DeclaredState): readonly LostPart[] {
  return Object.entries(before.exposures).flatMap(([key, { contributions }]) =>
    contributions.flatMap(({ owner, members }) => {
      const now = next.exposures[key]?.contributions.find((one) => one.owner === owner);
      if (now === undefined) return [{ owner, key }];
      const left = new Set(now.members.map(({ address }) => address));
      return members
        .filter(({ address }) => !left.has(address))
        .map(({ address }) => ({ owner, key, member: address }));
    }),
  );
}

/** BIG-IP refuses an address in two partitions, and a node unless both keep theirs in /Common. */
function placedTwice({ partition, next, siblings }: Declare): readonly string[] {
  return siblings.flatMap((other) => {
    const servers = new Set(Object.values(other.exposures).map(({ address }) => address));
    const nodes = membersIn(other);
    const areShared = other.shareNodes === true && next.shareNodes === true;
    return [
      ...Object.values(next.exposures)
        .filter(({ address }) => servers.has(address))
        .map(({ address }) => `7: ${address} is in ${partition} and in another partition`),
      ...[...membersIn(next)]
        .filter((address) => !areShared && nodes.has(address))
        .map((address) => `7: the node ${address} is in ${partition} and in another partition`),
    ];
  });
}

/** Nodes that move to /Common take every pool of their partition with them for a moment. */
function emptied({ partition, before, next }: Declare): readonly string[] {
  if ((before.shareNodes ?? false) === (next.shareNodes ?? false)) return [];
  const now = membersIn(next);
  return [...membersIn(before)].some((address) => now.has(address))
    ? [`6: the pools of ${partition} were empty for a moment, and nobody approved that`]
    : [];
}

/** Addresses of the members of all exposures. */
export function membersIn({ exposures }: DeclaredState): ReadonlySet<string> {
  return new Set(
    Object.values(exposures).flatMap(({ contributions }) =>
      contributions.flatMap(({ members }) => members.map(({ address }) => address)),
    ),
  );
}
