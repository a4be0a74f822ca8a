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
import { ADDRESS, SERVICE, type RigCluster } from './clusters.ts';
import type { World } from './world.ts';

/** Descriptions of broken promises. */
export function problemsAtRest(world: World, clusters: readonly RigCluster[]): readonly string[] {
  return [
    ...divergences(world, clusters),
    ...clusters.flatMap((one) => statusProblems(world, one)),
    ...lostEvents(world, clusters),
  ];
}

/** Promise 2: what is declared follows from what Kubernetes says, whatever happened before. */
function divergences(world: World, clusters: readonly RigCluster[]): readonly string[] {
  const { exposures } = world.device.state();
  const wishes = clusters.flatMap((cluster) =>
    [...cluster.wanted()].map((port) => ({ cluster, key: `${ADDRESS}:${port}/tcp` })),
  );
  const surplus = Object.keys(exposures).filter((key) => !wishes.some((one) => one.key === key));
  const missing = [...Map.groupBy(wishes, ({ key }) => key)].flatMap(([key, all]) => {
    const [mine] = exposures[key]?.contributions ?? [];
    const has = mine?.members.map(({ address }) => address) ?? [];
    const isMet = all.some(({ cluster: { owner, members } }) => {
      const { must, may } = members();
      const isFull = must.every((one) => has.includes(one));
      return owner === mine?.owner && isFull && has.every((one) => may.includes(one));
    });
    const owners = all.map(({ cluster }) => cluster.id).join(' or ');
    return isMet
      ? []
      : [`2: ${key} is that of ${mine?.owner ?? 'nobody'} [${has.join(' ')}]; ${owners} wants it`];
  });
  return [...surplus.map((key) => `2: ${key} is declared and not wanted`), ...missing];
}

/** The Service has the address if, and only if, something of it is declared. */
function statusProblems({ device }: World, { owner, api }: RigCluster): readonly string[] {
  const service = api.store.get('v1', 'Service', SERVICE.namespace, SERVICE.name);
  if (service === undefined) return [];
  const status = service['status'] as
    { loadBalancer?: { ingress?: readonly { ip?: string }[] } } | undefined;
  const told = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join(' ');
  const isDeclared = Object.values(device.state().exposures).some(({ contributions }) =>
    contributions.some((one) => one.owner === owner),
  );
  const expected = isDeclared ? ADDRESS : '';
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
      .map(({ owner, revision }) => `${String(owner)} ${String(revision)}`),
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
          !(mapped.has(traceId) && (type !== INGRESS_OBSERVED || onward.has(`${id}.bigip-1`))),
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
    const { owner, version, exposures }: Settled = opened.ok.data;
    return exposures.some(({ outcome }) => outcome === 'retry')
      ? []
      : [`${owner} ${formatRevision(version)}`];
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
    data?: { owner?: string; version?: Settled['version'] };
  };
  const { owner = '', version } = data ?? {};
  const end = version === undefined ? '' : `${owner} ${formatRevision(version)}`;
  return { id, type, subject, traceId: traceparent?.split('-')[1], end };
}
