/**
 * The port mapping of one set of gateway pods: applies the rules to each kind of pods, then
 * combines the results.
 */
import { compareByCodeUnits, namespacedName } from './object-age.ts';
import { explain, formatSomePods } from './explain.ts';
import type { ServerEvaluation } from './server-evaluation.ts';
import { compareVerdicts } from './server-evaluation.ts';
import { evaluateServers, sortListeners } from './evaluate-servers.ts';
import { reportHead } from './model.ts';
import type { Service } from '../snapshot/objects.ts';
import type { WorkloadContext } from './server-selection.ts';
import { createPortResolver } from './port-resolution.ts';
import { isServicePortMissing, missingPorts, servicePortsOf } from './service-port.ts';
import type { Listener, MissingServicePort, PortMapping, ServerReport } from './port-mapping.ts';
import { ListenerKind } from './port-mapping.ts';
import type { Workload } from './workload.ts';
import type { ClusterModel } from './cluster-model.ts';
import { gatewayNotesFor } from './notes.ts';

/** Gateway pods that the same Services select. */
export interface Ingress {
  /** Of the pods. */
  readonly namespace: string;
  /** The pods, by what the rules distinguish. */
  readonly workloads: readonly Workload[];
  /** Services that select the pods, oldest first. */
  readonly services: readonly Service[];
  /** The Services that may get a port: the ingress Service, or all of them. */
  readonly within: readonly Service[];
}

interface Staged {
  /** One kind of pods, with the Services that select them. */
  readonly stage: WorkloadContext;
  /** One for each server that these pods read. */
  readonly judgements: readonly ServerEvaluation[];
  readonly listeners: readonly Listener[];
}

/** Pods that no Service selects are judged with the Services of the ingress. */
function stageOf(world: ClusterModel, workload: Workload, ingress: Ingress): Staged {
  const found = world.services.of(workload);
  const services = found.length > 0 ? found : ingress.services;
  const stage = { world, workload, services, ports: createPortResolver(services, workload) };
  return { stage, ...evaluateServers(stage) };
}

/** An ingress with the ports to add, by number and gateway. */
interface Answered extends Ingress {
  readonly additions: ReadonlyMap<string, MissingServicePort>;
}

/** One server in one kind of pods. */
interface EvaluatedServer {
  readonly judgement: ServerEvaluation;
  readonly staged: Staged;
}

/** The port to add for this server; a rejected server on the same port does not benefit. */
function addition(
  { id, verdict }: ServerEvaluation,
  { additions }: Answered,
): MissingServicePort | undefined {
  if (verdict !== 'listening' && verdict !== 'privileged-port' && verdict !== 'no-service-port')
    return undefined;
  return additions.get(`${id.number} ${id.gateway}`);
}

/** The report of one server, with the Service ports that lead to it. */
function reportOf({ judgement, staged }: EvaluatedServer, ingress: Answered): MappedServer {
  const { stage } = staged;
  const servicePorts = servicePortsOf(judgement, stage);
  const missing = addition(judgement, ingress);
  const missingInService =
    judgement.verdict === 'listening'
      ? isServicePortMissing(judgement, { stage, within: ingress.within })
      : missing !== undefined;
  const circumstances = {
    servicePorts,
    services: stage.services,
    missing: missingInService ? missing : undefined,
    missingInService,
    managed: stage.world.managedServices,
  };
  const { tolerated } = judgement;
  return {
    ...(tolerated && { tolerated: reportOf({ judgement: tolerated, staged }, ingress) }),
    ...reportHead(judgement.id),
    verdict: judgement.verdict,
    code: judgement.code,
    reason: explain(judgement, circumstances),
    envoyPorts: [...judgement.open],
    servicePorts,
    missingInService,
  };
}

/** With the report by older rules, which only keeps what is exposed already. */
type MappedServer = ServerReport & { readonly tolerated?: ServerReport };

