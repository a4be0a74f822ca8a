/** Reconciles one ingress: all work of the watcher for it. */
import { exposureContext } from '../../shared/config/context.ts';
import type { Settled } from '../../shared/domain/exposure/exposure.ts';
import { mapIngress } from '../../shared/domain/istio/map-ingress.ts';
import { MeshOptions } from '../../shared/domain/istio/mesh.ts';
import type { MissingServicePort, PortMapping } from '../../shared/domain/istio/port-mapping.ts';
import type { KubernetesObjects } from '../../shared/domain/snapshot/objects.ts';
import type { Revision } from '../../shared/domain/revision.ts';
import { ownerKey, type Change, type IngressRef } from '../../shared/domain/snapshot/snapshot.ts';
import type { KubernetesClient } from '../../shared/kubernetes/index.ts';
import type { PortKey } from '../../shared/kubernetes/ownership.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Logger } from '../../shared/telemetry/log.ts';
import type { ClusterCache } from './cache/cluster-cache.ts';
import type { CacheChange } from './cache/cluster-index.ts';
import type { DebounceLimits } from './emit/debounce.ts';
import { Emitter } from './emit/emitter.ts';
import { Leavers } from './emit/leavers.ts';
import type { Outbox } from './emit/outbox.ts';
import { isOwnServiceWrite, isOwnWrite } from './emit/own-writes.ts';
import { DelayedRemovals } from './emit/removals.ts';
import type { Revisions } from './emit/revisions.ts';
import type { Content } from './emit/snapshot-content.ts';
import { rangesOf, SnapshotSender } from './emit/snapshot-sender.ts';
import { isUrgent } from './emit/urgency.ts';
import type { WatchedIngress } from './ingresses.ts';
import { Throttle } from './loop/throttle.ts';
import { Worker } from './loop/worker.ts';
import { demandedPorts } from './ports/port-plan.ts';
import { OwnPorts } from './ports/own-ports.ts';
import { servicePortsToAdd } from './ports/ports-to-add.ts';
import { ServicePorts } from './ports/reconcile-ports.ts';
import { connectTcp } from './probe/listener-probes.ts';
import type { Connect } from './probe/listener-probes.ts';
import { ProbeReporter } from './probe/report-probes.ts';
import type { Recorder } from './report/event-recorder.ts';
import type { EventTarget } from './report/event-object.ts';
import { gatewayTargets } from './report/event-targets.ts';
import { LatestResults } from './report/latest-results.ts';
import { createMeshServiceAccess, type MeshServiceAccess } from './report/mesh-service-access.ts';
import { reportResults } from './report/report-results.ts';
import { StatusKeeper } from './report/status-keeper.ts';
import type { WatchMeter } from './serve/metrics.ts';
import { podAddresses } from './view/departed-pods.ts';
import { ObservedIngress } from './view/observed-ingress.ts';

/** One ingress, and everything that the watcher shares between ingresses. */
export interface ReconcilerOptions {
  readonly runtime: Runtime;
  readonly cluster: string;
  readonly ingress: WatchedIngress;
  readonly client: KubernetesClient;
  readonly cache: ClusterCache;
  readonly recorder: Recorder;
  readonly outbox: Outbox;
  readonly revisions: Revisions;
  readonly debounce: DebounceLimits;
  readonly meter: WatchMeter;
  /** What earlier leaders knew of the networks of clients, by `namespace/service`. */
  readonly handover: {
    isChanged(ingress: string, ranges: readonly string[]): boolean;
    settled(ingress: string, ranges: readonly string[]): void;
  };
  /** False on a standby replica, which collects changes but neither sends nor writes. */
  readonly isLeading: () => boolean;
  /** How listeners are probed; default: over TCP. */
  readonly connect?: Connect | undefined;
}

/**
 * Tasks for an ingress besides sending snapshots. Each has a separate worker, so that none waits
 * for another.
 */
type Task = 'leavers' | 'mapping' | 'ports' | 'results' | 'probes' | 'meshAccess' | 'drains';

