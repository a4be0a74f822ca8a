/**
 * Repairs that audit asks for: what a declare does not compare is written back here, and the rest
 * is declared again by the loop. A repair that leaves differences is reported once, and not
 * repeated while they are the same. It stands before and after the loop, not in it: a repair is
 * about a message, the loop about one of possibly several runs on a partition (decision 73).
 */
import type { Device } from '../../shared/device/device.ts';
import type { Difference } from '../../shared/device/difference.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { differenceDigest, type RepairMemory } from '../../shared/failures/repairs.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Audit } from '../../shared/queue/events.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';
import type { Preparation } from './prepare.ts';

/** A repair under way. */
export interface Repair {
  /** Partitions to declare even without changes. */
  readonly again: ReadonlySet<string>;
  /** Call after the declares. Never rejects. */
  settle(): Promise<void>;
}

/** The device to repair. The memory is read only if a repair needs it. */
export interface RepairScope {
  /** In a dry run nothing is remembered. */
  readonly runtime: Pick<Runtime, 'log' | 'dryRun'>;
  readonly device: Device;
  /** Opened only if a repair has something to remember. */
  readonly memory: () => Promise<RepairMemory>;
  /** Creates partitions that do not exist yet, which audits ask for. */
  readonly preparation: Pick<Preparation, 'create'>;
  /** As in `PartitionJob`. */
  readonly prove?: () => Promise<void>;
}

/** Writes back what a declare would not. Rejects if the device is unavailable. */
export async function startRepair(
  scope: RepairScope,
  requests: readonly Pick<Audit, 'partitions' | 'forced' | 'lift' | 'adopt'>[],
): Promise<Repair> {
  const again = new Set<string>();
  const begun: string[] = [];
  for (const [partition, forced] of askedFor(requests)) {
    const found = await lookAt(scope.device, partition);
    if (found === undefined) {
      if (!(await scope.preparation.create(scope.device, partition))) again.add(partition);
      continue;
    }
    if (!forced && found.length > 0 && (await isLeft(scope, partition, found))) continue;
    await scope.prove?.();
    const changed = await scope.device.writeBack(partition, found);
    for (const path of changed)
      scope.runtime.log.info({ device: scope.device.name, partition, path }, 'written back');
    // Gone since: as before, one declare makes sure.
    if (forced || found.length === 0 || found.some(({ heal }) => heal === 'declare'))
      again.add(partition);
    begun.push(partition);
  }
  return {
    again,
    settle: async () => {
      for (const partition of begun) await settle(scope, partition);
    },
  };
}

/** Whether to repair in any case, by partition: a person asked, or kept changes are undone. */
function askedFor(
  requests: readonly Pick<Audit, 'partitions' | 'forced' | 'lift' | 'adopt'>[],
): ReadonlyMap<string, boolean> {
  const asked = new Map<string, boolean>();
  for (const { partitions, forced = false, lift = false, adopt = [] } of requests)
    for (const partition of partitions)
      asked.set(
        partition,
        asked.get(partition) === true ||
          forced ||
          lift ||
          adopt.some((one) => one.partition === partition),
      );
  return asked;
}

/** What a repair can restore; undefined if the partition cannot be compared now. */
async function lookAt(
  device: Device,
  partition: string,
): Promise<readonly Difference[] | undefined> {
  const reading = await device.read(partition);
  if (reading.kind === 'refused' || reading.declared.lockKey === undefined) return undefined;
  return healable(device, partition, reading.declared.state);
}

/** The differences that a repair can remove; undefined if they cannot be determined now. */
async function healable(
  device: Device,
  partition: string,
  state: DeclaredState,
): Promise<readonly Difference[] | undefined> {
  try {
    return (await device.drift(partition, state)).filter(({ heal }) => heal !== 'told');
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'BIP503') return undefined;
    throw error;
  }
}

function digestOf(found: readonly Difference[]): string {
  return differenceDigest(found.map(({ path: object, message }) => ({ object, message })));
}

/** Whether an earlier repair left exactly these differences. */
async function isLeft(
  { runtime, device, memory }: RepairScope,
  partition: string,
  found: readonly Difference[],
): Promise<boolean> {
  const known = await remembered(runtime, async () =>
    (await memory()).left(device.name, partition),
  );
  if (known !== digestOf(found)) return false;
  runtime.log.debug(
    { device: device.name, partition, differences: found.length },
    'not repaired again: the last repair left the same differences',
  );
  return true;
}

/** Records what the repair left, or forgets it if nothing is left. */
async function settle(scope: RepairScope, partition: string): Promise<void> {
  const { runtime, device, memory } = scope;
  // A dry run wrote nothing.
  if (runtime.dryRun === true) return;
  await remembered(runtime, async () => {
    const left = await lookAt(device, partition);
    if (left === undefined) return;
    const [first] = left;
    if (first === undefined) return (await memory()).forget(device.name, partition);
    const { path: object, message } = first;
    runtime.log.warn(
      { device: device.name, partition, code: 'BIP457', object, message, left: left.length },
      'the repair left differences; it is not repeated while they are the same',
    );
    return (await memory()).note(device.name, partition, digestOf(left));
  });
}

/** Without the store, or the device, the repair is only repeated. */
export async function remembered<T>(
  { log }: Pick<Runtime, 'log'>,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    log.warn(
      { code: errorCode(error), error: errorMessage(error) },
      'what the last repair left is not known',
    );
    return undefined;
  }
}
