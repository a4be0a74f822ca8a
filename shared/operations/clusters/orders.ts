/** Computes and describes the effect of a cluster order before it is sent. Pure. */
import type { SluiceConfig } from '../../config/schema.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { Version } from '../../domain/revision.ts';
import { compareVersions } from '../../domain/revision.ts';
import type { Heard } from '../../domain/steering/silence.ts';
import { newestEvents, NOTHING_HEARD } from '../../domain/steering/silence.ts';
import { servedOnlyBy } from '../../domain/steering/serving.ts';
import type { Steering } from '../../domain/steering/steering.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';
import { formatAge, formatCount } from '../../domain/text/counts.ts';
import { knownClusters, replacedIn, statesOf } from './rows.ts';
import { ChoiceError } from '../choice.ts';

/**
 * The request. `forget`: one owner, or all; `adopt`: this kube-system UID, or that of the
 * requesting cluster.
 */
export type ClusterOrderRequest =
  | { readonly action: 'drain' | 'out'; readonly because: string }
  | { readonly action: 'enable' }
  | { readonly action: 'forget'; readonly owner?: string }
  | { readonly action: 'adopt'; readonly uid?: string };

/** The orders to send, and what the operator should know first. */
export interface ClusterOrderPlan {
  /** One for each device that is concerned, to be sent in this order. */
  readonly orders: readonly Steering[];
  /** Question to confirm the order. */
  readonly question: string;
  /** Set if the order also requires `--force`, with the reason. */
  readonly risk?: string;
}

/** The partitions of one device on which the cluster has exposures. */
interface Place {
  readonly device: string;
  readonly cluster: string;
  readonly states: readonly DeclaredState[];
}

