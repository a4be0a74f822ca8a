/** What a process knows about devices that do not answer, and what it stores for them. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Arrival } from '../../../functions/apply/arrivals.ts';
import { createWaiting, type WaitingChanges } from '../../../functions/apply/waiting.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Devices } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { markedAway, markedHere, markedReturning } from '../../../shared/failures/waiting/away.ts';
import type { DeviceMark } from '../../../shared/failures/waiting/entry.ts';
import type { WaitingPlace } from '../../../shared/failures/waiting/place.ts';
import type { Approval } from '../../../shared/domain/steering/steering.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import { STEERING, STEERING_EVENTS } from '../../../shared/queue/events.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { type MemoryDevice, memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { logTo } from '../../fixtures/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';

const DEVICE = 'bigip-1';
const { owner } = slice(1, []);
const MINUTE = 60_000;
const WHY = { code: 'BIP501', reason: 'not reachable' };
const version = (counter: number) => ({ epoch: 1, counter, generation: 1 });
const config = SluiceConfig.parse({
  generation: 1,
  devices: [
    {
      name: DEVICE,
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s', 'edge'],
    },
  ],
  clusters: [{ id: 'east' }],
  ingresses: [
    {
      cluster: 'east',
      service: 'istio-system/istio-ingressgateway',
      devices: [DEVICE],
      virtualAddress: '172.16.100.195',
    },
  ],
});

let clock: ReturnType<typeof virtualClock>;
let queues: ReturnType<typeof memoryQueues>;
let lines: Record<string, unknown>[];
let place: WaitingPlace;
/** The number of times that the store was opened; opening fails while it is lost. */
let opened: number;
let isLost: boolean;
let waiting: WaitingChanges;
beforeEach(() => {
  clock = virtualClock();
  queues = memoryQueues(clock);
  [lines, opened, isLost] = [[], 0, false];
  const log = logTo(lines);
  let ids = 0;
  place = failuresOver(memoryBlobs(), {
    clock,
    id: () => `blob-${++ids}`,
  }).waiting;
  waiting = createWaiting(runtimeWith({ config, queues, clock, log }), () => {
    opened += 1;
    return isLost ? Promise.reject(new Error('the disk is full')) : Promise.resolve(place);
  });
});

const messageOf = (more: Partial<QueueMessage> = {}): QueueMessage => ({
  id: 'm',
  receipt: 'r',
  group: DEVICE,
  deduplicationId: 'd',
  body: '{}',
  receiveCount: 1,
  sentAt: clock.now(),
  ...more,
});
const mark = (edit: (known: DeviceMark | undefined) => DeviceMark): Promise<DeviceMark> =>
  place.updateMark(DEVICE, edit);
const away = (known?: DeviceMark): DeviceMark =>
  markedAway(known, DEVICE, { ...WHY, now: clock.now() });
/** Received often enough and for long enough to be moved. */
const stuck = (): QueueMessage => messageOf({ receiveCount: 4, sentAt: clock.now() - 3 * MINUTE });
const leave = (...messages: readonly QueueMessage[]): Promise<DeviceMark | undefined> =>
  waiting.leave(DEVICE, messages, { ...WHY, since: clock.now() - MINUTE });

