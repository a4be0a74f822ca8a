/**
 * From F5 CIS to Sluice and back, address by address: a lab cluster, a CIS that puts back what it
 * still finds, and connections through the lab's BIG-IP.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { type LabCis, startCis } from '../../../infra/lab/cis/cis.ts';
import { askEcho } from '../../../infra/lab/demo/connection.ts';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { loopbackOf } from '../../../infra/lab/loopback.ts';
import { startSite, type Site } from '../../../infra/lab/site.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { planTake, planUndo } from '../../../shared/operations/migrate/address-plan.ts';
import type { MigrationFacts } from '../../../shared/operations/migrate/facts.ts';
import { type MigrationSite, openMigration } from '../../../shared/operations/migrate/read.ts';
import { migrationRows } from '../../../shared/operations/migrate/rows.ts';
import type { Switching } from '../../../shared/operations/migrate/switching.ts';
import { takeOverAddress } from '../../../shared/operations/migrate/take.ts';
import { giveAddressBack } from '../../../shared/operations/migrate/undo.ts';
import { INGRESS } from '../../fixtures/kubernetes.ts';
import { type Bench, startBench } from './bench.ts';

const OWN = '172.16.100.195';
const OTHER = '172.16.100.196';
const MAP = ['v1', 'ConfigMap', 'istio-system', 'istio-ingressgateway.32400.vs'] as const;
const KINDS: readonly (readonly [string, string])[] = [
  ['v1', 'Service'],
  ['v1', 'Pod'],
  ['v1', 'Node'],
  ['v1', 'ConfigMap'],
  ['networking.istio.io/v1', 'Gateway'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
];

let bench: Bench;
let lab: Site;
let cis: LabCis;
let site: MigrationSite;
let folder = '';
let counter = 0;

/** One round of the watcher, map and apply. */
async function pump(): Promise<void> {
  await cis.idle();
  await lab.cluster.idle();
  const raw = KINDS.flatMap(([version, kind]) => lab.kubernetes.store.list(version, kind));
  const { objects } = normaliseObjects(raw);
  const gateways = objects.gateways.map(({ meta }) => ({
    what: 'updated' as const,
    kind: 'Gateway',
    namespace: meta.namespace,
    name: meta.name,
    resourceVersion: meta.resourceVersion,
  }));
  counter += 1;
  await bench.sendSnapshot({
    cluster: 'east',
    clusterUid: 'uid-east',
    ingress: INGRESS,
    revision: { epoch: 1, counter },
    changes: gateways,
    removed: false,
    objects,
  });
  await bench.map();
  await bench.apply();
}

async function applied(file: string): Promise<void> {
  const text = await readFile(new URL(`../../../infra/lab/manifests/${file}`, import.meta.url));
  for (const document of parseAllDocuments(text.toString('utf8')))
    lab.kubernetes.store.apply(document.toJS() as KubernetesObject);
}

const found = (kind: readonly [string, string, string, string]): KubernetesObject =>
  lab.kubernetes.store.get(...kind)!;

/** As people do by hand before CIS publishes a port. */
function addServicePorts(): void {
  const service = found(['v1', 'Service', 'istio-system', 'istio-ingressgateway']);
  const spec = service['spec'] as { ports: object[] };
  const ports = [
    { name: 'tcp2', port: 32_400, targetPort: 32_400, nodePort: 30_776, protocol: 'TCP' },
    { name: 'tcp3', port: 32_500, targetPort: 32_500, nodePort: 30_777, protocol: 'TCP' },
  ];
  lab.kubernetes.store.apply({ ...service, spec: { ...spec, ports: [...spec.ports, ...ports] } });
}

/** The annotations that the plan prints. */
async function annotate(): Promise<void> {
  const { advice } = await site.look();
  for (const { gateway, annotations } of advice(new Map()).gateways) {
    const [namespace = '', name = ''] = gateway.split('/');
    const object = found(['networking.istio.io/v1', 'Gateway', namespace, name]);
    lab.kubernetes.store.apply({ ...object, metadata: { ...object.metadata, annotations } });
  }
  await pump();
}

