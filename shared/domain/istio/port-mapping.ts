import * as z from 'zod';
import { Name } from '../text/bounded.ts';

/**
 * The verdict about one server (listener) of a gateway. Only `listening` leads to an exposure. The
 * rules are applied in this order, and the first match decides (sections of istio-port-mapping.md):
 *
 * | question | no listener because | verdict | `missingInService` |
 * |---|---|---|---|
 * | is it valid (§1.6, §7) | GW11x | `rejected` | false |
 * | does any gateway pod read it (§1.1, §3) | labels, revision, scope, strict merging, sidecars, no such Service | `not-selected` | false |
 * | Gateway API: does a Service port have its number (§1.2, no fall-back) | only a Service port could lead there | `no-service-port` | true if the Service is kept by hand |
 * | is the resolved port reserved (§1.7) | Envoy or its agent has it | `rejected` | false |
 * | does it survive the merge on resolved port and bind (§1.7) | an older server owns the port, or a host repeats | `rejected` | false |
 * | may the pod bind the port (§1.4) | istiod skips it | `privileged-port` | true if a Service port to another target would help |
 * | can the bind be reached (§1.5) | loopback, a foreign address or a Unix socket | `unreachable-bind` | false |
 * | TCP-like: is a route bound (§2) | no filter chain, so no listener | `no-route` | false |
 * | otherwise Envoy listens | - | `listening` | true if no Service port leads to the listener and the Service lacks the number |
 *
 * If no Service has the port, Envoy still listens (§1.2.6: it binds the number itself), and pool
 * members that are pods reach it. Such a server is therefore `listening`. `PortMapping.missing`
 * says which port to add to which Service.
 */
export const Verdict = z.enum([
  'listening',
  'no-route',
  'rejected',
  'privileged-port',
  'not-selected',
  'no-service-port',
  'unreachable-bind',
]);
export type Verdict = z.infer<typeof Verdict>;

/**
 * Protocol and TLS handling of a listener, as in the table of istio-port-mapping.md §1.6; `HTTP3`
 * is the UDP listener of §1.8.
 */
export const ListenerKind = z.enum([
  'HTTP',
  'HTTPS',
  'TCP',
  'TLS_TERMINATE',
  'TLS_PASSTHROUGH',
  'TLS_AUTO_PASSTHROUGH',
  'HTTP3',
]);
export type ListenerKind = z.infer<typeof ListenerKind>;

/**
 * One socket of the gateway pods' Envoy. `bind` is absent for the wildcard address; `kinds` holds
 * all kinds on that listener.
 */
export interface Listener {
  /** In the pods. */
  readonly port: number;
  /** Absent: all addresses. */
  readonly bind?: string;
  readonly transport: 'tcp' | 'udp';
  /** Of all servers that share it, in a fixed order. */
  readonly kinds: readonly ListenerKind[];
}

/**
 * A Service port that leads to the pods of a server. `nodePort` is null if the Service has none.
 */
export const ServicePortMapping = z.strictObject({
  /** `namespace/name` */
  service: Name,
  port: z.int(),
  /** The resolved target port in the pod. */
  targetPort: z.int(),
  nodePort: z.int().nullable(),
  reachesListener: z.boolean(),
});
export type ServicePortMapping = z.infer<typeof ServicePortMapping>;

/**
 * The verdict about one server of a gateway, with everything that a user needs to understand it.
 * Part of events, so its fields are frozen.
 */
export const ServerReport = z.strictObject({
  /** `namespace/name` */
  gateway: Name,
  api: z.enum(['istio', 'gateway-api']),
  /** Index in the gateway's servers (listeners). */
  server: z.int(),
  /** Name of the listener (Gateway API), or port name of the server. */
  name: z.string().optional(),
  port: z.number(),
  protocol: z.string(),
  verdict: Verdict,
  /** From the code table; `OK` if listening. */
  code: z.string(),
  /** A message that names the objects. */
  reason: z.string(),
  /** Ports on which Envoy listens for this server; may be empty. */
  envoyPorts: z.array(z.int()),
  servicePorts: z.array(ServicePortMapping),
  missingInService: z.boolean(),
});
export type ServerReport = z.infer<typeof ServerReport>;

/** A port that a Service lacks, to be added with server-side apply. */
export interface MissingServicePort {
  /** `namespace/name` */
  readonly service: string;
  /** A DNS label that is unique on the Service. */
  readonly name: string;
  /** The number that the Gateways name. */
  readonly port: number;
  /** Where Envoy listens in the pods. */
  readonly targetPort: number;
  readonly protocol: 'TCP' | 'UDP';
  /** Gateways that need it, `namespace/name`. */
  readonly gateways: readonly string[];
}

/** A note on a gateway that has no server to carry it. */
export interface GatewayNote {
  /** `namespace/name` */
  readonly gateway: string;
  readonly code: string;
  readonly message: string;
}

/** A server that a newer rule refuses, with its result under the old rules. */
export interface ToleratedServer {
  /** Its position in `PortMapping.servers`. */
  readonly position: number;
  readonly report: ServerReport;
}

/** The complete result for one set of gateway pods. */
export interface PortMapping {
  readonly namespace: string;
  /** `namespace/name` of every Service that selects the pods. */
  readonly services: readonly string[];
  /** Names of the gateway pods. */
  readonly pods: readonly string[];
  /** Sorted by port, address and transport. */
  readonly listeners: readonly Listener[];
  /** One report for each server, whether it listens or not. */
  readonly servers: readonly ServerReport[];
  /** Ports without which a server cannot be reached. */
  readonly missing: readonly MissingServicePort[];
  /** By port in the pods: names of the pods that listen; absent if all pods listen on all ports. */
  readonly listening?: ReadonlyMap<number, ReadonlySet<string>>;
  /** Only their existing exposures stay. */
  readonly tolerated?: readonly ToleratedServer[];
  readonly notes?: readonly GatewayNote[];
}
