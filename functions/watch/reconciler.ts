/** Everything the watcher does for one ingress. */
import { exposureContext } from '../../shared/config/context.ts';
import type { Settled } from '../../shared/domain/exposure/exposure.ts';
import { mapIngress } from '../../shared/domain/istio/map-ingress.ts';
import { MeshOptions } from '../../shared/domain/istio/mesh.ts';
import type { KubernetesObjects } from '../../shared/domain/snapshot/objects.ts';
import { observedAvailability } from '../../shared/domain/exposure/indexed-ingress.ts';
import { ownerKey, type IngressRef } from '../../shared/domain/snapshot/snapshot.ts';
import type { MissingServicePort, PortMapping } from '../../shared/domain/istio/port-mapping.ts';
import type { Revision } from '../../shared/domain/revision.ts';
import type { KubernetesClient } from '../../shared/kubernetes/index.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { DepartedPods } from './view/departed-pods.ts';
import type { Content } from './emit/snapshot-content.ts';
import type { DebounceLimits } from './emit/debounce.ts';
import { Emitter } from './emit/emitter.ts';
import { reportResults } from './report/report-results.ts';
import type { WatchedIngress } from './ingresses.ts';
import { Worker } from './loop/worker.ts';
import { createMeshServiceAccess } from './report/mesh-service-access.ts';
import { LagMeter, type Meter } from './serve/metrics.ts';
import type { Outbox } from './emit/outbox.ts';
import { Throttle } from './loop/throttle.ts';
import { ListenerProbes, type Connect } from './probe/listener-probes.ts';
import { connectTcp } from './probe/connect-tcp.ts';
import { reportProbes } from './probe/report-probes.ts';
import { reconcilePorts, type PortDemand } from './ports/reconcile-ports.ts';
import { demandedPorts } from './ports/demanded-ports.ts';
import { OwnPorts } from './ports/own-ports.ts';
import { servicePortsToAdd } from './ports/ports-to-add.ts';
import type { EventTarget, Recorder } from './report/event-recorder.ts';
import { gatewayTargets } from './report/event-targets.ts';
import { LatestResults } from './report/latest-results.ts';
import type { Revisions } from './emit/revisions.ts';
import { createSizeReporter } from './emit/snapshot-size.ts';
import { IngressView } from './view/ingress-view.ts';
import { Withdrawals } from './ports/withdrawals.ts';
import type { ClusterCache, CacheChange } from './cache/cluster-cache.ts';

export interface ReconcilerOptions {
  readonly runtime: Runtime;
  readonly cluster: string;
  readonly ingress: WatchedIngress;
  readonly client: KubernetesClient;
  readonly world: ClusterCache;
  readonly recorder: Recorder;
  readonly outbox: Outbox;
  readonly revisions: Revisions;
  readonly debounce: DebounceLimits;
  readonly meter: Meter;
  /** False for a replica that stands by: it collects what changes, and neither sends nor writes. */
  readonly speaks: () => boolean;
  /** How a listener is tried; absent: over TCP. */
  readonly connect?: Connect | undefined;
}

export interface IngressReconciler {
  readonly ref: IngressRef;
  readonly owner: string;
  start(): void;
  /** The Gateways whose servers it offers, as it sees them now. */
  gateways(): readonly EventTarget[];
  /** A change somewhere in the cluster. */
  notice(change: CacheChange): void;
  /** Says everything again. */
  refresh(): void;
  /** True once the result has been told; false when that has to be tried again. */
  settle(settled: Settled): Promise<boolean>;
  /** The Services of the whole cluster are known now, or cannot be. */
  meshAnswered(): void;
  /** A kind that was not readable before was read. */
  optionalRead(): void;
  stop(): Promise<void>;
}

