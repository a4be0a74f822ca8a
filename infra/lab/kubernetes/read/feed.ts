/** What a watch sends, whatever carries it. */
import type { EventType, KubernetesObject } from '../types.ts';
import type { StoreChange, StorePlace, VersionedStore } from '../store.ts';
import type { Matcher } from './selectors.ts';

/** What is watched, and from which revision on. */
export interface WatchPlace {
  readonly store: VersionedStore;
  readonly place: StorePlace;
  readonly matches: Matcher;
  /** Empty and `0`: everything that is there, and the changes from now on. */
  readonly revision: string;
  readonly initialEvents: boolean;
}

/** Turns the changes of the store into the events of one watch. */
export class WatchFeed {
  readonly #watched: WatchPlace;
  readonly #send: (type: EventType, object: KubernetesObject) => void;
  /** The newest revision that the client has received. */
  told = 0;

  constructor(watched: WatchPlace, send: (type: EventType, object: KubernetesObject) => void) {
    this.#watched = watched;
    this.#send = send;
  }

  /** Sends what the client missed; throws 410 if that is no longer stored. */
  begin(): void {
    const { store, place, matches, revision, initialEvents } = this.#watched;
    const fromNow = revision === '' || revision === '0' || initialEvents;
    // Wait for a revision in the future.
    this.told = fromNow ? store.revision : Number(revision);
    if (fromNow)
      for (const object of store.list(place).filter(matches)) this.#send('ADDED', object);
    else for (const change of store.since(place, this.told)) this.tell(change);
  }

  /** An object that starts or stops matching the selectors is added or deleted for this client. */
  tell({ type, object, previous, storage, revision }: StoreChange): void {
    const { place, matches } = this.#watched;
    if (
      storage !== place.storage ||
      revision <= this.told ||
      (place.namespace !== undefined && object.metadata.namespace !== place.namespace)
    )
      return;
    this.told = revision;
    const before = previous !== undefined && matches(previous);
    const after = type !== 'DELETED' && matches(object);
    if (after) this.#send(before ? 'MODIFIED' : 'ADDED', object);
    else if (before) this.#send('DELETED', lastSeen(previous, object));
  }
}

/** DELETED contains the last content that the client could see, at the revision of the change. */
function lastSeen(previous: KubernetesObject, object: KubernetesObject): KubernetesObject {
  return { ...previous, metadata: { ...previous.metadata, ...versionOf(object) } };
}

function versionOf(object: KubernetesObject): { readonly resourceVersion?: string } {
  const { resourceVersion } = object.metadata;
  return resourceVersion === undefined ? {} : { resourceVersion };
}
