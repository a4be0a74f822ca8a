/** Reads what users of a site can see: objects of the cluster, the device, dead letters. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDeclare, type LabBigip, type LabRequest } from '../../../infra/lab/bigip/index.ts';
import { askEcho } from '../../../infra/lab/demo/connection.ts';
import { deviceRows, type DeviceRow } from '../../../infra/lab/demo/device.ts';
import type { ApiObject } from '../../../infra/lab/demo/kubernetes-api.ts';
import { INGRESS_SERVICE } from '../../../infra/lab/demo/looks.ts';
import { FailuresConfig } from '../../../shared/config/schema.ts';
import { compareVersions, type Version } from '../../../shared/domain/revision.ts';
import { openFailures } from '../../../shared/failures/open.ts';
import type { Failure } from '../../../shared/failures/port.ts';
import type { WorkQueueName } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { OWNER, VIRTUAL_ADDRESS, type Site } from './site.ts';
import type { Sluice } from './sluice.ts';
import { until } from './until.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';

export interface ServerSpec {
  readonly port: number;
  readonly name?: string;
  readonly protocol?: string;
}

export function gateway(name: string, servers: readonly ServerSpec[]): ApiObject {
  const listed = servers.map(({ port, protocol = 'TCP', name: label = `tcp-${port}` }) => ({
    port: { number: port, name: label, protocol },
    hosts: ['*'],
  }));
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'default' },
    spec: { selector: { istio: 'ingressgateway' }, servers: listed },
  };
}

/** Routes every port of the gateway to the echo server. */
export function route(name: string): ApiObject {
  const tcp = [{ route: [{ destination: { host: 'tcp-echo', port: { number: 9000 } } }] }];
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'default' },
    spec: { hosts: ['*'], gateways: [name], tcp },
  };
}

/** What a user applies to open ports. */
export async function openPorts(
  site: Site,
  name: string,
  servers: readonly ServerSpec[],
): Promise<void> {
  await site.api.apply(route(name));
  await site.api.apply(gateway(name, servers));
}

export interface SeenEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

export async function eventsOf(site: Site, name: string): Promise<readonly SeenEvent[]> {
  const events = (await site.api.list(
    '/api/v1/namespaces/default/events',
  )) as unknown as readonly SeenEvent[];
  return events.filter((event) => event.involvedObject.name === name);
}

export function eventOf(
  site: Site,
  name: string,
  wanted: RegExp,
  sluice: Sluice,
): Promise<SeenEvent> {
  const look = async (): Promise<SeenEvent | undefined> =>
    (await eventsOf(site, name)).find((e) => wanted.test(`${e.reason}: ${e.message}`));
  return until(`an Event ${String(wanted)} on Gateway ${name}`, look, () => sluice.stdout());
}

export function virtualServer(site: Site, port: number): DeviceRow | undefined {
  return deviceRows(site.bigip).find((row) => row.virtual === `${VIRTUAL_ADDRESS}:${port}/tcp`);
}

export function virtualServers(site: Site): readonly string[] {
  return deviceRows(site.bigip).map((row) => row.virtual);
}

/** A real connection through the virtual address, answered by one of the two echo versions. */
export function answered(site: Site, port: number, sluice: Sluice): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    const answer = await askEcho(VIRTUAL_ADDRESS, port, 'hello');
    return /^(one|two) hello$/.test(answer) ? answer : undefined;
  };
  return until(
    `an answer through ${VIRTUAL_ADDRESS}:${port}`,
    look,
    () => `${virtualServers(site).join()}\n${sluice.stdout()}`,
  );
}

export async function externalAddresses(site: Site): Promise<readonly string[]> {
  const { status } = (await site.api.get(INGRESS_SERVICE)) as {
    status?: { loadBalancer?: { ingress?: readonly { ip?: string }[] } };
  };
  return (status?.loadBalancer?.ingress ?? []).map((entry) => entry.ip ?? '');
}

