/**
 * Silent clusters, which send no events. Nothing is removed; policy may drain them if others serve
 * their exposures.
 */
import type { Note } from '../exposure/exposure.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { Drain } from '../declared/owner-record.ts';
import { servedAlone } from './serving.ts';
import type { DrainOrder, EnableOrder } from './steering.ts';

/** Silence settings of one cluster. */
export interface SilencePolicy {
  readonly cluster: string;
  /** Seconds without a newer version. */
  readonly silentAfter: number;
  readonly whenSilent: 'report' | 'drain';
}

/** The silence settings of all clusters, as the configuration has them. */
export function silencePolicies(
  clusters: readonly (Omit<SilencePolicy, 'cluster'> & { readonly id: string })[],
): readonly SilencePolicy[] {
  return clusters.map(({ id, silentAfter, whenSilent }) => ({
    cluster: id,
    silentAfter,
    whenSilent,
  }));
}

/**
 * By cluster: time of its newest event that the declaration does not contain, because its fence
 * waits (decision 62). `unknown` if the failure store, which keeps it, does not answer.
 */
export type Heard = ReadonlyMap<string, string> | 'unknown';

/** No event that a declaration does not contain. */
export const NOTHING_HEARD: Heard = new Map();

/** A cluster without recent events. */
export interface SilentCluster {
  readonly cluster: string;
  /** Time of its newest event. */
  readonly seen: string;
  /** Newer events may have arrived: the failure store does not answer. It is never drained then. */
  readonly unknown?: true;
  /** Keys of the exposures with its contributions. */
  readonly exposures: readonly string[];
  /** Of these, those that no active cluster would serve. */
  readonly alone: readonly string[];
  readonly drained?: Drain;
  /** The order by policy. */
  readonly order?: Omit<DrainOrder, 'device'> | Omit<EnableOrder, 'device'>;
}

/**
 * By cluster: time at which its newest version arrived. Clusters are absent if no record contains
 * it, as in states of older versions.
 */
export function newestSeen(states: readonly DeclaredState[]): ReadonlyMap<string, string> {
  const newest = new Map<string, string>();
  for (const [owner, { seen }] of states.flatMap(({ owners }) => Object.entries(owners))) {
    const { cluster } = parseOwner(owner);
    const known = newest.get(cluster);
    if (seen !== undefined && (known === undefined || Date.parse(seen) > Date.parse(known)))
      newest.set(cluster, seen);
  }
  return newest;
}

/**
 * By cluster: time of its newest event, declared or not. A cluster that no declaration contains is
 * absent.
 */
export function newestEvents(
  states: readonly DeclaredState[],
  heard: Heard,
): ReadonlyMap<string, string> {
  if (heard === 'unknown') return newestSeen(states);
  const newer = (cluster: string, seen: string): string => {
    const later = heard.get(cluster);
    return later !== undefined && Date.parse(later) > Date.parse(seen) ? later : seen;
  };
  return new Map(
    [...newestSeen(states)].map(([cluster, seen]) => [cluster, newer(cluster, seen)] as const),
  );
}

/**
 * Like {@link silentClusters}, but asks what was heard only if a cluster would be silent without
 * it.
 */
export async function findSilent(
  states: readonly DeclaredState[],
  policies: readonly SilencePolicy[],
  now: number,
  heard: () => Promise<Heard>,
): Promise<readonly SilentCluster[]> {
  return silentClusters(states, policies, now).length === 0
    ? []
    : silentClusters(states, policies, now, await heard());
}

/**
 * Partitions of one device: a cluster is active if it is active in one of them. `now`: milliseconds
 * since 1970.
 */
export function silentClusters(
  states: readonly DeclaredState[],
  policies: readonly SilencePolicy[],
  now: number,
  heard: Heard = NOTHING_HEARD,
): readonly SilentCluster[] {
  const seenBy = newestEvents(states, heard);
  const all = policies.map((policy) => ({ policy, seen: seenBy.get(policy.cluster) }));
  const isSilent = ({ policy, seen }: (typeof all)[number]): boolean =>
    seen !== undefined && Date.parse(seen) + policy.silentAfter * 1_000 < now;
  const speaking = all
    .filter((one) => one.seen !== undefined && !isSilent(one))
    .map(({ policy }) => policy.cluster);
  const silent = all.filter(isSilent);
  if (silent.length === 0) return [];
  const scene: Scene = {
    states,
    isUnknown: heard === 'unknown',
    speaking,
    parts: states.map(partsOf),
    alone: states.map((state) => servedAlone(state, (cluster) => speaking.includes(cluster))),
  };
  return silent.flatMap(({ policy, seen = '' }) => {
    const exposures = scene.parts.flatMap((parts) => parts.get(policy.cluster) ?? []);
    return exposures.length === 0 ? [] : [judge(scene, { policy, seen, exposures })];
  });
}

