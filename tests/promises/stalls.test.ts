/**
 * Two processes alternate on one queue file, and one of them stalls between reading the device and
 * writing to it. By then the other one has handled its message and a newer one.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '../../functions/apply/handler.ts';
import type { Apply } from '../../functions/apply/handler.ts';
import type { Device } from '../../shared/device/device.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { Settled, Slice } from '../../shared/domain/exposure/exposure.ts';
import { failuresOver } from '../../shared/failures/open.ts';
import { parseEvent, serialiseEvent } from '../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, SETTLED_EVENTS } from '../../shared/queue/events.ts';
import type { EventSource } from '../../shared/queue/event-source.ts';
import { startEventSource } from '../../shared/queue/event-source.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { createSqliteQueues } from '../../shared/queue/sqlite/queues.ts';
import { createSuspects } from '../../shared/queue/suspects.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';
import type { ManualClock } from '../contract/queue/manual-clock.ts';
import { createManualClock, idle } from '../contract/queue/manual-clock.ts';
import { smallConfig } from '../fixtures/config.ts';
import type { MemoryDevice } from '../fixtures/device.ts';
import { memoryDevice } from '../fixtures/device.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { memoryBlobs } from '../fixtures/failures/blobs.ts';
import { memoryMarks } from '../fixtures/marks.ts';
import { runtimeWith } from '../fixtures/runtime.ts';
import { NO_VIEWS } from '../fixtures/views.ts';

const LEASE = 6_000;
const config = smallConfig();

/** A process that can stall: its timers and its requests to the device wait. */
class Process {
  readonly told: Settled[] = [];
  readonly written: ('declare' | 'members')[] = [];
  readonly dropped: object[] = [];
  readonly #clock: ManualClock;
  /** As the process sees it. */
  readonly #own: Clock;
  readonly #queues: Queues;
  readonly #apply: Apply;
  #source: EventSource | undefined;
  #standing: PromiseWithResolvers<void> | undefined;
  /** Stalls after the next reading. */
  stopsAfterReading = false;
  /** The result of the reading when it continues. */
  fault: DeviceError | undefined;

  constructor(clock: ManualClock, path: string, device: MemoryDevice) {
    this.#clock = clock;
    const own: Clock = {
      ...clock,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        await this.#standing?.promise;
      },
    };
    this.#own = own;
    const queues = createSqliteQueues({ path, clock: own, id: randomUUID });
    const sends = this.#noting(queues);
    const log = createLogger('silent');
    const warn = (fields: object, message: string): void => {
      if (message === 'dropped') this.dropped.push(fields);
    };
    this.#queues = queues;
    const runtime = runtimeWith({
      config,
      queues: sends,
      clock: own,
      random: () => 0.5,
      log: { ...log, warn, child: () => log },
    });
    const failures = failuresOver(memoryBlobs(), { clock: own, id: randomUUID });
    this.#apply = create(
      runtime,
      { get: () => Promise.resolve(this.#watched(device)), close: () => Promise.resolve() },
      {
        note: () => Promise.resolve(),
        tell: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      {
        place: () => Promise.resolve(failures.waiting),
        views: NO_VIEWS,
        schedules: () => Promise.resolve(failures),
        // Real processes do not wait for each other to handle a suspect alone.
        suspects: { ...createSuspects(memoryMarks(), { clock: own, log }), isSuspect: () => false },
      },
    );
  }

  start(): void {
    this.#source = startEventSource({
      queue: this.#queues.queue('slices'),
      handler: this.#apply,
      functionName: 'apply',
      batchSize: 10,
      concurrency: 4,
      timeout: 120_000,
      visibilityMs: 150_000,
      lease: LEASE,
      clock: this.#own,
      id: randomUUID,
      log: createLogger('silent'),
    });
  }

  async send(data: Slice): Promise<void> {
    const id = randomUUID();
    const time = new Date(this.#clock.now()).toISOString();
    const cluster = { id, cluster: 'east', subject: data.owner, time };
    const body = serialiseEvent(INGRESS_DESIRED, data, cluster);
    await this.#queues.queue('slices').send({ group: 'bigip-1', deduplicationId: id, body });
  }

  async depth(): Promise<number> {
    const { waiting, inFlight } = await this.#queues.queue('slices').depth();
    return waiting + inFlight;
  }

  resume(): void {
    this.#standing?.resolve();
    this.#standing = undefined;
  }

  async stop(): Promise<void> {
    const stopping = this.#source?.stop();
    await this.#clock.pass(300_000);
    await stopping;
    await this.#apply.close();
    await this.#queues.close();
  }

  #noting(queues: Queues): Queues {
    return {
      ...queues,
      queue: (name) => {
        const queue = queues.queue(name);
        const send: typeof queue.send = async (message) => {
          const opened = parseEvent(message.body, SETTLED_EVENTS);
          if ('ok' in opened) this.told.push(opened.ok.data);
          await queue.send(message);
        };
        return name.startsWith('settled-') ? { ...queue, send } : queue;
      },
    };
  }

  #watched(device: MemoryDevice): Device {
    return {
      ...device,
      read: async (partition) => {
        const reading = await device.read(partition);
        if (this.stopsAfterReading) this.#standing = Promise.withResolvers<void>();
        this.stopsAfterReading = false;
        await this.#standing?.promise;
        if (this.fault !== undefined) throw this.fault;
        return reading;
      },
      declare: (...args) => {
        this.written.push('declare');
        return device.declare(...args);
      },
      reconcileMembers: (...args) => {
        this.written.push('members');
        return device.reconcileMembers(...args);
      },
    };
  }
}

