/** The Gateway servers that a Service leads to, by Sluice's port mapping. */
import { mapIngress } from '../../../istio/map-ingress.ts';
import { MeshOptions } from '../../../istio/mesh.ts';
import type { ServerReport } from '../../../istio/port-mapping.ts';
import type { KubernetesObjects } from '../../../snapshot/objects.ts';

/** What a gateway expects at a port. */
export type Expected = 'http' | 'https' | 'tls' | 'other';

/** One listening server of a gateway. */
export interface GatewayServer {
  readonly api: ServerReport['api'];
  /** `namespace/name` */
  readonly gateway: string;
  readonly port: number;
  /** What the gateway expects there: `http` is plain, and `other` may be anything. */
  readonly expects: Expected;
  /**
   * Numbers of the Service's ports that lead there; the server's own number if a port would have to
   * be added.
   */
  readonly servicePorts: readonly number[];
}

/**
 * Undefined if nothing is known of the Service's gateways. `offered` are the Service ports that CIS
 * publishes.
 */
export function gatewayServers(
  name: string,
  objects: KubernetesObjects,
  offered: readonly number[],
): readonly GatewayServer[] | undefined {
  const [namespace = '', service = ''] = name.split('/');
  const isGiven = objects.services.some(
    ({ meta }) => meta.namespace === namespace && meta.name === service,
  );
  // If Services are given, all relevant ones are.
  if (!isGiven) return objects.services.length > 0 ? [] : likelyServers(objects, offered);
  if (objects.gateways.length + objects.apiGateways.length === 0) return undefined;
  const mapping = mapIngress({ namespace, service }, objects, MeshOptions.parse({}));
  return mapping.servers
    .filter(
      ({ verdict }) =>
        verdict === 'listening' || verdict === 'no-route' || verdict === 'no-service-port',
    )
    .map(({ api, gateway, port, protocol, servicePorts }) => {
      const ports = servicePorts.filter((one) => one.service === name).map((one) => one.port);
      const expects = expectedBy(protocol);
      return { api, gateway, port, expects, servicePorts: ports.length > 0 ? ports : [port] };
    });
}

/**
 * Without the Service: the Gateways that open a port with the same number. The printed commands
 * name them, so the user can check.
 */
function likelyServers(
  { gateways, apiGateways }: KubernetesObjects,
  ports: readonly number[],
): readonly GatewayServer[] | undefined {
  const all = [
    ...gateways.map(({ meta, servers }) => ({
      meta,
      api: 'istio' as const,
      opened: servers.flatMap((one) => ('malformed' in one ? [] : [one.port])),
    })),
    ...apiGateways.map(({ meta, listeners }) => ({
      meta,
      api: 'gateway-api' as const,
      opened: listeners.map(({ port, protocol }) => ({ number: port, protocol })),
    })),
  ].filter(({ opened }) => opened.some(({ number }) => ports.includes(number)));
  if (all.length === 0) return undefined;
  return all.flatMap(({ meta, api, opened }) =>
    opened.map(({ number, protocol }) => ({
      api,
      gateway: `${meta.namespace}/${meta.name}`,
      port: number,
      expects: expectedBy(protocol),
      servicePorts: [number],
    })),
  );
}

/** Istio ignores the case of protocols. */
function expectedBy(protocol: string): Expected {
  if (/^(HTTP|HTTP2|GRPC|GRPC-WEB)$/i.test(protocol)) return 'http';
  if (/^HTTPS$/i.test(protocol)) return 'https';
  return /^TLS$/i.test(protocol) ? 'tls' : 'other';
}
