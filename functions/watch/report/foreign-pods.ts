/** Whether selectors of Gateways mean the pods of an ingress that Sluice does not manage. */
import { isSubset } from '../../../shared/domain/istio/selector-index.ts';
import {
  KubernetesError,
  PODS,
  SERVICES,
  type KubernetesClient,
  type RawObject,
  type Resource,
} from '../../../shared/kubernetes/index.ts';
import { normalisePod, normaliseService } from '../../../shared/kubernetes/objects/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { selectorKey } from '../cache/cluster-index.ts';

type Labels = Readonly<Record<string, string>>;

/** `unseen`: no pod that may be read, but pods elsewhere may not be. */
export type ForeignAnswer = 'found' | 'none' | 'unseen';

/** An answer counts for so many milliseconds: a wrong selector is rare, and stays wrong. */
const ANSWER_MS = 5 * 60_000;
/** Per page; the selector of a Gateway matches few other pods. */
const PAGE_OBJECTS = 50;

/** The client that lists pods, and the namespaces in which it may. */
export interface ForeignPodsOptions {
  readonly client: Pick<KubernetesClient, 'pages'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Those whose pods may be read for certain. */
  readonly namespaces: readonly string[];
}

/**
 * Looks for pods in the whole cluster. Without permission for that, it uses the pods in the
 * namespaces of the ingresses, and the selectors of Services.
 */
export class ForeignPods {
  readonly #options: ForeignPodsOptions;
  readonly #answers = new Map<string, { readonly answer: ForeignAnswer; readonly until: number }>();

  constructor(options: ForeignPodsOptions) {
    this.#options = options;
  }

  /** Rejects on any failure but a missing permission. */
  async among(selectors: readonly Labels[]): Promise<(selector: Labels) => ForeignAnswer> {
    const now = this.#options.clock.monotonic();
    for (const [key, { until }] of this.#answers) if (until <= now) this.#answers.delete(key);
    const open = new Map(
      selectors
        .map((one) => [selectorKey(one), one] as const)
        .filter(([key]) => !this.#answers.has(key)),
    );
    const uncertain: Labels[] = [];
    for (const [, selector] of open) {
      const found = await this.#inPods(selector);
      if (found === undefined) uncertain.push(selector);
      else this.#keep(selector, found ? 'found' : 'none', now);
    }
    const inServices = uncertain.length === 0 ? [] : await this.#services();
    for (const selector of uncertain)
      this.#keep(
        selector,
        inServices.some((one) => isSubset(selector, one)) ? 'found' : 'unseen',
        now,
      );
    return (selector) => this.#answers.get(selectorKey(selector))?.answer ?? 'unseen';
  }

  #keep(selector: Labels, answer: ForeignAnswer, now: number): void {
    this.#answers.set(selectorKey(selector), { answer, until: now + ANSWER_MS });
  }

  /** Undefined if pods in other namespaces may not be read. */
  async #inPods(selector: Labels): Promise<boolean | undefined> {
    const everywhere = await this.#hasGatewayPod(selector, undefined);
    if (everywhere !== undefined) return everywhere;
    for (const namespace of this.#options.namespaces)
      if ((await this.#hasGatewayPod(selector, namespace)) === true) return true;
    return undefined;
  }

  async #hasGatewayPod(
    selector: Labels,
    namespace: string | undefined,
  ): Promise<boolean | undefined> {
    const labelSelector = Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const pods = await this.#list(PODS, { namespace, labelSelector });
    return pods?.some((raw) => normalisePod(raw).proxy === 'router');
  }

  async #services(): Promise<readonly Labels[]> {
    const all = (await this.#list(SERVICES, {})) ?? [];
    return all.map((raw) => normaliseService(raw).selector);
  }

  /** Undefined without the permission. */
  async #list(
    resource: Resource,
    selection: { readonly namespace?: string | undefined; readonly labelSelector?: string },
  ): Promise<readonly RawObject[] | undefined> {
    const found: RawObject[] = [];
    try {
      for await (const { items } of this.#options.client.pages(resource, {
        ...selection,
        limit: PAGE_OBJECTS,
      }))
        found.push(...items);
      return found;
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.status === 403) return undefined;
      // No pod can have a label that the API server refuses.
      if (error.status === 400) return [];
      throw error;
    }
  }
}
