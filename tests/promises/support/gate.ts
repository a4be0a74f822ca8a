/**
 * Crashes a process at a chosen write, before or after it. All writes of the process pass through
 * here.
 */
import type { Device } from '../../../shared/device/device.ts';
import type { PathAccess } from '../../../shared/device/paths.ts';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import type { Queue, Queues } from '../../../shared/queue/port.ts';

export interface Gate {
  /** Whether it can crash the process at all. */
  readonly fatal: boolean;
  readonly dead: boolean;
  /** Number of writes that were made or prevented. */
  readonly writes: number;
  pass<T>(write: () => Promise<T>): Promise<T>;
  read<T>(read: () => Promise<T>): Promise<T>;
}

export class Killed extends Error {}

/** Crashes the process around its write number `at` (from 1). */
export function killAt(at: number, when: 'before' | 'after'): Gate {
  let writes = 0;
  let dead = false;
  const check = (): void => {
    if (dead) throw new Killed('the process is gone');
  };
  const die = (): never => {
    dead = true;
    throw new Killed('the process is gone');
  };
  return {
    fatal: at !== Infinity,
    get dead() {
      return dead;
    },
    get writes() {
      return writes;
    },
    pass: async (write) => {
      check();
      writes += 1;
      const mine = writes;
      if (mine === at && when === 'before') return die();
      const done = await write();
      if (mine === at) return die();
      return done;
    },
    read: async (read) => {
      check();
      const seen = await read();
      check();
      return seen;
    },
  };
}

/**
 * Pauses the process before its write number `at` until it is released; then it continues normally.
 */
export function pauseAt(at: number): Gate & { readonly paused: Promise<void>; release(): void } {
  const inner = openGate();
  const stopped = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  return {
    fatal: true,
    dead: false,
    get writes() {
      return inner.writes;
    },
    paused: stopped.promise,
    release: () => going.resolve(),
    pass: async (write) => {
      if (inner.writes + 1 === at) {
        stopped.resolve();
        await going.promise;
      }
      return inner.pass(write);
    },
    read: (read) => inner.read(read),
  };
}

export function openGate(): Gate {
  return killAt(Infinity, 'after');
}

export function gatedDevice(device: Device, gate: Gate): Device {
  return {
    ...device,
    read: (partition) => gate.read(() => device.read(partition)),
    declare: (partition, next, lockKey) =>
      gate.pass(() => device.declare(partition, next, lockKey)),
    prepare: (partition) => gate.pass(() => device.prepare(partition)),
    verify: (partition, state) => gate.read(() => device.verify(partition, state)),
    nodes: (partition) => gate.read(() => device.nodes(partition)),
    reconcileMembers: (partition, state) =>
      gate.pass(() => device.reconcileMembers(partition, state)),
    isHeld: () => gate.read(() => device.isHeld()),
    foreign: () => gate.read(() => device.foreign()),
    foreignServers: () => gate.read(() => device.foreignServers()),
    facts: () => gate.read(() => device.facts()),
    paths: gatedPaths(device.paths, gate),
  };
}

function gatedPaths(paths: PathAccess, gate: Gate): PathAccess {
  return {
    read: () => gate.read(() => paths.read()),
    write: (journal) => gate.pass(() => paths.write(journal)),
    put: (write) => gate.pass(() => paths.put(write)),
    takeOver: (write) => gate.pass(() => paths.takeOver(write)),
    remove: (live, unit) => gate.pass(() => paths.remove(live, unit)),
    clear: (journal) => gate.pass(() => paths.clear(journal)),
    settle: () => gate.pass(() => paths.settle()),
    connections: (place) => gate.read(() => paths.connections(place)),
  };
}

export function gatedQueues(queues: Queues, gate: Gate): Queues {
  const gated = (queue: Queue): Queue => ({
    ...queue,
    send: (message) => gate.pass(() => queue.send(message)),
    delete: (receipt) => gate.pass(() => queue.delete(receipt)),
    changeVisibility: (receipt, visibility) =>
      gate.pass(() => queue.changeVisibility(receipt, visibility)),
  });
  return { queue: (name) => gated(queues.queue(name)), close: () => queues.close() };
}

export function gatedBlobs(blobs: Blobs, gate: Gate): Blobs {
  return {
    ...blobs,
    put: (key, text, condition) => gate.pass(() => blobs.put(key, text, condition)),
    delete: (key) => gate.pass(() => blobs.delete(key)),
  };
}