const switching = (
  sleep: (ms: number) => Promise<void> | void = async (ms) => {
    bench.clock.pass(ms);
    await pump();
  },
): Switching => ({
  context: {
    runtime: { ...bench.runtime, clock: { ...bench.clock, sleep: async (ms) => sleep(ms) } },
    audit: { record: async (_entry, work) => (await work()).value },
  },
  site,
  author: { who: 'ann', why: 'move' },
  say: () => undefined,
});

const statesIn = (facts: MigrationFacts): Readonly<Record<string, string>> =>
  Object.fromEntries(migrationRows(facts).map((row) => [row.key, row.state]));
const ask = (address: string, port: number): Promise<string> => askEcho(address, port, 'hi');
const partitionsOf = (address: string): readonly string[] =>
  bench.devices['bigip-1']
    .view()
    .partitions.filter(({ virtualServers }) =>
      virtualServers.some(({ destination }) => destination.startsWith(address)),
    )
    .map(({ name }) => name);

/** A connection that stays open. */
async function open(address: string, port: number): Promise<Socket> {
  const socket = connect({ host: loopbackOf(address), port });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return socket;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-cis-'));
  counter = 0;
  lab = await startSite({
    id: 'east',
    podNetwork: '10.244',
    nodeAddresses: ['192.168.0.11', '192.168.0.12'],
  });
  bench = await startBench({ dataPath: true }, {}, { dataPath: false });
  await applied('cis-objects.yaml');
  addServicePorts();
  await applied('tcp-echo.yaml');
  await applied('second-gateway.yaml');
  await lab.cluster.idle();
  const { kubernetes } = lab;
  const bigip = bench.devices['bigip-1'];
  cis = await startCis({ kubernetes, bigip, partition: 'cis', retryMs: 20 });
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubernetes.kubeconfig());
  site = await openMigration(bench.runtime, { cluster: 'east', device: 'bigip-1', kubeconfig });
});
afterEach(async () => {
  await site.close();
  await cis.close();
  await bench.close();
  await lab.close();
  await rm(folder, { recursive: true });
});

/** What a kill leaves: the Gateway is withheld, and CIS does not find its object yet. */
function dying(): Switching {
  const { client } = site;
  const merge: typeof client.merge = (resource, target, patch) =>
    JSON.stringify(patch).includes('"labels"')
      ? Promise.reject(new Error('the terminal is gone'))
      : client.merge(resource, target, patch);
  return { ...switching(), site: { ...site, client: { ...client, merge } } };
}

