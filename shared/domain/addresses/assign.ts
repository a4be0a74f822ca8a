/**
 * Assigns addresses to all exposures that request an automatic one. Pure and idempotent: declared
 * assignments stay, so a repeated, replayed or late event changes nothing. An owner gets one
 * address per pool for all its gateways.
 */
import type { Exposure, Slice } from '../exposure/exposure.ts';
import { checkFence } from '../plan/fence.ts';
import { isRefusedAnew } from '../plan/refused-anew.ts';
import type { AllocationTable, DeviceAddresses } from './allocation-table.ts';
import { isAddressFree, allocate, buildAllocationTable } from './allocation-table.ts';
import type { PoolRequest } from './choose.ts';
import {
  addressBefore,
  claimedAddress,
  keptAddress,
  nextFree,
  rivalAt,
  siblingAddress,
} from './choose.ts';
import { fillInAddresses, type HeldAddress } from './fill-in.ts';
import { readAddressPool } from '../address-pools/pool.ts';
import {
  type Allocation,
  poolExhausted,
  unreadablePartitions,
  type AllocationFailure,
} from './allocation-messages.ts';
import { poolOfAutoAddress } from '../address-pools/auto-address.ts';

/** The slices of a batch and the addresses that are known on their device. */
export interface AssignInput extends DeviceAddresses {
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  /** Partitions of the device that could not be read, so their addresses are unknown. */
  readonly unreadable?: readonly string[];
}

/** An address that was newly assigned to an owner. */
export interface NewAllocation {
  /** `cluster/namespace/service`. */
  readonly owner: string;
  /** Where its exposures are to be. */
  readonly partition: string;
  /** Checked again before the declare: others may have taken it. */
  readonly address: string;
}

/**
 * The slices with their addresses. What gets none is held, so that an existing exposure is not
 * removed for it.
 */
export interface AssignedAddresses {
  /** Slices to plan: with addresses, without held exposures. */
  readonly slices: readonly Slice[];
  /** Slices to report: including held exposures. */
  readonly reported: readonly Slice[];
  readonly held: readonly HeldAddress[];
  readonly fresh: readonly NewAllocation[];
}

/** Whether a slice has an exposure without an assigned address. */
export function asksForAddress(slices: readonly Slice[]): boolean {
  return slices.some(({ exposures }) =>
    exposures.some((e) => poolOfAutoAddress(e.address) !== undefined),
  );
}

/** See decisions 22 and 23 for the rules. */
export function assignAddresses(asked: AssignInput): AssignedAddresses {
  const input = withoutRefused(asked);
  const choices = chooseAll(
    buildAllocationTable(input, input.slices),
    askersOf(input),
    input.unreadable ?? [],
  );
  const filled = input.slices.map((slice) =>
    fillInAddresses(
      slice,
      choices.filter(({ asker }) => asker.slice === slice),
    ),
  );
  return {
    slices: filled.map(({ planned }) => planned),
    reported: filled.map(({ reported }) => reported),
    held: filled.flatMap(({ held }) => held),
    fresh: choices.flatMap((one) =>
      one.kind === 'new'
        ? [{ owner: one.asker.slice.owner, partition: one.asker.partition, address: one.address }]
        : [],
    ),
  };
}

/** Exposures that are refused if new get no address. */
function withoutRefused(input: AssignInput): AssignInput {
  const states = [...input.states.values()];
  const slices = input.slices.map((slice) => {
    const exposures = slice.exposures.filter((e) => !isRefusedAnew(e, slice.owner, states));
    return exposures.length === slice.exposures.length ? slice : { ...slice, exposures };
  });
  return { ...input, slices };
}

/** The owner that got the address in the meantime; undefined if it is still free for this one. */
export function allocationTakenSince(
  known: DeviceAddresses,
  fresh: readonly NewAllocation[],
): NewAllocation | undefined {
  const book = buildAllocationTable(known, []);
  return fresh.find((one) => !isAddressFree(book, one.address, one));
}

