/** istio-port-mapping.md §1.6: how protocol and TLS mode of a server determine its listener. */
import type { ListenerKind } from './port-mapping.ts';

/** `http`: plaintext HTTP; `https` and `tls`: TLS; `tcp`: opaque. */
export type Family = 'http' | 'https' | 'tls' | 'tcp';

/** Istio's protocols by how Envoy handles them; unknown ones are refused elsewhere. */
const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['http', 'http'],
  ['http2', 'http'],
  ['grpc', 'http'],
  ['grpc-web', 'http'],
  ['http_proxy', 'http'],
  ['https', 'https'],
  ['tls', 'tls'],
  ['tcp', 'tcp'],
  ['mongo', 'tcp'],
  ['redis', 'tcp'],
  ['mysql', 'tcp'],
]);

/** The accepted protocols, separated by commas, for messages. */
export const KNOWN_PROTOCOLS = [...FAMILIES.keys()].map((name) => name.toUpperCase()).join(', ');

/** Undefined if Istio creates no listener for the protocol, such as UDP. */
export function protocolFamily(protocol: string): Family | undefined {
  return FAMILIES.get(protocol.toLowerCase());
}

const MODES = [
  'PASSTHROUGH',
  'SIMPLE',
  'MUTUAL',
  'OPTIONAL_MUTUAL',
  'ISTIO_MUTUAL',
  'AUTO_PASSTHROUGH',
] as const;
/** TLS modes in capital letters, as in the Gateway API of Istio. */
export type TlsMode = (typeof MODES)[number];

/**
 * An omitted mode is PASSTHROUGH, even with a certificate, because it is zero in the enumeration.
 */
export function tlsModeOf(mode: string | undefined): TlsMode | undefined {
  return mode === undefined ? 'PASSTHROUGH' : MODES.find((known) => known === mode);
}

/**
 * With TLS settings, an opaque protocol becomes TLS. Without them, HTTPS and TLS are opaque TCP,
 * which only objects from before the webhook can have.
 */
export function listenerKindOf(family: Family, tls: TlsMode | undefined): ListenerKind {
  if (family === 'http') return 'HTTP';
  if (tls === undefined) return 'TCP';
  if (tls === 'AUTO_PASSTHROUGH') return 'TLS_AUTO_PASSTHROUGH';
  if (tls === 'PASSTHROUGH') return 'TLS_PASSTHROUGH';
  return family === 'https' ? 'HTTPS' : 'TLS_TERMINATE';
}

/** Names that Kubernetes defines for `appProtocol`, in Istio's terms. */
const APP_PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/h2c', 'http2'],
  ['kubernetes.io/ws', 'http'],
  ['kubernetes.io/wss', 'https'],
]);

/** Ports on which Istio does not detect protocols: TCP by default. */
const WELL_KNOWN_TCP: ReadonlySet<number> = new Set([25, 53, 3306, 27_017]);

/**
 * istio-port-mapping.md §1.2.3: the Istio protocol of a Service port, from appProtocol, or from the
 * prefix of its name.
 */
export function istioProtocolOf(port: {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string | undefined;
}): string {
  if (port.protocol === 'UDP') return 'udp';
  const said = (port.appProtocol ?? port.name).toLowerCase();
  const named = APP_PROTOCOLS.get(said);
  if (named !== undefined) return named;
  if (said.startsWith('grpc-web')) return 'grpc-web';
  const prefix = said.split('-', 1)[0] ?? '';
  if (FAMILIES.has(prefix) || prefix === 'udp') return prefix;
  return WELL_KNOWN_TCP.has(port.port) ? 'tcp' : 'unsupported';
}
