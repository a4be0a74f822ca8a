/**
 * Gives every exposure that asks for an automatic address a real one. Pure, and idempotent: what an owner has declared stays, so a
 * repeated, replayed or late event changes nothing. An owner gets one address of a pool, for all its gateways that ask for it.
 */
import type { Exposure, Slice } from '../exposure/exposure.ts';
import type { PlanEntry } from '../plan/entry.ts';
import { judgeFence } from '../plan/fence.ts';
import type { Book, Known } from './book.ts';
import { isFree, occupy, openBook } from './book.ts';
import type { Asker } from './choose.ts';
import {
  addressBefore,
  claimedAddress,
  keptAddress,
  nextFree,
  rivalAt,
  siblingAddress,
} from './choose.ts';
import { fillIn } from './fill-in.ts';
import { readPool } from './pool.ts';
import { type Choice, exhausted, inTheDark, type Unhad } from './say.ts';
import { poolOfWish } from './wish.ts';

export interface AssignInput extends Known {
  /** The newest of each owner. */
  readonly slices: readonly Slice[];
  /** Partitions of the device that could not be read: nobody knows what is taken there. */
  readonly unreadable?: readonly string[];
}

/** The address that an owner got without having had it before. */
export interface Fresh {
  readonly owner: string;
  readonly partition: string;
  readonly address: string;
}

export interface HeldWish {
  readonly partition: string;
  readonly entry: PlanEntry;
}

export interface Assigned {
  /** To be planned: with addresses, without what is held. */
  readonly slices: readonly Slice[];
  /** To be told: with what is held. */
  readonly told: readonly Slice[];
  readonly held: readonly HeldWish[];
  readonly fresh: readonly Fresh[];
}

export function hasWishes(slices: readonly Slice[]): boolean {
  return slices.some(({ exposures }) => exposures.some((e) => poolOfWish(e.address) !== undefined));
}

export function assignAddresses(input: AssignInput): Assigned {
  const choices = chooseAll(openBook(input, input.slices), askersOf(input), input.unreadable ?? []);
  const filled = input.slices.map((slice) =>
    fillIn(
      slice,
      choices.filter(({ asker }) => asker.slice === slice),
    ),
  );
  return {
    slices: filled.map(({ planned }) => planned),
    told: filled.map(({ told }) => told),
    held: filled.flatMap(({ held }) => held),
    fresh: choices.flatMap((one) =>
      one.kind === 'new'
        ? [{ owner: one.asker.slice.owner, partition: one.asker.partition, address: one.address }]
        : [],
    ),
  };
}

/** Whom somebody else gave the address to since it was chosen; undefined while it is still its own. */
export function takenSince(known: Known, fresh: readonly Fresh[]): Fresh | undefined {
  const book = openBook(known, []);
  return fresh.find((one) => !isFree(book, one.address, one));
}

/** The oldest first, then by name. What is older than what is declared gets nothing. */
function askersOf({ slices, states }: AssignInput): readonly Asker[] {
  const askers = slices.flatMap((slice) => {
    const wishes = slice.exposures.filter(
      (e) => poolOfWish(e.address) !== undefined && isOpen(slice, e, states),
    );
    return [...Map.groupBy(wishes, (e) => e.address)].flatMap(
      ([wish, exposures]): readonly Asker[] => {
        const name = poolOfWish(wish) ?? '';
        const ranges = slice.auto?.pools[name];
        return ranges === undefined
          ? []
          : [
              {
                slice,
                pool: readPool(name, ranges),
                partition: exposures[0]?.partition ?? '',
                exposures,
              },
            ];
      },
    );
  });
  const age = ({ slice, exposures, pool }: Asker): string =>
    `${exposures.map((e) => e.since || '\uffff').toSorted()[0]} ${slice.owner} ${pool.name}`;
  return askers.toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
}

function isOpen(slice: Slice, { partition }: Exposure, states: Known['states']): boolean {
  const state = states.get(partition);
  return state !== undefined && judgeFence(state, slice).kind === 'open';
}

/** What comes first decides for an owner. Claims of all come before anybody's search, so that nobody takes what another one had before a wipe. */
function chooseAll(
  book: Book,
  askers: readonly Asker[],
  unreadable: readonly string[],
): readonly Choice[] {
  const choices = new Map<Asker, Choice>();
  const offer = (choose: (asker: Asker) => Choice | undefined): void => {
    for (const asker of askers) {
      const choice = choices.has(asker) ? undefined : choose(asker);
      if (choice === undefined) continue;
      choices.set(asker, choice);
      if (choice.kind !== 'none')
        occupy(book, choice.address, { owner: asker.slice.owner, partition: asker.partition });
    }
  };
  offer((asker) => kept(asker, keptAddress(book, asker)));
  if (unreadable.length > 0) offer((asker) => instead(book, asker, inTheDark(asker, unreadable)));
  offer((asker) => moved(book, asker, claimedAddress(book, asker)));
  offer((asker) =>
    moved(book, asker, siblingAddress(book, asker, had(choices, asker)) ?? nextFree(book, asker)),
  );
  offer((asker) => instead(book, asker, exhausted(asker)));
  return [...choices.values()];
}

function kept(asker: Asker, address: string | undefined): Choice | undefined {
  return address === undefined ? undefined : { kind: 'kept', asker, address };
}

function moved(book: Book, asker: Asker, address: string | undefined): Choice | undefined {
  return address === undefined
    ? undefined
    : { kind: 'new', asker, address, from: addressBefore(book, asker) };
}

/** What runs goes on where it is. */
function instead(book: Book, asker: Asker, unhad: Unhad): Choice {
  const address = addressBefore(book, asker);
  return address === undefined ||
    asker.exposures.every((e) => rivalAt(asker.slice, e, address) !== undefined)
    ? { kind: 'none', asker, ...unhad }
    : { kind: 'left', asker, address, because: unhad.reason };
}

function had(
  choices: ReadonlyMap<Asker, Choice>,
  { pool }: Asker,
): readonly { readonly owner: string; readonly address: string }[] {
  return [...choices.values()].flatMap((one) =>
    one.kind === 'none' || one.asker.pool.name !== pool.name
      ? []
      : [{ owner: one.asker.slice.owner, address: one.address }],
  );
}