describe('messages leave the queue', () => {
  test.each<[string, number, number, boolean]>([
    ['after four tries in three minutes', 4, 3 * MINUTE, true],
    ['not after three tries', 3, 60 * MINUTE, false],
    ['not before three minutes', 40, 3 * MINUTE - 1, false],
  ])('%s', async (_, receiveCount, age, leaves) => {
    const found = await leave(messageOf({ receiveCount, sentAt: clock.now() - age }));
    expect(found !== undefined).toBe(leaves);
    expect((await place.mark(DEVICE))?.state).toBe(leaves ? 'away' : undefined);
  });

  test('together with one that was tried often enough', async () => {
    expect(await leave(messageOf(), stuck())).toMatchObject({
      state: 'away',
      code: 'BIP501',
      since: clock.now() - MINUTE,
    });
  });

  test('at once if another process found the device away, for its reason', async () => {
    const known = await mark(() => ({ ...away(), reason: 'first' }));
    clock.advance(MINUTE);
    expect(await leave(messageOf())).toEqual(known);
  });

  test('at once if the device fails while its changes come back', async () => {
    await mark(() => markedReturning(away(), clock.now()));
    expect(await leave(messageOf())).toMatchObject({
      state: 'away',
      failedReturns: 1,
    });
  });

  test('as at first if the device has worked since', async () => {
    await mark(() => markedHere(away(), clock.now()));
    expect(await leave(messageOf())).toBeUndefined();
    expect(await leave(stuck())).toMatchObject({ state: 'away' });
  });

  test('not while the store fails, which is not tried again for a minute', async () => {
    isLost = true;
    expect(await leave(stuck())).toBeUndefined();
    isLost = false;
    clock.advance(MINUTE - 1);
    expect(await leave(stuck())).toBeUndefined();
    expect(opened).toBe(1);
    expect(lines.map(({ error }) => error)).toEqual([
      'the disk is full',
      'the failure store did not answer a moment ago',
    ]);
    clock.advance(1);
    expect(await leave(stuck())).toMatchObject({ state: 'away' });
  });
});

describe('that a device is away', () => {
  test('is looked up also by a process that did not try it', async () => {
    await mark(() => away());
    expect(await waiting.away(DEVICE)).toMatchObject({ state: 'away' });
    expect(await waiting.away('bigip-2')).toBeUndefined();
  });

  test('is not looked up for a minute after this process reached it', async () => {
    waiting.reached(DEVICE);
    await mark(() => away());
    expect(await waiting.away(DEVICE)).toBeUndefined();
    expect(opened).toBe(0);
    clock.advance(MINUTE);
    expect(await waiting.away(DEVICE)).toMatchObject({ state: 'away' });
  });

  test('is looked up again as soon as a try failed', async () => {
    waiting.reached(DEVICE);
    await mark(() => away());
    await leave(messageOf());
    expect(await waiting.away(DEVICE)).toMatchObject({ state: 'away' });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['its changes come back', () => mark((known) => markedReturning(known!, clock.now()))],
    ['no process probes it any more', async () => clock.advance(60 * MINUTE)],
  ])('is forgotten once %s', async (_, happens) => {
    await leave(stuck());
    await happens();
    expect(await waiting.away(DEVICE)).toBeUndefined();
  });
});

