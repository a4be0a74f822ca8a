/**
 * Reports Gateways that select no gateway pod at all, such as those with a typing error in their
 * selector: no ingress reads them, so no result tells their authors anything.
 */
import { isSubset } from '../../../shared/domain/istio/selector-index.ts';
import { selectsNothing } from '../../../shared/domain/istio/selection.ts';
import type { IstioGateway } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { Recorder } from './event-recorder.ts';
import type { EventMessage, EventTarget } from './event-object.ts';
import { gatewayTargets } from './event-targets.ts';
import type { ForeignPods } from './foreign-pods.ts';

/** Milliseconds between two checks; a Gateway is reported if both find it unselected. */
export const LOOK_MS = 10_000;

/** The subject of all Events of this report. */
const SUBJECT = 'unselected';

/** The Gateways of the cluster, and the check of pods that Sluice does not manage. */
export interface UnselectedGatewaysOptions {
  /** Nothing is reported before its lists are complete. */
  readonly cache: Pick<ClusterCache, 'index' | 'complete' | 'states'>;
  readonly recorder: Recorder;
  /** Finds pods outside of the namespaces of ingresses. */
  readonly foreign: ForeignPods;
}

/** An ingress, and the Gateways whose servers it exposes. */
export interface ReadingIngress {
  readonly ref: IngressRef;
  gateways(): readonly EventTarget[];
}

/**
 * Level-based: reports each Gateway once, and again only after it selected pods in the meantime.
 */
export class UnselectedGateways {
  readonly #options: UnselectedGatewaysOptions;
  /** UIDs found by the last check. */
  #seen: ReadonlySet<string> = new Set();
  readonly #told = new Map<string, EventTarget>();

  constructor(options: UnselectedGatewaysOptions) {
    this.#options = options;
  }

  /** Rejects if the API server does not answer whether pods of other ingresses are selected. */
  async look(ingresses: readonly ReadingIngress[]): Promise<void> {
    const { cache, recorder, foreign } = this.#options;
    if (!this.#isKnown(ingresses)) return;
    const found = this.#unselected(ingresses);
    const before = this.#seen;
    this.#seen = new Set(found.map(({ meta }) => meta.uid));
    for (const [uid, target] of this.#told)
      if (!this.#seen.has(uid)) {
        recorder.report(target, SUBJECT, []);
        this.#told.delete(uid);
      }
    const lasting = found.filter(({ meta }) => before.has(meta.uid));
    const others = await foreign.among(lasting.map(({ selector }) => selector));
    for (const gateway of lasting) {
      const [target] = gatewayTargets({ gateways: [gateway], apiGateways: [] });
      const { namespace, name } = gateway.meta;
      // Deleted during the request to the API server.
      if (cache.index.gateways.get(`${namespace}/${name}`)?.meta.uid !== target?.uid) continue;
      const answer = others(gateway.selector);
      if (target === undefined || answer === 'found') continue;
      const readable = answer === 'unseen' ? namespacesOf(ingresses) : undefined;
      recorder.report(target, SUBJECT, [messageOf(gateway, readable)]);
      this.#told.set(target.uid, target);
    }
  }

  /** Whether missing pods and Services are really absent, and there is an ingress at all. */
  #isKnown(ingresses: readonly ReadingIngress[]): boolean {
    const { cache } = this.#options;
    const states = cache.states().filter(({ kind }) => OF_SELECTION.has(kind));
    return (
      states.every(({ state }) => state === 'live') &&
      ingresses.length > 0 &&
      ingresses.every(
        ({ ref }) =>
          cache.complete(ref.namespace) &&
          cache.index.services.get(`${ref.namespace}/${ref.service}`) !== undefined,
      )
    );
  }

  /**
   * Gateways that no ingress reads. Gateways whose pods may only be scaled down are left out,
   * because they are not wrong.
   */
  #unselected(ingresses: readonly ReadingIngress[]): readonly IstioGateway[] {
    const { index } = this.#options.cache;
    const read = new Set(ingresses.flatMap((one) => one.gateways().map(({ uid }) => uid)));
    const idle = ingresses.flatMap(({ ref }) => {
      const { selector = {} } = index.services.get(`${ref.namespace}/${ref.service}`) ?? {};
      const pods = [...index.pods.in(ref.namespace)];
      return pods.some(([, { meta }]) => isSubset(selector, meta.labels)) ? [] : [selector];
    });
    // The pods of a scaled-down ingress may have more labels than its Service selects.
    const mayReturn = (gateway: IstioGateway): boolean =>
      idle.some((selector) =>
        Object.entries(gateway.selector).every(
          ([key, value]) => (selector[key] ?? value) === value,
        ),
      );
    return [...index.gateways.all()]
      .map(([, gateway]) => gateway)
      .filter((gateway) => !read.has(gateway.meta.uid) && !mayReturn(gateway));
  }
}

/** Kinds on which the selection of a Gateway depends. */
const OF_SELECTION: ReadonlySet<string> = new Set(['Gateway', 'Pod', 'Service']);

/** Each namespace once, sorted. */
function namespacesOf(ingresses: readonly ReadingIngress[]): readonly string[] {
  return [...new Set(ingresses.map(({ ref }) => ref.namespace))].sort();
}

/**
 * `readable`: the namespaces in which pods may be read, if not in all. The Gateway may then be for
 * pods elsewhere, which is no reason for a warning.
 */
function messageOf(gateway: IstioGateway, readable: readonly string[] | undefined): EventMessage {
  const { code, reason } = selectsNothing(gateway);
  const remedy =
    readable === undefined
      ? ' Compare'
      : ` Sluice may read pods only in ${readable.join(', ')}: ` +
        'if this Gateway is for gateway pods elsewhere, nothing is wrong. Otherwise compare';
  return {
    subject: SUBJECT,
    type: readable === undefined ? 'Warning' : 'Normal',
    reason: 'NotSelected',
    message:
      `${code}: ${reason}.${remedy} spec.selector with the labels of the gateway pods ` +
      '(kubectl get pods --show-labels)',
  };
}
