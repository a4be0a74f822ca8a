/** Builds the snapshot of an ingress and sends it with the changes since the last one. */
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import {
  ownerKey,
  type Change,
  type IngressRef,
} from '../../../shared/domain/snapshot/snapshot.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { Recorder } from '../report/event-recorder.ts';
import type { WatchMeter } from '../serve/metrics.ts';
import { SettledRun } from './settled-run.ts';
import { LagMeter } from './lag-meter.ts';
import type { Outbox } from './outbox.ts';
import type { Content } from './snapshot-content.ts';
import { createSizeReporter, type SizeReporter } from './snapshot-size.ts';

/** The ingress whose snapshots are sent, and where sizes and lags are reported. */
export interface SnapshotSenderOptions {
  readonly cluster: string;
  readonly ref: IngressRef;
  readonly outbox: Outbox;
  /** For Events about the size of snapshots. */
  readonly recorder: Recorder;
  /** Finds the Service that gets such an Event. */
  readonly cache: Pick<ClusterCache, 'service'>;
  /** Counts snapshots, and measures how late they are. */
  readonly meter: WatchMeter;
  readonly clock: Clock;
}

/**
 * Sends the snapshots of one ingress, measures their delay, and reports snapshots that are too
 * large.
 */
export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  readonly #size: SizeReporter;
  readonly #lag = new LagMeter();
  readonly #run = new SettledRun();
  /** The networks of clients in the last snapshot. */
  #last: { readonly revision: Revision; readonly ranges: readonly string[] } | undefined;

  constructor(options: SnapshotSenderOptions) {
    this.#options = options;
    this.#size = createSizeReporter(options.ref, options.recorder, options.cache);
  }

  noticed(change: Change): void {
    this.#lag.seen(change, this.#options.clock.monotonic());
  }

  /** A result of one device arrived. */
  settled(settled: Settled): void {
    this.#run.settled(settled);
  }

  /** An inventory at this revision says that the ingress does not exist. */
  absent(revision: Revision): void {
    this.#run.broke(revision);
  }

  /** Resolves when the queue has stored it. */
  async send(content: Content, changes: readonly Change[]): Promise<Revision> {
    const { cluster, ref, outbox, meter, clock } = this.#options;
    const revision = await outbox
      .snapshot(ref, { ...content, changes }, (next) => this.#run.next(next))
      .catch((error: unknown) => {
        this.#size.failed(error, content.objects);
        throw error;
      });
    this.#size.sent();
    const service = content.objects.services.find(
      ({ meta }) => meta.namespace === ref.namespace && meta.name === ref.service,
    );
    this.#last = service && { revision, ranges: rangesOf(service) };
    meter.snapshot(ownerKey(cluster, ref), this.#lag.sent(changes, clock.monotonic()));
    return revision;
  }

  /** The networks of clients in the last snapshot; undefined if another one has the revision. */
  rangesAt(revision: Revision): readonly string[] | undefined {
    return this.#last !== undefined && compareRevisions(this.#last.revision, revision) === 0
      ? this.#last.ranges
      : undefined;
  }
}

/** Networks of clients that the Service requests; empty: every client. */
export function rangesOf({ sourceRanges = [] }: Pick<Service, 'sourceRanges'>): readonly string[] {
  return sourceRanges;
}
