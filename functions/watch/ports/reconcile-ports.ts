/**
 * Maintains the ports that Gateways need on the ingress Services: adds missing ports and removes
 * unneeded ones.
 */
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import type {
  MissingServicePort,
  ServerReport,
  Verdict,
} from '../../../shared/domain/istio/port-mapping.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import {
  KubernetesError,
  type KubernetesClient,
  SERVICES,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import { normaliseService } from '../../../shared/kubernetes/objects/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { WatchedIngress } from '../ingresses.ts';
import { readOwnership, PORT_MANAGER } from '../../../shared/kubernetes/ownership.ts';
import {
  isRefusal,
  portAdded,
  portMissing,
  portRefused,
  portsSubject,
  portSubject,
  withdrawalRefused,
} from './port-messages.ts';
import {
  includes,
  ownPort,
  planPorts,
  type OwnPort,
  type PortDemand,
  type PortPlan,
} from './port-plan.ts';
import type { Recorder } from '../report/event-recorder.ts';
import type { EventMessage } from '../report/event-object.ts';
import { findTarget, serviceTarget } from '../report/event-targets.ts';
import type { OwnPorts } from './own-ports.ts';
import { UnsaidPorts } from './unsaid-ports.ts';
import { Withdrawals } from './withdrawals.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';

/** The ingress Service whose ports are maintained. */
export interface ServicePortsOptions {
  /** Applies ports server-side, under a field manager of its own. */
  readonly client: KubernetesClient;
  /** For Events about ports that are missing or refused. */
  readonly recorder: Recorder;
  /** The Service as it is now, with the ports that Sluice owns. */
  readonly cache: Pick<ClusterCache, 'index' | 'service'>;
  /** `servicePorts: observe` only reports. */
  readonly ingress: WatchedIngress;
  readonly clock: Clock;
  readonly log: Logger;
  /** Remembers node ports, so that a port that returns gets the same one. */
  readonly ownPorts: Pick<OwnPorts, 'nodePort'>;
}

type ObservedService = NonNullable<ReturnType<ClusterCache['service']>>;

/** Inputs of a run besides the demand. */
interface PortContext extends ServicePortsOptions {
  readonly withdrawals: Withdrawals;
  readonly unsaid: UnsaidPorts;
  /** With `servicePorts: observe`, by Service: the Gateways informed last. */
  readonly told: Map<string, readonly string[]>;
}

/** Verdicts that a missing Service port explains. */
const OF_PORTS: ReadonlySet<Verdict> = new Set(['no-service-port', 'privileged-port']);

/** The Service ports for the Gateways of one ingress. */
export class ServicePorts {
  readonly #context: PortContext;
  /**
   * Mapping and revision belong together: only later snapshots are known not to need the ports that
   * the mapping omits.
   */
  #demand: PortDemand | undefined;
  /** The demand is of the current objects. */
  #isCurrent = false;
  /** The last write failed. */
  #isRefused = false;

  constructor(options: ServicePortsOptions) {
    const [withdrawals, unsaid] = [new Withdrawals(), new UnsaidPorts()];
    this.#context = { ...options, withdrawals, unsaid, told: new Map() };
  }

  /**
   * Sets the desired ports; undefined while the ingress Service does not exist. True if `isAdding`
   * may answer differently now.
   */
  demand(demand: PortDemand | undefined): boolean {
    const isNew = !this.#isCurrent || keysOf(demand) !== keysOf(this.#demand);
    this.#demand = demand;
    this.#isCurrent = true;
    return isNew;
  }

  /** The objects changed, so the demand must be computed again. */
  changed(): void {
    this.#isCurrent = false;
  }

