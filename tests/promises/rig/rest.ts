/** What must hold once all faults are over and everything had its time. */
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import { formatRevision } from '../../../shared/domain/revision.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import {
  INGRESS_OBSERVED,
  SETTLED_EVENTS,
  SLICE_EVENTS,
  SNAPSHOT_EVENTS,
} from '../../../shared/queue/events.ts';
import type { WorkQueueName } from '../../../shared/queue/port.ts';
import type { RigCluster } from './clusters.ts';
import { pathProblems } from './path-monitors.ts';
import { SERVICE } from './objects.ts';
import type { Operator } from './operator.ts';
import type { Site } from './sites.ts';
import type { World, WorldDevice } from './world.ts';

/** What is looked at. */
export interface Resting {
  readonly world: World;
  readonly clusters: readonly RigCluster[];
  readonly site: Site;
  readonly operator: Pick<Operator, 'rotations'>;
}

/** Descriptions of broken promises. */
export function problemsAtRest(resting: Resting): readonly string[] {
  const { world, clusters } = resting;
  return [
    ...world.devices.flatMap((device) => problemsOn(device, resting)),
    ...clusters.flatMap((one) => statusProblems(world, one)),
    ...lostEvents(world, clusters),
  ];
}

/** What is wrong on one device. */
export function problemsOn(
  device: WorldDevice,
  { clusters, site, operator }: Omit<Resting, 'world'>,
): readonly string[] {
  return [
    ...device.partitions.flatMap((partition) =>
      divergences(device, partition, { clusters, isFleet: site.fleet !== undefined }),
    ),
    ...[...operator.rotations].flatMap(([cluster, wanted]) => {
      const { drains = {} } = device.memory.state(device.partitions[0]);
      const mode = drains[cluster]?.mode ?? 'enable';
      return mode === wanted ? [] : [`2: ${cluster} on ${device.name} has ${mode}, not ${wanted}`];
    }),
    ...(site.network === undefined ? [] : pathProblems(device, clusters)),
  ].map((text) => `${text} (${device.name})`);
}

/** Promise 2: what is declared follows from what Kubernetes says, whatever happened before. */
function divergences(
  { memory }: WorldDevice,
  partition: string,
  { clusters, isFleet }: { readonly clusters: readonly RigCluster[]; readonly isFleet: boolean },
): readonly string[] {
  const { exposures } = memory.state(partition);
  const wishes = clusters.flatMap((cluster) =>
    cluster
      .wanted()
      .filter((wish) => wish.partition === partition)
      .map(({ key }) => ({ cluster, key })),
  );
  const surplus = Object.keys(exposures).filter((key) => !wishes.some((one) => one.key === key));
  const missing = [...Map.groupBy(wishes, ({ key }) => key)].flatMap(([key, all]) => {
    const mine = exposures[key]?.contributions ?? [];
    const isMet = ({ cluster: { owner, members } }: (typeof all)[number]): boolean => {
      const has = mine.find((one) => one.owner === owner)?.members.map(({ address }) => address);
      const { must, may } = members();
      return (
        has !== undefined &&
        must.every((one) => has.includes(one)) &&
        has.every((one) => may.includes(one))
      );
    };
    if (isFleet ? all.every(isMet) : mine.length === 1 && all.some(isMet)) return [];
    const there = mine.map(
      ({ owner, members }) => `${owner} [${members.map(({ address }) => address).join(' ')}]`,
    );
    const owners = all.map(({ cluster }) => cluster.id).join(isFleet ? ' and ' : ' or ');
    return [`2: ${key} is that of ${there.join(' and ') || 'nobody'}; ${owners} wants it`];
  });
  return [...surplus.map((key) => `2: ${key} is declared and not wanted`), ...missing];
}

