/**
 * From a terminating pod in a snapshot to the drained node on the device: through the queues, map
 * and express, alone and beside a declare.
 */
import { randomUUID } from 'node:crypto';
import { create as createExpress } from '../../functions/express/handler.ts';
import { create as createMap } from '../../functions/map/handler.ts';
import { mapSnapshot } from '../../functions/map/map.ts';
import { startBigip } from '../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../infra/lab/bigip/index.ts';
import { createDevice } from '../../shared/bigip/device.ts';
import type { Device } from '../../shared/bigip/device.ts';
import { SluiceConfig } from '../../shared/config/schema.ts';
import type { Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import { serialiseEvent } from '../../shared/queue/envelope.ts';
import { startEventSource } from '../../shared/queue/event-source.ts';
import type { EventSource } from '../../shared/queue/event-source.ts';
import { INGRESS_OBSERVED } from '../../shared/queue/events.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { createSqliteQueues } from '../../shared/queue/sqlite/queues.ts';
import { FUNCTIONS } from '../../shared/queue/functions.ts';
import { processClock } from '../../shared/runtime/process.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { table } from './measure.ts';
import { snapshotOf } from './world.ts';
import { runtimeWith } from '../fixtures/runtime.ts';

/** Milliseconds, as a real device may take. */
const DECLARE = 3_000;
const WRITE = 250;
const RUNS = 20;

export async function benchExpress(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const size of [10, 1_000]) {
    const site = await startSite(size);
    rows.push(await measure(site, 'alone'), await measure(site, 'during a declare'));
    await site.close();
  }
  table(
    `A terminating pod in the snapshot's queue → drained on the device (declare ${DECLARE} ms, one write ${WRITE} ms, ${RUNS} runs)`,
    ['exposures', '', 'p50 ms', 'p99 ms', 'p99 / write'],
    rows,
  );
}

interface Site {
  readonly size: number;
  readonly bigip: LabBigip;
  readonly device: Device;
  readonly config: SluiceConfig;
  readonly queues: Queues;
  /** The next revision. */
  next(): number;
  close(): Promise<void>;
}

async function startSite(size: number): Promise<Site> {
  const bigip = await startBigip({ dataPath: false, timings: { declare: 1, memberWrite: WRITE } });
  const config = SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: bigip.url,
        username: bigip.username,
        password: 'env:P',
        tls: { ca: 'env:CA' },
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east' }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip'],
        virtualAddress: '172.16.100.195',
      },
    ],
  });
  const secrets: Record<string, string> = { 'env:P': bigip.password, 'env:CA': bigip.ca };
  const queues = createSqliteQueues({ path: ':memory:', clock: processClock, id: randomUUID });
  const quiet = (): void => undefined;
  const log: Runtime['log'] = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: quiet,
    child: () => log,
  };
  const runtime = runtimeWith({
    config,
    secrets: { resolve: (reference) => Promise.resolve(secrets[reference] ?? '') },
    queues,
    random: Math.random,
    log,
  });
  const [deviceConfig] = config.devices;
  if (deviceConfig === undefined) throw new Error('no device');
  const device = createDevice(
    deviceConfig,
    { password: () => Promise.resolve(bigip.password), ca: bigip.ca },
    processClock,
  );
  const express = createExpress(runtime);
  const sources = [host(runtime, 'map', createMap(runtime)), host(runtime, 'express', express)];
  let counter = 0;
  const site: Site = {
    size,
    bigip,
    device,
    config,
    queues,
    next: () => (counter += 1),
    close: async () => {
      await Promise.all(sources.map((source) => source.stop()));
      await express.close();
      await device.close();
      await queues.close();
      await bigip.close();
    },
  };
  await declare(site, snapshotOf(size, site.next()));
  bigip.faults.timings.declare = DECLARE;
  return site;
}

