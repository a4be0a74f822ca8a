/** Everything the watcher does for one ingress. */
import type { Settled } from '../../shared/domain/exposure/exposure.ts';
import { mapIngress } from '../../shared/domain/ingress/mapping.ts';
import { MeshOptions } from '../../shared/domain/ingress/mesh.ts';
import type { KubernetesObjects } from '../../shared/domain/ingress/objects.ts';
import { availabilityOf } from '../../shared/domain/exposure/pool.ts';
import { ownerKey, type IngressRef } from '../../shared/domain/ingress/snapshot.ts';
import type { PortMapping } from '../../shared/domain/ingress/verdict.ts';
import type { Revision } from '../../shared/domain/revision.ts';
import type { KubernetesClient } from '../../shared/kubernetes/index.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { Departures } from './availability.ts';
import type { Content } from './content.ts';
import type { DebounceLimits } from './debounce.ts';
import { Emitter } from './emitter.ts';
import { giveFeedback } from './feedback.ts';
import type { WatchedIngress } from './ingresses.ts';
import { Keeper } from './keeper.ts';
import { createMeshWatch } from './mesh-watch.ts';
import { LagMeter, type Meter } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import { Pace } from './pace.ts';
import { Probes, type Connect } from './probe.ts';
import { connectTcp } from './probe-connect.ts';
import { reportProbes } from './probe-report.ts';
import { keepPorts, type PortLook } from './port-keeper.ts';
import { wantsOf } from './port-wants.ts';
import type { Recorder } from './recorder.ts';
import { Results } from './results.ts';
import type { Revisions } from './revisions.ts';
import { createSizeTeller } from './snapshot-size.ts';
import { IngressView } from './view.ts';
import { Withdrawals } from './withdrawals.ts';
import type { World, WorldChange } from './world.ts';

export interface AgentOptions {
  readonly runtime: Runtime;
  readonly cluster: string;
  readonly ingress: WatchedIngress;
  readonly client: KubernetesClient;
  readonly world: World;
  readonly recorder: Recorder;
  readonly outbox: Outbox;
  readonly revisions: Revisions;
  readonly debounce: DebounceLimits;
  readonly meter: Meter;
  /** False for a replica that stands by: it collects what changes, and neither sends nor writes. */
  readonly speaks: () => boolean;
  /** How a listener is tried; absent: over TCP. */
  readonly connect?: Connect | undefined;
}

export interface Agent {
  readonly ref: IngressRef;
  readonly owner: string;
  start(): void;
  /** A change somewhere in the cluster. */
  notice(change: WorldChange): void;
  /** Says everything again. */
  refresh(): void;
  /** True once the result has been told; false when that has to be tried again. */
  settle(settled: Settled): Promise<boolean>;
  /** The Services of the whole cluster are known now, or cannot be. */
  meshAnswered(): void;
  stop(): Promise<void>;
}

