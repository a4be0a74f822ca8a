/** Follows the selectors of ingress Services, so that only pods of gateways are streamed. */
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { ObservedObject } from './kinds.ts';
import { NOTHING_YET, podSelector } from './label-selectors.ts';
import type { CacheChange } from './cluster-index.ts';

/** The parts of a pod stream that are used here. */
export interface PodStream {
  start(): void;
  relist(): Promise<void>;
}

/**
 * The watched pods of a namespace, and the ingress Services whose selectors decide which these are.
 */
interface NamespacePods {
  readonly services: Map<string, Service>;
  selector: string;
  stream: PodStream | undefined;
  /** Number of pending lists with a new selector. */
  pending: number;
  /** The latest change of an ingress Service. */
  latest: CacheChange | undefined;
}

/**
 * Restricts the watched pods to those of ingress Services; lists them again when a selector
 * changes.
 */
export class PodSelectors {
  readonly #ingresses: ReadonlySet<string>;
  readonly #again: (change: CacheChange) => void;
  readonly #scopes = new Map<string, NamespacePods>();

  /** `again` is called with the Service when its pods are known. */
  constructor(ingresses: readonly IngressRef[], again: (change: CacheChange) => void) {
    this.#ingresses = new Set(ingresses.map(({ namespace, service }) => `${namespace}/${service}`));
    this.#again = again;
  }

  selector(namespace: string): string {
    return this.#scope(namespace).selector;
  }

  complete(namespace: string): boolean {
    return this.#scope(namespace).pending === 0;
  }

  start(namespace: string, stream: PodStream): void {
    this.#scope(namespace).stream = stream;
    stream.start();
  }

  /**
   * Follows the selectors of the ingress Services. If the common selector of a namespace changes,
   * its pods are listed again.
   */
  notice(change: CacheChange): void {
    const { observed } = change;
    if (observed.of !== 'services' || !this.#ingresses.has(keyOf(observed))) return;
    const scope = this.#scope(observed.object.meta.namespace);
    scope.latest = change;
    // Keep watching the pods of a deleted Service, which may be created again, for instance by a
    // reinstallation.
    if (change.change.what !== 'deleted')
      scope.services.set(observed.object.meta.name, observed.object);
    const selector = podSelector([...scope.services.values()]) ?? NOTHING_YET;
    if (selector === scope.selector) return;
    scope.selector = selector;
    if (scope.stream !== undefined) void this.#listAgain(scope, scope.stream);
  }

  async #listAgain(scope: NamespacePods, stream: PodStream): Promise<void> {
    scope.pending += 1;
    await stream.relist();
    scope.pending -= 1;
    if (scope.pending === 0 && scope.latest !== undefined) this.#again(scope.latest);
  }

  /** The pods that are watched in a namespace; created on first use, without a stream. */
  #scope(namespace: string): NamespacePods {
    const known = this.#scopes.get(namespace) ?? {
      services: new Map(),
      selector: NOTHING_YET,
      stream: undefined,
      pending: 0,
      latest: undefined,
    };
    this.#scopes.set(namespace, known);
    return known;
  }
}

function keyOf({ object: { meta } }: Extract<ObservedObject, { of: 'services' }>): string {
  return `${meta.namespace}/${meta.name}`;
}
