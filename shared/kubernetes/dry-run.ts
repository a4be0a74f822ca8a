/**
 * The cluster client of a dry run: reads are real, writes are logged and answered as if they had
 * succeeded.
 */
import type { Logger } from '../telemetry/log.ts';
import type { Access, ApplyOptions, KubernetesClient, Selection, WatchOptions } from './client.ts';
import type { Discoverable } from './discovery.ts';
import type { RawObject, Resource } from './object.ts';
import { objectKey } from './object.ts';

/**
 * Leases exist only in memory, so that a dry run can lead beside a real watcher. Each kind of write
 * is logged once per object.
 */
export function dryRunClient(client: KubernetesClient, log: Logger): KubernetesClient {
  const leases = new Map<string, RawObject>();
  const told = new Set<string>();
  let version = 0;

  const tell = (verb: string, resource: Resource, object: RawObject): Promise<RawObject> => {
    version += 1;
    const done: RawObject = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: `dry-run-${version}` },
    };
    if (isLease(resource)) {
      leases.set(objectKey(object.metadata), done);
      return Promise.resolve(done);
    }
    const { metadata, ...content } = object;
    const fields = { verb, kind: resource.kind, object: objectKey(metadata), content };
    const digest = JSON.stringify(fields);
    if (!told.has(digest)) log.info(fields, 'dry run: not written');
    told.add(digest);
    return Promise.resolve(done);
  };
  /**
   * Lists every method explicitly, so that a new one does not compile until its dry-run behaviour
   * is defined.
   */
  const dry = {
    namespace: client.namespace,
    pages: (resource: Resource, selection?: Selection) => client.pages(resource, selection),
    watch: (resource: Resource, options: WatchOptions) => client.watch(resource, options),
    // The Lease of a dry run is in memory: it neither takes it from a running watcher nor waits for
    // it.
    get: (resource: Resource, name: string, namespace?: string) =>
      isLease(resource)
        ? Promise.resolve(leases.get(objectKey({ name, namespace })))
        : client.get(resource, name, namespace),
    create: (resource: Resource, object: RawObject) => tell('create', resource, object),
    replace: (resource: Resource, object: RawObject) => tell('replace', resource, object),
    apply: (resource: Resource, object: RawObject, { subresource }: ApplyOptions) =>
      tell(subresource === undefined ? 'apply' : `apply ${subresource}`, resource, object),
    remove: async (resource: Resource, object: RawObject) => {
      await tell('remove', resource, object);
    },
    merge: (
      resource: Resource,
      target: { readonly name: string; readonly namespace?: string },
      patch: object,
    ) => tell('merge', resource, { ...patch, metadata: { ...target } }),
    time: () => client.time(),
    may: (access: Access) => client.may(access),
    discover: (kind: Discoverable, signal?: AbortSignal) => client.discover(kind, signal),
    // A client with a fence is a dry-run client as well.
    fenced: (): KubernetesClient => checked,
    close: () => client.close(),
  };
  const checked: Required<KubernetesClient> = dry;
  return checked;
}

function isLease({ plural }: Resource): boolean {
  return plural === 'leases';
}