export function createAgent(options: AgentOptions): Agent {
  const { runtime, cluster, ingress, client, world, recorder, outbox, revisions, meter, speaks } =
    options;
  const { ref } = ingress;
  const owner = ownerKey(cluster, ref);
  const log = runtime.log.child({ owner });
  const results = new Results();
  const withdrawals = new Withdrawals();
  const size = createSizeTeller(ref, recorder, world);
  const told = new Map<string, readonly string[]>();
  const mesh =
    runtime.config.clusters.find((entry) => entry.id === cluster)?.mesh ?? MeshOptions.parse({});
  /** The Service was seen being deleted; what is exposed for it goes. */
  let removed = false;

  const departures = new Departures(ingress.drain);
  const { members } = ingress;
  const view = new IngressView({ ref, members, index: world.index, departures });
  const meshWatch = createMeshWatch({ cluster, ref, view, world, recorder });
  /** Whether what is not there is really not there. */
  const complete = (): boolean => meshWatch.ready() && world.complete(ref.namespace);
  /** Without the pods that are gone: they lead nowhere any more. */
  const present = (): KubernetesObjects | undefined =>
    (departures.empty
      ? view
      : new IngressView({ ref, members, index: world.index, departures: NOBODY })
    ).objects();

  const slices = (): KubernetesObjects['endpointSlices'] =>
    [...world.index.endpointSlices.in(`${ref.namespace}/${ref.service}`)].map(([, slice]) => slice);

  /** Every snapshot after `newest` says this or something newer. */
  let seen: { readonly objects: KubernetesObjects | undefined; readonly newest: Revision } = {
    objects: undefined,
    newest: revisions.newest,
  };
  const glance = (): typeof seen => {
    const objects = view.objects();
    if (objects !== seen.objects) seen = { objects, newest: revisions.newest };
    return seen;
  };

  const content = (): Content | undefined => {
    // A replica that stands by asks for what it will need.
    if (!complete() || !speaks()) return undefined;
    const { objects } = glance();
    if (objects !== undefined) return { objects, removed: false };
    return removed ? { objects: NOTHING, removed: true } : undefined;
  };
  /** Mapping and revision belong together: only a later snapshot is known to go without what the mapping does not want. */
  let look: PortLook | undefined;
  /** For those who ask whether pods listen. */
  let mapped: PortMapping | undefined;
  const observe = (): void => {
    if (!speaks() || !complete()) return;
    denial.poke();
    try {
      const { newest } = glance();
      const objects = present();
      const mapping = objects === undefined ? undefined : mapIngress(ref, objects, mesh);
      look =
        mapping === undefined
          ? undefined
          : { missing: mapping.missing, wants: wantsOf(mapping), newest };
      ports.poke();
      if (!ingress.probe) return;
      mapped = mapping;
      probing.poke();
    } catch (error) {
      log.error(
        { error: String(error) },
        'the ports of this ingress cannot be mapped; its Service stays as it is',
      );
    }
  };

  const { clock, random } = runtime;
  const lag = new LagMeter();
  const pace = new Pace(clock);
  const keep = (name: string, work: () => Promise<number | undefined>): Keeper =>
    new Keeper({ name, clock, random, log, work });
  /** A replica that stands by tells nobody. */
  const tell = (name: string, work: () => Promise<void>): Keeper =>
    keep(name, async () => {
      if (speaks()) await work();
      return undefined;
    });
  const looking = keep('looking at the ports', () => Promise.resolve(pace.run(observe)));
  const ports = keep('keeping the service ports', async () =>
    speaks()
      ? keepPorts({
          client,
          recorder,
          world,
          ingress,
          clock,
          log,
          withdrawals,
          told,
          look: () => look,
        })
      : undefined,
  );
  const feedback = tell('telling the results', () =>
    giveFeedback({ client, recorder, world, ingress, results, log }),
  );
  const ending = new AbortController();
  const probes = new Probes({
    connect: options.connect ?? connectTcp,
    clock,
    random,
    signal: ending.signal,
  });
  const probing = tell('asking whether the gateway pods listen', async () => {
    if (mapped !== undefined)
      await reportProbes({ probes, mapping: mapped, ref, recorder, world, speaks });
  });
  const denial = tell('telling whether the Services of the cluster may be read', () =>
    meshWatch.report(),
  );
  const draining = keep('ending the drain of pods that are gone', () => {
    const over = departures.expire(clock.monotonic());
    if (over.length > 0) view.departed();
    for (const change of over) emitter.changed(change, true);
    return Promise.resolve(departures.nextDue(clock.monotonic()));
  });
  const emitter = new Emitter({
    clock,
    random,
    log,
    debounce: options.debounce,
    content,
    send: async (what, changes) => {
      const revision = await outbox.snapshot(ref, what, changes).catch(async (error: unknown) => {
        await size.failed(error, what.objects);
        throw error;
      });
      await size
        .sent()
        .catch((error: unknown) =>
          log.warn({ error: String(error) }, 'that the snapshot fits again could not be noted'),
        );
      meter.snapshot(owner, lag.sent(changes, clock.monotonic()));
      return revision;
    },
    observed: () => looking.poke(),
  });

  return {
    ref,
    owner,
    start: () => {
      for (const part of [ports, feedback, denial, draining, probing, looking, emitter])
        part.start();
      emitter.refresh();
    },
    notice: (noticed) => {
      // It stands between what is kept and what is known: every change has to pass.
      if (!view.notice(noticed)) return;
      if (isIngressService(ref, noticed)) {
        removed = noticed.change.what === 'deleted';
        feedback.poke();
      }
      if (
        isDeparture(noticed) &&
        availabilityOf(ref, { endpointSlices: slices() }, noticed.observed.object) !== 'out'
      ) {
        departures.add(noticed.observed.object, noticed.change, clock.monotonic());
        view.departed();
        draining.poke();
      }
      lag.seen(noticed.change, clock.monotonic());
      emitter.changed(noticed.change, isUrgent(noticed));
    },
    refresh: () => emitter.refresh(),
    settle: async (settled) => {
      emitter.settled({
        revision: settled.version,
        device: settled.device,
        devices: settled.devices,
      });
      if (!results.take(settled)) return true;
      if (results.complete() && !isPending(results))
        withdrawals.settled(settled.version, clock.monotonic());
      ports.poke();
      return feedback.done();
    },
    meshAnswered: () => {
      // Nobody told the view what was forgotten when the stream ended last.
      view.meshChanged();
      if (view.wishes().length > 0) emitter.refresh();
    },
    stop: async () => {
      ending.abort();
      await Promise.all(
        [emitter, looking, ports, feedback, denial, draining, probing].map((part) => part.stop()),
      );
    },
  };
}

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

const NOBODY = new Departures(0);

function isIngressService(ref: IngressRef, { observed }: WorldChange): boolean {
  return (
    observed.of === 'services' &&
    observed.object.meta.namespace === ref.namespace &&
    observed.object.meta.name === ref.service
  );
}

type PodChange = WorldChange & {
  readonly observed: Extract<WorldChange['observed'], { of: 'pods' }>;
};

function isDeparture(seen: WorldChange): seen is PodChange {
  return seen.observed.of === 'pods' && seen.change.what === 'deleted';
}

/** A terminating pod or a node that is cordoned or lost must leave the pools before its connections break. */
function isUrgent({ change, observed }: WorldChange): boolean {
  if (observed.of === 'nodes') return observed.object.unschedulable || !observed.object.ready;
  return observed.of === 'pods' && (observed.object.terminating || change.what === 'deleted');
}

/** Something is still on a device against the newest wish, or nobody knows. */
function isPending(results: Results): boolean {
  return results
    .all()
    .some((result) =>
      result.exposures.some(
        ({ outcome }) => outcome !== 'applied' && outcome !== 'unchanged' && outcome !== 'conflict',
      ),
    );
}
