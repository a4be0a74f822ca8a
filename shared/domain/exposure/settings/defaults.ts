/** Default monitors, by the kind and number of members. */
import type { Monitor } from './values.ts';

/**
 * Probes per round (ports × members × monitors) up to which an interval is used: about a hundred
 * probes per second.
 */
const STEPS = [
  { upTo: 500, interval: 5 },
  { upTo: 1000, interval: 10 },
  { upTo: 2000, interval: 20 },
  { upTo: 3000, interval: 30 },
] as const;

/**
 * Interval of the default monitors. It changes in steps, because BIG-IP recreates a monitor on
 * every change; above 3000 probes per round it stays at 60 s.
 */
export function monitorInterval(probes: number): number {
  return STEPS.find((step) => probes <= step.upTo)?.interval ?? 60;
}

/** BIG-IP's rule: three missed intervals plus one second. */
export function monitorTimeout(interval: number): number {
  return 3 * interval + 1;
}

/**
 * Envoy answers HTTP/1.0 with 426, so the request is HTTP/1.1. BIG-IP converts the escapes to line
 * ends.
 */
function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\\r\\nHost: sluice\\r\\nConnection: close\\r\\n\\r\\n`;
}

/** What decides the default monitors of a pool. */
export interface MonitoredPool {
  readonly members: 'pods' | 'nodes';
  readonly protocol: 'tcp' | 'udp';
  /** Readiness port of the gateway pods, usually 15021. */
  readonly statusPort: number;
  /** Set with `externalTrafficPolicy: Local`. */
  readonly healthCheckNodePort: number | undefined;
  /** Number of exposures of the ingress × members of this pool. */
  readonly targets: number;
}

/** Interval in seconds; the timeout follows from it. */
function httpMonitor(path: string, port: number, interval: number): Monitor {
  return {
    type: 'http',
    interval,
    timeout: monitorTimeout(interval),
    port,
    send: getRequest(path),
    receive: '200 OK',
  };
}

/**
 * Pods: the readiness port shows whether the pod serves, a TCP connect whether it listens on this
 * port. Nodes with `Local`: the health check node port shows whether the node has a pod. A UDP port
 * cannot be probed without QUIC.
 */
export function defaultMonitors(pool: MonitoredPool): readonly Monitor[] {
  const { members, protocol, healthCheckNodePort } = pool;
  const both = members === 'pods' && protocol === 'tcp';
  const interval = monitorInterval(pool.targets * (both ? 2 : 1));
  const plain = (type: Monitor['type']): Monitor => ({
    type,
    interval,
    timeout: monitorTimeout(interval),
  });
  if (members === 'pods') {
    const ready = httpMonitor('/healthz/ready', pool.statusPort, interval);
    return both ? [ready, plain('tcp')] : [ready];
  }
  if (healthCheckNodePort !== undefined)
    return [httpMonitor('/healthz', healthCheckNodePort, interval)];
  return [plain(protocol === 'tcp' ? 'tcp' : 'icmp')];
}
