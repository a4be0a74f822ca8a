/** The API server of one cluster: what it keeps, how it answers one request, and what goes wrong. */
import { pruneSilently } from '../../../infra/lab/kubernetes/custom/decode.ts';
import { ApiError } from '../../../infra/lab/kubernetes/errors.ts';
import { errorOf, FaultBoard, type FaultEffect } from '../../../infra/lab/kubernetes/faults.ts';
import { listPage } from '../../../infra/lab/kubernetes/read/list.ts';
import {
  fieldMatcher,
  labelMatcher,
  type Matcher,
} from '../../../infra/lab/kubernetes/read/selectors.ts';
import { createCatalog } from '../../../infra/lab/kubernetes/resources/catalog.ts';
import { fromStorage } from '../../../infra/lab/kubernetes/resources/convert.ts';
import type { Resource as Served } from '../../../infra/lab/kubernetes/resources/resource.ts';
import { allResources } from '../../../infra/lab/kubernetes/resources/table.ts';
import { VersionedStore } from '../../../infra/lab/kubernetes/store.ts';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/types.ts';
import { Writer, type WriteTarget } from '../../../infra/lab/kubernetes/writer.ts';
import { errorFromStatus, unreachable } from '../../../shared/kubernetes/error.ts';
import {
  apiVersionOf,
  type Page,
  type RawObject,
  type Resource,
  type Selection,
  type WatchFrame,
  type WatchOptions,
} from '../../../shared/kubernetes/index.ts';
import type { TimedClock } from './clock.ts';
import { RigWatch } from './kubernetes-watch.ts';

/** One write of a client, as it was stored. */
export interface ApiWrite {
  readonly manager: string;
  readonly subresource?: string | undefined;
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject | undefined;
}

/** One request. */
export interface Call {
  readonly verb: string;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Who writes. */
export interface WritingAs {
  readonly manager: string;
  readonly subresource?: 'status' | undefined;
}

const NO_ANSWER = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
/** A client that asks more often at one moment asks without end. */
const MOST_AT_ONCE = 1_000;

/** `uid`: a new id for each object. */
export class ApiCore {
  readonly kept = new VersionedStore();
  readonly catalog = createCatalog(allResources);
  readonly writer: Writer;
  readonly faults: FaultBoard;
  readonly clock: TimedClock;
  /** Writes are carried out and not answered, as long as it is true. */
  losesAnswers = false;
  /** Called with every write of a client. */
  onWrite: (write: ApiWrite) => void = () => undefined;
  /** Called when a client asks without end. */
  onStorm: (what: string) => void = () => undefined;
  #isOn = true;
  #now = { at: 0, requests: 0 };

  constructor(clock: TimedClock, uid: () => string) {
    this.clock = clock;
    this.writer = new Writer({ store: this.kept, now: () => clock.now(), uid, admit: () => [] });
    this.faults = new FaultBoard(this.kept);
  }

  /** Nothing is answered, and connections break; or everything is again. */
  power(on: boolean): void {
    this.#isOn = on;
    if (!on) this.faults.cutWatches();
  }

  /** Throws if nothing is answered at all. */
  reach(what: string): void {
    if (!this.#isOn) throw unreachable(what, NO_ANSWER);
  }

  async write(
    call: Call,
    { manager, subresource }: WritingAs,
    run: (target: WriteTarget) => KubernetesObject | undefined,
  ): Promise<RawObject> {
    const { resource, namespace, name = '' } = call;
    const served = await this.arrive(call);
    const target: WriteTarget = {
      resource: served,
      stored: this.catalog.byStorage(served.storage) ?? served,
      name,
      ...(served.namespaced && namespace && { namespace }),
      who: {
        manager,
        operation: 'Update',
        apiVersion: apiVersionOf(resource),
        ...(subresource && { subresource }),
      },
    };
    const before = this.kept.get(served.storage, target.namespace, name);
    const after = this.judged(call, () => run(target));
    this.onWrite({ manager, subresource, before, after });
    if (this.losesAnswers) throw unreachable(textOf(call), new Error('socket hang up'));
    return after === undefined ? { metadata: { name } } : shown(served, resource, after);
  }

  found({ resource, namespace, name }: WriteTarget): KubernetesObject {
    const found = this.kept.get(resource.storage, namespace, name);
    if (found === undefined)
      throw new ApiError(404, 'NotFound', `${resource.plural} "${name}" not found`);
    return found;
  }

  /** What happens before the request is looked at. Throws what the client would. */
  async arrive(call: Call): Promise<Served> {
    const { resource, namespace, verb, name, signal } = call;
    const served = this.catalog.find(resource.group, resource.version, resource.plural);
    this.reach(textOf(call));
    await this.#count(textOf(call));
    if (served === undefined) throw errorFromStatus(textOf(call), 404, undefined);
    const asked = { verb, resource: served, ...(namespace && { namespace }) };
    this.faults.count(asked);
    const effect = this.faults.effectOn(asked);
    if (effect !== undefined) await this.#suffer(effect, call);
    if (signal?.aborted === true) throw unreachable(textOf(call), signal.reason);
    const error = effect && errorOf(effect, { ...asked, ...(name && { name }) });
    if (error !== undefined) throw errorFromStatus(textOf(call), error.code, error.body);
    return served;
  }

  async #suffer(effect: FaultEffect, call: Call): Promise<void> {
    if (effect.kind === 'cut') throw unreachable(textOf(call), new Error('socket hang up'));
    if (effect.kind === 'hang') await aborted(call.signal);
    if (effect.kind === 'delay') await this.clock.sleep(effect.ms, call.signal);
  }

