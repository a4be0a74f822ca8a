/** What the rules hand to one another. */
import type { Family, TlsMode } from './protocol.ts';
import type { ListenerKind, ServerReport } from './port-mapping.ts';

/** A decision: a code of the table and a sentence that names the objects concerned. */
export interface CodedReason {
  readonly code: string;
  readonly reason: string;
}

/** A server of an Istio Gateway or a listener of a Gateway API Gateway, in the one form that the rules read. */
export interface ServerSpec {
  /** `namespace/name` of the gateway. */
  readonly gateway: string;
  readonly namespace: string;
  readonly api: 'istio' | 'gateway-api';
  readonly index: number;
  /** Name of the port or of the listener. */
  readonly name: string;
  readonly number: number;
  /** As written. */
  readonly protocol: string;
  readonly family: Family;
  readonly tls: TlsMode | undefined;
  readonly kind: ListenerKind;
  /** As `sanitiseHosts` leaves them. */
  readonly hosts: readonly string[];
  /** Empty for the wildcard. */
  readonly bind: string;
  /** Name under which the listener is configured: HTTPS route names are made of it. */
  readonly configName: string;
  /** Only in Gateway API: the Services it refers to, and who is attached. */
  readonly attachment?: Attachment;
}

export interface Attachment {
  /** Host names of the routes and their kinds, oldest first. */
  readonly routes: readonly string[];
  /** Names of Services in the gateway's namespace. */
  readonly services: readonly string[];
}

/** What is said of one server, however little of it could be read. */
export interface ServerId {
  readonly gateway: string;
  readonly api: 'istio' | 'gateway-api';
  readonly index: number;
  readonly name: string;
  readonly number: number;
  readonly protocol: string;
}

export type ReadServer =
  /** `dropped`: istiod makes nothing of it, though an earlier version of Sluice did: what is declared of it stays. */
  | { readonly id: ServerId; readonly spec: ServerSpec; readonly dropped?: CodedReason }
  | { readonly id: ServerId; readonly fault: CodedReason };

/** The part of a report that says which server it is about. */
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

/** How a server is called in sentences. */
export function describeServer(
  server: Pick<ServerId, 'gateway' | 'api' | 'index' | 'name'>,
): string {
  const what = server.api === 'istio' ? 'server' : 'listener';
  const name = server.name === '' ? `${server.index}` : `${server.index} (${server.name})`;
  return `${what} ${name} of Gateway ${server.gateway}`;
}