export function createReconciler(options: ReconcilerOptions): IngressReconciler {
  const { runtime, cluster, ingress, client, world, recorder, outbox, revisions, meter, speaks } =
    options;
  const { ref } = ingress;
  const owner = ownerKey(cluster, ref);
  const log = runtime.log.child({ owner });
  const results = new LatestResults();
  const withdrawals = new Withdrawals();
  const size = createSizeReporter(ref, recorder, world);
  const told = new Map<string, readonly string[]>();
  const mesh =
    runtime.config.clusters.find((entry) => entry.id === cluster)?.mesh ?? MeshOptions.parse({});
  /** The Service was seen being deleted; what is exposed for it goes. */
  let removed = false;

  const departures = new DepartedPods(ingress.drain);
  const { members } = ingress;
  const view = new IngressView({ ref, members, index: world.index, departures });
  const meshWatch = createMeshServiceAccess({ cluster, ref, view, world, recorder });
  /** Whether what is not there is really not there. */
  const complete = (): boolean => meshWatch.ready() && world.complete(ref.namespace);
  /** Without the pods that are gone: they lead nowhere any more. */
  const present = (): KubernetesObjects | undefined =>
    (departures.empty
      ? view
      : new IngressView({ ref, members, index: world.index, departures: NOBODY })
    ).objects();

  const slices = (): KubernetesObjects['endpointSlices'] =>
    [...world.index.endpointSlices.in(`${ref.namespace}/${ref.service}`)].map(([, slice]) => slice);

  /** Every snapshot after `newest` says this or something newer. */
  let seen: { readonly objects: KubernetesObjects | undefined; readonly newest: Revision } = {
    objects: undefined,
    newest: revisions.newest,
  };
  const glance = (): typeof seen => {
    const objects = view.objects();
    if (objects !== seen.objects) seen = { objects, newest: revisions.newest };
    return seen;
  };

  const content = (): Content | undefined => {
    // A replica that stands by asks for what it will need.
    if (!complete() || !speaks()) return undefined;
    const { objects } = glance();
    if (objects !== undefined) return { objects, removed: false };
    return removed ? { objects: NOTHING, removed: true } : undefined;
  };
  const ownPorts = new OwnPorts(ref);
  const toAdd = (
    objects: KubernetesObjects,
    mapping: PortMapping,
  ): readonly MissingServicePort[] => {
    const entry = runtime.config.ingresses.find(
      (one) => one.cluster === cluster && one.service === `${ref.namespace}/${ref.service}`,
    );
    if (entry === undefined) return mapping.missing;
    return servicePortsToAdd({
      ref,
      objects,
      mapping,
      context: exposureContext(runtime.config, entry, mesh),
      isDeclared: (exposure) => results.offers(exposure),
      wasAdded: (port) => ownPorts.has(port),
    });
  };
  /** Mapping and revision belong together: only a later snapshot is known to go without what the mapping does not want. */
  let look: PortDemand | undefined;
  /** For those who ask whether pods listen. */
  let mapped: PortMapping | undefined;
  const observe = (): void => {
    if (!speaks() || !complete()) return;
    denial.enqueue();
    try {
      const { newest } = glance();
      const objects = present();
      const mapping = objects === undefined ? undefined : mapIngress(ref, objects, mesh);
      look =
        mapping === undefined || objects === undefined
          ? undefined
          : { missing: toAdd(objects, mapping), wants: demandedPorts(mapping), newest };
      ports.enqueue();
      if (!ingress.probe) return;
      mapped = mapping;
      probing.enqueue();
    } catch (error) {
      log.error(
        { error: String(error) },
        'the ports of this ingress cannot be mapped; its Service stays unchanged',
      );
    }
  };

  const { clock, random } = runtime;
  const lag = new LagMeter();
  const pace = new Throttle(clock);
  const keep = (name: string, work: () => Promise<number | undefined>): Worker =>
    new Worker({ name, clock, random, log, work });
  /** A replica that stands by tells nobody. */
  const tell = (name: string, work: () => Promise<void>): Worker =>
    keep(name, async () => {
      if (speaks()) await work();
      return undefined;
    });
  const looking = keep('planning the Service ports', () => Promise.resolve(pace.run(observe)));
  const ports = keep('updating the Service ports', async () =>
    speaks()
      ? reconcilePorts({
          client,
          recorder,
          world,
          ingress,
          clock,
          log,
          withdrawals,
          told,
          look: () => look,
        })
      : undefined,
  );
  const feedback = tell('reporting results', () =>
    reportResults({ client, recorder, world, ingress, results, log }),
  );
  const ending = new AbortController();
  const probes = new ListenerProbes({
    connect: options.connect ?? connectTcp,
    clock,
    random,
    signal: ending.signal,
  });
  const probing = tell('probing the listeners of the gateway pods', async () => {
    if (mapped !== undefined)
      await reportProbes({ probes, mapping: mapped, ref, recorder, world, speaks });
  });
  const denial = tell('reporting whether Services of the whole cluster can be listed', () =>
    meshWatch.report(),
  );
  const draining = keep('ending the drain of removed pods', () => {
    const over = departures.expire(clock.monotonic());
    if (over.length > 0) view.departed();
    for (const change of over) emitter.changed(change, true);
    return Promise.resolve(departures.nextDue(clock.monotonic()));
  });
  const emitter = new Emitter({
    clock,
    random,
    log,
    debounce: options.debounce,
    content,
    send: async (what, changes) => {
      const revision = await outbox.snapshot(ref, what, changes).catch(async (error: unknown) => {
        await size.failed(error, what.objects);
        throw error;
      });
      await size
        .sent()
        .catch((error: unknown) =>
          log.warn(
            { error: String(error) },
            'the event that the snapshot fits again could not be recorded',
          ),
        );
      meter.snapshot(owner, lag.sent(changes, clock.monotonic()));
      return revision;
    },
    observed: () => looking.enqueue(),
  });

  return {
    ref,
    owner,
    start: () => {
      for (const part of [ports, feedback, denial, draining, probing, looking, emitter])
        part.start();
      emitter.refresh();
    },
    notice: (noticed) => {
      // It stands between what is kept and what is known: every change has to pass.
      if (!view.notice(noticed)) return;
      if (isIngressService(ref, noticed)) {
        removed = noticed.change.what === 'deleted';
        ownPorts.remember(noticed.observed);
        feedback.enqueue();
      }
      if (
        isDeparture(noticed) &&
        observedAvailability(ref, { endpointSlices: slices() }, noticed.observed.object) !== 'out'
      ) {
        departures.add(noticed.observed.object, noticed.change, clock.monotonic());
        view.departed();
        draining.enqueue();
      }
      lag.seen(noticed.change, clock.monotonic());
      emitter.changed(noticed.change, isUrgent(noticed));
    },
    gateways: () => gatewayTargets(view.objects() ?? NOTHING),
    refresh: () => emitter.refresh(),
    settle: async (settled) => {
      emitter.settled({
        revision: settled.version,
        device: settled.device,
        devices: settled.devices,
      });
      if (!results.take(settled)) return true;
      // What is offered already decides which ports may come back.
      looking.enqueue();
      if (results.complete() && !isPending(results))
        withdrawals.settled(settled.version, clock.monotonic());
      ports.enqueue();
      return feedback.done();
    },
    optionalRead: () => {
      view.optionalRead();
      emitter.refresh();
    },
    meshAnswered: () => {
      // Nobody told the view what was forgotten when the stream ended last.
      view.meshChanged();
      if (view.wishes().length > 0) emitter.refresh();
    },
    stop: async () => {
      ending.abort();
      await Promise.all(
        [emitter, looking, ports, feedback, denial, draining, probing].map((part) => part.stop()),
      );
    },
  };
}

