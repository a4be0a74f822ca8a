/** What Sluice wrote in a cluster: Service ports, status, the note of the leader, the Lease. */
import {
  namesAnother,
  LAPSED_MS,
  LEADER_MANAGER,
  leaderAnnotation,
  readLeaderRecord,
} from '../../kubernetes/leader-record.ts';
import { LEASES, leasePlace, readLease } from '../../kubernetes/lease.ts';
import { SERVICES } from '../../kubernetes/index.ts';
import type { KubernetesClient, RawObject } from '../../kubernetes/index.ts';
import { normaliseService } from '../../kubernetes/objects/index.ts';
import {
  PORT_MANAGER,
  readOwnership,
  STATUS_MANAGER,
  writersOf,
  type PortKey,
  type ServiceOwnership,
} from '../../kubernetes/ownership.ts';
import type { Service } from '../../domain/snapshot/objects.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { handedOverItems } from './handed-over-items.ts';
import { uninstallItems } from './part.ts';
import type { UninstallItem, UninstallPart, UninstallStep } from './part.ts';

/** The cluster, and where Sluice wrote in it. */
export interface ClusterPlace {
  /** One of `clusters[].id`. */
  readonly cluster: string;
  /** Namespaces of its ingress Services. */
  readonly namespaces: readonly string[];
  readonly leaseNamespace: string;
  /** Milliseconds since 1970, if the API server does not tell its time. */
  readonly now: number;
}

type Client = Pick<KubernetesClient, 'discover' | 'pages' | 'get' | 'apply' | 'remove' | 'time'>;

/** Reads only. Whatever the API server refuses to tell is unknown, and stays. */
export async function clusterPart(client: Client, place: ClusterPlace): Promise<UninstallPart> {
  const where = `cluster ${place.cluster}`;
  try {
    const services = await servicesIn(client, place.namespaces);
    const lease = await lookAtLease(client, place);
    const parts = services.map((raw) => servicePart(client, place, raw));
    const isRunning = await livingLeader(client, place, services);
    return {
      items: [
        ...parts.flatMap(({ items }) => items),
        ...lease.items,
        ...(await handedOverItems(client, where)),
        uninstallItems(where).keep('Events', 'they expire by themselves'),
      ],
      steps: [...parts.flatMap(({ steps }) => steps), ...lease.steps],
      running: [...lease.running, ...isRunning],
    };
  } catch (error) {
    return {
      items: [uninstallItems(where).unknown('its Services and Lease', errorMessage(error))],
      steps: [],
      running: [],
    };
  }
}

async function servicesIn(
  client: Client,
  namespaces: readonly string[],
): Promise<readonly RawObject[]> {
  const found: RawObject[] = [];
  for (const namespace of namespaces)
    for await (const { items } of client.pages(SERVICES, { namespace })) found.push(...items);
  return found;
}

/** What one field manager of Sluice owns of a Service. */
interface Owned {
  readonly items: readonly UninstallItem[];
  /** Absent: it stays. */
  readonly release?: {
    readonly what: string;
    readonly manager: string;
    readonly subresource?: 'status';
  };
}

