/**
 * Pure: selects the missing ports to add to a Service. A node port is open even if it leads to a
 * port that may not be exposed.
 */
import { buildExposures, type ExposureContext } from '../../../shared/domain/exposure/build.ts';
import { exposureKey, type Exposure } from '../../../shared/domain/exposure/exposure.ts';
import type {
  Listener,
  MissingServicePort,
  PortMapping,
  ServerReport,
} from '../../../shared/domain/istio/port-mapping.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';

/** The state of one ingress from which missing ports are derived. */
export interface PortsInput {
  readonly ref: IngressRef;
  readonly objects: KubernetesObjects;
  /** What Istio makes of the objects. */
  readonly mapping: PortMapping;
  /** The policy says which ports may be exposed. */
  readonly context: ExposureContext;
  /** Whether a device already exposes it: rules for new exposures then do not apply. */
  readonly isDeclared: (exposure: Exposure) => boolean;
  /** Whether Sluice added it before: removing it by hand does not make it internal. */
  readonly wasAdded: (port: MissingServicePort) => boolean;
}

/** Requested ports whose server would be exposed if the port existed. */
export function servicePortsToAdd(input: PortsInput): readonly MissingServicePort[] {
  const { ref, objects, mapping, context } = input;
  if (mapping.missing.length === 0) return [];
  const { servers, exposures, staying } = buildExposures(ref, objects, withPorts(mapping, ref), {
    ...context,
    // The node port is created with the port, so nothing waits for it here.
    ingress: { ...context.ingress, members: 'pods' },
  });
  const known = new Map(exposures.map((exposure) => [exposureKey(exposure), exposure]));
  const mayOpen = (port: MissingServicePort, gateway: string): boolean =>
    servers.some((server, position) => {
      if (server.gateway !== gateway || server.port !== port.port) return false;
      if (server.verdict !== 'rejected' || ABOUT_MEMBERS.has(server.code)) return true;
      const kept = known.get(staying.get(position) ?? '');
      return kept !== undefined && (input.isDeclared(kept) || input.wasAdded(port));
    });
  return mapping.missing.flatMap((port) => {
    const gateways = port.gateways.filter((gateway) => mayOpen(port, gateway));
    return gateways.length === 0 ? [] : [{ ...port, gateways }];
  });
}

/** These codes mean that there are no members yet, not that exposing is forbidden. */
const ABOUT_MEMBERS: ReadonlySet<string> = new Set(['GW139', 'OWN325']);

/** The mapping as if the ports existed, so that servers waiting for them listen. */
function withPorts(mapping: PortMapping, ref: IngressRef): PortMapping {
  const opened: Listener[] = [];
  const servers = mapping.servers.map((server): ServerReport => {
    const port = mapping.missing.find(
      (one) => one.port === server.port && one.gateways.includes(server.gateway),
    );
    if (port === undefined || server.verdict === 'listening' || server.verdict === 'rejected')
      return server;
    opened.push({ port: port.targetPort, transport: 'tcp', kinds: [] });
    const leading = {
      service: `${ref.namespace}/${ref.service}`,
      port: port.port,
      targetPort: port.targetPort,
      nodePort: null,
      reachesListener: true,
    };
    return {
      ...server,
      verdict: 'listening',
      code: 'OK',
      envoyPorts: [port.targetPort],
      servicePorts: [...server.servicePorts, leading],
    };
  });
  return { ...mapping, servers, listeners: [...mapping.listeners, ...opened] };
}
