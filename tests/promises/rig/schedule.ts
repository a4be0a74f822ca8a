/** A schedule: what people do, what breaks, and when, as data that can be printed and run again. */
import * as fc from 'fast-check';
import type { QueueName, WorkQueueName } from '../../../shared/queue/port.ts';
import type { Refused } from '../support/queue-outages.ts';
import type { PodState } from './objects.ts';
import type { DeclareFault } from './device.ts';
import type { NodeChange } from './nodes.ts';
import type { Rotation } from './operator.ts';
import type { PathFault } from './path-faults.ts';
import type { RivalObject } from './rival.ts';
import { type Cluster, CLUSTERS, type Site, type SiteName, SITES } from './sites.ts';
import type { Role } from './world.ts';

/** Which device of the site an act is about; absent: the first one. */
interface OnDevice {
  readonly on?: number;
}

/** One step of a schedule; times in seconds. */
export type Act =
  | { readonly do: 'gateway'; readonly at: Cluster; readonly port: number; readonly there: boolean }
  | {
      readonly do: 'pod';
      readonly at: Cluster;
      readonly pod: number;
      readonly state: PodState;
      readonly node?: number;
    }
  | { readonly do: 'service'; readonly at: Cluster; readonly there: boolean }
  | { readonly do: 'strip' | 'terminate' | 'clear' | 'restore'; readonly at: Cluster }
  | {
      readonly do: 'cut' | 'silence' | 'expire' | 'slow lists' | 'lost writes';
      readonly at: Cluster;
    }
  | { readonly do: 'api away'; readonly at: Cluster; readonly for: number }
  | {
      readonly do: 'queue away';
      readonly queue: QueueName;
      readonly for: number;
      /** Default: all. */
      readonly calls?: Refused;
    }
  | { readonly do: 'queue loses answers' }
  | ({ readonly do: 'declares'; readonly faults: readonly DeclareFault[] } & OnDevice)
  | ({ readonly do: 'device away'; readonly for: number } & OnDevice)
  | ({
      readonly do: 'rival';
      readonly what: RivalObject;
      readonly n: number;
      readonly there: boolean;
    } & OnDevice)
  | ({ readonly do: 'sync' | 'fail over' } & OnDevice)
  | { readonly do: 'audit' }
  | { readonly do: 'rotate'; readonly at: Cluster; readonly to: Rotation }
  | {
      readonly do: 'place';
      readonly at: Cluster;
      readonly port: number;
      readonly partition: number;
      readonly address: number;
    }
  | { readonly do: 'approve'; readonly at: Cluster }
  | { readonly do: 'node'; readonly at: Cluster; readonly node: number; readonly what: NodeChange }
  | ({ readonly do: 'paths'; readonly faults: readonly PathFault[] } & OnDevice)
  | { readonly do: 'kill'; readonly role: Role; readonly for: number }
  | { readonly do: 'again' | 'repeat'; readonly queue: WorkQueueName; readonly message: number }
  | { readonly do: 'step'; readonly by: number }
  | { readonly do: 'wait'; readonly for: number };

/** `seed` decides about everything that the schedule leaves open. */
export interface Schedule {
  readonly seed: number;
  /** Absent: `plain`. */
  readonly site?: SiteName;
  readonly acts: readonly Act[];
}

/** Seconds. */
const DAY = 86_400;
const at = fc.constantFrom(...CLUSTERS);
const some = fc.constantFrom(20, 200, 2_000);
const queue = fc.constantFrom<WorkQueueName>('snapshots', 'slices');
const anyQueue = fc.constantFrom<QueueName>(
  'snapshots',
  'snapshots',
  'slices',
  'slices',
  'express',
  'settled-east',
  'snapshots-dead',
  'slices-dead',
);
const calls = fc.constantFrom<Refused>(
  'all',
  'all',
  'send',
  'receive',
  'delete',
  'changeVisibility',
);
const act = (of: Act['do'], more: object = {}): fc.Arbitrary<Act> =>
  fc.record({ do: fc.constant(of), ...more }) as fc.Arbitrary<Act>;

type Weighted = fc.WeightedArbitrary<Act>;

