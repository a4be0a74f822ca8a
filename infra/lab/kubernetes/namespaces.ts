/** The namespace controller: a deleted namespace terminates, and disappears once it is empty. */
import { fieldsOf } from './fields.ts';
import type { Catalog } from './resources/catalog.ts';
import type { VersionedStore } from './store.ts';
import type { KubernetesObject } from './types.ts';

const NAMESPACES = 'namespaces';

/** What the controller works on. */
export interface NamespaceOptions {
  readonly store: VersionedStore;
  readonly catalog: Catalog;
  /** The time at which an object or a namespace was deleted, in the API's format. */
  readonly timestamp: () => string;
  /** Delay before the controller starts, in milliseconds; Infinity: there is no controller. */
  readonly delayMs: number;
}

/** Empties namespaces that are being deleted, and removes them. */
export class NamespaceController {
  readonly #options: NamespaceOptions;
  readonly #emptied = new Set<string>();

  constructor(options: NamespaceOptions) {
    this.#options = options;
    options.store.listen(({ type, object }) => {
      const { namespace } = object.metadata;
      if (type === 'DELETED' && namespace !== undefined && this.#emptied.has(namespace))
        this.#finish(namespace);
    });
  }

  /**
   * Marks the namespace as terminating and returns it. Its objects are deleted now or after the
   * delay.
   */
  terminate(namespace: KubernetesObject): KubernetesObject {
    const { store, timestamp, delayMs } = this.#options;
    if (namespace.metadata.deletionTimestamp) return namespace;
    const { name } = namespace.metadata;
    const marked = store.put(NAMESPACES, {
      ...namespace,
      metadata: { ...namespace.metadata, deletionTimestamp: timestamp() },
      status: { ...fieldsOf(namespace['status']), phase: 'Terminating' },
    });
    if (delayMs === 0) this.#empty(name);
    else if (Number.isFinite(delayMs)) setTimeout(() => this.#empty(name), delayMs).unref();
    return marked;
  }

  /** An object with a finalizer is only marked; it disappears when the finalizer is removed. */
  #empty(namespace: string): void {
    const { store, timestamp } = this.#options;
    this.#emptied.add(namespace);
    for (const [storage, object] of this.#contents(namespace)) {
      if ((object.metadata.finalizers ?? []).length === 0) store.remove(storage, object);
      else if (!object.metadata.deletionTimestamp)
        store.put(storage, {
          ...object,
          metadata: {
            ...object.metadata,
            ...(object.metadata.generation !== undefined && {
              generation: object.metadata.generation + 1,
            }),
            deletionTimestamp: timestamp(),
            deletionGracePeriodSeconds: 0,
          },
        });
    }
    this.#finish(namespace);
  }

  #finish(name: string): void {
    const { store } = this.#options;
    const namespace = store.get(NAMESPACES, undefined, name);
    if (!namespace?.metadata.deletionTimestamp || this.#contents(name).length > 0) return;
    this.#emptied.delete(name);
    store.remove(NAMESPACES, namespace);
  }

  #contents(namespace: string): readonly (readonly [string, KubernetesObject])[] {
    const { catalog, store } = this.#options;
    const namespaced = catalog.served().filter((resource) => resource.namespaced);
    const storages = new Set(namespaced.map((resource) => resource.storage));
    return [...storages].flatMap((storage) =>
      store.list({ storage, namespace }).map((object) => [storage, object] as const),
    );
  }
}
