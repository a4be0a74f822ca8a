/** State of each server of a Gateway, the reason, and the remedy. */
import type { SluiceConfig } from '../../config/schema.ts';
import { CODES } from '../../domain/codes/index.ts';
import type { BuiltExposures } from '../../domain/exposure/build.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import { mapAll } from '../../domain/istio/map-ingress.ts';
import type { MeshOptions } from '../../domain/istio/mesh.ts';
import type { ServerReport } from '../../domain/istio/port-mapping.ts';
import { clusterOfFailure } from '../../failures/filter.ts';
import type { FailureHead } from '../../failures/port.ts';
import { exposuresOf } from '../../failures/verdicts.ts';
import type { OperationContext } from '../context.ts';
import type { NetworkNote } from '../health/refused-paths.ts';
import { networkNotes, type NodeOf } from '../health/unreached.ts';
import type { HeldExposure } from '../clusters/held.ts';
import { heldExposures } from '../clusters/held.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';
import { unansweredOf } from '../devices/declared-partitions.ts';
import { portRows } from '../ports/ports.ts';
import { offlineIngresses } from '../offline/ingresses.ts';

/** The answer for one server of the Gateway. */
export interface WhyAnswer {
  readonly server: ServerReport;
  /** `address:port/protocol` at which it is requested; empty without a configuration. */
  readonly exposures: readonly string[];
  readonly remedy: string;
  /** Nodes of its members to which there is no path; absent if there are none. */
  readonly pathless?: BuiltExposures['notes'];
  /** The state on the devices and in the failure store; absent if they were not queried. */
  readonly now?: WhyNow;
}

/** The present state on the devices. */
export interface WhyNow {
  /**
   * `reached`: declared at every address on every device of its ingress. `unknown`: a device did
   * not answer.
   */
  readonly state: 'reached' | 'wanted' | 'unknown';
  /** `exposure on device` that are not declared. */
  readonly missing: readonly string[];
  /** What is held at these addresses until nodes may move to /Common (OWN312). */
  readonly held: readonly Pick<HeldExposure, 'device' | 'exposure' | 'reason'>[];
  /** Open failures of the Gateway at these addresses. */
  readonly failures: readonly Pick<FailureHead, 'id' | 'code' | 'device' | 'sentence'>[];
  /** Members at these addresses that are down in a way that points to the network. */
  readonly network: readonly Pick<NetworkNote, 'device' | 'code' | 'message'>[];
}

/** Whose state it is. */
interface Asked {
  /** `namespace/name` */
  readonly gateway: string;
  readonly cluster: string;
  /** Absent: the nodes of pods are not known. */
  readonly nodeOf?: NodeOf;
}

/** The nodes of pods, from their own cluster. */
export function nodesIn({ pods }: Pick<KubernetesObjects, 'pods'>): NodeOf {
  const nodes = new Map(
    pods.flatMap(({ ips, nodeName }) =>
      nodeName === '' ? [] : ips.map((ip) => [ip, nodeName] as const),
    ),
  );
  return (_cluster, address) => nodes.get(address);
}

/** Adds the state on the devices and the open failures to the answers. */
export async function withPresent(
  {
    runtime,
    store,
    readPartitions,
  }: Pick<OperationContext, 'runtime' | 'store' | 'readPartitions'>,
  asked: Asked,
  answers: readonly WhyAnswer[],
): Promise<readonly WhyAnswer[]> {
  const [declared, heads] = await Promise.all([
    readPartitions(runtime.config.devices, { health: true }),
    store.list(),
  ]);
  return answersNow(runtime.config, asked, { declared, heads, answers });
}

/** What was read, and the answers without it. */
interface Present {
  readonly declared: readonly DeclaredPartitionView[];
  readonly heads: readonly FailureHead[];
  readonly answers: readonly WhyAnswer[];
}

