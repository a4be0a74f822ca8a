/** For every device and cluster: what is declared, and the state of the cluster. Pure. */
import type { SluiceConfig } from '../../config/schema.ts';
import {
  NOTHING_HEARD,
  newestEvents,
  silencePolicies,
  silentClusters,
} from '../../domain/steering/silence.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { sharedFleet } from '../../config/fleets.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { Drain, OwnerRecord } from '../../domain/declared/owner-record.ts';
import { heldByNodes } from '../../domain/plan/node-sharing.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { compareVersions, formatRevision } from '../../domain/revision.ts';
import type { Heard, SilentCluster } from '../../domain/steering/silence.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';

/** One cluster on one device, as JSON can hold it. */
export interface ClusterRow {
  readonly cluster: string;
  readonly device: string;
  /** kube-system UIDs; several if an adoption reached only some partitions. */
  readonly uids: readonly string[];
  /** Number of ingresses with a record here. */
  readonly owners: number;
  readonly exposures: number;
  readonly members: number;
  /** Number of removals that wait for approval. */
  readonly held: number;
  /** Number of exposures that wait for an approved move of nodes; absent if there are none. */
  readonly waiting?: number;
  /** The ingresses of both, as `cluster/namespace/service`; absent if there are none. */
  readonly heldOwners?: readonly string[];
  readonly version?: string;
  /** Time of its newest event. */
  readonly seen?: string;
  readonly state: 'enabled' | 'draining' | 'out';
  readonly drain?: Drain;
  readonly silent: boolean;
  /** It may be silent: the failure store, which keeps its newest events, does not answer. */
  readonly silenceUnknown?: true;
  /**
   * Another cluster that uses the id. `replaced`: an adoption replaced it and it still sends
   * events. Unknown clusters take precedence.
   */
  readonly rival?: NonNullable<OwnerRecord['rival']> & { readonly replaced?: true };
}

/** The readable states of a device's partitions. */
export function statesOf(
  declared: readonly DeclaredPartitionView[],
  device: string,
): readonly DeclaredState[] {
  return [...statesByPartition(declared, device).values()];
}

/** The readable states of a device, by partition. */
export function statesByPartition(
  declared: readonly DeclaredPartitionView[],
  device: string,
): ReadonlyMap<string, DeclaredState> {
  return new Map(
    declared.flatMap((one) =>
      one.device === device && 'state' in one ? [[one.partition, one.state] as const] : [],
    ),
  );
}

/** kube-system UIDs that adoptions replaced, as far as known. */
export function replacedIn(cluster: string, states: readonly DeclaredState[]): ReadonlySet<string> {
  return new Set(states.flatMap(({ replaced }) => replaced?.[cluster] ?? []));
}

/** Configured clusters first, then those that only occur on devices. */
export function knownClusters(
  config: Pick<SluiceConfig, 'clusters'>,
  states: readonly DeclaredState[],
): readonly string[] {
  const declared = states.flatMap(({ owners }) =>
    Object.keys(owners).map((owner) => parseOwner(owner).cluster),
  );
  return [...new Set([...config.clusters.map(({ id }) => id), ...declared])];
}

/**
 * A row for each cluster on each device that answers. `heard`: by device; absent ones have no newer
 * events than declared.
 */
export function clusterRows(
  config: SluiceConfig,
  declared: readonly DeclaredPartitionView[],
  now: number,
  heard: ReadonlyMap<string, Heard> = new Map(),
): readonly ClusterRow[] {
  return [...new Set(declared.map(({ device }) => device))].flatMap((device) => {
    const states = statesOf(declared, device);
    // The state of a cluster is unknown on a device that does not answer.
    if (states.length === 0) return [];
    const heardHere = heard.get(device) ?? NOTHING_HEARD;
    const silent = silentClusters(states, silencePolicies(config.clusters), now, heardHere);
    const newest = newestEvents(states, heardHere);
    const waiting = heldByNodes(statesByPartition(declared, device), sharedFleet(config));
    const asked = (cluster: string): boolean =>
      config.ingresses.some(
        (ingress) => ingress.cluster === cluster && ingress.devices.includes(device),
      );
    const rows = knownClusters(config, states).map((cluster) => {
      const mine = waiting.filter(({ owner }) => parseOwner(owner).cluster === cluster);
      return {
        row: {
          ...rowOf(cluster, { device, states, silent, newest }),
          ...(mine.length > 0 && { waiting: mine.length }),
          ...heldOwnersOf(cluster, states, mine),
        },
        asked: asked(cluster),
      };
    });
    return rows
      .filter(
        ({ row, asked: isAsked }) =>
          isAsked || row.version !== undefined || row.drain !== undefined,
      )
      .map(({ row }) => row);
  });
}