/** The oldest first, then by name. Superseded slices are skipped. */
function askersOf({ slices, states }: AssignInput): readonly PoolRequest[] {
  const askers = slices.flatMap((slice) => {
    const wishes = slice.exposures.filter(
      (e) => poolOfAutoAddress(e.address) !== undefined && isOpen(slice, e, states),
    );
    return [...Map.groupBy(wishes, (e) => e.address)].flatMap(
      ([wish, exposures]): readonly PoolRequest[] => {
        const name = poolOfAutoAddress(wish) ?? '';
        const ranges = slice.auto?.pools[name];
        return ranges === undefined
          ? []
          : [
              {
                slice,
                pool: readAddressPool(name, ranges),
                partition: exposures[0]?.partition ?? '',
                exposures,
              },
            ];
      },
    );
  });
  const age = ({ slice, exposures, pool }: PoolRequest): string =>
    `${exposures.map((e) => e.since || '\uffff').toSorted()[0]} ${slice.owner} ${pool.name}`;
  return askers.toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
}

/** Whether the slice may be declared in the partition. A stale one gets no address. */
function isOpen(slice: Slice, { partition }: Exposure, states: DeviceAddresses['states']): boolean {
  const state = states.get(partition);
  return state !== undefined && checkFence(state, slice).kind === 'open';
}

/**
 * The first matching rule decides for an owner. Claims of all owners come before any search, so
 * that no owner gets an address that another had before the device was wiped.
 */
function chooseAll(
  book: AllocationTable,
  askers: readonly PoolRequest[],
  unreadable: readonly string[],
): readonly Allocation[] {
  const choices = new Map<PoolRequest, Allocation>();
  const offer = (choose: (asker: PoolRequest) => Allocation | undefined): void => {
    for (const asker of askers) {
      const choice = choices.has(asker) ? undefined : choose(asker);
      if (choice === undefined) continue;
      choices.set(asker, choice);
      if (choice.kind !== 'none')
        allocate(book, choice.address, { owner: asker.slice.owner, partition: asker.partition });
    }
  };
  offer((asker) => kept(asker, keptAddress(book, asker)));
  if (unreadable.length > 0)
    offer((asker) => instead(book, asker, unreadablePartitions(asker, unreadable)));
  offer((asker) => moved(book, asker, claimedAddress(book, asker)));
  offer((asker) =>
    moved(book, asker, siblingAddress(book, asker, had(choices, asker)) ?? nextFree(book, asker)),
  );
  offer((asker) => instead(book, asker, poolExhausted(asker)));
  return [...choices.values()];
}

function kept(asker: PoolRequest, address: string | undefined): Allocation | undefined {
  return address === undefined ? undefined : { kind: 'kept', asker, address };
}

/** A new address for a request that had another one; undefined if there is no address to give. */
function moved(
  book: AllocationTable,
  asker: PoolRequest,
  address: string | undefined,
): Allocation | undefined {
  return address === undefined
    ? undefined
    : { kind: 'new', asker, address, from: addressBefore(book, asker) };
}

/** A running exposure keeps its address. */
function instead(book: AllocationTable, asker: PoolRequest, unhad: AllocationFailure): Allocation {
  const address = addressBefore(book, asker);
  return address === undefined ||
    asker.exposures.every((e) => rivalAt(asker.slice, e, address) !== undefined)
    ? { kind: 'none', asker, ...unhad }
    : { kind: 'left', asker, address, because: unhad.reason };
}

/** Owners that had an address of this pool before, with the address. */
function had(
  choices: ReadonlyMap<PoolRequest, Allocation>,
  { pool }: PoolRequest,
): readonly { readonly owner: string; readonly address: string }[] {
  return [...choices.values()].flatMap((one) =>
    one.kind === 'none' || one.asker.pool.name !== pool.name
      ? []
      : [{ owner: one.asker.slice.owner, address: one.address }],
  );
}