describe('from F5 CIS to Sluice', () => {
  test('an address moves and returns; the others keep their connections, and CIS puts nothing back', async () => {
    await annotate();
    const { facts } = await site.look();
    expect(statesIn(facts)).toEqual({
      [`${OWN}:31400/tcp`]: 'ready',
      [`${OTHER}:32500/tcp`]: 'ready',
    });
    expect(migrationRows(facts).map(({ differences }) => differences.join('; '))).toEqual([
      expect.stringMatching(/^persistence: source-address, then none; monitors: none, then http/),
      expect.stringMatching(/^monitors: \/cis\/Shared\/istio\S+_0, then tcp every 10 s$/),
    ]);
    expect(await ask(OWN, 31_400)).toBe('one hi');
    const other = await open(OTHER, 32_500);
    const before = found(MAP).metadata;

    const { least, most } = await takeOverAddress(switching(), planTake(facts, OWN));
    expect(least).toBeLessThanOrEqual(most);
    expect(await ask(OWN, 31_400)).toBe('one hi');
    cis.scale(1);
    await cis.idle();
    expect(partitionsOf(OWN)).toEqual(['k8s']);

    const taken = await site.look();
    expect(statesIn(taken.facts)).toMatchObject({ [`${OWN}:31400/tcp`]: 'sluice' });
    await expect(giveAddressBack(dying(), planUndo(taken.facts, OWN))).rejects.toThrow('terminal');
    expect(partitionsOf(OWN)).toEqual([]);
    const cut = await site.look();
    await giveAddressBack(switching(), planUndo(cut.facts, OWN));
    await pump();
    expect(partitionsOf(OWN)).toEqual(['cis']);
    expect(await ask(OWN, 31_400)).toBe('one hi');
    const { labels, annotations = {} } = found(MAP).metadata;
    expect({ labels, annotations }).toEqual({ labels: before.labels, annotations: {} });
    expect(statesIn((await site.look()).facts)).toMatchObject({ [`${OWN}:31400/tcp`]: 'ready' });
    expect(new Set(cis.posts)).toEqual(new Set([200]));
    expect(other.destroyed).toBe(false);
    other.destroy();
  });

  test('whoever does not follow in time leaves everything as it was', async () => {
    await annotate();
    const { facts } = await site.look();
    const given = { labels: { f5type: 'virtual-server' }, annotations: {} };
    const map = (): object => {
      const { labels, annotations = {} } = found(MAP).metadata;
      return { labels, annotations };
    };
    // As a CIS of another cluster: it looks ready, and follows nothing here.
    cis.scale(0);
    const impatient = switching((ms) => bench.clock.pass(ms * 200));
    await expect(takeOverAddress(impatient, planTake(facts, OWN))).rejects.toThrow(
      'still has virtual servers of others at 172.16.100.195 after 300 s',
    );
    expect(map()).toEqual(given);
    expect(partitionsOf(OWN)).toEqual(['cis']);

    cis.scale(1);
    await cis.idle();
    const withoutApply = switching(async (ms) => {
      bench.clock.pass(ms * 50);
      await cis.idle();
    });
    const { facts: again } = await site.look();
    await expect(takeOverAddress(withoutApply, planTake(again, OWN))).rejects.toThrow(
      /did not declare 172\.16\.100\.195:31400\/tcp within 120 s .* given back to F5 CIS/,
    );
    await cis.idle();
    expect(map()).toEqual(given);
    expect(partitionsOf(OWN)).toEqual(['cis']);

    await takeOverAddress(switching(), planTake((await site.look()).facts, OWN));
    const { facts: taken } = await site.look();
    cis.scale(0);
    const hurried = switching(async (ms) => {
      bench.clock.pass(ms * 100);
      await pump();
    });
    await expect(giveAddressBack(hurried, planUndo(taken, OWN))).rejects.toThrow(
      'F5 CIS has not declared 172.16.100.195 within 300 s',
    );
    await pump();
    expect(map()).toMatchObject({ labels: { f5type: 'handed-over' } });
    expect(partitionsOf(OWN)).toEqual(['k8s']);
  });

  test('after a take that gave up, Sluice leaves the address to a CIS that comes back late', async () => {
    await annotate();
    const { facts } = await site.look();
    const withoutBoth = switching(async (ms) => {
      await cis.idle();
      cis.scale(0);
      bench.clock.pass(ms * 50);
    });
    await expect(takeOverAddress(withoutBoth, planTake(facts, OWN))).rejects.toThrow(
      /given back to F5 CIS.*until "sluice migrate cis undo 172\.16\.100\.195" has ended, sluice\.io\/expose of \S+ is "false"/,
    );
    await pump();
    await pump();
    expect(partitionsOf(OWN)).toEqual([]);
    cis.scale(1);
    await cis.idle();
    await pump();
    expect(partitionsOf(OWN)).toEqual(['cis']);
    expect(new Set(cis.posts)).toEqual(new Set([200]));

    const held = await site.look();
    expect(planTake(held.facts, OWN).problems.join()).toContain('migrate cis undo 172.16.100.195');
    await giveAddressBack(switching(), planUndo(held.facts, OWN));
    await pump();
    const { facts: ready } = await site.look();
    expect(statesIn(ready)).toMatchObject({ [`${OWN}:31400/tcp`]: 'ready' });
    await takeOverAddress(switching(), planTake(ready, OWN));
    expect(partitionsOf(OWN)).toEqual(['k8s']);
  });
});
