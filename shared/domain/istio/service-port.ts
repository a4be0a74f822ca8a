/**
 * istio-port-mapping.md §1.3: which Service ports lead to a listener, and which port to add if none
 * does.
 */
import { compareByCodeUnits, namespacedName } from './object-age.ts';
import type { ServerEvaluation } from './server-evaluation.ts';
import { isManagedService } from './gateway-api/gateways.ts';
import { isReserved, isSkippedAsPrivileged } from './privileged.ts';
import type { WorkloadContext } from './server-selection.ts';
import { isTranslating } from './port-resolution.ts';
import type { Service } from '../snapshot/objects.ts';
import type { MissingServicePort, ServicePortMapping } from './port-mapping.ts';

/** Whether clients of the Service port reach the server: UDP only if Envoy serves HTTP/3 there. */
function reaches(protocol: string, target: number, judgement: ServerEvaluation): boolean {
  if (judgement.verdict !== 'listening' || !judgement.open.includes(target)) return false;
  return protocol === 'TCP' || (protocol === 'UDP' && judgement.http3);
}

/**
 * Ports with the server's number, and ports that lead to its listener under another number; in the
 * order of Services and their ports.
 */
export function servicePortsOf(
  judgement: ServerEvaluation,
  { ports }: WorkloadContext,
): ServicePortMapping[] {
  const numbered = ports.byNumber.get(judgement.id.number) ?? [];
  const leading = judgement.open
    .flatMap((port) => ports.byTarget.get(port) ?? [])
    .filter(
      ({ port, target }) =>
        port.port !== judgement.id.number && reaches(port.protocol, target, judgement),
    );
  return [...numbered, ...new Set(leading)].map(({ service, port, target }) => ({
    service: namespacedName(service.meta),
    port: port.port,
    targetPort: target,
    nodePort: port.nodePort ?? null,
    reachesListener: reaches(port.protocol, target, judgement),
  }));
}

/** Istio derives the protocol of a Service port from the prefix of its name. */
const PREFIXES: Readonly<Record<string, string>> = {
  http: 'http',
  http_proxy: 'http',
  http2: 'http2',
  grpc: 'grpc',
  'grpc-web': 'grpc-web',
  https: 'https',
  tls: 'tls',
  tcp: 'tcp',
  mongo: 'mongo',
  redis: 'redis',
  mysql: 'mysql',
};

/** A free name that begins with the protocol, by which Istio recognises it. */
function portName(protocol: string, number: number, taken: ReadonlySet<string>): string {
  const base = `${PREFIXES[protocol.toLowerCase()] ?? 'tcp'}-${number}`;
  let name = base;
  for (let n = 2; taken.has(name); n += 1) name = `${base}-${n}`;
  return name;
}

/** Types through which clients come in, the better one first. */
const TYPES: readonly string[] = ['LoadBalancer', 'NodePort'];

/**
 * Lower is better: the type, and headless Services last, because no client comes in through them.
 */
function suitability(service: Service): number {
  const type = TYPES.indexOf(service.type);
  return (type < 0 ? TYPES.length : type) + (service.headless ? TYPES.length + 1 : 0);
}

/**
 * A port is added only to a Service that selects pods and is not managed by istiod; the most
 * exposed one, then the oldest.
 */
export function serviceToExtend(
  services: readonly Service[],
  managed: ReadonlySet<string>,
): Service | undefined {
  const byHand = services.filter(
    (service) => Object.keys(service.selector).length > 0 && !isManagedService(service, managed),
  );
  return byHand.toSorted((a, b) => suitability(a) - suitability(b))[0];
}

/** One kind of gateway pods with its verdicts, and the Services that may get missing ports. */
export interface PortExtension {
  readonly stage: WorkloadContext;
  readonly judgements: readonly ServerEvaluation[];
  /** Services of which one with the port is sufficient. */
  readonly within: readonly Service[];
}

/**
 * A Gateway API listener needs the port on a Service that its Gateway names; for all others any
 * Service is sufficient.
 */
function scopeOf(judgement: ServerEvaluation, within: readonly Service[]): readonly Service[] {
  if (judgement.verdict !== 'no-service-port') return within;
  return within.filter((service) =>
    judgement.spec?.attachment?.services.includes(namespacedName(service.meta)),
  );
}

/** Whether the port is missing: no Service has its number, and none leads to the listener. */
export function isServicePortMissing(
  judgement: ServerEvaluation,
  { stage, within }: Pick<PortExtension, 'stage' | 'within'>,
): boolean {
  const scope = scopeOf(judgement, within);
  if (scope.some((service) => stage.ports.hasTcp(service, judgement.id.number))) return false;
  const keys = new Set(scope.map(({ meta }) => namespacedName(meta)));
  return !servicePortsOf(judgement, stage).some(
    ({ service, reachesListener }) => reachesListener && keys.has(service),
  );
}

/**
 * The target of the added port; `free` returns a number that the pods can bind. Undefined if adding
 * would not help.
 */
function wantedTarget(
  judgement: ServerEvaluation,
  service: Service,
  { stage, judgements }: PortExtension,
): Target | undefined {
  const { number } = judgement.id;
  if (judgement.verdict === 'listening') return judgement.open[0];
  if (judgement.verdict === 'privileged-port') {
    return judgement.curable && !stage.ports.translates(number) && isTranslating(service)
      ? 'free'
      : undefined;
  }
  if (judgement.verdict !== 'no-service-port') return undefined;
  // The number is already a target port: the Gateway means another port, and a second one with its
  // protocol would stay hidden (istio-port-mapping.md §1.2.3).
  if (stage.ports.byTarget.get(number)?.some((target) => target.service === service))
    return undefined;
  const taken = judgements.some(({ resolved }) => resolved.includes(number));
  return taken || isSkippedAsPrivileged(number, stage.workload.unprivileged) ? 'free' : number;
}