function host(runtime: Runtime, name: string, handler: ReturnType<typeof createMap>): EventSource {
  const settings = FUNCTIONS.find((each) => each.name === name);
  if (settings === undefined) throw new Error(`no function ${name}`);
  const { queue, ...rest } = settings;
  return startEventSource({
    ...rest,
    functionName: name,
    queue: runtime.queues.queue(queue),
    handler,
    clock: runtime.clock,
    id: runtime.id,
    log: runtime.log,
  });
}

/** As apply would: the slice of a snapshot, declared. */
async function declare({ config, device }: Site, snapshot: Snapshot): Promise<void> {
  const mapped = mapSnapshot({ snapshot, sender: undefined, config });
  if (mapped.kind === 'refused') throw new Error(mapped.reason);
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  const { next } = planPartition('k8s', reading.declared.state, mapped.slices, {
    sameFleet: () => false,
  });
  await device.declare('k8s', next, reading.declared.lockKey);
}

async function measure(
  site: Site,
  how: 'alone' | 'during a declare',
): Promise<(string | number)[]> {
  const taken: number[] = [];
  const running = how === 'alone' ? undefined : keepDeclaring(site);
  await timeDrain(site);
  for (let run = 0; run < RUNS; run++) {
    // What still looks back at the run before is not part of this one.
    await processClock.sleep(500);
    await running?.inProgress();
    taken.push(await timeDrain(site));
  }
  await running?.stop();
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return [String(site.size), how, at(0.5), at(0.99), at(0.99) / WRITE];
}

/**
 * One declare after the other, each of the same members under the version that is declared: apply
 * has not heard of the pod yet.
 */
function keepDeclaring(site: Site): { inProgress(): Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  const current = { posted: 0 };
  const isEarly = (): boolean =>
    current.posted > 0 &&
    Date.now() - current.posted >= 200 &&
    Date.now() - current.posted <= 1_500;
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const reading = await site.device.read('k8s');
      if (reading.kind === 'refused') throw new Error(reading.reason);
      current.posted = Date.now();
      await site.device.declare('k8s', reading.declared.state, reading.declared.lockKey);
      current.posted = 0;
    }
  };
  const running = loop();
  return {
    /** Early in a declare, so that all of what is measured lies within it. */
    inProgress: async () => {
      while (!isEarly()) await processClock.sleep(10);
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Drains a pod and brings it back, by snapshots; the first is timed. */
async function timeDrain(site: Site): Promise<number> {
  const started = performance.now();
  await send(site, (pods) => pods.map((pod, i) => ({ ...pod, terminating: i === 0 })), []);
  await until(site, false);
  const taken = performance.now() - started;
  await send(site, (pods) => pods, ['gateway-1']);
  await until(site, true);
  return taken;
}

async function send(
  site: Site,
  change: (pods: Snapshot['objects']['pods']) => Snapshot['objects']['pods'],
  back: readonly string[],
): Promise<void> {
  const snapshot = snapshotOf(site.size, site.next());
  const changes = back.map((name) => ({
    what: 'updated' as const,
    kind: 'Pod',
    namespace: 'istio-system',
    name,
    resourceVersion: '1',
  }));
  const id = randomUUID();
  const body = serialiseEvent(
    INGRESS_OBSERVED,
    { ...snapshot, changes, objects: { ...snapshot.objects, pods: change(snapshot.objects.pods) } },
    {
      id,
      cluster: 'east',
      subject: 'east/istio-system/istio-ingressgateway',
      time: new Date().toISOString(),
    },
  );
  await site.queues.queue('snapshots').send({ group: 'east', deduplicationId: id, body });
}

/** Looks at the device itself, so that the looking costs it nothing. */
async function until({ bigip }: Site, enabled: boolean): Promise<void> {
  const member = (): boolean | undefined =>
    bigip
      .view()
      .partitions.find((p) => p.name === 'k8s')
      ?.pools[0]?.members.find((m) => m.address === '10.244.1.1')?.enabled;
  while (member() !== enabled) await processClock.sleep(2);
}
