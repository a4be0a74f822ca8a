/** Compares the content of two snapshots. */
import { isDeepStrictEqual } from 'node:util';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';

/** The content of a snapshot without its revision. */
export interface Content {
  readonly objects: KubernetesObjects;
  readonly removed: boolean;
}

type List = keyof Omit<KubernetesObjects, 'optionalKinds'>;
const LISTS = (Object.keys(KubernetesObjects.shape) as (keyof KubernetesObjects)[]).filter(
  (name): name is List => name !== 'optionalKinds',
);

/**
 * Ignores field ownership and resource versions. Most objects are identical, so few comparisons are
 * needed.
 */
export function sameContent(a: Content, b: Content): boolean {
  return (
    a.removed === b.removed &&
    (a.objects === b.objects ||
      (LISTS.every((list) => sameList(a.objects[list], b.objects[list])) &&
        isDeepStrictEqual(a.objects.optionalKinds, b.objects.optionalKinds)))
  );
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return (
    a === b || (a.length === b.length && a.every((object, i) => isDeepStrictEqual(object, b[i])))
  );
}

/** Whether a server that was sent is not in the content, so that an exposure is removed. */
export function dropsServers(sent: Content, { objects, removed }: Content): boolean {
  if (removed) return true;
  const present = serversIn(objects);
  return [...serversIn(sent.objects)].some((server) => !present.has(server));
}

/** Asked several times while a snapshot waits for a Service port. */
const SERVERS = new WeakMap<KubernetesObjects, ReadonlySet<string>>();

function serversIn(objects: KubernetesObjects): ReadonlySet<string> {
  const servers = SERVERS.get(objects) ?? new Set(serversOf(objects));
  SERVERS.set(objects, servers);
  return servers;
}

/** A key for each server of all gateways. */
function serversOf({ gateways, apiGateways, listenerSets }: KubernetesObjects): readonly string[] {
  const named = (kind: string, { meta }: Named, ports: readonly number[]): readonly string[] =>
    ports.map((port) => `${kind} ${meta.namespace}/${meta.name} ${port}`);
  return [
    ...gateways.flatMap((one) =>
      named(
        'Gateway',
        one,
        one.servers.flatMap((server) => ('port' in server ? [server.port.number] : [])),
      ),
    ),
    ...apiGateways.flatMap((one) => named('API', one, portsOf(one))),
    ...listenerSets.flatMap((one) => named('ListenerSet', one, portsOf(one))),
  ];
}

type Named = Pick<KubernetesObjects['gateways'][number], 'meta'>;

function portsOf({
  listeners,
}: Pick<KubernetesObjects['listenerSets'][number], 'listeners'>): readonly number[] {
  return listeners.map(({ port }) => port);
}
