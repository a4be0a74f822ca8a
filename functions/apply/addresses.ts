/** Chooses addresses for the slices of a device before they are planned, from what is declared and what others hold. */
import type { Device, PartitionReading } from '../../shared/bigip/device.ts';
import { DeviceError } from '../../shared/bigip/errors.ts';
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

export interface AddressJob {
  readonly device: Device;
  readonly partitions: readonly string[];
  readonly slices: readonly Slice[];
  readonly sameFleet: SameFleet;
}

export interface Addressed {
  readonly slices: readonly Slice[];
  /** What was read of each partition on the way; of use once. */
  readonly readings: ReadonlyMap<string, PartitionReading>;
  /** What others hold, where it was asked for. */
  readonly holders?: readonly AddressHolder[];
  readonly fresh: readonly NewAllocation[];
  /** Adds what is held, and the slices as they are to be told. */
  readonly tell: (results: readonly PartitionResult[]) => readonly PartitionResult[];
}

/** Asks the device for what others hold only if somebody is about to get an address. */
export async function chooseAddresses(job: AddressJob): Promise<Addressed> {
  const { device, partitions, slices, sameFleet } = job;
  if (!asksForAddress(slices))
    return { slices, readings: new Map(), fresh: [], tell: (results) => results };
  const readings = new Map<string, PartitionReading>();
  for (const partition of partitions) readings.set(partition, await device.read(partition));
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

function addressed(
  assigned: AssignedAddresses,
  readings: Addressed['readings'],
  holders: readonly AddressHolder[] | undefined,
): Addressed {
  const { slices, told, held, fresh } = assigned;
  const tell = (results: readonly PartitionResult[]): readonly PartitionResult[] =>
    results.map((result) => {
      const here = held
        .filter(({ partition }) => partition === result.partition)
        .map(({ entry }) => [changeId(entry), entry] as const);
      return { ...result, told, entries: new Map([...result.entries, ...here]) };
    });
  return { slices, readings, fresh, tell, ...(holders && { holders }) };
}

/** To be called with what was read since. Another writer may have been faster; then all comes again, and another address is chosen. */
export function assertStillFree(
  fresh: readonly NewAllocation[],
  where: { readonly device: string; readonly partition: string; readonly sameFleet: SameFleet },
  state: DeclaredState,
): void {
  const { device, partition, sameFleet } = where;
  const taken = allocationTakenSince(
    { states: new Map([[partition, state]]), holders: undefined, sameFleet },
    fresh.filter((one) => one.partition === partition),
  );
  if (taken)
    throw new DeviceError(
      'BIP430',
      'transient',
      `${device}, partition ${partition}: ${taken.address} was assigned to another owner before ${taken.owner}`,
    );
}

/** What is known already is asked for no second time; afterwards it is asked for anew. */
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