/** A Service as the API server answers, and as Sluice reads it. */
interface ServiceLook {
  readonly cluster: string;
  /** `Service namespace/name` */
  readonly of: string;
  readonly service: Service;
  readonly owned: ServiceOwnership;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Applying nothing under a field manager removes what it owns. */
function servicePart(
  client: Client,
  { cluster }: ClusterPlace,
  raw: RawObject,
): Omit<UninstallPart, 'running'> {
  const { namespace, name, uid, annotations = {} } = raw.metadata;
  const of = `Service ${namespace}/${name}`;
  const look = {
    cluster,
    of,
    service: normaliseService(raw),
    owned: readOwnership(raw),
    annotations,
  };
  const parts = [portsOf(look), statusOf(look), noteOf(look)];
  const steps = parts.flatMap(({ release }): readonly UninstallStep[] => {
    if (release === undefined) return [];
    const { what, ...options } = release;
    const object = { metadata: { namespace, name, uid } } as RawObject;
    const run = async (): Promise<void> => void (await client.apply(SERVICES, object, options));
    return [{ what: `${what} of ${of}`, run }];
  });
  return { items: parts.flatMap(({ items }) => items), steps };
}

/** Ports that people added are named only on a Service where Sluice has some. */
function portsOf({ cluster, of, service, owned, annotations }: ServiceLook): Owned {
  const { remove, keep } = uninstallItems(`cluster ${cluster}`);
  const inWords = ({ port, protocol }: PortKey): string => `${of} port ${port}/${protocol}`;
  const isOwn = (one: PortKey): boolean =>
    owned.ports.some(({ port, protocol }) => port === one.port && protocol === one.protocol);
  const theirs = service.ports.filter((one) => !isOwn(one));
  if (owned.ports.length === 0) return { items: [] };
  const others = Object.keys(annotations).filter(
    (one) => one.startsWith(leaderAnnotation('')) && one !== leaderAnnotation(cluster),
  );
  const held =
    others.length > 0
      ? `another watcher is noted on this Service: ${others.join(', ')}`
      : theirs.length === 0
        ? 'a Service needs a port; delete the Service if nobody uses it'
        : undefined;
  const mine = owned.ports.map(inWords);
  const kept = theirs.map((one) => keep(inWords(one), 'Sluice did not add it'));
  return held === undefined
    ? {
        items: [...mine.map((one) => remove(one, 'Sluice added it for a Gateway')), ...kept],
        release: { what: 'ports', manager: PORT_MANAGER },
      }
    : { items: [...mine.map((one) => keep(one, held)), ...kept] };
}

function statusOf({ cluster, of, service, owned }: ServiceLook): Owned {
  const { remove, keep } = uninstallItems(`cluster ${cluster}`);
  const addresses = service.loadBalancerIngress.map(({ ip, hostname }) => ip ?? hostname ?? '');
  const object = `${of} status ${addresses.join(', ')}`;
  if (owned.status && (owned.statusCluster ?? cluster) === cluster)
    return {
      items: [remove(object, 'the external address that Sluice wrote')],
      release: { what: 'status', manager: STATUS_MANAGER, subresource: 'status' },
    };
  return { items: addresses.length === 0 ? [] : [keep(object, `written by ${writersOf(owned)}`)] };
}

function noteOf({ cluster, of, annotations }: ServiceLook): Owned {
  const note = leaderAnnotation(cluster);
  if (annotations[note] === undefined) return { items: [] };
  return {
    items: [
      uninstallItems(`cluster ${cluster}`).remove(
        `${of} annotation ${note}`,
        'which process led last',
      ),
    ],
    release: { what: 'annotation', manager: LEADER_MANAGER },
  };
}

/** Whether the holder of the Lease may be running. */
function isHeld(lease: RawObject, now: number): boolean {
  const { holder, renewed } = readLease(lease, 0);
  return holder !== '' && !(now - Date.parse(renewed) >= LAPSED_MS);
}

async function lookAtLease(
  client: Client,
  { cluster, leaseNamespace, now }: ClusterPlace,
): Promise<UninstallPart> {
  const { name } = leasePlace(leaseNamespace, cluster, '');
  const object = `Lease ${leaseNamespace}/${name}`;
  const lease = await client.get(LEASES, name, leaseNamespace);
  if (lease === undefined) return { items: [], steps: [], running: [] };
  return {
    items: [
      uninstallItems(`cluster ${cluster}`).remove(
        object,
        'the epoch of its watcher; a new one starts from the present time',
      ),
    ],
    steps: [{ what: object, run: () => client.remove(LEASES, lease) }],
    running: isHeld(lease, client.time() ?? now)
      ? [
          `${readLease(lease, 0).holder} holds ${object}: stop this watcher (after a crash, wait five minutes)`,
        ]
      : [],
  };
}

/** Leaders with another Lease, which Services name. */
async function livingLeader(
  client: Client,
  { cluster, leaseNamespace, now: own }: ClusterPlace,
  services: readonly RawObject[],
): Promise<readonly string[]> {
  const now = client.time() ?? own;
  const lease = `${leaseNamespace}/${leasePlace(leaseNamespace, cluster, '').name}`;
  const found = new Map<string, string>();
  for (const { metadata } of services) {
    const record = readLeaderRecord(metadata.annotations?.[leaderAnnotation(cluster)]);
    if (record === undefined || !namesAnother(record, { lease, now })) continue;
    const [namespace, name = ''] = record.lease.split('/');
    const other = await client.get(LEASES, name, namespace);
    if (other !== undefined && isHeld(other, now))
      found.set(
        record.lease,
        `${record.holder} holds Lease ${record.lease}: stop this watcher, and name the namespace of its Lease`,
      );
  }
  return [...found.values()];
}
