/** istio-port-mapping.md §1.2.2 to 1.2.7: from the port number of a gateway to the port in the pod. */
import type { Workload } from './workload.ts';
import type { Service, ServicePort } from '../snapshot/objects.ts';
import { istioProtocolOf } from './protocol.ts';
import { isPort } from './validity.ts';
import { namespacedName } from './object-age.ts';

/** A Service port as it leads into the pods. */
export interface TargetPort {
  readonly service: Service;
  readonly port: ServicePort;
  readonly target: number;
}

/** istio-port-mapping.md §1.2.7: with this label on it, a Service does not translate ports of Istio Gateways. */
const DISABLE_LABEL = 'experimental.istio.io/disable-gateway-port-translation';

export function isTranslating(service: Service): boolean {
  return !(DISABLE_LABEL in service.meta.labels);
}

/** istio-port-mapping.md §1.2.2. Undefined when a name is on no container port of that L4 protocol: the Service port then leads nowhere. */
export function targetPortOf(port: ServicePort, workload: Workload): number | undefined {
  const wanted = port.targetPort ?? port.port;
  if (typeof wanted === 'number') return isPort(wanted) ? wanted : undefined;
  const named = workload.containerPorts.find(
    (container) => container.name === wanted && container.protocol === port.protocol,
  );
  if (named !== undefined) return named.port;
  // Without pods nobody knows the name's number; the port itself keeps what is exposed from vanishing.
  return workload.assumed && isPort(port.port) ? port.port : undefined;
}

function allTargets(service: Service, workload: Workload): TargetPort[] {
  return service.ports.flatMap((port) => {
    const target = targetPortOf(port, workload);
    return target === undefined ? [] : [{ service, port, target }];
  });
}

/** istio-port-mapping.md §1.2.3: of one Service, istiod sees one port for each target number and Istio protocol, the first in spec order. */
function visibleTargets(targets: readonly TargetPort[]): TargetPort[] {
  const seen = new Set<string>();
  return targets.filter(({ service, port, target }) => {
    const key = `${namespacedName(service.meta)} ${target}/${istioProtocolOf(port)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

export interface PortResolver {
  /** istio-port-mapping.md §1.2.5 and 1.2.6: an Istio Gateway has one target, the number itself when no Service port has it. */
  readonly ofIstio: (number: number) => readonly number[];
  /** The ports of the Services that a Gateway API Gateway refers to: every match counts, no fall-back. */
  readonly ofServices: (number: number, services: readonly string[]) => readonly number[];
  /** istio-port-mapping.md §1.8 `udpSupportedPort` */
  readonly hasUdp: (number: number, services: readonly string[] | undefined) => boolean;
  /** `namespace/name` of the Services that bring at least one port. */
  readonly present: ReadonlySet<string>;
  /** Every port that leads into the pods, hidden ones included, by its number and by its target. */
  readonly byNumber: ReadonlyMap<number, readonly TargetPort[]>;
  readonly byTarget: ReadonlyMap<number, readonly TargetPort[]>;
  /** The Service has this port already, wherever it leads; a UDP port of the same number is another one (istio-port-mapping.md §1.3). */
  readonly hasTcp: (service: Service, number: number) => boolean;
  /** Numbers that Istio Gateways find translated. */
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
