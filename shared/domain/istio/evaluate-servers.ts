/** Applies all rules in order (the table in `port-mapping.ts`) to one kind of gateway pods. */
import { namespacedName } from './object-age.ts';
import { isUnixSocket, whyUnreachable } from './bind.ts';
import type { WorkloadEvaluation, ServerEvaluation } from './server-evaluation.ts';
import { compareVerdicts } from './server-evaluation.ts';
import { startMerge } from './merging.ts';
import type { ServerMerge } from './merging.ts';
import type { CodedReason, ServerId, ServerSpec } from './model.ts';
import { isReserved, isSkippedAsPrivileged } from './privileged.ts';
import type { ServerSelection, WorkloadContext } from './server-selection.ts';
import { selectServers } from './server-selection.ts';
import type { Service } from '../snapshot/objects.ts';
import { findRoute } from './routes.ts';
import type { Listener, ListenerKind, Verdict } from './port-mapping.ts';
import { ListenerKind as Kinds } from './port-mapping.ts';

/** One server at one of its resolved ports. */
interface Placed {
  readonly server: ServerSpec;
  readonly port: number;
}

/** Its result there. */
interface Case extends CodedReason {
  readonly port: number;
  readonly verdict: Verdict;
  /** Envoy listens at the port, even if BIG-IP cannot reach the address that it binds. */
  readonly open: boolean;
  /** Whether only the privilege is missing: another port in the pod would open it. */
  readonly curable: boolean;
}

/** Results by server; a Gateway API listener may have several ports. */
type Cases = Map<ServerSpec, Case[]>;

/** A server that opens nothing at this port. */
function closed(port: number, verdict: Verdict, because: CodedReason): Case {
  return { port, verdict, open: false, curable: false, code: because.code, reason: because.reason };
}

/** Ports of Envoy, the agent and ztunnel in the pod itself. */
function reserved(port: number): CodedReason {
  return {
    code: 'MAP214',
    reason: `Istio's proxy or agent uses port ${port} in the pod; use another port`,
  };
}

/**
 * The reason for a port below 1024 that unprivileged pods cannot bind (istio-port-mapping.md §1.4).
 */
function privileged({ server, port }: Placed): CodedReason {
  const led = port === server.number ? '' : ` (to which the Service maps port ${server.number})`;
  return {
    code: 'MAP220',
    reason: `the gateway pods are unprivileged and cannot bind port ${port}${led}, so istiod leaves the listener out`,
  };
}

/**
 * Accepted servers in the order in which istiod builds chains: by port, protocol and bind, each in
 * order of first appearance.
 */
function inBuildOrder(accepted: readonly Placed[]): Placed[] {
  const groups = Map.groupBy(
    accepted,
    ({ server, port }) => `${port} ${server.protocol} ${server.bind}`,
  );
  return [...groups.values()].flat();
}

/** `of-old`: without discoverySelectors, and with the revision of the mesh options for all pods. */
type Rules = 'present' | 'of-old';

/**
 * Whether the old rules would give the same result, so that nothing needs to be evaluated twice.
 */
function isAsOfOld({ world, workload }: WorkloadContext): boolean {
  return (
    workload.revision === world.mesh.revision && !world.discovery(workload.revision).isSelective
  );
}

/** In istiod's order; without those in namespaces that the mesh does not read. */
function meshServices({ world, workload }: WorkloadContext): readonly Service[] {
  const { isSelective, reads } = world.discovery(workload.revision);
  const all = world.services.inOrder;
  return isSelective ? all.filter(({ meta }) => reads(meta.namespace)) : all;
}

/**
 * istio-port-mapping.md §1.4, §1.5 and §2: the remaining checks of a server that the merge
 * accepted.
 */
