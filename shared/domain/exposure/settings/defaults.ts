import type { Monitor } from './values.ts';

/** Probes per round (ports × members × monitors) up to which an interval is used: about a hundred probes a second, whatever the size. */
const STEPS = [
  { upTo: 500, interval: 5 },
  { upTo: 1000, interval: 10 },
  { upTo: 2000, interval: 20 },
  { upTo: 3000, interval: 30 },
] as const;

/**
 * Interval of the default monitors. It moves in steps, because every change of a monitor makes BIG-IP create it anew;
 * above 3000 probes a round it stays at 60 s.
 */
export function monitorInterval(probes: number): number {
  return STEPS.find((step) => probes <= step.upTo)?.interval ?? 60;
}

/** BIG-IP's rule: three missed intervals and one second. */
export function monitorTimeout(interval: number): number {
  return 3 * interval + 1;
}

/** Envoy answers HTTP/1.0 with 426, so the request is HTTP/1.1. The escapes are BIG-IP's own: it turns them into line ends. */
function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\\r\\nHost: sluice\\r\\nConnection: close\\r\\n\\r\\n`;
}

export interface MonitoredPool {
  readonly members: 'pods' | 'nodes';
  readonly protocol: 'tcp' | 'udp';
  readonly statusPort: number;
  /** Set with `externalTrafficPolicy: Local`. */
  readonly healthCheckNodePort: number | undefined;
  /** Exposures of the ingress × members of this pool. */
  readonly targets: number;
}

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
 * Pods: the readiness port says whether the pod serves at all, a TCP connect whether it listens on this very port.
 * Nodes under `Local`: the health check node port says whether the node has a pod. A UDP port cannot be asked without speaking QUIC.
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
