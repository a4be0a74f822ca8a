/**
 * The external address if another program writes it too: its correct entry is not removed, and the
 * two do not overwrite each other forever.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { create } from '../../../functions/watch/main.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { ExposureResult, Settled } from '../../../shared/domain/exposure/exposure.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import {
  INGRESS_OBSERVED,
  INGRESS_SETTLED,
  SNAPSHOT_EVENTS,
} from '../../../shared/queue/events.ts';
import { call } from '../lab-kubernetes/client.ts';
import {
  gateway,
  gatewayPod,
  ingressService,
  memoryQueues,
  OWNER,
  startBench,
  toldAll,
  type Bench,
} from './support.ts';

const OURS = '172.16.100.195';
const THEIRS = '10.8.3.11';
const PATH = '/api/v1/namespaces/istio-system/services/istio-ingressgateway/status';
const OF_CLASS = { loadBalancerClass: 'sluice.io/bigip' };

let at: Bench;

afterEach(() => at.close());

const service = (): KubernetesObject | undefined =>
  at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway');
const addresses = (): readonly string[] =>
  (
    (service()?.['status'] as { loadBalancer?: { ingress?: { ip: string }[] } } | undefined)
      ?.loadBalancer?.ingress ?? []
  ).map(({ ip }) => ip);
const events = (reason: string): readonly KubernetesObject[] =>
  at.lab.store.list('v1', 'Event', 'istio-system').filter((event) => event['reason'] === reason);
const patches = (): number =>
  at.lab.faults.requests({ verbs: ['patch'], resource: 'services', namespace: 'istio-system' });

async function begin(spec: object, ingress = {}): Promise<void> {
  at = await startBench({ servicePorts: 'observe', ...ingress });
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply(ingressService({ ...spec }));
  at.lab.store.apply(gateway('web', 80));
}

/** Another controller, or a Sluice of another cluster or version, with server-side apply. */
async function writeAs(manager: string, ips: readonly string[]): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'istio-ingressgateway', namespace: 'istio-system' },
    status: { loadBalancer: ips.length === 0 ? {} : { ingress: ips.map((ip) => ({ ip })) } },
  };
  const answer = await call(at.lab, `${PATH}?fieldManager=${manager}&force=true`, {
    method: 'PATCH',
    type: 'application/apply-patch+yaml',
    body,
  });
  expect(answer.code).toBe(200);
}

async function start(exposures: readonly ExposureResult[]): Promise<void> {
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length > 0);
  at.settle({ exposures: [...exposures] });
  await toldAll(at);
}

const applied: ExposureResult = {
  address: OURS,
  port: 80,
  protocol: 'tcp',
  partition: 'k8s',
  gateways: ['default/web'],
  outcome: 'applied',
  code: 'OK',
  message: 'created',
};

describe('an entry that another controller left behind', () => {
  test('is replaced where the class of the Service is ours', async () => {
    await begin(OF_CLASS);
    await writeAs('old-lb', [THEIRS]);
    await start([applied]);
    expect(addresses()).toEqual([OURS]);
  });

  test('stays with writeStatus, and the Service says who wrote it', async () => {
    await begin({}, { writeStatus: true });
    await writeAs('old-lb', [THEIRS]);
    await start([applied]);
    expect(addresses()).toEqual([THEIRS]);
    expect(events('AddressForeign').map((event) => event['message'])).toEqual([
      expect.stringContaining('written by field manager old-lb'),
    ]);
  });

  test.each(['old-lb', 'sluice-status'])(
    'of %s is not emptied by a Sluice without exposures',
    async (manager) => {
      await begin(OF_CLASS);
      await writeAs(manager, [THEIRS]);
      if (manager === 'sluice-status') await noteCluster('west');
      await start([]);
      expect(addresses()).toEqual([THEIRS]);
    },
  );
});

/** As the Sluice of another cluster writes it. */
async function noteCluster(cluster: string): Promise<void> {
  const annotations = { 'watcher.sluice.io/status-cluster': cluster };
  await call(at.lab, PATH.replace('/status', ''), {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { metadata: { annotations } },
  });
}