function judgeAccepted(
  placed: Placed,
  stage: WorkloadContext,
  { sni, rules }: { readonly sni: Map<string, string>; readonly rules: Rules },
): Case {
  const { server, port } = placed;
  const { world, workload } = stage;
  const route = findRoute(
    server,
    {
      mesh: world.mesh,
      table:
        rules === 'of-old'
          ? world.routesIn(workload.namespace, world.mesh.revision, 'everything')
          : world.routesIn(workload.namespace, workload.revision),
      services: rules === 'of-old' ? world.services.inOrder : meshServices(stage),
    },
    sni,
  );
  const reach = whyUnreachable(server.bind, workload.ips);
  if (isSkippedAsPrivileged(isUnixSocket(server.bind) ? 0 : port, workload.unprivileged)) {
    return {
      ...closed(port, 'privileged-port', privileged(placed)),
      curable: route.routed && reach === undefined,
    };
  }
  if (reach !== undefined)
    return { ...closed(port, 'unreachable-bind', reach), open: reach.opensPort && route.routed };
  if (!route.routed) return closed(port, 'no-route', route);
  return { port, verdict: 'listening', open: true, curable: false, code: 'OK', reason: route.by };
}

/** istio-port-mapping.md §1.7: merges all servers at each of their ports, in age order. */
function mergeAll(
  servers: readonly ServerSpec[],
  stage: WorkloadContext,
  { cases, merge }: { readonly cases: Cases; readonly merge: ServerMerge },
): Placed[] {
  const accepted: Placed[] = [];
  for (const server of servers) {
    for (const port of resolve(server, stage)) {
      const fault = isReserved(port, stage.world.mesh) ? reserved(port) : merge.offer(server, port);
      if (fault === undefined) accepted.push({ server, port });
      else cases.get(server)?.push(closed(port, 'rejected', fault));
    }
  }
  return accepted;
}

/**
 * The ports in the pod for the number of a server: by Istio's rule, or by the Services of a Gateway
 * API Gateway.
 */
function resolve(server: ServerSpec, { ports }: WorkloadContext): readonly number[] {
  return server.attachment === undefined
    ? ports.ofIstio(server.number)
    : ports.ofServices(server.number, server.attachment.services);
}

/** Earlier SNI hosts with a chain are tracked per listener: one port and bind. */
function judgeAll(
  accepted: readonly Placed[],
  stage: WorkloadContext,
  { cases, rules }: { readonly cases: Cases; readonly rules: Rules },
): void {
  const sni = new Map<string, Map<string, string>>();
  for (const placed of inBuildOrder(accepted)) {
    const key = `${placed.port} ${placed.server.bind}`;
    const taken = sni.get(key) ?? new Map<string, string>();
    sni.set(key, taken);
    cases.get(placed.server)?.push(judgeAccepted(placed, stage, { sni: taken, rules }));
  }
}

/** The reason for a server without a Service port that leads to it. */
function noServicePort(spec: ServerSpec, stage: WorkloadContext): CodedReason {
  const names = spec.attachment?.services ?? [];
  const meant = stage.services
    .filter((service) => names.includes(namespacedName(service.meta)))
    .flatMap(({ ports }) => ports)
    .find((port) => port.targetPort === spec.number);
  const hint =
    meant === undefined
      ? ''
      : `; did you mean ${meant.port}, which leads to ${spec.number} in the pod?`;
  return {
    code: 'MAP240',
    reason:
      `Service ${names.join(', ')} has no port ${spec.number}, ` +
      `and a Gateway API listener is reachable only through such a port${hint}`,
  };
}

/** The rest of the evaluation of a server that opens no port. */
const NOTHING = { resolved: [], open: [], curable: false, http3: false } as const;

/** One evaluation of a server from its evaluations for each workload. */
function combine(
  id: ServerId,
  spec: ServerSpec,
  cases: readonly Case[],
  stage: WorkloadContext,
): ServerEvaluation {
  const [best] = cases.toSorted((a, b) => compareVerdicts(a.verdict, b.verdict));
  if (best === undefined)
    return { id, spec, verdict: 'no-service-port', ...noServicePort(spec, stage), ...NOTHING };
  const open = cases.filter((one) => one.open).map(({ port }) => port);
  const udp =
    stage.world.mesh.enableQuic &&
    spec.kind === 'HTTPS' &&
    stage.ports.hasUdp(spec.number, spec.attachment?.services);
  const { verdict, code, reason, curable } = best;
  return {
    id,
    spec,
    verdict,
    code,
    reason,
    curable,
    resolved: cases.map(({ port }) => port),
    open,
    http3: udp && open.length > 0,
  };
}

