/**
 * The device of a dry run: reads are real, writes are logged and answered as if they had succeeded.
 * Below it, `readOnlySession` blocks all writes, so that new code cannot bypass the dry run.
 */
import type { DeclaredState } from '../domain/declared/declared.ts';
import { isSameContent } from '../domain/declared/declared.ts';
import { entryInWords } from '../domain/paths/entry.ts';
import type { Logger } from '../telemetry/log.ts';
import type { PartitionReading } from './reading.ts';
import type { Device } from './device.ts';
import type { PathAccess } from './paths.ts';

/** The pretended and the real declaration of a partition. */
interface Pretence {
  /** What would be declared by now. */
  readonly state: DeclaredState;
  /** What the device declared at the last reading. */
  readonly real: DeclaredState;
  /** If it changes, another process declared, and the pretence ends. */
  readonly realKey: string | undefined;
}

/** Says in the log what would be declared. */
function outcomeOf(
  changes: ReturnType<typeof changesOf>,
  about: { readonly device: string; readonly partition: string },
  log: Logger,
): 'applied' | 'unchanged' {
  if (Object.values(changes).some((list) => list.length > 0)) {
    log.info({ ...about, ...changes }, 'dry run: would declare');
    return 'applied';
  }
  log.debug(about, 'dry run: would declare the same content with a newer version');
  return 'unchanged';
}

/** Wraps a device so that nothing is written. */
export function dryRunDevice(device: Device, log: Logger): Device {
  const real = new Map<string, Pick<Pretence, 'real' | 'realKey'>>();
  const pretences = new Map<string, Pretence>();
  // Lists every method, so that a new one does not compile until its dry run is defined.
  const dry: Required<Device> = {
    name: device.name,
    capabilities: device.capabilities,
    read: async (partition): Promise<PartitionReading> => {
      const reading = await device.read(partition);
      if (reading.kind === 'refused') return reading;
      const { state, lockKey: realKey } = reading.declared;
      real.set(partition, { real: state, realKey });
      const pretence = pretences.get(partition);
      // Another process declared in the meantime, so the pretended state is outdated.
      if (pretence === undefined || pretence.realKey !== realKey) {
        pretences.delete(partition);
        return reading;
      }
      return { kind: 'ours', declared: { state: pretence.state, lockKey: realKey ?? 'dry-run' } };
    },
    declare: (partition, next) => {
      const before = pretences.get(partition)?.state ??
        real.get(partition)?.real ?? { owners: {}, exposures: {} };
      const base = real.get(partition) ?? { real: before, realKey: undefined };
      pretences.set(partition, { state: next, ...base });
      const changes = changesOf(before, next);
      return Promise.resolve({
        outcome: outcomeOf(changes, { device: device.name, partition }, log),
      });
    },
    prepare: () => Promise.resolve(false),
    remove: async (partition) =>
      log.info({ device: device.name, partition }, 'dry run: would remove the partition'),
    verify: (partition, state) =>
      pretences.has(partition) ? Promise.resolve([]) : device.verify(partition, state),
    health: (partition, state) => device.health(partition, state),
    nodes: (partition) => device.nodes(partition),
    reconcileMembers: (partition, state) => device.reconcileMembers(partition, state),
    // Compares the live state with the real declaration.
    drift: (partition, state) => {
      const pretence = pretences.get(partition);
      if (pretence === undefined) return device.drift(partition, state);
      return pretence.realKey === undefined
        ? Promise.resolve([])
        : device.drift(partition, pretence.real);
    },
    writeBack: (partition, differences) => device.writeBack(partition, differences),
    isHeld: () => device.isHeld(),
    foreign: () => device.foreign(),
    foreignServers: () => device.foreignServers(),
    abandoned: () => device.abandoned(),
    missing: (references) => device.missing(references),
    networks: () => device.networks(),
    facts: () => device.facts(),
    paths: dryRunPaths(device, log),
    close: () => device.close(),
  };
  return dry;
}

/** Reads are real; what would be written is told once for each entry. */
function dryRunPaths({ name: device, paths }: Device, log: Logger): PathAccess {
  const told = new Set<string>();
  const tell = (what: string): Promise<void> => {
    if (!told.has(what)) log.info({ device, path: what }, 'dry run: would write');
    told.add(what);
    return Promise.resolve();
  };
  return {
    read: () => paths.read(),
    write: (journal) => Promise.resolve(journal),
    put: ({ entry, live }) => tell(`${live === undefined ? '+' : '~'} ${entryInWords(entry)}`),
    takeOver: ({ entry, live }) => tell(`~ ${entryInWords(entry)} (now ${live.name})`),
    remove: (live) => tell(`- ${entryInWords(live)}`),
    settle: () => Promise.resolve(),
    clear: async () => {
      await tell('- the journal');
      return undefined;
    },
    connections: (place) => paths.connections(place),
  };
}

/** The exposures that a declare would create, update and delete. */
function changesOf(
  before: DeclaredState,
  next: DeclaredState,
): {
  readonly create: readonly string[];
  readonly update: readonly string[];
  readonly delete: readonly string[];
} {
  const [old, now] = [before.exposures, next.exposures];
  return {
    create: Object.keys(now).filter((key) => !(key in old)),
    update: Object.keys(now).filter((key) => key in old && !isSameContent(old[key], now[key])),
    delete: Object.keys(old).filter((key) => !(key in now)),
  };
}