let folder: string;
let clock: ManualClock;
let device: MemoryDevice;
let processes: Process[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-stalls-'));
  clock = createManualClock();
  device = memoryDevice();
  processes = [];
});
afterEach(async () => {
  for (const one of processes) one.resume();
  for (const one of processes) await one.stop();
  rmSync(folder, { recursive: true });
});

function process(): Process {
  const one = new Process(clock, join(folder, 'queue.sqlite'), device);
  processes.push(one);
  return one;
}

const ports = (): readonly number[] =>
  Object.values(device.state().exposures).map(({ port }) => port);
const at = (counter: number, port: number): Slice => slice(counter, [exposure({ port })]);

async function stalled(): Promise<Process> {
  const one = process();
  one.start();
  await one.send(at(1, 1));
  await clock.pass(1_000);
  expect(ports()).toEqual([1]);
  one.stopsAfterReading = true;
  await one.send(at(2, 2));
  await idle();
  one.told.length = 0;
  one.written.length = 0;
  return one;
}

test('a process that resumes after another one took its message writes and reports nothing', async () => {
  const first = await stalled();
  const second = process();
  second.start();
  await clock.pass(LEASE + 1_000);
  await second.send(at(3, 3));
  await clock.pass(1_000);
  const declares = device.declares.length;
  first.resume();
  await clock.pass(20_000);
  expect(first.written).toEqual([]);
  expect(first.told).toEqual([]);
  expect(first.dropped).toMatchObject([{ device: 'bigip-1', messages: 1 }]);
  expect(device.declares).toHaveLength(declares);
  expect(second.told.map(({ version }) => version.counter)).toEqual([2, 3]);
  expect(await second.depth()).toBe(0);
});

test('a fault that it meets then is not reported, and its message stays in the queue', async () => {
  const first = await stalled();
  const second = process();
  second.start();
  await clock.pass(LEASE + 1_000);
  first.fault = new DeviceError('BIP501', 'transient', 'no answer');
  first.resume();
  await clock.pass(20_000);
  expect(first.told).toEqual([]);
  expect(first.dropped).toHaveLength(1);
  expect(second.told.map(({ version }) => version.counter)).toEqual([2]);
});

test('a message that it drops is not lost: without another process it is retried', async () => {
  const first = await stalled();
  await clock.pass(LEASE + 1_000);
  first.resume();
  await clock.pass(LEASE + 20_000);
  expect(ports()).toEqual([2]);
  expect(first.told.at(-1)?.version.counter).toBe(2);
  expect(await first.depth()).toBe(0);
});

test('a stall that is shorter than the lease drops nothing', async () => {
  const first = await stalled();
  const second = process();
  second.start();
  await clock.pass(LEASE - 1_000);
  first.resume();
  await clock.pass(1_000);
  expect(first.dropped).toEqual([]);
  expect(first.told.map(({ version }) => version.counter)).toEqual([2]);
  expect(second.told).toEqual([]);
});
