import * as z from 'zod';

/** What became of one server (listener) of a gateway. Only `listening` leads to an exposure. */
export const Verdict = z.enum(['listening', 'no-route', 'rejected', 'privileged-port', 'not-selected', 'no-service-port', 'unreachable-bind']);
export type Verdict = z.infer<typeof Verdict>;

export const ListenerKind = z.enum(['HTTP', 'HTTPS', 'TCP', 'TLS_TERMINATE', 'TLS_PASSTHROUGH', 'TLS_AUTO_PASSTHROUGH', 'HTTP3']);
export type ListenerKind = z.infer<typeof ListenerKind>;

/** One socket of the gateway pods' Envoy. `bind` is absent for the wildcard address; `kinds` holds all kinds on that listener. */
export interface Listener {
  readonly port: number;
  readonly bind?: string;
  readonly transport: 'tcp' | 'udp';
  readonly kinds: readonly ListenerKind[];
}

export const ServicePortMapping = z.strictObject({
  /** `namespace/name` */
  service: z.string(),
  port: z.int(),
  /** The port on the pod it leads to (resolved number). */
  targetPort: z.int(),
  nodePort: z.int().nullable(),
  reachesListener: z.boolean(),
});
export type ServicePortMapping = z.infer<typeof ServicePortMapping>;

export const ServerReport = z.strictObject({
  /** `namespace/name` */
  gateway: z.string(),
  api: z.enum(['istio', 'gateway-api']),
  /** Index in the gateway's servers (listeners). */
  server: z.int(),
  /** Name of the listener (Gateway API) or the server's port name. */
  name: z.string().optional(),
  port: z.number(),
  protocol: z.string(),
  verdict: Verdict,
  /** From the table of codes; `OK` when listening. */
  code: z.string(),
  /** A sentence that names the objects concerned. */
  reason: z.string(),
  /** Ports Envoy listens on for this server; empty when there is none. */
  envoyPorts: z.array(z.int()),
  servicePorts: z.array(ServicePortMapping),
  missingInService: z.boolean(),
});
export type ServerReport = z.infer<typeof ServerReport>;

/** A port that a Service lacks, to be added by server-side apply. */
export interface MissingServicePort {
  /** `namespace/name` */
  readonly service: string;
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly protocol: 'TCP' | 'UDP';
  /** Gateways that want it, `namespace/name`. */
  readonly gateways: readonly string[];
}

/** The complete answer for one set of gateway pods. */
export interface PortMapping {
  readonly namespace: string;
  /** `namespace/name` of every Service that selects the pods. */
  readonly services: readonly string[];
  /** Names of the gateway pods. */
  readonly pods: readonly string[];
  readonly listeners: readonly Listener[];
  readonly servers: readonly ServerReport[];
  readonly missing: readonly MissingServicePort[];
}