/** Input for every silent cluster, computed once; tables are by cluster, one per partition. */
interface Scene {
  readonly states: readonly DeclaredState[];
  readonly isUnknown: boolean;
  readonly speaking: readonly string[];
  readonly parts: readonly ReadonlyMap<string, readonly string[]>[];
  readonly alone: readonly ReadonlyMap<string, readonly string[]>[];
}

/** The order that the policy gives for a silent cluster, if other clusters would still serve. */
function judge(
  { states, isUnknown, speaking, alone: serving }: Scene,
  {
    policy,
    seen,
    exposures,
  }: {
    readonly policy: SilencePolicy;
    readonly seen: string;
    readonly exposures: readonly string[];
  },
): SilentCluster {
  const { cluster, silentAfter, whenSilent } = policy;
  const alone = serving.flatMap((table) => table.get(cluster) ?? []);
  const drained = states
    .map(({ drains }) => drains?.[cluster])
    .find((drain) => drain !== undefined);
  const base = { cluster, seen, exposures, alone, ...(drained && { drained }) };
  if (isUnknown) return { ...base, unknown: true };
  // The clusters that served instead are silent as well, so a silent cluster is better than none.
  if (drained?.silent === true && alone.length > 0)
    return { ...base, order: { action: 'enable', cluster, silent: true } };
  if (whenSilent !== 'drain' || alone.length > 0 || drained !== undefined) return base;
  const because = `silent since ${seen}, which is longer than clusters[].silentAfter (${silentAfter} s)`;
  return {
    ...base,
    order: {
      action: 'drain',
      cluster,
      mode: 'drain',
      because,
      silent: { seen, speaking: [...speaking] },
    },
  };
}

/** Notes for an owner that shares exposures with silent clusters: their members may be outdated. */
export function silenceNotes(
  owner: string,
  states: readonly DeclaredState[],
  silent: readonly SilentCluster[],
): readonly Note[] {
  const { cluster: own, ingress } = parseOwner(owner);
  return silent.flatMap(({ cluster, seen, unknown, exposures }): readonly Note[] => {
    if (unknown) return [];
    const shared = exposures.filter((key) =>
      states.some(
        (state) => state.exposures[key]?.contributions.some((c) => c.owner === owner) ?? false,
      ),
    );
    if (cluster === own || shared.length === 0) return [];
    const message =
      `cluster ${cluster}, which shares ${shared.join(', ')}, ` +
      `has sent no event since ${seen}; ` +
      'its members stay as last declared, and monitors check them';
    return [{ object: `Service ${ingress.namespace}/${ingress.service}`, code: 'OWN331', message }];
  });
}

/** By cluster: keys of the exposures with its contributions. */
function partsOf({ exposures }: DeclaredState): ReadonlyMap<string, readonly string[]> {
  const parts = new Map<string, string[]>();
  for (const [key, { contributions }] of Object.entries(exposures)) {
    for (const cluster of new Set(contributions.map(({ owner }) => parseOwner(owner).cluster))) {
      const known = parts.get(cluster);
      if (known) known.push(key);
      else parts.set(cluster, [key]);
    }
  }
  return parts;
}

/** Describes the silence and its consequences. */
export function describeSilence(silence: SilentCluster): string {
  const { seen, unknown, exposures, alone, drained, order } = silence;
  if (unknown)
    return (
      `it is unknown whether it is silent, so it is not drained: its last declared event is of ` +
      `${seen}, and the failure store, which keeps the time of newer ones, does not answer`
    );
  const what =
    `no event since ${seen}, with members in ${exposures.length} ` +
    `exposure${exposures.length === 1 ? '' : 's'}; check its watcher and its queue`;
  if (order?.action === 'enable')
    return (
      `${what}. It was drained by policy and returns to rotation, ` +
      `because no other active cluster serves ${alone.length} of them`
    );
  if (drained)
    return (
      `${what}. It has been ${drained.mode === 'out' ? 'out' : 'draining'} since ` +
      `${drained.since}: ${drained.because}`
    );
  if (order) return `${what}. It is drained until it sends events again`;
  return alone.length === 0
    ? what
    : `${what}. It stays in rotation, ` +
        `because no other active cluster serves ${alone.length} of them ` +
        `(${alone.slice(0, 3).join(', ')}${alone.length > 3 ? ', …' : ''})`;
}
