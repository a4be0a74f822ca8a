/**
 * An API server in one process and on virtual time: objects, rules and watches are the lab's, which
 * `tests/contract/kubernetes` holds to a real one. Only sockets and real timers are missing.
 */
import type { ApiFaults } from '../../../infra/lab/kubernetes/faults.ts';
import { createObjectStore } from '../../../infra/lab/kubernetes/object-store.ts';
import { mergePatch } from '../../../infra/lab/kubernetes/patch/merge.ts';
import { allResources } from '../../../infra/lab/kubernetes/resources/table.ts';
import type { KubernetesObject, ObjectStore } from '../../../infra/lab/kubernetes/types.ts';
import type { WriteTarget } from '../../../infra/lab/kubernetes/writer.ts';
import type { KubernetesClient, RawObject } from '../../../shared/kubernetes/index.ts';
import type { TimedClock } from './clock.ts';
import { ApiCore, asStored, type Call, placeOf, shown, type WritingAs } from './kubernetes-core.ts';

/** The API server of one cluster. */
export interface RigApi extends Pick<ApiCore, 'losesAnswers' | 'onWrite' | 'onStorm' | 'power'> {
  /** As other components write. */
  readonly store: ObjectStore;
  readonly faults: ApiFaults;
  serve(what: string, on: boolean): void;
  /** Marks a namespace as terminating. */
  terminate(namespace: string): void;
  /** What the namespace controller does: the content goes, and then the namespace. */
  clear(namespace: string): void;
  client(): KubernetesClient;
}

/** As the user agent of Sluice. */
const AGENT: WritingAs = { manager: 'sluice' };

/** `uid`: a new id for each object. */
export function createApi(clock: TimedClock, uid: () => string): RigApi {
  return new ApiModel(clock, uid);
}

class ApiModel extends ApiCore implements RigApi {
  readonly store = createObjectStore(this.kept, this.writer, this.catalog);

  serve(what: string, on: boolean): void {
    this.catalog.serve(what, on);
  }

  terminate(name: string): void {
    const found = this.kept.get('namespaces', undefined, name);
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
    const metadata = { ...found.metadata, deletionTimestamp: this.writer.timestamp() };
    this.kept.put('namespaces', { ...found, metadata, status: { phase: 'Terminating' } });
  }

  clear(namespace: string): void {
    const found = this.kept.get('namespaces', undefined, namespace);
    if (found?.metadata.deletionTimestamp === undefined) return;
    const kinds = allResources.filter(({ namespaced }) => namespaced);
    for (const storage of new Set(kinds.map((one) => one.storage)))
      for (const object of this.kept.list({ storage, namespace }))
        this.kept.remove(storage, object);
    this.kept.remove('namespaces', found);
  }

  client(): KubernetesClient {
    return clientOf(this, () => Promise.resolve());
  }
}

/** `fence` is asked before each write. */
function clientOf(api: ApiModel, fence: () => Promise<void>): KubernetesClient {
  let ahead: number | undefined;
  const answered = <T>(answer: T): T => {
    ahead = api.clock.now() - api.clock.monotonic();
    return answer;
  };
  const write = async (
    call: Call,
    who: WritingAs,
    run: (target: WriteTarget) => KubernetesObject | undefined,
  ): Promise<RawObject> => {
    await fence();
    return answered(await api.write(call, who, run));
  };
  return {
    namespace: undefined,
    pages: (resource, selection = {}) => api.pages(resource, selection),
    watch: (resource, options) => api.watch(resource, options),
    get: async (resource, name, namespace) => {
      const served = await api.arrive({ verb: 'get', resource, namespace, name });
      const found = api.kept.get(served.storage, namespace, name);
      return answered(found && shown(served, resource, found));
    },
    create: (resource, object) =>
      write({ verb: 'create', resource, ...placeOf(object) }, AGENT, (target) =>
        api.writer.create(target, asStored(target, resource, object)),
      ),
    replace: (resource, object) =>
      write({ verb: 'update', resource, ...placeOf(object) }, AGENT, (target) =>
        api.writer.update(target, asStored(target, resource, object)),
      ),
    apply: (resource, object, { manager, subresource, force = false }) =>
      write({ verb: 'patch', resource, ...placeOf(object) }, { manager, subresource }, (target) =>
        api.writer.apply(
          { ...target, who: { ...target.who, operation: 'Apply' } },
          asStored(target, resource, object),
          force,
        ),
      ),
    merge: (resource, { name, namespace }, patch) =>
      write({ verb: 'patch', resource, name, namespace }, AGENT, (target) => {
        const live = api.found(target);
        const next = mergePatch(shown(target.resource, resource, live), patch);
        return api.writer.update(target, next as KubernetesObject);
      }),
    remove: async (resource, object) => {
      const { uid = '', resourceVersion = '' } = object.metadata;
      await write({ verb: 'delete', resource, ...placeOf(object) }, AGENT, (target) => {
        if (api.kept.get(target.resource.storage, target.namespace, target.name) !== undefined)
          api.writer.delete(target, { uid, resourceVersion });
        return undefined;
      });
    },
    time: () => (ahead === undefined ? undefined : ahead + api.clock.monotonic()),
    discover: async ({ group, versions, plural, otherGroup }) => {
      api.reach(`GET /apis/${group}`);
      const in_ = [{ group, versions }, ...(otherGroup === undefined ? [] : [otherGroup])];
      for (const one of in_)
        for (const version of one.versions)
          if (api.catalog.find(one.group, version, plural) !== undefined)
            return answered({ group: one.group, version });
      return answered(undefined);
    },
    may: async ({ group, resource, verb, namespace }) => {
      const [plural = ''] = resource.split('/');
      const served = allResources.find((one) => one.group === group && one.plural === plural);
      if (served === undefined) return false;
      return !api.faults.denies({ verb, resource: served, ...(namespace && { namespace }) });
    },
    fenced: (next) => clientOf(api, next),
    close: () => Promise.resolve(),
  };
}
