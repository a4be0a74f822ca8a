/** What must be the same at the end, whatever happened to a watcher on the way. */
import type { KubernetesObject } from '../../../infra/lab/kubernetes/types.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { readLease } from '../../../shared/kubernetes/lease.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import {
  CLUSTER_INVENTORY,
  INGRESS_OBSERVED,
  SNAPSHOT_EVENTS,
} from '../../../shared/queue/events.ts';
import { SERVICE } from './objects.ts';
import type { Watched } from './watched.ts';

/** Says when something was, and not what. */
const OF_ITS_TIME: ReadonlySet<string> = new Set([
  'changes',
  'managedFields',
  'resourceVersion',
  'revision',
  'seen',
  'settledSince',
  'since',
  'version',
]);
/** What Sluice itself writes to a Service; a snapshot is not sent again for it. */
const OWN_WRITES: ReadonlySet<string> = new Set(['loadBalancerIngress', 'ports', 'statusIsOurs']);
/** Who leads and since when, in the note of the leader. */
const LEADER_OF_NOTE = /,"holder":"[^"]*","time":"[^"]*"/;

/** Events about what one process did, and not about how things are. */
const OF_DEEDS = /Normal ServicePortAdded:/;

/** What the cluster, the queues and the device have at the end, as far as it must be the same. */
export interface End {
  readonly deeds: readonly string[];
  readonly [what: string]: unknown;
}

export function endOf(watched: Watched): End {
  const { world, cluster, monitors } = watched;
  const { queues, devices } = world;
  const { store } = cluster.api;
  const service = store.get('v1', 'Service', SERVICE.namespace, SERVICE.name);
  const lease = store.get(
    'coordination.k8s.io/v1',
    'Lease',
    'default',
    `sluice-watch-${cluster.id}`,
  );
  const said = [...new Set(store.list('v1', 'Event').map(sentenceOf))].toSorted();
  return {
    violations: monitors.violations,
    service: without(OF_ITS_TIME, service),
    isLed: watched.isAlive(readLease(lease as unknown as RawObject, 0).holder),
    deeds: said.filter((one) => OF_DEEDS.test(one)),
    events: said.filter((one) => !OF_DEEDS.test(one)),
    sent: without(
      OWN_WRITES,
      without(OF_ITS_TIME, lastOf(queues.sent('snapshots').map(({ body }) => body))),
    ),
    declared: without(OF_ITS_TIME, devices[0]?.memory.state()),
    dead: queues.sent('snapshots-dead').length + queues.sent('slices-dead').length,
    waiting: (['snapshots', 'slices', `settled-${cluster.id}`] as const).map(
      (name) => queues.messages(name).length,
    ),
  };
}

/** How often it was said does not matter. */
function sentenceOf(event: KubernetesObject): string {
  const { involvedObject, type, reason, message } = event as unknown as {
    readonly involvedObject: { readonly kind: string; readonly name: string };
    readonly type: string;
    readonly reason: string;
    readonly message: string;
  };
  return `${involvedObject.kind} ${involvedObject.name}: ${type} ${reason}: ${message}`;
}

/** The newest of each kind. */
function lastOf(bodies: readonly string[]): object {
  const events = bodies
    .map((body) => parseEvent(body, SNAPSHOT_EVENTS))
    .flatMap((opened) => ('ok' in opened ? [opened.ok] : []));
  return [INGRESS_OBSERVED, CLUSTER_INVENTORY].map(
    (type) => events.findLast((event) => event.type === type)?.data,
  );
}

function without(keys: ReadonlySet<string>, value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (key, part: unknown) => {
      if (keys.has(key)) return undefined;
      return typeof part === 'string' ? part.replace(LEADER_OF_NOTE, '') : part;
    }),
  );
}
