/**
 * The promises as they are watched while everything runs: at each write of the device, at each write
 * to Kubernetes and at each message. What they find is a sentence with the number of the promise.
 */
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { formatRevision } from '../../../shared/domain/revision.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SETTLED_EVENTS, SLICE_EVENTS } from '../../../shared/queue/events.ts';
import type { RigCluster } from './clusters.ts';
import { type DeclareRules, problemsOf } from './declares.ts';
import { watchEnds } from './ends.ts';
import { overwritten } from './foreign-objects.ts';
import type { ApiWrite } from './kubernetes-core.ts';
import { isReachedNow, watchPaths } from './path-monitors.ts';
import { untrue } from './results.ts';
import type { Rival } from './rival.ts';
import type { WorldDevice } from './world.ts';

/** What is watched. */
export interface Monitors {
  /** Descriptions of broken promises; empty as long as all hold. */
  readonly violations: readonly string[];
  /** Called with each message that a queue accepts. */
  message(queue: string, body: string): void;
  /** A queue gives a message up, because it was received too often. */
  buried(queue: string, message: { readonly group: string; readonly receiveCount: number }): void;
  written(cluster: string, write: ApiWrite): void;
  /** A client asks the API server of a cluster without end. */
  storm(cluster: string, what: string): void;
  /** How many writes of the device were watched. */
  readonly declares: number;
}

/** One device with the objects of others on it. */
export interface WatchedDevice extends WorldDevice {
  readonly rival: Rival;
}

/** What the monitors look at, and compare it with. */
export interface Watched extends Pick<DeclareRules, 'clusters' | 'isFleet'> {
  readonly devices: readonly WatchedDevice[];
  /** `device partition`: somebody approved that its nodes move. */
  readonly moves: ReadonlySet<string>;
  readonly dryRun: boolean;
  readonly clock: Clock;
  /** Whether Sluice makes the paths to pods. */
  readonly hasPaths: boolean;
}

export function watchPromises(watched: Watched): Monitors {
  const { devices, dryRun } = watched;
  const violations: string[] = [];
  const slices = new Map<string, string>();
  const contradictions = watchEnds();
  let declares = 0;
  const say = (text: string): void => void violations.push(text);
  const sliceOf = (device: string, owner: string, version: Slice['version']): Slice | undefined => {
    const body = slices.get(`${device} ${owner} ${formatRevision(version)}`);
    const opened = body === undefined ? undefined : parseEvent(body, SLICE_EVENTS);
    return opened !== undefined && 'ok' in opened ? opened.ok.data : undefined;
  };
  for (const one of devices)
    watchDevice(one, {
      ...watched,
      say,
      sliceOf: (...what) => sliceOf(one.name, ...what),
      onDeclare: () => (declares += 1),
    });
  return {
    violations,
    get declares() {
      return declares;
    },
    message: (queue, body) => {
      if (queue === 'slices') {
        const { type, data } = outsideOf(body);
        if (type in SLICE_EVENTS && data !== undefined)
          slices.set(`${data.device} ${data.owner} ${formatRevision(data.version)}`, body);
      }
      if (!queue.startsWith('settled-')) return;
      const opened = parseEvent(body, SETTLED_EVENTS);
      if (!('ok' in opened)) return;
      const { data } = opened.ok;
      const about = devices.find(({ name }) => name === data.device);
      if (about === undefined) return;
      const asked = sliceOf(about.name, data.owner, data.version);
      const waits = (pod: string): boolean =>
        watched.hasPaths && !isReachedNow(about.memory, watched.clusters, pod);
      const broken = [
        ...contradictions(data, about.faults.unit()),
        ...untrue(about.memory, data, { asked, waits }),
      ];
      for (const text of broken) say(text);
    },
    buried: (queue, { group, receiveCount }) =>
      say(`15: ${queue} gave up a message of ${group}, which came ${receiveCount} times`),
    storm: (cluster, what) => say(`10: in ${cluster}: ${what} again and again`),
    written: (cluster, write) => {
      if (dryRun) say(`8: a dry run wrote to ${cluster}`);
      for (const text of overwritten(write)) say(`7: in ${cluster}: ${text}`);
    },
  };
}

/** What one device is watched with. */
interface Watch extends Omit<Watched, 'devices'>, Pick<DeclareRules, 'sliceOf'> {
  readonly say: (text: string) => void;
  readonly onDeclare: () => void;
}

function watchDevice(one: WatchedDevice, watch: Watch): void {
  const { name, memory, faults, partitions, rival } = one;
  const { say, clusters, moves, dryRun } = watch;
  const paths = watch.hasPaths ? watchPaths({ ...one, ...watch }) : undefined;
  let unit = faults.unit();
  const look = (): void => {
    if (dryRun) say(`8: a dry run wrote to ${name}`);
    if (!rival.isIntact()) say(`7: what others have on ${name} changed`);
    for (const text of strangeDrains(one, clusters)) say(text);
  };
  faults.onWrite = look;
  faults.onPath = (decision) => {
    if (unit !== faults.unit()) paths?.failedOver();
    unit = faults.unit();
    for (const text of paths?.decided(decision) ?? []) say(`${text} (${name})`);
  };
  faults.onTries = (text) => say(`10: ${name} does not answer ${text}`);
  memory.after = (before, next, partition) => {
    watch.onDeclare();
    const siblings = partitions.filter((other) => other !== partition);
    const declare = {
      partition,
      before,
      next,
      siblings: siblings.map((other) => memory.state(other)),
    };
    const mayMoveNodes = (of: string): boolean => moves.has(`${name} ${of}`);
    const broken = problemsOf(declare, { ...watch, mayMoveNodes });
    for (const text of [...broken, ...(paths?.declared(declare) ?? [])]) say(`${text} (${name})`);
    look();
  };
}

/** A node whose pod was always ready takes connections, whatever is with those of other clusters. */
function strangeDrains(
  { name, memory, partitions }: WorldDevice,
  clusters: readonly RigCluster[],
): readonly string[] {
  return partitions.flatMap((partition) =>
    [...(memory.partitions.get(partition)?.nodes.values() ?? [])]
      .filter(
        ({ address, availability }) =>
          availability !== 'ready' &&
          clusters.some((one) => !one.wasDrained && one.wasAlways('pod', address)),
      )
      .map(({ address }) => `5: the node ${address} on ${name} drains, and nobody asked for it`),
  );
}

/** Enough of a slice to find it again, without the cost of validating it. */
function outsideOf(body: string): {
  readonly type: string;
  readonly data?: Pick<Slice, 'owner' | 'device' | 'version'> | undefined;
} {
  const { type, data } = JSON.parse(body) as {
    type: string;
    data?: Pick<Slice, 'owner' | 'device' | 'version'>;
  };
  return { type, data };
}