/** The answers with the present state. Pure. */
export function answersNow(
  config: SluiceConfig,
  asked: Asked,
  { declared, heads, answers }: Present,
): readonly WhyAnswer[] {
  const { cluster } = asked;
  const isAsked = (one: Pick<HeldExposure, 'owner' | 'gateways'>): boolean =>
    one.owner.startsWith(`${cluster}/`) && one.gateways.includes(asked.gateway);
  const rows = portRows(declared).filter(isAsked);
  const held = heldExposures(config, declared).filter(isAsked);
  const devices = new Set(
    config.ingresses.filter((one) => one.cluster === cluster).flatMap((one) => one.devices),
  );
  const notes = networkNotes(config, declared, asked.nodeOf);
  const answered = !unansweredOf(declared).some(({ device }) => devices.has(device));
  const open = openFailures(heads, asked);
  // Only the devices know which of several ingresses offers it; if none does, all are named.
  const places = new Set([...rows, ...held].map(({ device }) => device));
  return answers.map((answer) => {
    const { exposures } = answer;
    const isHere = (key: string): boolean => exposures.some((exposure) => isAt(exposure, key));
    const missing = exposures.flatMap((exposure) =>
      [...(places.size === 0 ? devices : places)]
        .filter((device) => !rows.some((p) => p.device === device && isAt(exposure, p.exposure)))
        .map((device) => `${exposure} on ${device}`),
    );
    const failures = open
      .filter(({ exposure: at }) => at === undefined || isHere(at))
      .map(({ id, code, device, sentence }) => ({ id, code, device, sentence }));
    const isReached = missing.length === 0 && failures.length === 0 && exposures.length > 0;
    const state = isReached ? 'reached' : answered ? 'wanted' : 'unknown';
    const waiting = held
      .filter(({ exposure }) => isHere(exposure))
      .map(({ device, exposure, reason }) => ({ device, exposure, reason }));
    const network = notes
      .filter((note) => note.cluster === cluster && note.exposures.some(isHere))
      .map(({ device, code, message }) => ({ device, code, message }));
    return { ...answer, now: { state, missing, held: waiting, failures, network } };
  });
}

/** Failures of the Gateway that are not resolved; quarantined ones are still tried again. */
function openFailures(
  heads: readonly FailureHead[],
  { gateway, cluster }: Asked,
): readonly FailureHead[] {
  return heads.filter(
    (head) =>
      (head.state === 'open' || head.state === 'quarantined') &&
      clusterOfFailure(head) === cluster &&
      head.gateways.includes(gateway),
  );
}

/** An automatic address is only known once it is declared. */
export function isAt(wanted: string, key: string): boolean {
  const port = (text: string): string => text.slice(text.lastIndexOf(':'));
  if (wanted.startsWith('auto(')) return port(wanted) === port(key);
  return wanted === key.replace('[', '').replace(']', '') || wanted === key;
}

/** By the present state if it is known, else by Istio's rules and the settings. */
export function isServerReached({ server, now }: WhyAnswer): boolean {
  return server.verdict === 'listening' && (now === undefined || now.state === 'reached');
}

/** A Gateway of Istio or of Gateway API, with the objects that decide about it. */
export interface GatewayQuestion {
  /** `namespace/name` */
  readonly gateway: string;
  readonly objects: KubernetesObjects;
  readonly mesh: MeshOptions;
  /** Applies settings and policy of this cluster; absent: only Istio's rules. */
  readonly configured?: { readonly config: SluiceConfig; readonly clusterId: string } | undefined;
}

/** One answer per server; empty if there is no such Gateway. Pure. */
export function explainGateway({
  gateway,
  objects,
  mesh,
  configured,
}: GatewayQuestion): readonly WhyAnswer[] {
  const mapped = mapAll(objects, mesh).flatMap(({ servers }) => servers);
  const built =
    configured === undefined
      ? []
      : offlineIngresses(objects, { ...configured, mesh }).ingresses.map((i) => i.built);
  const judged = built.flatMap((b) => b.servers);
  const exposures = built.flatMap((b) => b.exposures);
  return mapped
    .filter((server) => server.gateway === gateway)
    .map((server) => {
      const own =
        judged.find(
          (other) =>
            other.gateway === gateway && other.api === server.api && other.server === server.server,
        ) ?? server;
      const wanted = exposuresOf(own, exposures);
      const pathless = wanted.length === 0 ? [] : pathlessIn(built, gateway);
      return {
        server: own,
        exposures: wanted,
        remedy: remedyOf(own),
        ...(pathless.length > 0 && { pathless }),
      };
    });
}

/** Codes of nodes that have no path, other than those that only explain one. */
const PATHLESS: ReadonlySet<string> = new Set(['GW180', 'GW181', 'GW182', 'GW184', 'GW186']);

/** What the cluster says about the nodes of the ingresses that offer the Gateway. */
function pathlessIn(built: readonly BuiltExposures[], gateway: string): BuiltExposures['notes'] {
  return built
    .filter(({ exposures }) => exposures.some((one) => one.gateways.includes(gateway)))
    .filter(({ reach }) => (reach?.missing ?? []).length > 0)
    .flatMap(({ notes }) => notes.filter(({ code }) => PATHLESS.has(code)));
}

/** What to do about a server that is not reached. */
export function remedyOf(server: ServerReport): string {
  if (server.verdict !== 'listening')
    return CODES[server.code]?.fix ?? 'See docs/reference/codes.md.';
  return server.missingInService
    ? 'The watcher adds the port to the Service, unless servicePorts is observe.'
    : 'Nothing.';
}
