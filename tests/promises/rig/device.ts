/**
 * The faults of a device that others share, on virtual time: one lock, answers that get lost, declares
 * that finish late or slowly, faults inside of AS3, restarts, and a unit that takes over unsynced.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultOfResult } from '../../../shared/bigip/rest/outcomes.ts';
import type { Device } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { NodeAccess } from '../../../shared/device/nodes.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import type { LivePartition } from '../../fixtures/live-partition.ts';
import type { RigClock } from './clock.ts';
import { disturbedPaths, type PathDecision, type PathFault } from './path-faults.ts';
import { Tries } from './tries.ts';

/** What becomes of one declare. */
export type DeclareFault =
  'busy' | 'login' | 'timeout' | 'lost' | 'slow' | 'raced' | 'late' | 'drip' | 'inner';

export interface RigDevice {
  /** As functions see it. */
  readonly device: Device;
  /** As express sees it. */
  readonly nodes: NodeAccess;
  /** Called after each write of a function, whether it succeeded or not. */
  onWrite: () => void;
  /** Called before each write of a path. */
  onPath: (decision: PathDecision) => void;
  /** Of all processes of a function. */
  readonly tries: { readonly apply: Tries; readonly express: Tries };
  /** Called with what is wrong about the tries of a function while it does not answer. */
  onTries: (text: string) => void;
  /** The next declares have these faults. */
  disturb(faults: readonly DeclareFault[]): void;
  /** The next writes of paths have these faults. */
  disturbPaths(faults: readonly PathFault[]): void;
  /** It does not answer for this long. */
  away(ms: number): void;
  /** Which unit is active: the number of failovers. */
  readonly unit: () => number;
  /** What another unit would know: a failover without a sync goes back to it. */
  sync(): void;
  failOver(): void;
  /** All faults end. */
  heal(): void;
}

const FIXTURE = join(import.meta.dirname, '../../fixtures/as3-inner-faults.json');
const INNER = (
  JSON.parse(readFileSync(FIXTURE, 'utf8')) as readonly {
    readonly calls: number;
    readonly code: number;
    readonly message: string;
    readonly response?: string;
  }[]
).flatMap(({ calls, code, message, response }) =>
  calls > 0 && code !== 200 ? [{ code, message, ...(response !== undefined && { response }) }] : [],
);
/** A declare whose answer does not come is over after this. */
const LATE_MS = 40_000;
const DRIP_MS = 25_000;

/** What a device with faults is made of. */
export interface Disturbed {
  readonly memory: MemoryDevice;
  /** Those of Sluice. */
  readonly partitions: readonly string[];
  readonly clock: RigClock;
  /** From 0 to 1. */
  readonly random: () => number;
}

export function disturbed({ memory, partitions, clock, random }: Disturbed): RigDevice {
  let faults: DeclareFault[] = [];
  let awayUntil = 0;
  let unit = 0;
  let older = copied(memory.partitions);
  memory.reach = () => {
    if (clock.monotonic() < awayUntil)
      throw new DeviceError('BIP501', 'transient', 'not reachable');
  };
  /** Holds the lock, and lets go by itself. */
  const hold = (ms: number, run: () => void): void => {
    const mine = unit;
    memory.held = true;
    clock.after(ms, () => {
      // A script of the other unit changes nothing here.
      if (unit !== mine) return;
      memory.held = false;
      run();
    });
  };
  memory.before = (partition, _next, commit) => {
    const fault = faults.shift();
    if (fault === undefined || fault === 'drip') return;
    if (fault === 'lost') commit();
    if (fault === 'late') hold(LATE_MS, commit);
    throw errorOf(fault, { device: memory.name, partition }, random);
  };
  const declare: Device['declare'] = async (partition, next, lockKey) => {
    if (faults[0] === 'drip' && !memory.held) {
      const over = Promise.withResolvers<void>();
      const key = memory.partitions.get(partition)?.key;
      if (key !== lockKey) throw new DeviceError('BIP430', 'transient', 'lock key');
      hold(DRIP_MS, over.resolve);
      await over.promise;
    }
    return memory.declare(partition, next, lockKey);
  };
  const told = <T>(write: Promise<T>): Promise<T> => write.finally(() => rig.onWrite());
  memory.paths.reach = memory.reach;
  const paths = disturbedPaths(memory.paths, clock, {
    decided: (decision) => rig.onPath(decision),
    wrote: () => rig.onWrite(),
  });
  const client = memory.connect(partitions);
  const nodes = memory.openNodes();
  const rig: RigDevice = {
    device: {
      ...client,
      paths: paths.paths,
      declare: (...given) => told(declare(...given)),
      prepare: (...given) => told(client.prepare(...given)),
      remove: (...given) => told(client.remove(...given)),
      reconcileMembers: (...given) => told(client.reconcileMembers(...given)),
      writeBack: (...given) => told(client.writeBack(...given)),
    },
    nodes: {
      ...nodes,
      write: (...given) => told(nodes.write(...given)),
      reconcile: (...given) => told(nodes.reconcile(...given)),
    },
    onWrite: () => undefined,
    onPath: () => undefined,
    tries: {
      apply: new Tries(clock, (text) => rig.onTries(`apply: ${text}`)),
      express: new Tries(clock, (text) => rig.onTries(`express: ${text}`)),
    },
    onTries: () => undefined,
    unit: () => unit,
    disturb: (list) => {
      faults = [...list];
    },
    disturbPaths: (list) => paths.disturb(list),
    away: (ms) => {
      awayUntil = clock.monotonic() + ms;
    },
    sync: () => {
      older = copied(memory.partitions);
      paths.sync();
    },
    failOver: () => {
      unit += 1;
      paths.failOver();
      memory.held = false;
      memory.partitions.clear();
      for (const [name, live] of copied(older)) memory.partitions.set(name, live);
      for (const live of memory.partitions.values()) live.key = `${live.key}-other`;
    },
    heal: () => {
      faults = [];
      awayUntil = 0;
      paths.heal();
    },
  };
  return rig;
}

function copied(
  partitions: ReadonlyMap<string, LivePartition>,
): ReadonlyMap<string, LivePartition> {
  return new Map(
    [...partitions].map(([name, live]) => [
      name,
      { ...live, servers: new Map(live.servers), nodes: new Map(live.nodes) },
    ]),
  );
}

const ERRORS: Readonly<Record<Exclude<DeclareFault, 'inner' | 'drip'>, () => DeviceError>> = {
  busy: () => new DeviceError('BIP503', 'transient', 'busy'),
  login: () => new DeviceError('BIP401', 'device', 'the login is refused'),
  timeout: () => new DeviceError('BIP502', 'ambiguous', 'no answer'),
  lost: () => new DeviceError('BIP505', 'ambiguous', 'HTML 500'),
  late: () => new DeviceError('BIP502', 'ambiguous', 'no answer'),
  slow: () => new DeviceError('BIP505', 'ambiguous', 'the script takes too long', { hint: 'slow' }),
  raced: () => new DeviceError('BIP421', 'content', 'it exists already', { hint: 'raced' }),
};

function errorOf(
  fault: Exclude<DeclareFault, 'drip'>,
  { device, partition }: { readonly device: string; readonly partition: string },
  random: () => number,
): DeviceError {
  if (fault !== 'inner') return ERRORS[fault]();
  const row = INNER[Math.floor(random() * INNER.length)]!;
  const error = faultOfResult(device, partition, row);
  if (error === undefined) throw new Error(`${row.message} is no fault`);
  return error;
}
