/**
 * istio-port-mapping.md §1.2.2 to 1.2.7: resolves the port number of a gateway to a port in the
 * pod.
 */
import type { Workload } from './workload.ts';
import type { Service, ServicePort } from '../snapshot/objects.ts';
import { istioProtocolOf } from './protocol.ts';
import { isPort } from './validity.ts';
import { namespacedName } from './object-age.ts';

/** A Service port with its port in the pods. */
export interface TargetPort {
  readonly service: Service;
  readonly port: ServicePort;
  /** The port in the pod that Envoy binds. */
  readonly target: number;
}

/**
 * istio-port-mapping.md §1.2.7: a Service with this label does not translate ports of Istio
 * Gateways.
 */
const DISABLE_LABEL = 'experimental.istio.io/disable-gateway-port-translation';

/**
 * Whether the Service takes part in the translation of ports (istio-port-mapping.md §1.2.7). Only
 * the presence of the label counts.
 */
export function isTranslating(service: Service): boolean {
  return !(DISABLE_LABEL in service.meta.labels);
}

/**
 * istio-port-mapping.md §1.2.2. Undefined if no container port of that L4 protocol has the name:
 * the Service port then leads nowhere.
 */
export function targetPortOf(port: ServicePort, workload: Workload): number | undefined {
  const wanted = port.targetPort ?? port.port;
  if (typeof wanted === 'number') return isPort(wanted) ? wanted : undefined;
  const named = workload.containerPorts.find(
    (container) => container.name === wanted && container.protocol === port.protocol,
  );
  if (named !== undefined) return named.port;
  // Without pods the number behind the name is unknown; using the port itself keeps existing
  // exposures.
  return workload.assumed && isPort(port.port) ? port.port : undefined;
}

/**
 * Ports of a Service with the port of the pods that each leads to; named ports that no container
 * has are left out.
 */
function allTargets(service: Service, workload: Workload): TargetPort[] {
  return service.ports.flatMap((port) => {
    const target = targetPortOf(port, workload);
    return target === undefined ? [] : [{ service, port, target }];
  });
}

/**
 * istio-port-mapping.md §1.2.3: of one Service, istiod sees one port per target number and Istio
 * protocol, the first in spec order.
 */
function visibleTargets(targets: readonly TargetPort[]): TargetPort[] {
  const seen = new Set<string>();
  return targets.filter(({ service, port, target }) => {
    const key = `${namespacedName(service.meta)} ${target}/${istioProtocolOf(port)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The Services of one kind of gateway pods, indexed to resolve any number of gateway ports. */
export interface PortResolver {
  /**
   * istio-port-mapping.md §1.2.5 and 1.2.6: an Istio Gateway has one target, which is the number
   * itself if no Service port has it.
   */
  readonly ofIstio: (number: number) => readonly number[];
  /** The matching ports of the Services that a Gateway API Gateway refers to, without fallback. */
  readonly ofServices: (number: number, services: readonly string[]) => readonly number[];
  /** istio-port-mapping.md §1.8 `udpSupportedPort` */
  readonly hasUdp: (number: number, services: readonly string[] | undefined) => boolean;
  /** `namespace/name` of the Services with at least one port. */
  readonly present: ReadonlySet<string>;
  /** All ports that lead into the pods, including hidden ones, by number and by target. */
  readonly byNumber: ReadonlyMap<number, readonly TargetPort[]>;
  readonly byTarget: ReadonlyMap<number, readonly TargetPort[]>;
  /**
   * Whether the Service has this TCP port, whatever its target; a UDP port with the same number is
   * independent (istio-port-mapping.md §1.3).
   */
  readonly hasTcp: (service: Service, number: number) => boolean;
  /** Whether the number is translated for Istio Gateways. */
  readonly translates: (number: number) => boolean;
}

function byPortNumber({ port }: TargetPort): number {
  return port.port;
}

/** `services` in the order of istio-port-mapping.md §1.2.4. */
export function createPortResolver(services: readonly Service[], workload: Workload): PortResolver {
  const all = services.flatMap((service) => allTargets(service, workload));
  const targets = visibleTargets(all);
  const byPort = Map.groupBy(targets, byPortNumber);
  const translating = Map.groupBy(
    targets.filter(({ service }) => isTranslating(service)),
    byPortNumber,
  );
  const tcp = new Set(
    services.flatMap((service) =>
      service.ports
        .filter(({ protocol }) => protocol === 'TCP')
        .map(({ port }) => `${namespacedName(service.meta)} ${port}`),
    ),
  );
  const of = (number: number, keys: readonly string[]): TargetPort[] =>
    (byPort.get(number) ?? []).filter(({ service }) => keys.includes(namespacedName(service.meta)));
  return {
    ofIstio: (number) => [translating.get(number)?.[0]?.target ?? number],
    ofServices: (number, keys) =>
      [...new Set(of(number, keys).map(({ target }) => target))].sort((a, b) => a - b),
    hasUdp: (number, keys) =>
      (keys === undefined ? (byPort.get(number) ?? []) : of(number, keys)).some(
        ({ port }) => port.protocol === 'UDP',
      ),
    present: new Set(targets.map(({ service }) => namespacedName(service.meta))),
    byNumber: Map.groupBy(all, byPortNumber),
    byTarget: Map.groupBy(all, ({ target }) => target),
    hasTcp: (service, number) => tcp.has(`${namespacedName(service.meta)} ${number}`),
    translates: (number) => translating.has(number),
  };
}