/** The declared state on which the effect depends. */
export interface ClusterOrderContext {
  readonly config: SluiceConfig;
  /** Of the devices that are meant; one that could not be read makes the plan throw. */
  readonly declared: readonly DeclaredPartitionView[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** By device: when clusters were heard outside of its declaration; absent: never. */
  readonly heard?: ReadonlyMap<string, Heard>;
}

/** Throws an explanation if the request is invalid. */
export function planClusterOrder(
  { config, declared, now, heard = new Map() }: ClusterOrderContext,
  cluster: string,
  wanted: ClusterOrderRequest,
): ClusterOrderPlan {
  const away = declared.find((one) => 'problem' in one);
  const silence =
    away && `${away.device}, partition ${away.partition}: ${away.code}: ${away.problem}`;
  const devices = [...new Set(declared.map(({ device }) => device))];
  const known = knownClusters(
    config,
    devices.flatMap((device) => statesOf(declared, device)),
  );
  if (!known.includes(cluster))
    throw new Error(
      `cluster ${cluster} is neither in clusters[] nor declared on ${devices.join(', ')}` +
        `${silence === undefined ? '' : ` as far as is known (${silence})`}; ` +
        `known clusters: ${known.join(', ')}`,
    );
  if (silence !== undefined)
    throw new ChoiceError(
      ['device'],
      `${silence}; the effect there cannot be determined. Select a reachable device`,
    );
  const places = devices.map((device) => ({ device, cluster, states: statesOf(declared, device) }));
  switch (wanted.action) {
    case 'drain':
    case 'out':
      return drainIntent(places, wanted.action, wanted.because);
    case 'enable':
      return {
        orders: places.map(({ device }) => ({ action: 'enable', device, cluster })),
        question: `Return cluster ${cluster} to rotation on ${devices.join(', ')}${drainedWords(places)}?`,
      };
    case 'forget':
      return forgetIntent(places, wanted.owner, { now, heard });
    case 'adopt':
      return adoptIntent(places, wanted.uid);
  }
}

/** A drain affects exposures without other members most, so these are named and need `--force`. */
function drainIntent(
  places: readonly Place[],
  action: 'drain' | 'out',
  because: string,
): ClusterOrderPlan {
  const cluster = clusterIn(places);
  const mode = action;
  const alone = places.flatMap(({ device, states }) =>
    states.flatMap((state) => servedOnlyBy(state, cluster).map((key) => `${key} on ${device}`)),
  );
  const effect =
    action === 'drain'
      ? 'Its members get no new connections; existing connections continue'
      : 'Its members get no connections; existing connections are cut';
  const question =
    `${action === 'drain' ? 'Drain' : 'Take out'} cluster ${cluster}: ` +
    `${places.map(sizeOf).join('; ')}. ` +
    `${effect}.${alone.length === 0 ? '' : ` ${aloneWords(cluster, alone)}.`} Do it?`;
  const risk =
    alone.length === 0
      ? {}
      : {
          risk: `${aloneWords(cluster, alone)}; these exposures would then accept no new connections`,
        };
  return {
    orders: places.map(({ device }) => ({ action: 'drain', device, cluster, mode, because })),
    question,
    ...risk,
  };
}

/** Names the first five exposures and counts all of them. */
function aloneWords(cluster: string, alone: readonly string[]): string {
  const some = alone.slice(0, 5).join(', ');
  return (
    `Only ${cluster} serves ${alone.length} ${alone.length === 1 ? 'exposure' : 'exposures'} ` +
    `(${some}${alone.length > 5 ? ', …' : ''})`
  );
}

/** Names each owner with the version that is shown now; newer ones are kept. */
function forgetIntent(
  places: readonly Place[],
  owner: string | undefined,
  { now, heard }: Required<Pick<ClusterOrderContext, 'now' | 'heard'>>,
): ClusterOrderPlan {
  const cluster = clusterIn(places);
  const isMeant = (key: string): boolean =>
    owner === undefined ? parseOwner(key).cluster === cluster : key === owner;
  const found = places
    .map((place) => ({
      ...place,
      upTo: versionsOf(place, isMeant),
      keys: place.states.flatMap((state) => keysOf(state, isMeant)),
    }))
    .filter(({ upTo }) => Object.keys(upTo).length > 0);
  const what = owner ?? `cluster ${cluster}`;
  if (found.length === 0)
    throw new Error(
      `${what} is not declared on ${places.map(({ device }) => device).join(', ')}; there is nothing to forget`,
    );
  const seen = found
    .flatMap(({ device, states }) => {
      const newest = newestEvents(states, heard.get(device) ?? NOTHING_HEARD).get(cluster);
      return newest === undefined ? [] : [newest];
    })
    .toSorted((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1);
  const spoke =
    seen === undefined
      ? ''
      : ` Its last event was ${formatAge(Date.parse(seen), now)} ago; if it sends again, it is added again.`;
  const effect = found
    .map(
      ({ device, keys, upTo }) =>
        `${formatCount(keys.length, 'exposure')} of ` +
        `${formatCount(Object.keys(upTo).length, 'ingress', 'ingresses')} on ${device}`,
    )
    .join(', ');
  const orders = found.map(({ device, upTo }): Steering => ({
    action: 'forget',
    device,
    cluster,
    upTo,
    whole: owner === undefined,
  }));
  return {
    orders,
    question:
      `Forget ${what}: remove its part of ${effect}; ` +
      `exposures that it does not share are removed completely.${spoke} Do it?`,
  };
}

/**
 * The newest version of each owner over all partitions; owners with newer events are not forgotten.
 */
function versionsOf(
  { states }: Place,
  isMeant: (owner: string) => boolean,
): Record<string, Version> {
  const newest: Record<string, Version> = {};
  for (const [owner, { version, gone }] of states.flatMap(({ owners }) => Object.entries(owners))) {
    const stillThere =
      gone === undefined ||
      states.some((state) => keysOf(state, (one) => one === owner).length > 0);
    const known = newest[owner];
    if (
      isMeant(owner) &&
      stillThere &&
      (known === undefined || compareVersions(version, known) > 0)
    )
      newest[owner] = version;
  }
  return newest;
}

/** The exposures to which one of the owners contributes. */
function keysOf(
  { exposures }: DeclaredState,
  isMeant: (owner: string) => boolean,
): readonly string[] {
  return Object.entries(exposures).flatMap(([key, { contributions }]) =>
    contributions.some(({ owner }) => isMeant(owner)) ? [key] : [],
  );
}

/** Adopts the only rival, or the cluster with the given UID. Throws if that is ambiguous. */
function adoptIntent(places: readonly Place[], uid: string | undefined): ClusterOrderPlan {
  const cluster = clusterIn(places);
  const records = places.flatMap(({ device, states }) =>
    states.flatMap(({ owners }) =>
      Object.entries(owners).flatMap(([owner, record]) =>
        parseOwner(owner).cluster === cluster ? [{ device, record }] : [],
      ),
    ),
  );
  const asking = [...new Set(records.flatMap(({ record }) => record.rival?.clusterUid ?? []))];
  const replaced = replacedIn(
    cluster,
    places.flatMap(({ states }) => states),
  );
  const rivals = asking.filter((one) => !replaced.has(one));
  const [found = uid, ...more] = uid === undefined ? rivals : [uid];
  if (found === undefined && asking.length > 0)
    throw new ChoiceError(
      ['uid'],
      `the id ${cluster} is requested only by clusters that an adoption replaced: ` +
        `${asking.join(', ')}; to hand the id back, name one of these UIDs`,
    );
  if (found === undefined)
    throw new ChoiceError(
      ['uid'],
      `no other cluster has requested the id ${cluster} on ` +
        `${places.map(({ device }) => device).join(', ')}; ` +
        'start its watcher first, or name its kube-system UID',
    );
  if (more.length > 0)
    throw new ChoiceError(
      ['uid'],
      `several clusters request the id ${cluster}: ${rivals.join(', ')}; name one of them`,
    );
  const others = records.filter(({ record }) => record.clusterUid !== found);
  const devices = [...new Set(others.map(({ device }) => device))];
  if (devices.length === 0)
    throw new Error(
      `${cluster} already is the cluster with kube-system UID ${found}; there is nothing to adopt`,
    );
  const before = [...new Set(others.map(({ record }) => record.clusterUid))].join(', ');
  return {
    orders: devices.map((device) => ({ action: 'adopt', device, cluster, clusterUid: found })),
    question:
      `Make the cluster with kube-system UID ${found} the owner of what ${before} declared ` +
      `as ${cluster} on ${devices.join(', ')}? ` +
      'Events of the old cluster are refused from then on. Do it?',
  };
}

/** All places are about the same cluster. */
function clusterIn([first]: readonly Place[]): string {
  return first?.cluster ?? '';
}

/** How much of the cluster is declared on the device, for the question. */
function sizeOf({ device, cluster, states }: Place): string {
  const own = states
    .flatMap(({ exposures }) =>
      Object.values(exposures).map(({ contributions }) =>
        contributions.filter(({ owner }) => parseOwner(owner).cluster === cluster),
      ),
    )
    .filter((parts) => parts.length > 0);
  return `${formatCount(own.length, 'exposure')} with ${formatCount(
    own.flat().reduce((sum, { members }) => sum + members.length, 0),
    'member',
  )} on ${device}`;
}

/** Since when and why the cluster is drained, so that a drain is not ended by mistake. */
function drainedWords(places: readonly Place[]): string {
  const drains = places.flatMap(({ device, cluster, states }) =>
    states.flatMap(({ drains: all }) =>
      all?.[cluster] ? [`${device} since ${all[cluster].since}: ${all[cluster].because}`] : [],
    ),
  );
  return drains.length === 0 ? ' (it is not drained there)' : ` (drained on ${drains.join('; ')})`;
}
