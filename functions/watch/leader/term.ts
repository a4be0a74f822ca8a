/**
 * The work of a watcher within one term of leadership. Created before the term, so that no changes
 * are lost; it sends nothing until then.
 */
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import type { KubernetesClient } from '../../../shared/kubernetes/index.ts';
import type { Resync } from '../../../shared/queue/events.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Handover } from './handover.ts';
import { IngressReconciler } from '../reconciler.ts';
import { ForeignPods } from '../report/foreign-pods.ts';
import { LOOK_MS, UnselectedGateways } from '../report/unselected-gateways.ts';
import { RivalReporter } from '../report/rival-reporter.ts';
import { ClockReporter } from '../clock-reporter.ts';
import type { DebounceLimits } from '../emit/debounce.ts';
import type { WatchedIngress } from '../ingresses.ts';
import type { LeaderRecords } from './leader-records.ts';
import { Worker } from '../loop/worker.ts';
import type { WatchMeter } from '../serve/metrics.ts';
import { createOutbox, type Outbox } from '../emit/outbox.ts';
import { EventRecorder } from '../report/event-recorder.ts';
import { Revisions } from '../emit/revisions.ts';
import { consumeSettled } from '../report/settled-loop.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { CacheChange } from '../cache/cluster-index.ts';

/** What a term needs; its queues and its client refuse to write once the term is over. */
export interface LeaderTermOptions {
  /** Its queues refuse operations unless this replica leads. */
  readonly runtime: Runtime;
  readonly cluster: string;
  /** UID of namespace kube-system, which every event carries. */
  readonly clusterUid: string;
  readonly ingresses: readonly WatchedIngress[];
  /** Its writes fail unless this replica leads. */
  readonly client: KubernetesClient;
  /** Shared by all terms of the process. */
  readonly cache: ClusterCache;
  /** Milliseconds of quiet before a snapshot, and its longest delay. */
  readonly debounce: DebounceLimits;
  /** Milliseconds between two complete sends, and between reports of the difference of clocks. */
  readonly resyncMs: number;
  readonly meter: WatchMeter;
  /** What earlier leaders knew of the networks of clients. */
  readonly handover: Pick<Handover, 'isChanged' | 'settled'>;
  /** Undefined in a dry run. */
  readonly records: LeaderRecords | undefined;
  /** Raises the term above an epoch on a device; undefined if the term is over. */
  readonly raise: (above: number) => Promise<number | undefined>;
}

/** One term of leadership; a new object is created for the next one. */
export class LeaderTerm {
  readonly #options: LeaderTermOptions;
  readonly #abort = new AbortController();
  readonly #revisions = new Revisions(0);
  readonly #reconcilers: readonly IngressReconciler[];
  readonly #recorder: EventRecorder;
  readonly #inventory: Worker;
  readonly #clockTelling: Worker;
  readonly #unselected: Worker;
  readonly #records: Worker;
  #listening: Promise<void> = Promise.resolve();
  #leading = false;
  #told = false;

