/**
 * A small istiod and Envoy: the listeners of one gateway pod, and what each does with a connection.
 */
import type { RawGateway, RawPod, RawServer, RawService } from './raw.ts';
import { httpAnswers, tcpRoute, type DirectResponse, type TcpRoute } from './routes.ts';
import {
  isReady,
  isTerminating,
  podAddress,
  podsOf,
  selects,
  targetPortOn,
  type World,
} from './world.ts';

/** The port of Envoy's readiness probe. */
export const STATUS_PORT = 15_021;

/** A port on which a gateway pod listens, and what it does. */
export type MeshListener =
  | { readonly kind: 'status'; readonly port: number; readonly ready: boolean }
  | { readonly kind: 'http'; readonly port: number; readonly answers: readonly DirectResponse[] }
  | { readonly kind: 'tcp'; readonly port: number; readonly route: TcpRoute };

const HTTP = ['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB'];
const TCP = ['TCP', 'MONGO', 'REDIS', 'MYSQL'];

/** Whether the container runs Envoy as a gateway, and not as a sidecar. */
export function isRouter(pod: RawPod): boolean {
  return pod.spec.containers.some((c) => c.args?.[0] === 'proxy' && c.args[1] === 'router');
}

function isUnprivileged(pod: RawPod): boolean {
  return pod.spec.containers.some((c) =>
    c.env?.some(
      (e) =>
        e.name === 'ISTIO_META_UNPRIVILEGED_POD' &&
        ['1', 't', 'true', 'TRUE', 'True'].includes(e.value ?? ''),
    ),
  );
}

function istioProtocol(name: string | undefined, protocol: string | undefined): string {
  return protocol === 'UDP' ? 'UDP' : ((name ?? '').split('-')[0] ?? '');
}

/**
 * Ports of a Service as istiod sees them on one pod: one for each target and protocol, the first in
 * the list.
 */
function visiblePorts(service: RawService, pod: RawPod): ReadonlyMap<number, number> {
  const seen = new Set<string>();
  const ports = new Map<number, number>();
  for (const port of service.spec.ports ?? []) {
    const target = targetPortOn(pod, port);
    const key = `${target} ${istioProtocol(port.name, port.protocol)}`;
    if (target === undefined || seen.has(key)) continue;
    seen.add(key);
    if (!ports.has(port.port)) ports.set(port.port, target);
  }
  return ports;
}

/**
 * The pod port for a gateway port: the target of the oldest Service that has the port, else the
 * number itself.
 */
function podPort(world: World, pod: RawPod, number: number): number {
  for (const service of world.services) {
    if (!podsOf(world, service).includes(pod)) continue;
    const target = visiblePorts(service, pod).get(number);
    if (target !== undefined) return target;
  }
  return number;
}

function isReachable(pod: RawPod, bind: string | undefined): boolean {
  return !bind || bind === '0.0.0.0' || bind === podAddress(pod);
}

interface Claim {
  readonly port: number;
  /** Absent for a TCP server without a route: it keeps the port, and nothing listens. */
  readonly listener?: MeshListener;
}

type Family = 'http' | 'tcp';

function familyOf(protocol: string): Family | undefined {
  if (HTTP.includes(protocol.toUpperCase())) return 'http';
  return TCP.includes(protocol.toUpperCase()) ? 'tcp' : undefined;
}

function isBindable(pod: RawPod, port: number): boolean {
  return Number.isInteger(port) && port >= (isUnprivileged(pod) ? 1024 : 1) && port <= 65_535;
}

function claimOf(
  world: World,
  pod: RawPod,
  gateway: RawGateway,
  server: RawServer,
): Claim | undefined {
  const { number = 0, protocol = '' } = server.port ?? {};
  const family = familyOf(protocol);
  const port = podPort(world, pod, number);
  if (!family || !isBindable(pod, port) || !isReachable(pod, server.bind)) return undefined;
  if (family === 'http') {
    const answers = httpAnswers(world, pod, gateway, server);
    return { port, listener: { kind: 'http', port, answers } };
  }
  const route = tcpRoute(world, pod, gateway, server);
  return route ? { port, listener: { kind: 'tcp', port, route } } : { port };
}

function together(first: Claim | undefined, next: Claim): Claim {
  const [known, other] = [first?.listener, next.listener];
  if (known?.kind !== 'http' || other?.kind !== 'http') return first ?? next;
  return { ...next, listener: { ...known, answers: [...known.answers, ...other.answers] } };
}

/**
 * The first server on a port keeps it. HTTP servers share the port, and the first one's listener
 * serves all of them.
 */
export function meshListeners(world: World, pod: RawPod): readonly MeshListener[] {
  const claims = new Map<number, Claim>();
  for (const gateway of world.gateways) {
    if (!selects(gateway.spec.selector, pod.metadata.labels)) continue;
    for (const server of gateway.spec.servers ?? []) {
      const claim = claimOf(world, pod, gateway, server);
      if (claim) claims.set(claim.port, together(claims.get(claim.port), claim));
    }
  }
  claims.set(STATUS_PORT, {
    port: STATUS_PORT,
    listener: { kind: 'status', port: STATUS_PORT, ready: isReady(pod) && !isTerminating(pod) },
  });
  return [...claims.values()].flatMap((c) => c.listener ?? []);
}