const ACTS: readonly Weighted[] = [
  {
    weight: 8,
    arbitrary: act('gateway', { at, port: fc.integer({ min: 1, max: 3 }), there: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: act('pod', {
      at,
      pod: fc.integer({ min: 1, max: 3 }),
      state: fc.constantFrom<PodState>('ready', 'ready', 'unready', 'ending', 'gone'),
    }),
  },
  { weight: 8, arbitrary: act('wait', { for: fc.constantFrom(1, 5, 30, 400) }) },
  ...(
    [
      'strip',
      'terminate',
      'clear',
      'restore',
      'cut',
      'silence',
      'expire',
      'slow lists',
      'lost writes',
    ] as const
  ).map((name) => ({ weight: 1, arbitrary: act(name, { at }) })),
  { weight: 1, arbitrary: act('service', { at, there: fc.boolean() }) },
  { weight: 1, arbitrary: act('api away', { at, for: some }) },
  { weight: 3, arbitrary: act('queue away', { queue: anyQueue, calls, for: some }) },
  { weight: 2, arbitrary: act('queue loses answers') },
  { weight: 1, arbitrary: act('audit') },
  {
    weight: 3,
    arbitrary: act('kill', {
      role: fc.constantFrom<Role>('functions', 'watch east', 'watch west'),
      for: fc.constantFrom(0, 5, 100),
    }),
  },
  { weight: 5, arbitrary: act('again', { queue, message: fc.nat(20) }) },
  { weight: 2, arbitrary: act('repeat', { queue, message: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: act('step', { by: fc.constantFrom(-2 * DAY, -4_000, -30, 30, 4_000, 2 * DAY) }),
  },
];

/** `on`: of which device. */
const deviceActs = (on: object): readonly Weighted[] => [
  {
    weight: 4,
    arbitrary: act('declares', {
      ...on,
      faults: fc.array(
        fc.constantFrom<DeclareFault>(
          'busy',
          'login',
          'timeout',
          'lost',
          'slow',
          'raced',
          'late',
          'drip',
          'inner',
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  { weight: 1, arbitrary: act('device away', { ...on, for: some }) },
  {
    weight: 3,
    arbitrary: act('rival', {
      ...on,
      what: fc.constantFrom<RivalObject>('tenant', 'node', 'server', 'address'),
      n: fc.integer({ min: 1, max: 3 }),
      there: fc.boolean(),
    }),
  },
  ...(['sync', 'fail over'] as const).map((name) => ({ weight: 1, arbitrary: act(name, on) })),
];

const fleetActs: readonly Weighted[] = [
  {
    weight: 6,
    arbitrary: act('rotate', { at, to: fc.constantFrom<Rotation>('enable', 'drain', 'out') }),
  },
];

const number = fc.nat(1);
const partitionActs: readonly Weighted[] = [
  {
    weight: 8,
    arbitrary: act('place', {
      at,
      port: fc.integer({ min: 1, max: 3 }),
      partition: number,
      address: number,
    }),
  },
  { weight: 3, arbitrary: act('approve', { at }) },
];

const node = fc.integer({ min: 1, max: 3 });
const pathActs = (on: object): readonly Weighted[] => [
  {
    weight: 8,
    arbitrary: act('pod', {
      at,
      pod: fc.integer({ min: 1, max: 3 }),
      state: fc.constantFrom<PodState>('ready', 'ready', 'ending', 'gone'),
      node,
    }),
  },
  {
    weight: 6,
    arbitrary: act('node', {
      at,
      node,
      what: fc.constantFrom<NodeChange>('joins', 'moves', 'leaves'),
    }),
  },
  {
    weight: 3,
    arbitrary: act('paths', {
      ...on,
      faults: fc.array(fc.constantFrom<PathFault>('lost', 'refused', 'late'), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: act('rival', {
      ...on,
      what: fc.constantFrom<RivalObject>('route', 'record'),
      n: fc.integer({ min: 1, max: 3 }),
      there: fc.boolean(),
    }),
  },
];

function actsOn({ devices, partitions, fleet, network }: Site): readonly Weighted[] {
  const on = devices.length > 1 ? { on: fc.nat(devices.length - 1) } : {};
  return [
    ...ACTS,
    ...deviceActs(on),
    ...(network === undefined ? [] : pathActs(on)),
    ...(fleet === undefined ? [] : fleetActs),
    ...(partitions.length > 1 ? partitionActs : []),
  ];
}

const schedulesOn = (sites: readonly (readonly [string, Site])[]): fc.Arbitrary<Schedule> =>
  fc.oneof(
    ...sites.map(([site, of]) =>
      fc.record({
        seed: fc.nat(1_000_000),
        site: fc.constant(site as SiteName),
        acts: fc.array(fc.oneof(...actsOn(of)), { minLength: 3, maxLength: 20 }),
      }),
    ),
  );

const sites = Object.entries<Site>(SITES);

export const schedules = schedulesOn(sites);
export const schedulesWithPaths = schedulesOn(sites.filter(([, of]) => of.network !== undefined));

/**
 * What is away for days. Without deletes only, a message that is done comes again until the queue
 * gives it up.
 */
const outages: fc.Arbitrary<Act> = fc.oneof(
  act('queue away', {
    queue: anyQueue,
    calls: fc.constantFrom<Refused>('all', 'send', 'receive'),
    for: fc.constant(DAY),
  }),
  act('device away', { for: fc.constant(DAY) }),
);

const onPlainSite = fc.oneof(...actsOn(SITES.plain));

/** Schedules with an outage of a day, during which other things happen. */
export const longSchedules: fc.Arbitrary<Schedule> = fc
  .record({
    seed: fc.nat(1_000_000),
    before: fc.array(onPlainSite, { maxLength: 6 }),
    outage: outages,
    during: fc.array(onPlainSite, { minLength: 1, maxLength: 6 }),
  })
  .map(({ seed, before, outage, during }) => {
    const pause: Act = { do: 'wait', for: Math.ceil(DAY / during.length) };
    return { seed, acts: [...before, outage, ...during.flatMap((one) => [one, pause])] };
  });