  /** Never answers a client that asks without end, so that the run goes on. */
  async #count(what: string): Promise<void> {
    const at = this.clock.monotonic();
    this.#now =
      this.#now.at === at ? { at, requests: this.#now.requests + 1 } : { at, requests: 1 };
    if (this.#now.requests <= MOST_AT_ONCE) return;
    this.onStorm(what);
    await new Promise(() => undefined);
  }

  judged<T>(call: Call, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw error instanceof ApiError
        ? errorFromStatus(textOf(call), error.code, error.body)
        : error;
    }
  }

  async *pages(
    resource: Resource,
    { namespace, labelSelector, fieldSelector, limit = 200, signal, received }: Selection,
  ): AsyncGenerator<Page> {
    const call: Call = { verb: 'list', resource, namespace, signal };
    let token = '';
    do {
      // A list is of the moment at which it was asked for, however late it arrives.
      const asked = String(this.kept.revision);
      const served = await this.arrive(call);
      const page = this.judged(call, () =>
        listPage(this.kept, {
          place: { storage: served.storage, ...(namespace && { namespace }) },
          matches: matcherOf(served, labelSelector, fieldSelector),
          limit,
          token,
          revision: token === '' && asked !== String(this.kept.revision) ? asked : '',
          revisionMatch: token === '' && asked !== String(this.kept.revision) ? 'Exact' : '',
        }),
      );
      received?.(1);
      token = page.token ?? '';
      yield {
        items: page.items.map((one) => shown(served, resource, one)),
        resourceVersion: String(page.revision),
      };
    } while (token !== '');
  }

  async *watch(resource: Resource, options: WatchOptions): AsyncGenerator<WatchFrame> {
    const { namespace, labelSelector, fieldSelector, signal } = options;
    const call: Call = { verb: 'watch', resource, namespace, signal };
    const served = await this.arrive(call);
    const watch = new RigWatch({
      clock: this.clock,
      what: textOf(call),
      options,
      watched: {
        store: this.kept,
        place: { storage: served.storage, ...(namespace && { namespace }) },
        matches: matcherOf(served, labelSelector, fieldSelector),
        revision: options.resourceVersion,
        initialEvents: false,
      },
      shown: (object) => shown(served, resource, object),
    });
    const asked = { verb: 'watch', resource: served, ...(namespace && { namespace }) };
    const forget = this.faults.register(asked, watch);
    try {
      for (let frame = await watch.next(); frame !== undefined; frame = await watch.next())
        yield frame;
    } finally {
      watch.stop();
      forget();
    }
  }
}

function matcherOf(served: Served, labels = '', fields = ''): Matcher {
  if (labels === '' && fields === '') return () => true;
  const [byLabel, byField] = [labelMatcher(labels), fieldMatcher(fields, served)];
  return (object) => byLabel(object) && byField(object);
}

export function shown(served: Served, asked: Resource, object: KubernetesObject): RawObject {
  return fromStorage(served, asked.version, object) as unknown as RawObject;
}

/** The body of a write, as the API server decodes it. */
export function asStored(
  target: WriteTarget,
  resource: Resource,
  object: RawObject,
): KubernetesObject {
  const given = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
  return pruneSilently(target.resource.storage, given as unknown as KubernetesObject);
}

export function placeOf({ metadata }: RawObject): { name: string; namespace?: string | undefined } {
  return { name: metadata.name, namespace: metadata.namespace };
}

export function textOf({ verb, resource, namespace, name }: Call): string {
  const root =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
  const inside = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${verb} ${root}${inside}/${resource.plural}${name === undefined ? '' : `/${name}`}`;
}

/** Never, without a signal. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