  constructor(options: LeaderTermOptions) {
    const { runtime, cluster, clusterUid, client, cache, debounce, meter } = options;
    const { clock, random, log } = runtime;
    const revisions = this.#revisions;
    this.#options = options;
    const outbox = createOutbox({ runtime, cluster, clusterUid, revisions });
    const recorder = new EventRecorder({ client, clock, random, log });
    this.#recorder = recorder;
    const isLeading = (): boolean => this.#leading;
    const shared = {
      runtime,
      cluster,
      client,
      cache,
      recorder,
      outbox,
      revisions,
      debounce,
      meter,
      handover: options.handover,
    };
    this.#reconcilers = options.ingresses.map(
      (ingress) => new IngressReconciler({ ...shared, ingress, isLeading }),
    );
    this.#inventory = new Worker({
      name: 'sending the inventory',
      clock,
      random,
      log,
      work: () => this.#tellAll(outbox),
    });
    const reporter = new ClockReporter({ client, clock, recorder, cache, log });
    // Not awaited: Events at thousands of Gateways must not delay the inventory.
    this.#clockTelling = new Worker({
      name: 'reporting the clock difference',
      clock,
      random,
      log,
      work: () => {
        if (this.#leading) reporter.report(this.#reconcilers);
        return Promise.resolve(options.resyncMs);
      },
    });
    this.#unselected = this.#tellUnselected(recorder);
    this.#records = this.#keepRecords(recorder);
    for (const reconciler of this.#reconcilers) reconciler.start();
  }

  get isLeading(): boolean {
    return this.#leading;
  }

  /** A change of the cache, for every ingress; called on standby replicas as well. */
  notice(change: CacheChange): void {
    for (const reconciler of this.#reconcilers) reconciler.notice(change);
    if (change.change.what === 'added' && change.change.kind === 'Gateway')
      this.#clockTelling.enqueue();
  }

  optionalRead(): void {
    for (const reconciler of this.#reconcilers) reconciler.optionalRead();
  }

  meshAnswered(): void {
    for (const reconciler of this.#reconcilers) reconciler.meshAnswered();
  }

  /** Starts the term. */
  begin(epoch: number): void {
    const { runtime, cluster } = this.#options;
    const { clock, random, log, queues } = runtime;
    this.#revisions.moveTo(epoch);
    this.#leading = true;
    for (const reconciler of this.#reconcilers) reconciler.begin();
    this.#inventory.start();
    this.#clockTelling.start();
    this.#clockTelling.enqueue();
    for (const worker of [this.#unselected, this.#records]) {
      worker.start();
      worker.enqueue();
    }
    this.#inventory.enqueue();
    this.#listening = consumeSettled(
      queues.queue(`settled-${cluster}`),
      {
        settled: (settled) => this.#settle(settled),
        resync: (asked, subject) => this.#resync(asked, subject),
      },
      { clock, random, log, signal: this.#abort.signal },
    );
  }

  /** Ends the term: work in progress belongs to the next leader. */
  end(): void {
    this.#leading = false;
    this.#abort.abort();
  }

  /** Sends pending content, unless the term has ended, and stops. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all([
      ...this.#reconcilers.map((reconciler) => reconciler.stop()),
      this.#inventory.stop(),
      this.#clockTelling.stop(),
      this.#unselected.stop(),
      this.#records.stop(),
      this.#listening,
    ]);
    await this.#recorder.stop();
    this.#leading = false;
  }

  /** At intervals, so that thousands of Gateways or pods do not cause a check each. */
  #tellUnselected(recorder: EventRecorder): Worker {
    const { runtime, client, cache, ingresses } = this.#options;
    const { clock, random, log } = runtime;
    const namespaces = [...new Set(ingresses.map(({ ref }) => ref.namespace))];
    const foreign = new ForeignPods({ client, clock, namespaces });
    const gateways = new UnselectedGateways({ cache, recorder, foreign });
    const name = 'finding Gateways that select no pods';
    const work = async (): Promise<number> => {
      if (this.#leading) await gateways.look(this.#reconcilers);
      return LOOK_MS;
    };
    return new Worker({ name, clock, random, log, work });
  }

  /** Notes this leader on the ingress Services, and tells of others that lead too. */
  #keepRecords(recorder: EventRecorder): Worker {
    const { runtime, client, cache, records } = this.#options;
    const { clock, random, log } = runtime;
    const reporter = new RivalReporter({ cache, recorder, log });
    const name = 'noting the leader on the Services';
    const work = async (): Promise<number | undefined> => {
      if (!this.#leading || records === undefined) return undefined;
      const { rivals, pauseMs } = await records.keep(client);
      reporter.report(rivals);
      return pauseMs;
    };
    return new Worker({ name, clock, random, log, work });
  }

  /**
   * Sends the inventory and every snapshot again; the first time, the reconcilers have already
   * started.
   */
  async #tellAll(outbox: Outbox): Promise<number> {
    const { cache, resyncMs } = this.#options;
    if (!this.#leading) return resyncMs;
    const services = cache
      .states()
      .filter(({ kind, namespace }) => kind === 'Service' && namespace !== undefined);
    // An outdated list does not prove absence.
    if (services.some(({ state }) => state !== 'live')) return 1_000;
    const isThere = ({ ref }: IngressReconciler): boolean =>
      cache.service(ref.namespace, ref.service) !== undefined;
    const refs = (all: readonly IngressReconciler[]): readonly IngressRef[] =>
      all.map(({ ref }) => ref);
    const present = this.#reconcilers.filter(isThere);
    const absent = this.#reconcilers.filter((one) => !present.includes(one));
    await outbox.inventory(refs(present), refs(this.#reconcilers), (revision) => {
      for (const one of absent) one.absent(revision);
    });
    if (this.#told) for (const reconciler of this.#reconcilers) reconciler.refresh();
    this.#told = true;
    return resyncMs;
  }

  /** Completed only after everything is sent, because the next leader would not be asked again. */
  async #resync(
    { cluster, device, partition, code, reason }: Resync,
    subject: string,
  ): Promise<boolean> {
    if (!this.#leading) return false;
    if (cluster !== this.#options.cluster) return true;
    const { log } = this.#options.runtime;
    const reconciler = this.#reconcilers.find(({ owner }) => owner === subject);
    if (reconciler === undefined) {
      log.info({ device, partition, code, reason }, 'full resync requested');
      return this.#inventory.done();
    }
    log.info({ device, owner: subject, code, reason }, 'resync of one ingress requested');
    reconciler.refresh();
    return true;
  }

  /**
   * Passes a result to its ingress. A newer epoch on the device means that this process must
   * continue above it. False if the result should be delivered again, because this process does not
   * lead or could not store the epoch.
   */
  async #settle(settled: Settled): Promise<boolean> {
    if (!this.#leading) return false;
    const reconciler = this.#reconcilers.find(({ owner }) => owner === settled.owner);
    // Ignores results for another cluster with this id, or for an unconfigured ingress.
    if (reconciler === undefined || settled.clusterUid !== this.#options.clusterUid) return true;
    const declared = settled.supersededBy;
    if (declared !== undefined && declared.epoch > this.#revisions.epoch) {
      const epoch = await this.#options.raise(declared.epoch);
      if (epoch === undefined) return false;
      this.#revisions.moveTo(epoch);
      this.#options.runtime.log.warn(
        { declared, epoch },
        'the device has a newer epoch of this cluster; continuing above it',
      );
      this.#inventory.enqueue();
      for (const one of this.#reconcilers) one.refresh();
    }
    this.#options.meter.settled(settled.owner);
    reconciler.settle(settled);
    return true;
  }
}
