/**
 * Chooses addresses for the slices of a device before planning, from the declared state and foreign
 * holders.
 */
import type { PartitionReading } from '../../shared/device/reading.ts';
import type { Device } from '../../shared/device/device.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { AssignedAddresses, NewAllocation } from '../../shared/domain/addresses/assign.ts';
import {
  assignAddresses,
  asksForAddress,
  allocationTakenSince,
} from '../../shared/domain/addresses/assign.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { changeId } from '../../shared/domain/plan/plan-entry.ts';
import type { SameFleet } from '../../shared/domain/plan/fleet.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { AddressHolder } from '../../shared/domain/plan/foreign.ts';
import type { PartitionResult } from './job.ts';

/** Input for choosing the addresses of one device's slices. */
export interface AddressJob {
  readonly device: Device;
  /** All partitions of the device that the configuration names, in order. */
  readonly partitions: readonly string[];
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  /** Whether two owners are in one fleet, and so may share an address. */
  readonly sameFleet: SameFleet;
  /** Readings that were made just before; valid for one use. */
  readonly readings?: ReadonlyMap<string, PartitionReading>;
}

/** Slices with addresses, and the readings used for them. */
export interface Addressed {
  readonly slices: readonly Slice[];
  /** Readings of each partition made on the way; valid for one use. */
  readonly readings: ReadonlyMap<string, PartitionReading>;
  /** Foreign holders, if they were read. */
  readonly holders?: readonly AddressHolder[];
  readonly fresh: readonly NewAllocation[];
  /** Adds held exposures, and the slices as they are to be reported. */
  readonly tell: (results: readonly PartitionResult[]) => readonly PartitionResult[];
}

/** Reads foreign holders from the device only if an exposure is about to get a new address. */
export async function chooseAddresses(job: AddressJob): Promise<Addressed> {
  const { device, partitions, slices, sameFleet, readings: known = new Map() } = job;
  if (!asksForAddress(slices))
    return { slices, readings: known, fresh: [], tell: (results) => results };
  const readings = new Map<string, PartitionReading>();
  for (const partition of partitions)
    readings.set(partition, known.get(partition) ?? (await device.read(partition)));
  const states = new Map(
    [...readings].flatMap(([partition, reading]) =>
      reading.kind === 'ours' ? [[partition, reading.declared.state] as const] : [],
    ),
  );
  const unreadable = partitions.filter((partition) => !states.has(partition));
  const first = assignAddresses({ slices, states, unreadable, holders: undefined, sameFleet });
  if (first.fresh.length === 0) return addressed(first, readings, undefined);
  const holders = await device.foreign();
  return addressed(
    assignAddresses({ slices, states, unreadable, holders, sameFleet }),
    readings,
    holders,
  );
}

/** The slices with their assigned addresses, and what is reported about them. */
function addressed(
  assigned: AssignedAddresses,
  readings: Addressed['readings'],
  holders: readonly AddressHolder[] | undefined,
): Addressed {
  const { slices, reported, held, fresh } = assigned;
  const tell = (results: readonly PartitionResult[]): readonly PartitionResult[] =>
    results.map((result) => {
      const here = held
        .filter(({ partition }) => partition === result.partition)
        .map(({ entry }) => [changeId(entry), entry] as const);
      return { ...result, told: reported, entries: new Map([...result.entries, ...here]) };
    });
  return { slices, readings, fresh, tell, ...(holders && { holders }) };
}

/**
 * The error if another writer was faster, so that everything is retried with another address.
 * `fresh`: of all partitions, because an address is in one only. `state`: read after the addresses
 * were chosen.
 */
export function takenSince(
  where: {
    readonly device: string;
    readonly partition: string;
    readonly sameFleet: SameFleet;
    readonly fresh?: readonly NewAllocation[];
  },
  state: DeclaredState,
): DeviceError | undefined {
  const { device, partition, sameFleet, fresh = [] } = where;
  const taken = allocationTakenSince(
    { states: new Map([[partition, state]]), holders: undefined, sameFleet },
    fresh,
  );
  return (
    taken &&
    new DeviceError(
      'BIP430',
      'transient',
      `${device}, partition ${partition}: ${taken.address} was assigned to another owner before ${taken.owner}`,
    )
  );
}

/** Uses each known reading once, then reads again. */
export function knownOnce(
  holders: readonly AddressHolder[] | undefined,
  ask: () => Promise<readonly AddressHolder[]>,
): () => Promise<readonly AddressHolder[]> {
  let known = holders;
  return async () => {
    const now = known ?? (await ask());
    known = undefined;
    return now;
  };
}