  /**
   * Whether the port that a server lacks is being added, was added since the result, or may be
   * added, so that the result is about to be outdated. With `observe` nothing is added.
   */
  isAdding({ verdict, gateway, port, servicePorts }: ServerReport): boolean {
    const { cache, ingress } = this.#context;
    if (!OF_PORTS.has(verdict) || ingress.servicePorts === 'observe') return false;
    if (!this.#isCurrent) return true;
    const { missing = [] } = this.#demand ?? {};
    if (missing.some((one) => one.port === port && one.gateways.includes(gateway))) return true;
    const { namespace, service } = ingress.ref;
    const wasThere = servicePorts.some(
      (one) => one.service === `${namespace}/${service}` && one.port === port,
    );
    const owned = cache.service(namespace, service)?.owned.ports ?? [];
    return !wasThere && owned.some((key) => key.port === port);
  }

  /**
   * Whether a port that the current objects need is about to be written, as far as it is known: the
   * demand is computed before each write. False after a failed write, until one succeeds.
   */
  isWriting(): boolean {
    const { cache, ingress } = this.#context;
    if (ingress.servicePorts === 'observe' || this.#isRefused) return false;
    if (!this.#isCurrent) return true;
    return (this.#demand?.missing ?? []).some((port) => {
      const [namespace = '', name = ''] = port.service.split('/');
      const service = cache.service(namespace, name)?.object;
      return service !== undefined && !includes(service.ports, port);
    });
  }

  /** All devices have processed the snapshot of `revision`. */
  settled(revision: Revision): void {
    const { withdrawals, clock } = this.#context;
    withdrawals.settled(revision, clock.monotonic());
  }

  /** Returns the milliseconds until a removal is due, if there is one. */
  async reconcile(): Promise<number | undefined> {
    const demand = this.#demand;
    if (demand === undefined) return undefined;
    const { ingress, withdrawals, clock } = this.#context;
    const { namespace, service } = ingress.ref;
    const missing = Map.groupBy(demand.missing, (port) => port.service);
    try {
      for (const name of new Set([...missing.keys(), `${namespace}/${service}`]))
        await keepService(this.#context, { name, demand, missing: missing.get(name) ?? [] });
      this.#isRefused = false;
    } catch (error) {
      this.#isRefused = true;
      throw error;
    }
    return ingress.withdraw ? withdrawals.nextDue(clock.monotonic()) : undefined;
  }
}

function keysOf(demand: PortDemand | undefined): string {
  return (demand?.missing ?? []).map(({ port, gateways }) => `${port} ${gateways.join()}`).join();
}

interface ServiceTask {
  readonly name: string;
  readonly demand: PortDemand;
  readonly missing: readonly MissingServicePort[];
}

/**
 * Adds missing ports of one Service and removes those that are due. With `observe`, missing ports
 * are only reported.
 */
async function keepService(options: PortContext, task: ServiceTask): Promise<void> {
  const { cache, ingress, withdrawals, client, clock } = options;
  const [namespace = '', plain = ''] = task.name.split('/');
  const observed = cache.service(namespace, plain);
  if (observed === undefined) return;
  if (ingress.servicePorts === 'observe') return sayMissing(options, observed.object, task);
  withdrawals.observe(task.name, observed.owned.ports, task.demand);
  const due = ingress.withdraw ? withdrawals.due(task.name, clock.monotonic()) : [];
  const missing = task.missing.map((port) => {
    const nodePort = options.ownPorts.nodePort(task.name, port);
    return nodePort === undefined ? port : { ...port, nodePort };
  });
  const planFor = ({ object, owned }: ObservedService): PortPlan | undefined =>
    planPorts(object, owned.ports, missing, due);
  sayLate(options, task.name, observed);
  if (planFor(observed) === undefined) return;
  // The applied list replaces the previous one, so it must be based on the current Service, not on
  // the cached one.
  const raw = await client.get(SERVICES, plain, namespace);
  const live: ObservedService | undefined = raw && {
    of: 'services',
    object: normaliseService(raw),
    owned: readOwnership(raw),
  };
  if (live !== undefined) sayLate(options, task.name, live);
  const plan = live && planFor(live);
  // If the ports are gone already, the cache is behind: it decides again after the next result.
  if (live === undefined || plan === undefined) return withdrawals.done(task.name, due);
  await apply(options, live.object, task, plan);
}

/**
 * Applies the ports. A refusal is reported as an Event and thrown, so that the worker retries
 * later.
 */
async function apply(
  options: PortContext,
  service: Service,
  { name, missing }: ServiceTask,
  plan: PortPlan,
): Promise<void> {
  const { client, log, withdrawals, unsaid } = options;
  const { namespace, name: plain, uid } = service.meta;
  const metadata = { namespace, name: plain, uid };
  try {
    await applyPorts(client, metadata, plan.ports);
  } catch (error) {
    if (!(error instanceof KubernetesError) || !isRefusal(error)) {
      unsaid.asked(name, missing);
      throw error;
    }
    say(options, service, missing, (port) => portRefused(name, port, error));
    for (const key of plan.withdrawn)
      options.recorder.report(serviceTarget(service.meta), portSubject(name, key), [
        withdrawalRefused(name, key, error),
      ]);
    throw error;
  }
  unsaid.answered(name);
  withdrawals.done(name, plan.withdrawn);
  log.info(
    { service: name, added: plan.added, withdrawn: plan.withdrawn },
    'service ports applied',
  );
  say(options, service, missing, (port) => {
    const own = plan.added.find((added) => includes([added], port));
    return own === undefined ? undefined : portAdded(name, port, own);
  });
}

/**
 * A port that was removed and comes back gets its previous node port, unless another Service has it
 * now.
 */
async function applyPorts(
  client: KubernetesClient,
  metadata: RawObject['metadata'],
  ports: readonly OwnPort[],
): Promise<void> {
  const write = async (list: readonly OwnPort[]): Promise<void> => {
    const spec = list.length === 0 ? {} : { spec: { ports: list } };
    await client.apply(SERVICES, { metadata, ...spec }, { manager: PORT_MANAGER });
  };
  try {
    await write(ports);
  } catch (error) {
    const isAsked = ports.some(({ nodePort }) => nodePort !== undefined);
    if (!isAsked || !(error instanceof KubernetesError) || error.status !== 422) throw error;
    await write(
      ports.map(({ name, port, protocol, targetPort }) => ({ name, port, protocol, targetPort })),
    );
  }
}

/** Says of ports that a write without an answer added. */
function sayLate(options: PortContext, name: string, { object, owned }: ObservedService): void {
  say(options, object, options.unsaid.take(name, owned.ports), (port) => {
    const own = object.ports.find((one) => includes([one], port));
    return own && portAdded(name, port, ownPort(own));
  });
}

type Say = (port: MissingServicePort) => EventMessage | undefined;

/** Reports a message about each port on the Service and on the Gateways that need it. */
function say(
  { recorder, cache }: PortContext,
  service: Service,
  ports: readonly MissingServicePort[],
  what: Say,
): void {
  for (const port of ports) {
    const occurrence = what(port);
    if (occurrence === undefined) continue;
    const targets = [
      serviceTarget(service.meta),
      ...port.gateways.flatMap(
        (gateway) => findTarget(cache.index, { kind: 'Gateway', key: gateway }) ?? [],
      ),
    ];
    for (const target of targets) recorder.report(target, occurrence.subject, [occurrence]);
  }
}

/**
 * Complete for each object each time, so that a port that was added by hand and removed again is
 * reported again.
 */
function sayMissing(
  { recorder, cache, told }: PortContext,
  service: Service,
  { name, missing }: ServiceTask,
): void {
  const gateways = [
    ...new Set([...missing.flatMap((port) => port.gateways), ...(told.get(name) ?? [])]),
  ];
  const of = (ports: readonly MissingServicePort[]): readonly EventMessage[] =>
    ports.map((port) => portMissing(name, port));
  recorder.report(serviceTarget(service.meta), portsSubject(name), of(missing));
  for (const gateway of gateways) {
    const target = findTarget(cache.index, { kind: 'Gateway', key: gateway });
    if (target !== undefined)
      recorder.report(
        target,
        portsSubject(name),
        of(missing.filter((port) => port.gateways.includes(gateway))),
      );
  }
  told.set(
    name,
    missing.flatMap((port) => port.gateways),
  );
}
