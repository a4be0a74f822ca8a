/** One ingress as the watcher sees it: its view, and the pods that have left. */
import type { Availability } from '../../../shared/domain/exposure/exposure.ts';
import { observedAvailability } from '../../../shared/domain/exposure/indexed-ingress.ts';
import type { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import type { KubernetesObjects, Pod } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import type { CacheChange } from '../cache/cluster-index.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { Content } from '../emit/snapshot-content.ts';
import type { WatchedIngress } from '../ingresses.ts';
import { podAddresses, DepartedPods, type EndedDrain } from './departed-pods.ts';
import { IngressView } from './ingress-view.ts';

/** The ingress that is observed, and the newest revision that was sent for it. */
export interface ObservedIngressOptions {
  readonly ingress: Pick<WatchedIngress, 'ref' | 'members' | 'drainMs'>;
  /** Its index is updated before the ingress is told of a change. */
  readonly cache: Pick<ClusterCache, 'index'>;
  /** Options of the mesh that change what is relevant. */
  readonly mesh: MeshOptions;
  /** The newest revision so far. */
  readonly newest: () => Revision;
}

/** The meaning of a relevant change. */
export interface Noticed {
  /** The ingress Service itself changed. */
  readonly isService: boolean;
  /** A pod that served until now was removed, and drains from now on. */
  readonly isDeparture: boolean;
}

/** What was last observed. */
interface Observation {
  readonly objects: KubernetesObjects | undefined;
  /** Every snapshot after this revision contains this change or something newer. */
  readonly newest: Revision;
}

/** One ingress as cached, including removed pods that still drain. */
export class ObservedIngress {
  readonly #options: ObservedIngressOptions;
  readonly #ref: IngressRef;
  readonly #departures: DepartedPods;
  readonly #view: IngressView;
  #observation: Observation;
  /** The deletion of the Service was observed, so its exposures are removed. */
  #removed = false;

  constructor(options: ObservedIngressOptions) {
    this.#options = options;
    this.#ref = options.ingress.ref;
    this.#departures = new DepartedPods(options.ingress.drainMs);
    this.#view = this.#viewWith(this.#departures);
    this.#observation = { objects: undefined, newest: options.newest() };
  }

  /**
   * Undefined if the change is not relevant. Must be called with every change, so that the view
   * follows the index.
   */
  notice(change: CacheChange, now: number): Noticed | undefined {
    if (!this.#view.notice(change)) return undefined;
    const isService = this.#isService(change);
    if (isService) this.#removed = change.change.what === 'deleted';
    const isDeparture = this.#isDeparture(change) && this.#depart(change, now);
    return { isService, isDeparture };
  }

  /**
   * The content of a snapshot; undefined while the Service does not exist and its deletion was not
   * observed.
   */
  content(): Content | undefined {
    const { objects } = this.#look();
    if (objects !== undefined) return { objects, removed: false };
    return this.#removed ? { objects: NOTHING, removed: true } : undefined;
  }

  /** Like `content`, but without removed pods. */
  present(): Observation {
    const { newest } = this.#look();
    const view = this.#departures.empty ? this.#view : this.#viewWith(NO_DEPARTURES);
    return { objects: view.objects(), newest };
  }

  meshServiceDemands(): ReturnType<IngressView['meshServiceDemands']> {
    return this.#view.meshServiceDemands();
  }

  /** Revisions of istiod that serve the pods. */
  revisions(): ReadonlySet<string> {
    return this.#view.revisions(this.#options.mesh.revision);
  }

  /** Called when an optional kind was read for the first time. */
  optionalRead(): void {
    this.#view.optionalRead();
  }

  /** The Services of the rest of the cluster changed without individual notices. */
  meshChanged(): void {
    this.#view.meshChanged();
  }

  /** Addresses of a pod that ends, if its members drain from now on; empty otherwise. */
  leaving({ change, observed }: CacheChange): readonly string[] {
    const { members, drainMs } = this.#options.ingress;
    if (observed.of !== 'pods' || members !== 'pods' || drainMs === 0) return [];
    const pod = { ...observed.object, terminating: true };
    if (change.what !== 'deleted' && !observed.object.terminating) return [];
    return this.#availabilityOf(pod) === 'draining' ? podAddresses(pod) : [];
  }

  /** Drops pods that have drained long enough, and returns them. */
  endDrains(now: number): readonly EndedDrain[] {
    const over = this.#departures.expire(now);
    if (over.length > 0) this.#view.departed();
    return over;
  }

  /** Whether a pod has one of the addresses. */
  isUsed(addresses: readonly string[]): boolean {
    const all = [...this.#options.cache.index.pods.all()];
    return all.some(([, pod]) => podAddresses(pod).some((one) => addresses.includes(one)));
  }

  /** Addresses of pods that do not end. */
  standing(): ReadonlySet<string> {
    const all = [...this.#options.cache.index.pods.all()];
    return new Set(all.flatMap(([, pod]) => (pod.terminating ? [] : podAddresses(pod))));
  }

  /** Milliseconds until the next pod has drained long enough. */
  nextDrainEnd(now: number): number | undefined {
    return this.#departures.nextDue(now);
  }

  /** A view that also keeps the pods that ended recently. */
  #viewWith(departures: DepartedPods): IngressView {
    const { ingress, cache, mesh } = this.#options;
    return new IngressView({
      ref: ingress.ref,
      members: ingress.members,
      discovers: mesh.discoverySelectors !== undefined,
      mesh,
      index: cache.index,
      departures,
    });
  }

  #look(): Observation {
    const objects = this.#view.objects();
    if (objects !== this.#observation.objects)
      this.#observation = { objects, newest: this.#options.newest() };
    return this.#observation;
  }

  #isService({ observed }: CacheChange): boolean {
    return (
      observed.of === 'services' &&
      observed.object.meta.namespace === this.#ref.namespace &&
      observed.object.meta.name === this.#ref.service
    );
  }

  #depart({ observed, change }: PodChange, now: number): boolean {
    const since = this.#options.newest();
    const isKept = this.#departures.add(observed.object, { change, now, since });
    this.#view.departed();
    return isKept;
  }

  #isDeparture(change: CacheChange): change is PodChange {
    const { observed } = change;
    if (observed.of !== 'pods' || change.change.what !== 'deleted') return false;
    return this.#availabilityOf(observed.object) !== 'out';
  }

  /** Whether a pod serves, by itself and by its EndpointSlices, as it is in the next snapshot. */
  #availabilityOf(pod: Pod): Availability {
    const service = `${this.#ref.namespace}/${this.#ref.service}`;
    const endpointSlices = [...this.#options.cache.index.endpointSlices.in(service)].map(
      ([, slice]) => slice,
    );
    return observedAvailability(this.#ref, { endpointSlices }, pod);
  }
}

type PodChange = CacheChange & {
  readonly observed: Extract<CacheChange['observed'], { of: 'pods' }>;
};

/** The objects of an ingress that was deleted. */
const NOTHING: Content['objects'] = {
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

/** For the view without removed pods that still drain. */
const NO_DEPARTURES = new DepartedPods(0);