describe('what is kept', () => {
  const of = (kind: 'slice' | 'audit', data: unknown, more: Partial<EventMeta> = {}): Arrival =>
    ({
      kind,
      data,
      meta: { id: 'e', ...more },
      message: messageOf(),
    }) as unknown as Arrival;
  const audit = { device: DEVICE, partitions: ['k8s'], reason: 'drift' };

  test('is only the newest slice of an owner, which is reported', async () => {
    await waiting.keep(DEVICE, of('slice', slice(1, [])), []);
    clock.advance(1);
    await waiting.keep(DEVICE, of('slice', slice(2, [exposure()])), []);
    expect((await place.list(DEVICE)).map(({ entry }) => entry.version)).toEqual([version(2)]);
    expect(lines).toMatchObject([{ said: 'superseded by a newer slice', owner, revision: '1.1' }]);
  });

  test('is one of several equal requests, without a log line', async () => {
    await waiting.keep(DEVICE, of('audit', audit), []);
    clock.advance(1);
    await waiting.keep(DEVICE, of('audit', audit), []);
    expect(await place.list(DEVICE)).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  test('contains what was requested', async () => {
    const taken = [{ key: 'route 10.244.3.0/24', name: '/cis/k8s-n3', to: '192.0.2.13' }];
    const order = { device: DEVICE, partitions: [], reason: 'adopt', takeOver: taken };
    await waiting.keep(DEVICE, of('audit', order), []);
    await waiting.keep(DEVICE, of('audit', audit), []);
    await waiting.keep(DEVICE, of('audit', { ...audit, partitions: [] }), []);
    expect((await place.list(DEVICE)).map(({ entry }) => entry.what).toSorted()).toEqual([
      'redeclare k8s: drift',
      'restore the paths to pods: drift',
      'take over 1 entry of F5 CIS: adopt',
    ]);
  });

  test('has the time when it was first sent, although it waits again', async () => {
    const [first] = [clock.now() - MINUTE];
    await waiting.keep(DEVICE, of('audit', audit, { waited: { sentAt: first, attempts: [] } }), []);
    expect((await place.list(DEVICE)).map(({ entry }) => entry.sentAt)).toEqual([first]);
  });
});

describe('a run for the changes that wait', () => {
  const approval: Approval = { action: 'approve', device: DEVICE, owner };
  const meta: EventMeta = {
    id: 'e',
    cluster: 'east',
    subject: owner,
    time: '2026-01-01T00:00:00Z',
  };
  let device: MemoryDevice;
  let forgotten: number;
  let devices: Devices;
  beforeEach(async () => {
    device = memoryDevice();
    forgotten = 0;
    devices = {
      get: () => Promise.resolve(device),
      forget: async () => void (forgotten += 1),
      close: () => Promise.resolve(),
    };
    const message = messageOf({
      body: serialiseEvent(STEERING, approval, meta),
    });
    await waiting.keep(
      DEVICE,
      { kind: 'order', data: approval, message, meta } as unknown as Arrival,
      [],
    );
  });
  const run = async (): Promise<unknown> => {
    const [one] = await waiting.turns(devices, { functionVersion: '7' });
    return one;
  };
  const returned = (): readonly unknown[] =>
    queues.sent('slices').map(({ body }) => {
      const event = parseEvent(body, STEERING_EVENTS);
      return 'ok' in event ? event.ok.data : undefined;
    });
  /** Held for the owner in one partition; the other one cannot be written. */
  const hold = async (...held: readonly string[]): Promise<void> => {
    const record = {
      clusterUid: 'uid-east',
      version: version(1),
      ...(held.length > 0 && { held }),
    };
    await device.declare('edge', { owners: { [owner]: record }, exposures: {} }, undefined);
    const read = device.read.bind(device);
    device.read = (partition) =>
      partition === 'k8s'
        ? Promise.resolve({
            kind: 'refused',
            code: 'OWN305',
            reason: 'not ours',
          })
        : read(partition);
  };

  test('sends them back if the device answers, an approval for what is held there', async () => {
    await hold('10.0.0.1:80/tcp');
    expect(await run()).toEqual({ device: DEVICE, turn: 'returned' });
    expect(returned()).toEqual([{ ...approval, keys: ['10.0.0.1:80/tcp'] }]);
  });

  test('sets an approval aside for which nothing is held any more', async () => {
    await hold();
    await run();
    expect([returned(), queues.sent('slices-dead').length]).toEqual([[], 1]);
  });

  test.each<[string, DeviceError, number]>([
    ['keeps them if the device does not answer', new DeviceError('BIP501', 'transient', 'away'), 0],
    [
      'has the trusted CA read again if the certificate is not trusted',
      new DeviceError('BIP402', 'device', 'not trusted'),
      1,
    ],
  ])('%s', async (_, error, count) => {
    device.reach = () => {
      throw error;
    };
    expect(await run()).toEqual({ device: DEVICE, turn: 'away' });
    expect([forgotten, returned()]).toEqual([count, []]);
    expect(await place.mark(DEVICE)).toMatchObject({
      state: 'away',
      code: error.code,
    });
  });

  test('fails with an error that is none of the device', async () => {
    device.reach = () => {
      throw new TypeError('no such property');
    };
    expect(await run()).toEqual({
      device: DEVICE,
      turn: 'failed',
      error: 'no such property',
    });
    expect(lines.at(-1)).toMatchObject({ level: 'error', device: DEVICE });
  });
});
