/** Reports other leaders for the same cluster at the ingress Services and in the log. */
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import { rivalMessage, type Rival } from '../leader/leader-records.ts';
import type { Recorder } from './event-recorder.ts';
import type { EventTarget } from './event-object.ts';
import { serviceTarget } from './event-targets.ts';

/** Where rivals are reported. */
export interface RivalReporterOptions {
  /** Finds the Services that get the Event. */
  readonly cache: Pick<ClusterCache, 'service'>;
  readonly recorder: Recorder;
  readonly log: Logger;
}

/** Level-based: reports to each Service once, and clears the report when the other leader is gone. */
export class RivalReporter {
  readonly #options: RivalReporterOptions;
  readonly #told = new Map<string, { readonly target: EventTarget; readonly message: string }>();

  constructor(options: RivalReporterOptions) {
    this.#options = options;
  }

  /**
   * Reports rivals on their ingress Services, and ends the reports of rivals that are gone. The log
   * has each sentence once.
   */
  report(rivals: readonly Rival[]): void {
    const { cache, recorder, log } = this.#options;
    const found = new Map<string, { target: EventTarget; message: string }>(
      rivals.flatMap((rival) => {
        const { namespace, service } = rival.service;
        const observed = cache.service(namespace, service);
        if (observed === undefined) return [];
        const target = serviceTarget(observed.object.meta);
        return [[`${namespace}/${service}`, { target, message: rivalMessage(rival) }] as const];
      }),
    );
    for (const [name, { target }] of this.#told)
      if (!found.has(name)) {
        recorder.report(target, subjectOf(name), []);
        this.#told.delete(name);
      }
    for (const [name, one] of found) {
      const subject = subjectOf(name);
      if (this.#told.get(name)?.message !== one.message)
        log.error({ code: 'OWN306', service: name }, one.message);
      this.#told.set(name, one);
      recorder.report(one.target, subject, [
        { subject, type: 'Warning', reason: 'TwoLeaders', message: one.message },
      ]);
    }
  }
}

/** One Event subject for each Service. */
function subjectOf(service: string): string {
  return `${service} leader`;
}
