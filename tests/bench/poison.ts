/**
 * How other owners are delayed while one owner's change is refused, and after an outage of the
 * device: from the snapshot in the queue to the device, with the response times of a real one.
 */
import { randomUUID } from 'node:crypto';
import { create as createApply } from '../../functions/apply/handler.ts';
import { create as createMap } from '../../functions/map/handler.ts';
import { startBigip } from '../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../infra/lab/bigip/index.ts';
import { SluiceConfig } from '../../shared/config/schema.ts';
import { Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import { serialiseEvent } from '../../shared/queue/envelope.ts';
import { startEventSource } from '../../shared/queue/event-source.ts';
import type { EventSource } from '../../shared/queue/event-source.ts';
import { INGRESS_OBSERVED } from '../../shared/queue/events.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { createSqliteQueues } from '../../shared/queue/sqlite/queues.ts';
import { FUNCTIONS } from '../../shared/queue/functions.ts';
import { processClock } from '../../shared/runtime/process.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { table } from './measure.ts';
import { snapshotOf } from './world.ts';
import { runtimeWith } from '../fixtures/runtime.ts';

/** Milliseconds, as measured on real devices. */
const DECLARE = 3_000;
const WRITE = 250;
/** Interval of the checks of the device: figures are too large by at most this. */
const LOOK = 20;

export async function benchPoison(): Promise<void> {
  await benchRefused();
  await benchAway();
}

interface Site {
  readonly bigip: LabBigip;
  readonly queues: Queues;
  readonly clock: Clock;
  readonly next: () => number;
  close(): Promise<void>;
}

/** Ingress `team-<n>` of each team has its own address. */
async function startSite(teams: number, clock: Clock = processClock): Promise<Site> {
  const bigip = await startBigip({
    dataPath: false,
    now: () => clock.now(),
    timings: { declare: DECLARE, memberWrite: WRITE },
  });
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
    policy: { references: ['/Common/*'] },
    ingresses: Array.from({ length: teams }, (_, team) => ({
      cluster: 'east',
      service: `team-${team}/istio-ingressgateway`,
      devices: ['bigip'],
      virtualAddress: address(team),
    })),
  });
  const secrets: Record<string, string> = { 'env:P': bigip.password, 'env:CA': bigip.ca };
  const queues = createSqliteQueues({
    path: ':memory:',
    clock,
    id: randomUUID,
    ...(clock === processClock ? {} : { poll: 500 }),
  });
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
    clock,
    random: Math.random,
    log,
  });
  // No failure store, because the disk is not measured here.
  const apply = createApply(runtime, undefined, {
    note: () => Promise.resolve(),
    tell: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const sources = [host(runtime, 'map', createMap(runtime)), host(runtime, 'apply', apply)];
  let counter = 0;
  return {
    bigip,
    queues,
    clock,
    next: () => (counter += 1),
    close: async () => {
      await Promise.all(sources.map((source) => source.stop()));
      await apply.close();
      await queues.close();
      await bigip.close();
    },
  };
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

function address(team: number): string {
  return `172.16.101.${team + 1}`;
}

function observed(team: number, gateways: number, counter: number): Snapshot {
  return Snapshot.parse(
    JSON.parse(
      JSON.stringify(snapshotOf(gateways, counter)).replaceAll('istio-system', `team-${team}`),
    ),
  );
}

async function send({ queues, clock }: Site, snapshot: Snapshot): Promise<void> {
  const id = randomUUID();
  const subject = `${snapshot.cluster}/${snapshot.ingress.namespace}/${snapshot.ingress.service}`;
  const body = serialiseEvent(INGRESS_OBSERVED, snapshot, {
    id,
    cluster: snapshot.cluster,
    subject,
    time: new Date(clock.now()).toISOString(),
  });
  await queues.queue('snapshots').send({ group: subject, deduplicationId: id, body });
}

/** Reads the state of the device directly, so that the checks cost the device nothing. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await processClock.sleep(LOOK);
}

function published({ bigip }: Site): readonly string[] {
  return bigip
    .view()
    .partitions.flatMap((partition) =>
      partition.virtualServers.map((server) => server.destination),
    );
}

function declares({ bigip }: Site): number {
  return bigip.writes.filter((write) => write.path.startsWith('/mgmt/shared/appsvcs/declare'))
    .length;
}

/** Until nothing is left to do, so that the next measurement is not delayed by this one. */
async function settle({ queues }: Site): Promise<void> {
  for (const name of ['snapshots', 'slices'] as const) {
    for (;;) {
      const { waiting, inFlight } = await queues.queue(name).depth();
      if (waiting + inFlight === 0) break;
      await processClock.sleep(LOOK);
    }
  }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const TEAMS = 50;
const PER_TEAM = 2;
/** Milliseconds between two owners. */
const PACE = 200;

async function benchRefused(): Promise<void> {
  const clean = await timeOwners(undefined);
  const poisoned = await timeOwners(TEAMS / 2);
  const row = (name: string, { sorted, all, declared }: Owners): (string | number)[] => [
    name,
    at(sorted, 0.5),
    at(sorted, 0.99),
    all,
    String(declared),
  ];
  const ratio = (of: (owners: Owners) => number): number => of(poisoned) / of(clean);
  table(
    `100 exposures of ${TEAMS} owners, one owner every ${PACE} ms (declare ${DECLARE} ` +
      'ms): the healthy ones, from their snapshot to live',
    ['', 'p50 ms', 'p99 ms', 'all live ms', 'declares'],
    [
      row('all healthy', clean),
      row('one poison among them', poisoned),
      [
        'ratio',
        ratio(({ sorted }) => at(sorted, 0.5)),
        ratio(({ sorted }) => at(sorted, 0.99)),
        ratio(({ all }) => all),
        ratio(({ declared }) => declared),
      ],
    ],
  );
}

interface Owners {
  readonly sorted: readonly number[];
  readonly all: number;
  readonly declared: number;
}

async function timeOwners(poison: number | undefined): Promise<Owners> {
  const site = await startSite(TEAMS);
  const sent = new Map<string, number>();
  const healthy = TEAMS * PER_TEAM - (poison === undefined ? 0 : 1);
  const taken = new Map<string, number>();
  const started = performance.now();
  const watching = until(() => {
    for (const destination of published(site)) {
      const [team = ''] = destination.split(':');
      if (!taken.has(destination))
        taken.set(destination, performance.now() - (sent.get(team) ?? Number.NaN));
    }
    if (taken.size > healthy) throw new Error('the device took the poison');
    return taken.size === healthy;
  });
  for (let team = 0; team < TEAMS; team++) {
    sent.set(address(team), performance.now());
    await send(site, withPoison(observed(team, PER_TEAM, site.next()), team === poison));
    await processClock.sleep(PACE);
  }
  await watching;
  const all = performance.now() - started;
  await settle(site);
  const declared = declares(site);
  const { waiting } = await site.queues.queue('slices-dead').depth();
  if (waiting !== (poison === undefined ? 0 : 1))
    throw new Error(`${waiting} dead letters: the device did not refuse the poison, and it alone`);
  await site.close();
  return { sorted: [...taken.values()].toSorted((a, b) => a - b), all, declared };
}

/** An iRule that does not exist on the device: BIG-IP refuses it with BIP424. */
function withPoison(snapshot: Snapshot, poison: boolean): Snapshot {
  if (!poison) return snapshot;
  const gateways = snapshot.objects.gateways.map((gateway, i) =>
    i === 0
      ? {
          ...gateway,
          meta: { ...gateway.meta, annotations: { 'sluice.io/irules': '/Common/missing' } },
        }
      : gateway,
  );
  return { ...snapshot, objects: { ...snapshot.objects, gateways } };
}

interface FastClock extends Clock {
  /** From now on, time passes faster than real time by this factor. */
  run(times: number): void;
}

function fastClock(times: number): FastClock {
  let rate = times;
  let real = performance.now();
  let told = Date.now();
  const now = (): number => told + (performance.now() - real) * rate;
  return {
    now: () => Math.round(now()),
    monotonic: () => Math.round(now()),
    sleep: (ms, signal) => processClock.sleep(ms / rate, signal),
    run: (next) => {
      [told, real] = [now(), performance.now()];
      rate = next;
    },
  };
}

const MINUTE = 60_000;
const AWAY_MINUTES = 10;
const AWAY_RATE = 40;
/** A smaller factor, because it also multiplies the processor time. */
const DRAIN_RATE = 2;
const EVENTS = 500;
const AWAY_TEAMS = 10;

async function benchAway(): Promise<void> {
  const clock = fastClock(1);
  const site = await startSite(AWAY_TEAMS, clock);
  const requests: number[] = [];
  const back = site.bigip.faults.inject({
    match: () => requests.push(clock.now()) > 0,
    times: Infinity,
    response: { kind: 'reset' },
  });
  for (let event = 0; event < EVENTS; event++)
    await send(site, observed(event % AWAY_TEAMS, Math.floor(event / AWAY_TEAMS) + 1, site.next()));
  clock.run(AWAY_RATE);
  requests.length = 0;
  const started = clock.now();
  await clock.sleep(started + AWAY_MINUTES * MINUTE - clock.now());
  back();
  site.bigip.faults.timings.declare = DECLARE / DRAIN_RATE;
  clock.run(DRAIN_RATE);
  const returned = clock.now();
  await until(() => declares(site) > 0);
  const first = clock.now() - returned;
  await until(() => published(site).length === EVENTS);
  const all = clock.now() - returned;
  await settle(site);
  const perMinute = Array.from(
    { length: AWAY_MINUTES },
    (_, minute) =>
      requests.filter((time) => Math.floor((time - started) / MINUTE) === minute).length,
  );
  table(
    `A device away for ${AWAY_MINUTES} min with ${EVENTS} events of ${AWAY_TEAMS} ` +
      `owners waiting (declare ${DECLARE} ms; a clock ${AWAY_RATE}×, then ${DRAIN_RATE}× ` +
      'as fast)',
    [
      'requests in the first minute',
      'in a later one, at most',
      'in all',
      'back → first declare s',
      'back → all live s',
      'declares',
    ],
    [
      [
        String(perMinute[0]),
        String(Math.max(...perMinute.slice(1))),
        String(requests.length),
        first / 1_000,
        all / 1_000,
        String(declares(site)),
      ],
    ],
  );
  await site.close();
}