/** The best result; if pods differ, the report names the pods with this result. */
function bestReport(evaluated: readonly EvaluatedServer[], ingress: Answered): MappedServer[] {
  const [best] = evaluated.toSorted((a, b) =>
    compareVerdicts(a.judgement.verdict, b.judgement.verdict),
  );
  if (best === undefined) return [];
  const report = reportOf(best, ingress);
  const agreeing = evaluated
    .filter(({ judgement }) => judgement.verdict === report.verdict)
    .flatMap(({ staged }) => staged.stage.workload.pods);
  const all = ingress.workloads.flatMap(({ pods }) => pods).length;
  return agreeing.length === all
    ? [report]
    : [
        {
          ...report,
          reason:
            report.reason +
            formatSomePods(
              agreeing.map(({ meta }) => meta.name),
              all,
            ),
        },
      ];
}

/** Orders reports by gateway, API and server index, independent of the language settings. */
export function compareReports(a: ServerReport, b: ServerReport): number {
  return (
    compareByCodeUnits(a.gateway, b.gateway) ||
    compareByCodeUnits(a.api, b.api) ||
    a.server - b.server
  );
}

/** The reports of all servers; one for each server, whatever the number of workloads. */
function reports(staged: readonly Staged[], ingress: Answered): MappedServer[] {
  const evaluated = staged.flatMap((one) =>
    one.judgements.map((judgement): EvaluatedServer => ({ judgement, staged: one })),
  );
  const byServer = Map.groupBy(
    evaluated,
    ({ judgement: { id } }) => `${id.api} ${id.gateway} ${id.index}`,
  );
  return [...byServer.values()].flatMap((group) => bestReport(group, ingress)).sort(compareReports);
}

/** The listeners of all workloads; those of one port are merged. */
function unionOfListeners(lists: readonly (readonly Listener[])[]): Listener[] {
  const groups = Map.groupBy(
    lists.flat(),
    ({ port, bind, transport }) => `${port} ${bind ?? ''} ${transport}`,
  );
  const merged = [...groups.values()].flatMap((same) => {
    const [first] = same;
    const kinds = new Set(same.flatMap((listener) => listener.kinds));
    return first === undefined
      ? []
      : [{ ...first, kinds: ListenerKind.options.filter((kind) => kinds.has(kind)) }];
  });
  return sortListeners(merged);
}

/** Pods of several revisions, or with different container ports, may listen on different ports. */
function listeningPods(staged: readonly Staged[]): PortMapping['listening'] {
  const ports = new Map<number, Set<string>>();
  for (const { stage, judgements, listeners } of staged) {
    const tolerated = judgements.flatMap((one) => one.tolerated?.open ?? []);
    for (const port of new Set([...listeners.map((one) => one.port), ...tolerated])) {
      const names = ports.get(port) ?? new Set<string>();
      ports.set(port, names);
      for (const { meta } of stage.workload.pods) names.add(meta.name);
    }
  }
  const all = staged.reduce((sum, { stage }) => sum + stage.workload.pods.length, 0);
  return [...ports.values()].every((names) => names.size === all) ? undefined : ports;
}

/**
 * Computes the port mapping of one ingress. A server that several kinds of gateway pods read gets
 * one combined report.
 */
export function portMappingOf(world: ClusterModel, ingress: Ingress): PortMapping {
  const staged = ingress.workloads.map((workload) => stageOf(world, workload, ingress));
  const missing = missingPorts(
    staged.map(({ stage, judgements }) => ({ stage, judgements, within: ingress.within })),
  );
  const additions = new Map(
    missing.flatMap((one) => one.gateways.map((gateway) => [`${one.port} ${gateway}`, one])),
  );
  const notes = gatewayNotesFor(staged.map(({ stage }) => stage));
  const listening = listeningPods(staged);
  const mapped = reports(staged, { ...ingress, additions });
  const tolerated = mapped.flatMap(({ tolerated: before }, position) =>
    before === undefined ? [] : [{ position, report: before }],
  );
  return {
    namespace: ingress.namespace,
    services: ingress.services.map(({ meta }) => namespacedName(meta)),
    pods: ingress.workloads.flatMap(({ pods }) => pods.map(({ meta }) => meta.name)).sort(),
    listeners: unionOfListeners(staged.map(({ listeners }) => listeners)),
    servers: mapped.map(({ tolerated: _tolerated, ...report }) => report),
    ...(tolerated.length === 0 ? {} : { tolerated }),
    ...(listening && { listening }),
    missing,
    ...(notes.length === 0 ? {} : { notes }),
  };
}