export async function servicePorts(site: Site): Promise<readonly number[]> {
  const { spec } = (await site.api.get(INGRESS_SERVICE)) as unknown as {
    spec: { ports: readonly { port: number }[] };
  };
  return spec.ports.map((port) => port.port);
}

/** Waits for everything a user expects, in the cluster and on the device. */
export async function converged(
  site: Site,
  name: string,
  port: number,
  sluice: Sluice,
): Promise<void> {
  await answered(site, port, sluice);
  await eventOf(site, name, new RegExp(`^Programmed: .*:${port}/tcp`), sluice);
  await until(
    'the external address of the Service',
    async () => (await externalAddresses(site)).includes(VIRTUAL_ADDRESS),
    () => sluice.stdout(),
  );
  await until(
    'empty queues',
    async () => (await pending(site)) === 0,
    () => sluice.stdout(),
  );
}

/** Unfinished events of the pipeline. Opens the file anew: a test may have restored another one. */
export async function pending(site: Site): Promise<number> {
  const queues = createSqliteQueues({
    path: site.queueFile,
    clock: processClock,
    id: processId,
  });
  try {
    const depths = await Promise.all(
      (['snapshots', 'slices', 'settled-site'] as const).map((name) => queues.queue(name).depth()),
    );
    return depths.reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0);
  } finally {
    await queues.close();
  }
}

/** The failures that park has stored. */
export async function parked(site: Site): Promise<readonly Failure[]> {
  const failures = openFailures(
    FailuresConfig.parse({ kind: 'fs', path: join(site.dir, 'failures') }),
    { clock: processClock, id: processId, secrets: NO_SECRETS },
  );
  try {
    const found = await Promise.all(
      (await failures.store.list()).map((head) => failures.store.get(head.id)),
    );
    return found.filter((failure) => failure !== undefined);
  } finally {
    await failures.close();
  }
}

/** Waits until so many dead letters of the queue are parked. */
export async function deadLetters(
  site: Site,
  queue: WorkQueueName,
  count: number,
  sluice: Sluice,
): Promise<readonly Failure[]> {
  const look = async (): Promise<readonly Failure[] | undefined> => {
    const found = (await parked(site)).filter((failure) => failure.queue === queue);
    return found.length >= count ? found : undefined;
  };
  return until(`${count} parked dead letters of ${queue}`, look, () => sluice.stdout());
}

/** Writes a message directly into the queue file, without the checks of a sender. */
export function plant(site: Site, queue: string, body: string, group = OWNER): void {
  const file = new DatabaseSync(site.queueFile, { timeout: 10_000 });
  const id = `planted-${Date.now()}-${Math.random()}`;
  file
    .prepare(
      'INSERT INTO message (queue, grp, dedup, id, body, sent_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(queue, group, id, id, body, Date.now(), Date.now());
  file.close();
}

/** The declared versions of the owner, in order. */
export function watchFences(bigip: LabBigip): () => readonly Version[] {
  const seen: Version[] = [];
  const record = (request: LabRequest): false => {
    const version = isDeclare(request) ? versionIn(request.body) : undefined;
    if (version !== undefined) seen.push(version);
    return false;
  };
  bigip.faults.inject({ match: record, times: Infinity, response: { kind: 'reset' } });
  return () => seen;
}

function versionIn(body: unknown): Version | undefined {
  const text = JSON.stringify(body);
  const found =
    /"version":(\{"epoch":\d+,"counter":\d+,"generation":\d+\})/.exec(text) ?? undefined;
  return found?.[1] === undefined || !text.includes(`"${OWNER}"`)
    ? undefined
    : (JSON.parse(found[1]) as Version);
}

export function isRising(versions: readonly Version[]): boolean {
  return versions.every(
    (version, i) => i === 0 || compareVersions(version, versions[i - 1] ?? version) >= 0,
  );
}