/** One per ingress Service. Created before leadership, so that it knows all changes. */
export class IngressReconciler {
  readonly ref: IngressRef;
  readonly owner: string;
  readonly #name: string;
  readonly #options: ReconcilerOptions;
  readonly #log: Logger;
  readonly #mesh: MeshOptions;
  readonly #observed: ObservedIngress;
  readonly #meshAccess: MeshServiceAccess;
  readonly #results = new LatestResults();
  readonly #ownPorts: OwnPorts;
  readonly #status: StatusKeeper;
  readonly #ports: ServicePorts;
  readonly #probes: ProbeReporter;
  readonly #sender: SnapshotSender;
  readonly #emitter: Emitter;
  readonly #leavers: Leavers;
  readonly #removals: DelayedRemovals;
  readonly #throttle: Throttle;
  /** The ports are planned for the newest objects and results. */
  #isPlanned = false;
  /** The last plan lacked ports, of which some may be added once a device has the exposure. */
  #isLacking = false;
  readonly #workers: Readonly<Record<Task, Worker>>;

  constructor(options: ReconcilerOptions) {
    const { runtime, cluster, ingress, cache, recorder, revisions, isLeading } = options;
    const { config, clock, random } = runtime;
    const { ref } = ingress;
    this.#options = options;
    this.ref = ref;
    this.owner = ownerKey(cluster, ref);
    this.#name = `${ref.namespace}/${ref.service}`;
    const log = runtime.log.child({ owner: this.owner });
    this.#log = log;
    this.#mesh = config.clusters.find(({ id }) => id === cluster)?.mesh ?? MeshOptions.parse({});
    this.#observed = new ObservedIngress({
      ingress,
      cache,
      mesh: this.#mesh,
      newest: () => revisions.newest,
    });
    const view = this.#observed;
    this.#ownPorts = new OwnPorts(ref);
    this.#status = new StatusKeeper({ ...options, results: this.#results, clock, log });
    this.#meshAccess = createMeshServiceAccess({ cluster, ref, view, cache, recorder });
    this.#ports = new ServicePorts({ ...options, ownPorts: this.#ownPorts, clock, log });
    const connect = options.connect ?? connectTcp;
    this.#probes = new ProbeReporter({ ref, cache, recorder, isLeading, connect, clock, random });
    this.#sender = new SnapshotSender({ ...options, ref, clock });
    this.#emitter = this.#createEmitter();
    this.#leavers = new Leavers({ ...options, ref, log, standing: () => view.standing() });
    this.#removals = new DelayedRemovals({
      emitter: this.#emitter,
      clock,
      isOut: (addresses, since) => this.#results.areOut(addresses, since),
      isUsed: (addresses) => view.isUsed(addresses),
    });
    this.#throttle = new Throttle(clock);
    this.#workers = this.#createWorkers();
  }

  start(): void {
    for (const part of [...Object.values(this.#workers), this.#emitter]) part.start();
    this.#emitter.refresh();
  }

  /** Processes a change in the cluster. */
  notice(noticed: CacheChange): void {
    const { change, observed } = noticed;
    if (observed.of === 'pods' && change.what !== 'deleted')
      this.#removals.seen(podAddresses(observed.object));
    const meaning = this.#observed.notice(noticed, this.#options.runtime.clock.monotonic());
    if (meaning === undefined) return;
    if (meaning.isService) {
      this.#ownPorts.remember(noticed.observed);
      this.#workers.results.enqueue();
    }
    if (meaning.isDeparture) this.#workers.drains.enqueue();
    this.#sender.noticed(noticed.change);
    if (isOwnServiceWrite(noticed, (port) => this.#ownPorts.has(port))) this.#emitter.touched();
    else this.#emit(noticed, isUrgent(noticed, meaning.isDeparture));
  }

  /** Pods that begin to end are told ahead of the snapshot, which takes longer if it is large. */
  #emit(noticed: CacheChange, isUrgentChange: boolean): void {
    const { change } = noticed;
    const leaving =
      isUrgentChange && this.#options.isLeading() ? this.#observed.leaving(noticed) : [];
    if (leaving.length === 0) return this.#emitter.changed(change, isUrgentChange);
    this.#leavers.add(leaving);
    this.#workers.leavers.enqueue();
    this.#emitter.left(change);
  }

  /** The Gateways whose servers the ingress exposes. */
  gateways(): readonly EventTarget[] {
    return gatewayTargets(this.#observed.present().objects ?? NO_GATEWAYS);
  }

  /** At the start of a term; a change of the Service that no leader saw is reported as one. */
  begin(): void {
    const { cache, handover } = this.#options;
    const service = cache.service(this.ref.namespace, this.ref.service);
    if (service !== undefined && handover.isChanged(this.#name, rangesOf(service.object)))
      this.#emitter.changed(changeOf(service), false);
    this.#emitter.refresh();
  }

  /** An inventory at this revision says that the ingress does not exist. */
  absent(revision: Revision): void {
    this.#sender.absent(revision);
  }

  /** Sends and reports everything again. */
  refresh(): void {
    this.#emitter.refresh();
  }

  /**
   * Accepts a result. Reports and status are updated asynchronously from the newest results, with
   * retries.
   */
  settle(settled: Settled): void {
    this.#sender.settled(settled);
    this.#emitter.settled({
      revision: settled.version,
      device: settled.device,
      devices: settled.devices,
    });
    if (!this.#results.take(settled)) return;
    // Existing exposures decide which ports may be added again.
    if (this.#isLacking) this.#planAgain();
    if (this.#results.complete()) {
      const ranges = this.#sender.rangesAt(settled.version);
      if (ranges !== undefined) this.#options.handover.settled(this.#name, ranges);
      if (!this.#results.arePending()) this.#ports.settled(settled.version);
    }
    this.#workers.ports.enqueue();
    this.#workers.results.enqueue();
  }

  /** Called when an optional kind was read for the first time. */
  optionalRead(): void {
    this.#observed.optionalRead();
    this.#emitter.refresh();
  }

  /** Called when the Services of the whole cluster are known, or known to be unreadable. */
  meshAnswered(): void {
    // The view was not informed about objects dropped when the stream last ended.
    this.#observed.meshChanged();
    if (this.#observed.meshServiceDemands().length > 0) this.#emitter.refresh();
  }

  async stop(): Promise<void> {
    this.#probes.stop();
    const parts = [this.#emitter, ...Object.values(this.#workers)];
    await Promise.all(parts.map((part) => part.stop()));
  }

  #createEmitter(): Emitter {
    const { runtime, debounce, isLeading } = this.#options;
    return new Emitter({
      clock: runtime.clock,
      random: runtime.random,
      log: this.#log,
      debounce,
      // A standby replica also requests what it will need.
      content: () => (this.#isComplete() && isLeading() ? this.#observed.content() : undefined),
      send: (content, changes) => this.#sender.send(content, changes),
      observed: () => {
        this.#ports.changed();
        this.#planAgain();
      },
      planPorts: () => {
        if (!this.#isPlanned) this.#throttle.now(() => this.#map());
      },
      awaitsPort: () => runtime.dryRun !== true && this.#ports.isWriting(),
      isOwnWrite: (sent, content) => this.#isOwnWrite(sent, content),
    });
  }

  #createWorkers(): Readonly<Record<Task, Worker>> {
    const { clock, random } = this.#options.runtime;
    const worker = (name: string, work: () => Promise<number | undefined>): Worker =>
      new Worker({ name, clock, random, log: this.#log, work });
    const ifLeading = async <T>(work: () => Promise<T>): Promise<T | undefined> =>
      this.#options.isLeading() ? work() : undefined;
    /** Tasks that only the leading replica runs. */
    const teller = (name: string, work: () => Promise<void>): Worker =>
      worker(name, async () => {
        await ifLeading(work);
        return undefined;
      });
    return {
      leavers: worker('telling that pods end', async () => {
        await this.#leavers.tell();
        return undefined;
      }),
      mapping: worker('planning the Service ports', () =>
        Promise.resolve(this.#isPlanned ? undefined : this.#throttle.run(() => this.#map())),
      ),
      ports: worker('updating the Service ports', () => ifLeading(() => this.#writePorts())),
      results: worker('reporting results', () =>
        ifLeading(() =>
          reportResults({
            ...this.#options,
            results: this.#results,
            status: this.#status,
            waiting: this.#ports,
          }),
        ),
      ),
      probes: teller('probing the listeners of the gateway pods', () => this.#probes.report()),
      meshAccess: teller('reporting whether Services of the whole cluster can be listed', () =>
        Promise.resolve(this.#meshAccess.report()),
      ),
      drains: worker('ending the drain of removed pods', () => Promise.resolve(this.#endDrains())),
    };
  }

  /** Whether missing objects are really absent. */
  #isComplete(): boolean {
    const { cache } = this.#options;
    // Both must be requested at the same time.
    const answered = cache.meshConfigs.want(this.#observed.revisions());
    return this.#meshAccess.ready() && answered && cache.complete(this.ref.namespace);
  }

  #planAgain(): void {
    this.#isPlanned = false;
    this.#workers.mapping.enqueue();
  }

  /** Computes the ports that the Gateways need, for adding and probing. */
  #map(): void {
    if (!this.#options.isLeading() || !this.#isComplete()) return;
    this.#isPlanned = true;
    this.#workers.meshAccess.enqueue();
    try {
      const { objects, newest } = this.#observed.present();
      const mapping = objects === undefined ? undefined : mapIngress(this.ref, objects, this.#mesh);
      this.#isLacking = mapping !== undefined && mapping.missing.length > 0;
      const isNew = this.#ports.demand(
        mapping === undefined || objects === undefined
          ? undefined
          : { missing: this.#toAdd(objects, mapping), wants: demandedPorts(mapping), newest },
      );
      if (isNew) this.#workers.results.enqueue();
      this.#workers.ports.enqueue();
      this.#emitter.portsChanged();
      if (!this.#options.ingress.probe) return;
      this.#probes.follow(mapping);
      this.#workers.probes.enqueue();
    } catch (error) {
      this.#log.error(
        { error: String(error) },
        'the ports of this ingress cannot be mapped; its Service stays unchanged',
      );
    }
  }

  async #writePorts(): Promise<number | undefined> {
    try {
      return await this.#ports.reconcile();
    } finally {
      this.#emitter.portsChanged();
    }
  }

  #isOwnWrite(sent: Content, content: Content): boolean {
    const { ref } = this;
    const isOwnPort = (port: PortKey): boolean =>
      this.#ownPorts.has({ ...port, service: this.#name });
    const mapping = ({ objects }: Content): PortMapping => mapIngress(ref, objects, this.#mesh);
    try {
      return isOwnWrite({ ref, isOwnPort, mapping }, sent, content);
    } catch {
      // What cannot be mapped is sent, and reported where it is mapped.
      return false;
    }
  }

  /** The missing Service ports that may be added. */
  #toAdd(objects: KubernetesObjects, mapping: PortMapping): readonly MissingServicePort[] {
    const { runtime, cluster } = this.#options;
    const { ref } = this;
    const entry = runtime.config.ingresses.find(
      (one) => one.cluster === cluster && one.service === this.#name,
    );
    if (entry === undefined) return mapping.missing;
    return servicePortsToAdd({
      ref,
      objects,
      mapping,
      context: exposureContext(runtime.config, entry, this.#mesh),
      isDeclared: (exposure) => this.#results.offers(exposure),
      wasAdded: (port) => this.#ownPorts.has(port),
    });
  }

  #endDrains(): number | undefined {
    const { clock } = this.#options.runtime;
    for (const ended of this.#observed.endDrains(clock.monotonic())) this.#removals.add(ended);
    return this.#observed.nextDrainEnd(clock.monotonic());
  }
}

function changeOf({ object, owned }: NonNullable<ReturnType<ClusterCache['service']>>): Change {
  const { namespace, name } = object.meta;
  return { what: 'updated', kind: 'Service', namespace, name, resourceVersion: owned.version };
}

const NO_GATEWAYS = { gateways: [], apiGateways: [] };