const NOTHING: KubernetesObjects = {
  gateways: [],
  virtualServices: [],
  services: [],
  pods: [],
  nodes: [],
  endpointSlices: [],
  configMaps: [],
  apiGateways: [],
  listenerSets: [],
  apiRoutes: [],
  namespaces: [],
};

const NOBODY = new DepartedPods(0);

function isIngressService(ref: IngressRef, { observed }: CacheChange): boolean {
  return (
    observed.of === 'services' &&
    observed.object.meta.namespace === ref.namespace &&
    observed.object.meta.name === ref.service
  );
}

type PodChange = CacheChange & {
  readonly observed: Extract<CacheChange['observed'], { of: 'pods' }>;
};

function isDeparture(seen: CacheChange): seen is PodChange {
  return seen.observed.of === 'pods' && seen.change.what === 'deleted';
}

/** A terminating pod or a node that is cordoned or lost must leave the pools before its connections break. */
function isUrgent({ change, observed }: CacheChange): boolean {
  if (observed.of === 'nodes') return observed.object.unschedulable || !observed.object.ready;
  return observed.of === 'pods' && (observed.object.terminating || change.what === 'deleted');
}

/** Something is still on a device against the newest wish, or nobody knows. */
function isPending(results: LatestResults): boolean {
  return results
    .all()
    .some((result) =>
      result.exposures.some(
        ({ outcome }) => outcome !== 'applied' && outcome !== 'unchanged' && outcome !== 'conflict',
      ),
    );
}