/** Target ports for privileged numbers begin here; Istio reserves 15000 and above. */
const FIRST_FREE_PORT = 8000;
const LAST_PORT = 65_535;

/** 80 becomes 8080, 443 becomes 8443; or the next free number. */
function freeTarget(number: number, isUsed: (port: number) => boolean): number {
  let target = number + FIRST_FREE_PORT > LAST_PORT ? FIRST_FREE_PORT : number + FIRST_FREE_PORT;
  while (isUsed(target)) target = target === LAST_PORT ? FIRST_FREE_PORT : target + 1;
  return target;
}

/** Ports in the pods that are or will be used. */
function usedPorts(extensions: readonly PortExtension[]): Set<number> {
  const used = new Set<number>();
  for (const { stage, judgements } of extensions) {
    for (const port of stage.ports.byTarget.keys()) used.add(port);
    for (const { port } of stage.workload.containerPorts) used.add(port);
    for (const { resolved, id } of judgements)
      for (const port of [...resolved, id.number]) used.add(port);
  }
  return used;
}

type Target = number | 'free';

/** A Service port that is missing for a server. */
interface PortDemand {
  readonly service: Service;
  readonly number: number;
  readonly protocol: string;
  readonly targets: Set<Target>;
  readonly by: Set<ServerEvaluation>;
  readonly gateways: Set<string>;
}

/** One request per Service and number, with the name of its first server. */
function portDemands(extensions: readonly PortExtension[]): PortDemand[] {
  const found = new Map<string, PortDemand>();
  for (const extension of extensions) {
    const { stage, within } = extension;
    for (const judgement of extension.judgements) {
      const { number, gateway, protocol } = judgement.id;
      const service = serviceToExtend(scopeOf(judgement, within), stage.world.managedServices);
      if (
        service === undefined ||
        isReserved(number, stage.world.mesh) ||
        !isServicePortMissing(judgement, extension)
      )
        continue;
      const target = wantedTarget(judgement, service, extension);
      if (target === undefined) continue;
      const key = `${namespacedName(service.meta)} ${number}`;
      const demand = found.get(key) ?? {
        service,
        number,
        protocol,
        targets: new Set(),
        by: new Set(),
        gateways: new Set(),
      };
      demand.targets.add(target);
      demand.by.add(judgement);
      demand.gateways.add(gateway);
      found.set(key, demand);
    }
  }
  return [...found.values()].sort(
    (a, b) =>
      compareByCodeUnits(namespacedName(a.service.meta), namespacedName(b.service.meta)) ||
      a.number - b.number,
  );
}

/**
 * By number: the servers affected by a Service port of that number, either moved (Istio Gateways
 * with a listener) or enabled (Gateway API listeners without one).
 */
function neighboursOf(
  extensions: readonly PortExtension[],
): ReadonlyMap<number, readonly ServerEvaluation[]> {
  const concerned = extensions.flatMap(({ judgements }) =>
    judgements.filter(({ id, open, verdict }) =>
      id.api === 'istio' ? open.length > 0 : verdict === 'no-service-port',
    ),
  );
  return Map.groupBy(concerned, ({ id }) => id.number);
}

/** Whether a new Service port would leave another server of the same number as it is. */
function isUndisturbed(neighbour: ServerEvaluation, target: Target, service: string): boolean {
  if (neighbour.id.api === 'istio') return neighbour.resolved[0] === target;
  return neighbour.spec?.attachment?.services.includes(service) !== true;
}

/**
 * A targetPort applies to all servers with the number and all pods, so it must not move or displace
 * a listener that does not request it.
 */
function agreedTarget(
  demand: PortDemand,
  neighbours: readonly ServerEvaluation[],
): Target | undefined {
  const [target, ...others] = demand.targets;
  if (target === undefined || others.length > 0) return undefined;
  const service = namespacedName(demand.service.meta);
  return neighbours.every(
    (neighbour) => demand.by.has(neighbour) || isUndisturbed(neighbour, target, service),
  )
    ? target
    : undefined;
}

/**
 * The ports to add for all pods of an ingress: N to N, or another target only if the pods cannot
 * bind N.
 */
export function missingPorts(extensions: readonly PortExtension[]): MissingServicePort[] {
  const used = usedPorts(extensions);
  const isUsed = (port: number): boolean =>
    used.has(port) || extensions.some(({ stage }) => isReserved(port, stage.world.mesh));
  const neighbours = neighboursOf(extensions);
  const names = new Map<string, Set<string>>();
  return portDemands(extensions).flatMap((demand) => {
    const target = agreedTarget(demand, neighbours.get(demand.number) ?? []);
    if (target === undefined) return [];
    const { number, service, protocol, gateways } = demand;
    const key = namespacedName(service.meta);
    const taken = names.get(key) ?? new Set(service.ports.map(({ name }) => name));
    const name = portName(protocol, number, taken);
    names.set(key, taken.add(name));
    const targetPort = target === 'free' ? freeTarget(number, isUsed) : target;
    used.add(targetPort);
    return [
      {
        service: key,
        name,
        port: number,
        targetPort,
        protocol: 'TCP' as const,
        gateways: [...gateways].sort(),
      },
    ];
  });
}
