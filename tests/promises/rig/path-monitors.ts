/** Promise 17, as it is watched at each declare and at each write of a path. */
import type { Clock } from '../../../shared/runtime/clock.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import type { RigCluster } from './clusters.ts';
import { type Declare, membersIn } from './declares.ts';
import type { PathDecision } from './path-faults.ts';

export interface PathMonitor {
  /** Call with each declare, after it. */
  declared(declare: Declare): readonly string[];
  /** Call with each write of a path, before it. */
  decided(decision: PathDecision): readonly string[];
  /** Another unit is active. */
  failedOver(): void;
}

/** What is looked at. */
export interface WatchedPaths {
  readonly memory: MemoryDevice;
  readonly partitions: readonly string[];
  readonly clusters: readonly RigCluster[];
  readonly clock: Clock;
}

/** `drainSeconds` and a minute. */
const GRACE_MS = 90_000;

/** Of one device. */
export function watchPaths({ memory, partitions, clusters, clock }: WatchedPaths): PathMonitor {
  /** When a pod was a member last, by both clocks. */
  const served = new Map<string, { readonly now: number; readonly monotonic: number }>();
  const declaredNow = (): readonly string[] =>
    partitions.flatMap((one) => [...membersIn(memory.state(one))]);
  const clusterOf = (pod: string): RigCluster | undefined =>
    clusters.find((one) => one.network(pod) !== undefined);
  const isReached = (pod: string, entries = memory.paths.units.active): boolean =>
    clusterOf(pod)?.nodes.areReached(entries, pod, 'ever') ?? true;
  /** A step of the clock begins or ends a grace, as it does for Sluice. */
  const isRecent = (pod: string): boolean => {
    const last = served.get(pod);
    return (
      last !== undefined &&
      clock.now() - last.now < GRACE_MS &&
      clock.monotonic() - last.monotonic < GRACE_MS
    );
  };
  return {
    failedOver: () => served.clear(),
    declared: ({ before, next, siblings }) => {
      const known = new Set([before, ...siblings].flatMap((state) => [...membersIn(state)]));
      for (const pod of [...membersIn(before), ...membersIn(next)])
        served.set(pod, { now: clock.now(), monotonic: clock.monotonic() });
      // Where no other member would serve, holding them back would help nobody.
      const waits = ({ address }: { readonly address: string }): boolean =>
        !known.has(address) && !isReached(address);
      const early = Object.values(next.exposures).flatMap(({ contributions }) =>
        contributions.flatMap(({ members }) =>
          members.some((one) => !waits(one) && one.availability !== 'out')
            ? members.filter(waits).map(({ address }) => address)
            : [],
        ),
      );
      return [...new Set(early)].map((pod) => `17: ${pod} is a member, and no path leads to it`);
    },
    decided: ({ kind, entry, unit }) => {
      const key = entryKey(entry);
      if (kind === 'put')
        return memory.paths.current().records.has(key) ? [] : [`17: ${key} is not in the journal`];
      if (unit !== 'active') return [];
      const left = new Map(memory.paths.units.active);
      left.delete(key);
      const cut = declaredNow().filter((pod) => isReached(pod) && !isReached(pod, left));
      const led = [...served.keys()].filter(
        (pod) => key === `arp ${pod}` || key === `route ${clusterOf(pod)?.network(pod)}`,
      );
      return [
        ...cut.map((pod) => `17: ${key} is removed, and the member ${pod} needs it`),
        ...led.filter(isRecent).map((pod) => `17: ${key} is removed as soon as ${pod} left`),
      ];
    },
  };
}

/**
 * At rest every member is reached where its node is now, and nothing is left that no member needs or
 * asks for.
 */
export function pathProblems(
  { memory, partitions }: Pick<WatchedPaths, 'memory' | 'partitions'>,
  clusters: readonly RigCluster[],
): readonly string[] {
  const { units } = memory.paths;
  const members = partitions.flatMap((one) => [...membersIn(memory.state(one))]);
  // What partitions of nobody declare needs paths as well, since it may have been ours.
  const others = [...memory.partitions.values()].flatMap(({ declared }) =>
    declared === undefined ? [] : [...membersIn(declared)],
  );
  const asked = clusters
    .filter((one) => one.wanted().length > 0)
    .flatMap((one) => one.members().may);
  const isNeeded = (key: string): boolean =>
    [...others, ...asked].some((pod) =>
      clusters.some((one) => key === `arp ${pod}` || key === `route ${one.network(pod)}`),
    );
  return [
    ...members
      .filter((pod) => !isReachedNow(memory, clusters, pod))
      .map((pod) => `17: no path leads to ${pod} where its node is now`),
    ...[...units.active]
      .filter(([key, { holder }]) => holder === 'ours' && !isNeeded(key))
      .map(([key]) => `17: ${key} is there, and no member needs it`),
  ];
}

/** Whether a path leads to the pod where its node is. */
export function isReachedNow(
  { paths }: MemoryDevice,
  clusters: readonly RigCluster[],
  pod: string,
): boolean {
  const own = clusters.find((one) => one.network(pod) !== undefined);
  return own?.nodes.areReached(paths.units.active, pod, 'now') ?? true;
}
