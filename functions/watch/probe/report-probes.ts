/** Turns the results of probes into Events on Gateways and the ingress Service. */
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import { ListenerProbes, type ProbeOptions, type ProbeResult } from './listener-probes.ts';
import type { Recorder } from '../report/event-recorder.ts';
import { findTarget, serviceTarget } from '../report/event-targets.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';

/** The ingress whose listeners are probed. A standby replica does not probe. */
export interface ProbeReporterOptions extends Omit<ProbeOptions, 'signal'> {
  /** The ingress Service; its namespace is that of the gateway pods. */
  readonly ref: IngressRef;
  /** Gets one message for each server and object. */
  readonly recorder: Recorder;
  /** For the pods, and to find the Gateway and the Service of a message. */
  readonly cache: Pick<ClusterCache, 'index' | 'service'>;
  /** Asked again at the end: a term may be over after 30 s of probing. */
  readonly isLeading: () => boolean;
}

/** Reports on Gateways and the Service whether new listeners accept connections. */
export class ProbeReporter {
  readonly #options: ProbeReporterOptions;
  readonly #abort = new AbortController();
  readonly #probes: ListenerProbes;
  #mapping: PortMapping | undefined;

  constructor(options: ProbeReporterOptions) {
    this.#options = options;
    this.#probes = new ListenerProbes({ ...options, signal: this.#abort.signal });
  }

  /** Sets the mapping whose servers are reported. */
  follow(mapping: PortMapping | undefined): void {
    this.#mapping = mapping;
  }

  /** Takes up to 30 s; call again if it rejects. */
  async report(): Promise<void> {
    if (this.#mapping === undefined) return;
    const { ref, cache, isLeading } = this.#options;
    const pods = [...cache.index.pods.in(ref.namespace)].map(([, pod]) => pod);
    const results = await this.#probes.compare(
      this.#mapping,
      pods,
      `${ref.namespace}/${ref.service}`,
    );
    if (!isLeading() || results.length === 0) return;
    this.#record(results);
  }

  /** Aborts running probes. */
  stop(): void {
    this.#abort.abort();
  }

  /**
   * Records each result on the Gateway and on the ingress Service, whose readers may be different
   * people.
   */
  #record(results: readonly ProbeResult[]): void {
    const { ref, recorder, cache } = this.#options;
    const service = cache.service(ref.namespace, ref.service);
    for (const { server, occurrence } of results) {
      const gateway = findTarget(cache.index, {
        kind: 'Gateway',
        api: server.api,
        key: server.gateway,
      });
      const targets = [
        ...(gateway === undefined ? [] : [gateway]),
        ...(service === undefined ? [] : [serviceTarget(service.object.meta)]),
      ];
      for (const target of targets) recorder.report(target, occurrence.subject, [occurrence]);
    }
  }
}