/** The Service has the addresses of which, and only of which, something of it is declared. */
function statusProblems({ devices }: World, { owner, api }: RigCluster): readonly string[] {
  const service = api.store.get('v1', 'Service', SERVICE.namespace, SERVICE.name);
  if (service === undefined) return [];
  const status = service['status'] as
    { loadBalancer?: { ingress?: readonly { ip?: string }[] } } | undefined;
  const told = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join(' ');
  const declared = devices
    .flatMap(({ memory, partitions }) => partitions.map((one) => memory.state(one)))
    .flatMap(({ exposures }) => Object.values(exposures))
    .filter(({ contributions }) => contributions.some((one) => one.owner === owner));
  const expected = [...new Set(declared.map(({ address }) => address))].toSorted().join(' ');
  return told === expected
    ? []
    : [`9: the Service of ${owner} says "${told}" and should say "${expected}"`];
}

/** Promise 1: every event ended, and nothing waits. */
function lostEvents(world: World, clusters: readonly RigCluster[]): readonly string[] {
  const { queues, log } = world;
  const names: readonly WorkQueueName[] = ['snapshots', 'slices'];
  const stuck = names.flatMap((name) =>
    queues.messages(name).map(({ group }) => `1: a message of ${group} is stuck in ${name}`),
  );
  const ends = new Set([
    ...clusters.flatMap(({ id }) => settledOf(world, id)),
    ...log
      .filter(({ said }) => said === 'superseded by a newer slice')
      .map(
        ({ owner, device, revision }) => `${String(owner)} ${String(device)} ${String(revision)}`,
      ),
  ]);
  const mapped = new Set(
    log
      .filter(({ said }) => said === 'mapped' || said === 'inventory')
      .map(({ traceId }) => traceId),
  );
  const dead = new Set(
    (['snapshots-dead', 'slices-dead'] as const).flatMap((name) =>
      queues.sent(name).map(({ body }) => headOf(body).traceId),
    ),
  );
  // Without `outageOf` of map, a snapshot that comes again while nothing takes its slice is both. The
  // watch on what queues give up (promise 15) sees that first, and ends the run.
  const twice = queues
    .sent('snapshots-dead')
    .map(({ body }) => headOf(body))
    .filter(({ traceId }) => mapped.has(traceId))
    .map(({ subject }) => `1: a snapshot of ${subject} was mapped, and is a dead letter`);
  const onward = new Set(queues.sent('slices').map(({ deduplicationId }) => deduplicationId));
  const lost = [
    ...queues
      .sent('snapshots')
      .map(({ body }) => headOf(body))
      .filter(({ type }) => type in SNAPSHOT_EVENTS)
      .filter(
        ({ type, id, traceId }) =>
          !dead.has(traceId) &&
          !(
            mapped.has(traceId) &&
            (type !== INGRESS_OBSERVED ||
              world.devices.every(({ name }) => onward.has(`${id}.${name}`)))
          ),
      ),
    ...queues
      .sent('slices')
      .map(({ body }) => headOf(body))
      .filter(({ type, end }) => type in SLICE_EVENTS && !ends.has(end)),
  ];
  return [
    ...stuck,
    ...twice,
    ...lost.map(({ type, subject, end }) => `1: ${type} of ${subject} (${end}) has no end`),
  ];
}

function settledOf({ queues }: World, cluster: string): readonly string[] {
  return queues.sent(`settled-${cluster}`).flatMap(({ body }) => {
    const opened = parseEvent(body, SETTLED_EVENTS);
    if (!('ok' in opened)) return [];
    const { owner, device, version, exposures }: Settled = opened.ok.data;
    return exposures.some(({ outcome }) => outcome === 'retry')
      ? []
      : [`${owner} ${device} ${formatRevision(version)}`];
  });
}

interface Head {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly traceId: string | undefined;
  /** As `ends` has it. */
  readonly end: string;
}

/** The attributes of a message; those of a packed one have no version. */
function headOf(body: string): Head {
  const { id, type, subject, traceparent, data } = JSON.parse(body) as {
    id: string;
    type: string;
    subject: string;
    traceparent?: string;
    data?: { owner?: string; device?: string; version?: Settled['version'] };
  };
  const { owner = '', device = '', version } = data ?? {};
  const end = version === undefined ? '' : `${owner} ${device} ${formatRevision(version)}`;
  return { id, type, subject, traceId: traceparent?.split('-')[1], end };
}