test('what this cluster wrote is removed also by a watcher that was restarted meanwhile', async () => {
  await begin(OF_CLASS);
  const first = at.watcher();
  await first.start();
  await at.passUntil(() => at.snapshots().length > 0);
  at.settle({ exposures: [applied] });
  await toldAll(at);
  expect(addresses()).toEqual([OURS]);
  await first.stop();
  const before = at.snapshots().length;
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length > before);
  at.settle({ exposures: [] });
  await toldAll(at);
  expect(addresses()).toEqual([]);
});

describe.each([
  ['another controller', 'cloud', [THEIRS]],
  ['a Sluice of an older version', 'sluice-status', [THEIRS]],
  ['a Sluice that writes an empty status', 'sluice-status', []],
])('against %s that answers every write', (_, manager, theirs) => {
  beforeEach(async () => {
    await begin(OF_CLASS);
    await start([applied]);
  });

  test('there are a few writes a minute, and one Event', async () => {
    const before = patches();
    let answers = 0;
    for (let step = 0; step < 600; step += 1) {
      if (addresses().join() !== theirs.join()) {
        await writeAs(manager, theirs);
        answers += 1;
      }
      at.clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await toldAll(at);
    expect(patches() - before - answers).toBeLessThanOrEqual(5);
    expect(events('AddressContested').map((event) => event['count'])).toEqual([1]);
  }, 30_000);
});

describe.each([
  ['the class of Sluice', OF_CLASS, {}, 'AddressContested'],
  ['writeStatus', {}, { writeStatus: true }, 'AddressForeign'],
])('two Sluices with different cluster ids on one Service, with %s', (_, spec, ingress, reason) => {
  test('write its status at most five times a minute together, and an Event names one to the other', async () => {
    await begin(spec, ingress);
    const statuses: string[] = [];
    at.lab.store.subscribe(({ object }) => {
      if (object.kind !== 'Service') return;
      const now = addresses().join(' ');
      if (now !== statuses.at(-1)) statuses.push(now);
    });
    const west = await startWest(at, ingress);
    await start([applied]);
    west.settle();
    for (let step = 0; step < 600; step += 1) {
      at.clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await toldAll(at);
    await west.stop();
    // The first one is the empty status of the new Service.
    expect(statuses.slice(1)).toContain(statuses.at(-1));
    expect(statuses.length - 1).toBeLessThanOrEqual(5);
    expect(statuses.slice(1)).not.toContain('');
    expect(events(reason).map((event) => event['message'])).toEqual([
      expect.stringMatching(/field manager sluice-status of cluster (east|west)/),
    ]);
  }, 60_000);
});

/** A complete watcher with another cluster id, its own queues, and another address. */
async function startWest(
  { lab, clock, runtime }: Bench,
  ingress: object,
): Promise<{ settle(): void; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-west-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, lab.kubeconfig());
  const config = SluiceConfig.parse({
    ...runtime.config,
    clusters: [{ id: 'west' }],
    ingresses: [{ ...runtime.config.ingresses[0], ...ingress, cluster: 'west' }],
  });
  const queues = memoryQueues();
  const watcher = create({
    runtime: { ...runtime, config, queues },
    kubeconfig,
    clusterId: 'west',
    identity: 'west',
  });
  await watcher.start();
  await at.passUntil(() => queues.sent.length > 1);
  return {
    settle: () => {
      const snapshot = queues.sent.flatMap(({ message }) => {
        const event = parseEvent(message.body, SNAPSHOT_EVENTS);
        return 'ok' in event && event.ok.type === INGRESS_OBSERVED ? [event.ok.data] : [];
      })[0];
      if (snapshot === undefined) throw new Error('west sent no snapshot');
      const owner = OWNER.replace('east/', 'west/');
      const settled: Settled = {
        owner,
        clusterUid: snapshot.clusterUid,
        version: { ...snapshot.revision, generation: 1 },
        device: 'bigip-1',
        devices: ['bigip-1'],
        servers: [],
        exposures: [{ ...applied, address: THEIRS }],
        notes: [],
      };
      queues.deliver(
        'settled-west',
        serialiseEvent(INGRESS_SETTLED, settled, {
          id: randomUUID(),
          cluster: 'west',
          subject: owner,
          time: new Date(clock.now()).toISOString(),
        }),
      );
    },
    stop: async () => {
      await watcher.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
