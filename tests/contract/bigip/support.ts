/** Devices of the lab, and Sluice's connections to them. */
import type { BigipOptions, LabBigip, LabRequest } from '../../../infra/lab/bigip/index.ts';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { DeviceSurroundings } from '../../../shared/bigip/device.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const open: { close(): Promise<void> }[] = [];

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const thing of open.splice(0).toReversed()) await thing.close();
}

export async function lab(options: BigipOptions = {}): Promise<LabBigip> {
  const bigip = await startBigip({
    dataPath: false,
    timings: { declare: 1, memberWrite: 1 },
    ...options,
  });
  open.push(bigip);
  return bigip;
}

export interface Connection extends DeviceSurroundings {
  readonly config?: Partial<DeviceConfig>;
  readonly clock?: Clock;
  readonly password?: string;
  /** The other unit of the pair. */
  readonly peer?: LabBigip;
}

export function connect(
  bigip: LabBigip,
  { config = {}, clock = processClock, password, peer, ...surroundings }: Connection = {},
): Device {
  const parsed = DeviceConfig.parse({
    name: 'bigip-1',
    url: bigip.url,
    username: bigip.username,
    password: 'env:X',
    partitions: ['k8s'],
    requestTimeout: 5,
    ...(peer === undefined ? {} : { peer: peer.url }),
    ...config,
  });
  const device = createDevice(
    parsed,
    {
      password: () => Promise.resolve(password ?? bigip.password),
      ca: [bigip, ...(peer === undefined ? [] : [peer])].map(({ ca }) => ca).join('\n'),
    },
    clock,
    surroundings,
  );
  open.push(device);
  return device;
}

export function wanted(
  declared: DeclaredState = EMPTY_STATE,
  counter = 1,
  ports: readonly number[] = [32_400],
): DeclaredState {
  return planPartition(
    'k8s',
    declared,
    [
      slice(
        counter,
        ports.map((port) => exposure({ port })),
      ),
    ],
    { sameFleet: () => false },
  ).next;
}

export async function declare(
  device: Device,
  state: DeclaredState,
): Promise<'applied' | 'unchanged'> {
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return (await device.declare('k8s', state, reading.declared.lockKey)).outcome;
}

/** A clock that moves only when it is set or something sleeps. */
export interface StepClock extends Clock {
  move(ms: number): void;
  /** Sets the wall clock; no time passes. */
  step(ms: number): void;
}

export function stepClock(start = 1_700_000_000_000): StepClock {
  let now = start;
  let set = 0;
  const move = (ms: number): void => {
    now += ms;
  };
  return {
    now: () => now + set,
    monotonic: () => now,
    move,
    step: (ms) => {
      set += ms;
    },
    // The devices in these tests run in real time, so a moment of real time passes too.
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, 1)).then(() => move(ms)),
  };
}

/** Every request that reaches the device from now on, including logins. */
export function recordRequests(bigip: LabBigip): readonly LabRequest[] {
  const seen: LabRequest[] = [];
  bigip.faults.inject({
    match: (request) => seen.push(request) === 0,
    response: { kind: 'reset' },
  });
  return seen;
}

export function stats(status: string): object {
  return {
    entries: {
      'https://localhost/mgmt/tm/cm/sync-status/0': {
        nestedStats: { entries: { status: { description: status } } },
      },
    },
  };
}

/** Another client changes the device over iControl REST. */
export async function fetchAs(
  bigip: LabBigip,
  method: string,
  path: string,
  body: unknown,
): Promise<void> {
  const { Agent, request } = await import('undici');
  const dispatcher = new Agent({ connect: { ca: bigip.ca } });
  const answer = await request(`${bigip.url}${path}`, {
    dispatcher,
    method: method as 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${bigip.username}:${bigip.password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  await answer.body.dump();
  await dispatcher.close();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode}`);
}
