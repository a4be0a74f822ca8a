/** Types shared by the rules. */
import type { Family, TlsMode } from './protocol.ts';
import type { ListenerKind, ServerReport } from './port-mapping.ts';

/** A decision: a code, and a message that names the objects. */
export interface CodedReason {
  readonly code: string;
  readonly reason: string;
}

/** A server of an Istio Gateway or a listener of a Gateway API Gateway, in a common format. */
export interface ServerSpec {
  /** `namespace/name` of the gateway. */
  readonly gateway: string;
  /** Of the gateway. */
  readonly namespace: string;
  readonly api: 'istio' | 'gateway-api';
  /** Position in the list of its object, from 0. */
  readonly index: number;
  /** Name of the port or of the listener. */
  readonly name: string;
  /** Port number of the server, before a Service maps it. */
  readonly number: number;
  /** Unchanged from the object. */
  readonly protocol: string;
  /** Follows from protocol and TLS mode (istio-port-mapping.md §1.6). */
  readonly family: Family;
  /** Undefined without a `tls` block. */
  readonly tls: TlsMode | undefined;
  /** What the listener does with a connection; decides whether a route is needed. */
  readonly kind: ListenerKind;
  /** As returned by `sanitiseHosts`. */
  readonly hosts: readonly string[];
  /** Empty for the wildcard. */
  readonly bind: string;
  /** Configuration name of the listener, from which HTTPS route names are derived. */
  readonly configName: string;
  /** Only for Gateway API: its Services and attached routes. */
  readonly attachment?: Attachment;
}

/** The routes attached to a Gateway API listener, and the Services of its Gateway. */
export interface Attachment {
  /** Host names of the routes and their kinds, oldest first. */
  readonly routes: readonly string[];
  /** Names of Services in the gateway's namespace. */
  readonly services: readonly string[];
}

/** The identity of a server, even if it could not be read completely. */
export interface ServerId {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly api: 'istio' | 'gateway-api';
  /** Position in the list of its object, from 0. */
  readonly index: number;
  readonly name: string;
  readonly number: number;
  readonly protocol: string;
}

/** A server as read from its object: its specification, or the reason why it is invalid. */
export type ReadServer =
  /**
   * `dropped`: istiod ignores it, but an earlier version of Sluice did not: existing exposures
   * stay.
   */
  | { readonly id: ServerId; readonly spec: ServerSpec; readonly dropped?: CodedReason }
  | { readonly id: ServerId; readonly fault: CodedReason };

/** The fields of a report that identify the server. */
export function reportHead({
  gateway,
  api,
  index,
  name,
  number,
  protocol,
}: ServerId): Pick<ServerReport, 'gateway' | 'api' | 'server' | 'name' | 'port' | 'protocol'> {
  return { gateway, api, server: index, ...(name === '' ? {} : { name }), port: number, protocol };
}

/** Name of a server in messages. */
export function describeServer(
  server: Pick<ServerId, 'gateway' | 'api' | 'index' | 'name'>,
): string {
  const what = server.api === 'istio' ? 'server' : 'listener';
  const name = server.name === '' ? `${server.index}` : `${server.index} (${server.name})`;
  return `${what} ${name} of Gateway ${server.gateway}`;
}
