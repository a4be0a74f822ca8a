/** Selects the VirtualService block of a TCP server, and the pods of its destinations. */
import type {
  RawDestination,
  RawGateway,
  RawPod,
  RawServer,
  RawService,
  RawServicePort,
  RawTcpBlock,
  RawVirtualService,
} from './raw.ts';
import {
  answering,
  fullName,
  namespaceOf,
  podAddress,
  podsOf,
  selects,
  targetPortOn,
  type World,
} from './world.ts';

/** A port of a pod. */
export interface PodEndpoint {
  readonly address: string;
  readonly port: number;
}

/** Chooses the next of `count` for a key, in turn. */
export type RoundRobin = (key: string, count: number) => number;

/** Each key has a turn of its own. */
export function createRoundRobin(): RoundRobin {
  const next = new Map<string, number>();
  return (key, count) => {
    const turn = next.get(key) ?? 0;
    next.set(key, turn + 1);
    return turn % count;
  };
}

/** Undefined for an empty list. */
export function nextOf<T>(list: readonly T[], key: string, turns: RoundRobin): T | undefined {
  return list.length === 0 ? undefined : list[turns(key, list.length)];
}

function refersTo(
  names: readonly string[],
  owner: RawVirtualService,
  gateway: RawGateway,
): boolean {
  return names.some((name) => {
    const bare = name.replace(/^\.\//, '');
    return (bare.includes('/') ? bare : `${namespaceOf(owner)}/${bare}`) === fullName(gateway);
  });
}

function isVisible(service: RawVirtualService, namespace: string): boolean {
  const exportTo = service.spec.exportTo ?? ['*'];
  return exportTo.some(
    (to) =>
      to === '*' || to === namespace || (to === '.' && service.metadata.namespace === namespace),
  );
}

function overlap(a: string, b: string): boolean {
  if (a === '*' || b === '*' || a === b) return true;
  if (a.startsWith('*.')) return b.endsWith(a.slice(1));
  return b.startsWith('*.') && a.endsWith(b.slice(1));
}

function hostsMeet(server: RawServer, gateway: RawGateway, service: RawVirtualService): boolean {
  return (server.hosts ?? []).some((entry) => {
    const [namespace = '*', host = ''] = entry.includes('/') ? entry.split('/') : ['*', entry];
    const wanted = namespace === '.' ? gateway.metadata.namespace : namespace;
    if (wanted !== '*' && wanted !== service.metadata.namespace) return false;
    return (service.spec.hosts ?? []).some((h) => overlap(h, host));
  });
}

function blockMatches(
  block: RawTcpBlock,
  number: number,
  service: RawVirtualService,
  gateway: RawGateway,
): boolean {
  if ((block.route ?? []).length === 0) return false;
  if (!block.match || block.match.length === 0) return true;
  return block.match.some(
    (m) => (m.port ?? number) === number && (!m.gateways || refersTo(m.gateways, service, gateway)),
  );
}

/** Destinations, and the namespace in which their short names are looked up. */
export interface TcpRoute {
  readonly namespace: string;
  readonly destinations: readonly RawDestination[];
}

function isBound(
  service: RawVirtualService,
  pod: RawPod,
  gateway: RawGateway,
  server: RawServer,
): boolean {
  return (
    refersTo(service.spec.gateways ?? [], service, gateway) &&
    isVisible(service, namespaceOf(pod)) &&
    hostsMeet(server, gateway, service)
  );
}

/**
 * The first matching block of the oldest bound VirtualService; without one Envoy opens no listener.
 */
export function tcpRoute(
  world: World,
  pod: RawPod,
  gateway: RawGateway,
  server: RawServer,
): TcpRoute | undefined {
  const number = server.port?.number ?? 0;
  for (const service of world.virtualServices) {
    const block = isBound(service, pod, gateway, server)
      ? service.spec.tcp?.find((b) => blockMatches(b, number, service, gateway))
      : undefined;
    if (block) return { namespace: namespaceOf(service), destinations: block.route ?? [] };
  }
  return undefined;
}

/** What Envoy itself answers to requests for a host. */
export interface DirectResponse {
  /** Host names, possibly with a wildcard. */
  readonly hosts: readonly string[];
  readonly status: number;
  readonly body: string;
}

/** The direct responses of the bound VirtualServices, oldest first. */
export function httpAnswers(
  world: World,
  pod: RawPod,
  gateway: RawGateway,
  server: RawServer,
): readonly DirectResponse[] {
  return world.virtualServices
    .filter((service) => isBound(service, pod, gateway, server))
    .flatMap(({ spec: { hosts = [], http = [] } }) => {
      const response = http[0]?.directResponse;
      const { status = 200, body } = response ?? {};
      return response === undefined ? [] : [{ hosts, status, body: body?.string ?? '' }];
    });
}

/** The first answer for the host of a request; undefined if Envoy has no route. */
export function answerFor(
  answers: readonly DirectResponse[],
  host: string,
): DirectResponse | undefined {
  const [name = ''] = host.split(':');
  return answers.find(({ hosts }) => hosts.some((one) => overlap(one, name)));
}

function serviceNamed(world: World, host: string, namespace: string): RawService | undefined {
  const [name, inNamespace = namespace] = host.split('.');
  return world.services.find(
    (s) => s.metadata.name === name && s.metadata.namespace === inNamespace,
  );
}

function subsetLabels(
  world: World,
  service: RawService,
  subset: string,
): Readonly<Record<string, string>> | undefined {
  const rule = world.destinationRules.find(
    (r) => serviceNamed(world, r.spec.host ?? '', namespaceOf(r)) === service,
  );
  return rule?.spec.subsets?.find((s) => s.name === subset)?.labels;
}

/** A destination without a port means the only one. */
function destinationPort(
  service: RawService,
  number: number | undefined,
): RawServicePort | undefined {
  const ports = service.spec.ports ?? [];
  return number === undefined && ports.length === 1
    ? ports[0]
    : ports.find((p) => p.port === number);
}

/** The pods of a Service that answer, with the number of the target port on each. */
export function targets(pods: readonly RawPod[], port: RawServicePort): readonly PodEndpoint[] {
  return answering(pods).flatMap((pod) => {
    const number = targetPortOn(pod, port);
    return number === undefined ? [] : [{ address: podAddress(pod), port: number }];
  });
}

function targetsOf(
  world: World,
  destination: RawDestination['destination'],
  namespace: string,
): readonly PodEndpoint[] {
  const service = serviceNamed(world, destination?.host ?? '', namespace);
  const port = service && destinationPort(service, destination?.port?.number);
  if (!service || !port) return [];
  const labels =
    destination?.subset === undefined ? {} : subsetLabels(world, service, destination.subset);
  return labels
    ? targets(
        podsOf(world, service).filter((p) => selects(labels, p.metadata.labels)),
        port,
      )
    : [];
}

/** The pod for the next connection; undefined if there is none (Envoy then accepts and closes). */
export function nextTarget(
  world: World,
  route: TcpRoute,
  turns: RoundRobin,
): PodEndpoint | undefined {
  const [first] = route.destinations;
  const weighted =
    route.destinations.length === 1 && first
      ? [first]
      : route.destinations.flatMap((d) => Array.from({ length: d.weight ?? 0 }, () => d));
  const key = JSON.stringify(route);
  const destination = nextOf(weighted, key, turns)?.destination;
  return nextOf(
    targetsOf(world, destination, route.namespace),
    `${key}${JSON.stringify(destination)}`,
    turns,
  );
}