/** Of removals, and of exposures that wait for a move of nodes. */
function heldOwnersOf(
  cluster: string,
  states: readonly DeclaredState[],
  waiting: readonly { readonly owner: string }[],
): Pick<ClusterRow, 'heldOwners'> {
  const removing = states.flatMap(({ owners }) =>
    Object.entries(owners).flatMap(([owner, { held = [] }]) => (held.length > 0 ? [owner] : [])),
  );
  const all = [
    ...removing.filter((owner) => parseOwner(owner).cluster === cluster),
    ...waiting.map(({ owner }) => owner),
  ];
  return all.length === 0 ? {} : { heldOwners: [...new Set(all)].toSorted() };
}

/** What is known of all clusters on one device. */
interface DeviceView {
  readonly device: string;
  readonly states: readonly DeclaredState[];
  readonly silent: readonly SilentCluster[];
  /** By cluster: time of its newest event. */
  readonly newest: ReadonlyMap<string, string>;
}

/** The figures of a cluster over all partitions of the device. */
function rowOf(cluster: string, view: DeviceView): ClusterRow {
  const { device, states } = view;
  const records = states.flatMap(({ owners }) =>
    Object.entries(owners).filter(([owner]) => parseOwner(owner).cluster === cluster),
  );
  const live = records.filter(([, { gone }]) => gone === undefined).map(([owner]) => owner);
  const parts = states
    .flatMap(({ exposures }) =>
      Object.values(exposures).map(({ contributions }) =>
        contributions.filter(({ owner }) => parseOwner(owner).cluster === cluster),
      ),
    )
    .filter((mine) => mine.length > 0);
  const newest = records
    .map(([, { version }]) => version)
    .toSorted(compareVersions)
    .at(-1);
  const seen = view.newest.get(cluster);
  const silence = view.silent.find((one) => one.cluster === cluster);
  const drain = states.map(({ drains }) => drains?.[cluster]).find((one) => one !== undefined);
  const rival = rivalIn(
    records.flatMap(([, record]) => record.rival ?? []),
    replacedIn(cluster, states),
  );
  return {
    cluster,
    device,
    uids: [...new Set(records.map(([, { clusterUid }]) => clusterUid))],
    owners: new Set(live).size,
    exposures: parts.length,
    members: parts.flat().reduce((sum, { members }) => sum + members.length, 0),
    held: records.reduce((sum, [, { held = [] }]) => sum + held.length, 0),
    ...(newest && { version: formatRevision(newest) }),
    ...(seen === undefined ? {} : { seen }),
    state: drain === undefined ? 'enabled' : drain.mode === 'out' ? 'out' : 'draining',
    ...(drain && { drain }),
    silent: silence !== undefined && silence.unknown === undefined,
    ...(silence?.unknown && { silenceUnknown: true as const }),
    ...(rival && { rival }),
  };
}

/** A cluster that no adoption replaced needs a decision, so it comes first. */
function rivalIn(
  rivals: readonly NonNullable<OwnerRecord['rival']>[],
  replaced: ReadonlySet<string>,
): ClusterRow['rival'] {
  const unknown = rivals.find(({ clusterUid }) => !replaced.has(clusterUid));
  return unknown ?? (rivals[0] && { ...rivals[0], replaced: true });
}

/** Whether an operator should look at it. */
export function needsAttention(row: ClusterRow): boolean {
  const { silent, silenceUnknown, rival, held, waiting } = row;
  return (
    silent || silenceUnknown === true || rival !== undefined || held > 0 || waiting !== undefined
  );
}

/** The state of a cluster over all devices: `enabled`, or the exceptions with their devices. */
export function describeStanding(rows: readonly ClusterRow[]): string {
  const words = rows.flatMap((row) => briefly(row).map((word) => ({ word, device: row.device })));
  const byWord = [...Map.groupBy(words, ({ word }) => word)];
  return (
    byWord
      .map(([word, list]) =>
        rows.length === 1 ? word : `${word} on ${list.map(({ device }) => device).join(', ')}`,
      )
      .join('; ') || 'enabled'
  );
}

/** For `sluice status`: empty if nothing needs attention. */
function briefly(row: ClusterRow): readonly string[] {
  const { state, silent, silenceUnknown, rival, held, waiting } = row;
  return [
    ...(state === 'enabled' ? [] : [state]),
    ...(silent ? ['silent'] : []),
    ...(silenceUnknown ? ['silence unknown'] : []),
    ...(rival === undefined
      ? []
      : [
          rival.replaced
            ? 'the replaced cluster still sends events'
            : 'another cluster uses its id',
        ]),
    ...(held === 0 ? [] : [`${held} removals held`]),
    ...(waiting === undefined ? [] : [`${formatCount(waiting, 'exposure')} held`]),
  ];
}
