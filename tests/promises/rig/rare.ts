/** Schedules that a random one rarely has; each is red without a guard of its own. */
import type { Schedule } from './schedule.ts';

export const RARE: readonly Schedule[] = [
  // The new place needs the nodes of the old one, which may not move unasked.
  {
    seed: 1,
    site: 'partitions',
    acts: [
      { do: 'gateway', at: 'east', port: 2, there: true },
      { do: 'place', at: 'east', port: 2, partition: 1, address: 1 },
    ],
  },
  // Another cluster has the address in the other partition.
  {
    seed: 759_509,
    site: 'partitions',
    acts: [
      { do: 'place', at: 'east', port: 1, partition: 1, address: 0 },
      { do: 'gateway', at: 'west', port: 2, there: true },
      { do: 'wait', for: 5 },
    ],
  },
  // One cluster of a fleet drains, and the other one goes on.
  {
    seed: 3,
    site: 'fleet',
    acts: [
      { do: 'gateway', at: 'west', port: 1, there: true },
      { do: 'wait', for: 30 },
      { do: 'rotate', at: 'west', to: 'drain' },
      { do: 'wait', for: 30 },
    ],
  },
  // A snapshot waits for the queue of slices.
  {
    seed: 1,
    acts: [
      { do: 'queue away', queue: 'slices', calls: 'send', for: 7_000 },
      { do: 'gateway', at: 'west', port: 2, there: true },
      { do: 'wait', for: 7_000 },
    ],
  },
  // Somebody has another route to the node of a new pod.
  {
    seed: 1,
    site: 'routes',
    acts: [
      { do: 'rival', what: 'route', n: 3, there: true },
      { do: 'pod', at: 'east', pod: 2, state: 'ready', node: 2 },
      { do: 'wait', for: 30 },
    ],
  },
  // For long, only the other cluster has something new.
  {
    seed: 1,
    site: 'routes',
    acts: [
      { do: 'gateway', at: 'west', port: 2, there: true },
      { do: 'wait', for: 400 },
      { do: 'gateway', at: 'west', port: 3, there: true },
      { do: 'wait', for: 30 },
    ],
  },
  // The last pod of a node leaves.
  ...(['routes', 'tunnels'] as const).map((site) => ({
    seed: 716_822,
    site,
    acts: [
      { do: 'pod', at: 'east', pod: 2, state: 'ready', node: 2 },
      { do: 'pod', at: 'east', pod: 2, state: 'gone' },
    ] as const,
  })),
  // A device is away before changes for it move to the failure store.
  {
    seed: 1,
    acts: [
      { do: 'device away', for: 200 },
      { do: 'gateway', at: 'west', port: 2, there: true },
      { do: 'wait', for: 400 },
    ],
  },
];