interface Conclusions {
  /** Results by the rules of the present version. */
  readonly cases: Cases;
  /** Results by the old rules. */
  readonly before: Cases;
}

/**
 * A dropped server is reported as dropped; its result by the old rules only keeps existing
 * exposures.
 */
function conclude(
  { server, notRead, dropped }: ServerSelection,
  { cases, before }: Conclusions,
  stage: WorkloadContext,
): ServerEvaluation {
  const { id } = server;
  if (!('spec' in server))
    return { id, spec: undefined, verdict: 'rejected', ...server.fault, ...NOTHING };
  const { spec } = server;
  if (notRead !== undefined) return { id, spec, verdict: 'not-selected', ...notRead, ...NOTHING };
  const now =
    dropped === undefined
      ? combine(id, spec, cases.get(spec) ?? [], stage)
      : { id, spec, ...dropped, ...NOTHING };
  if (now.verdict === 'listening') return now;
  const tolerated = combine(id, spec, before.get(spec) ?? [], stage);
  return tolerated.verdict === 'listening' ? { ...now, tolerated } : now;
}

/** One entry per port, bind and transport with all kinds that share it, in a fixed order. */
export function listenersOf(judgements: readonly ServerEvaluation[]): Listener[] {
  const kinds = new Map<string, Set<ListenerKind>>();
  const sockets = new Map<string, Omit<Listener, 'kinds'>>();
  const add = (socket: Omit<Listener, 'kinds'>, kind: ListenerKind): void => {
    const key = `${socket.port} ${socket.bind ?? ''} ${socket.transport}`;
    sockets.set(key, socket);
    kinds.set(key, (kinds.get(key) ?? new Set<ListenerKind>()).add(kind));
  };
  for (const { spec, open, http3 } of judgements) {
    if (spec === undefined) continue;
    for (const port of open) {
      const at = spec.bind === '' ? { port } : { port, bind: spec.bind };
      add({ ...at, transport: 'tcp' }, spec.kind);
      if (http3) add({ ...at, transport: 'udp' }, 'HTTP3');
    }
  }
  return sortListeners(
    [...sockets].map(([key, socket]) => ({
      ...socket,
      kinds: Kinds.options.filter((kind) => kinds.get(key)?.has(kind)),
    })),
  );
}

/** Sorts by port, bind address and transport, so that equal port mappings have equal JSON. */
export function sortListeners(listeners: readonly Listener[]): Listener[] {
  const key = (l: Listener): string =>
    `${String(l.port).padStart(5, '0')} ${l.bind ?? ''} ${l.transport}`;
  return listeners.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * First the servers that the pods read. Servers that are ignored by newer rules take no port from
 * others, so they come last.
 */
export function evaluateServers(stage: WorkloadContext): WorkloadEvaluation {
  const read = selectServers(stage);
  const specs = (isDropped: boolean): readonly ServerSpec[] =>
    read.flatMap(({ server, notRead, dropped }) =>
      'spec' in server && notRead === undefined && (dropped !== undefined) === isDropped
        ? [server.spec]
        : [],
    );
  const cases: Cases = new Map(specs(false).map((spec) => [spec, []]));
  const before: Cases = new Map([...specs(false), ...specs(true)].map((spec) => [spec, []]));
  const merge = startMerge();
  const accepted = mergeAll(specs(false), stage, { cases, merge });
  judgeAll(accepted, stage, { cases, rules: 'present' });
  const dropped = mergeAll(specs(true), stage, { cases: before, merge });
  judgeAll([...(isAsOfOld(stage) ? [] : accepted), ...dropped], stage, {
    cases: before,
    rules: 'of-old',
  });
  const judgements = read.map((reading) => conclude(reading, { cases, before }, stage));
  return { judgements, listeners: listenersOf(judgements) };
}
