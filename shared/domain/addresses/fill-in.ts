/** Inserts assigned addresses into a slice. */
import type { Exposure, Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import { compareByCodeUnits } from '../istio/object-age.ts';
import type { PlanEntry } from '../plan/plan-entry.ts';
import { rivalAt, twinAt } from './choose.ts';
import type { Allocation, AllocationFailure } from './allocation-messages.ts';
import { requestedTwice, allocationNotes } from './allocation-messages.ts';

/** The plan entry of an exposure that has no address, with its partition. */
export interface HeldAddress {
  readonly partition: string;
  readonly entry: PlanEntry;
}

/** One slice after the assignment; see {@link AssignedAddresses}. */
export interface FilledSlice {
  readonly planned: Slice;
  readonly reported: Slice;
  readonly held: readonly HeldAddress[];
}

type Fate =
  | { readonly kind: 'exposed'; readonly from: Exposure; readonly exposure: Exposure }
  /** Joined with an equal exposure of the slice. */
  | { readonly kind: 'joined'; readonly from: Exposure; readonly key: string }
  | { readonly kind: 'held'; readonly from: Exposure; readonly unhad: AllocationFailure };

/**
 * Replaces `auto(<pool>)` in exposures, keys and sources by the assigned address. Gateways with
 * equal exposures on the address are joined.
 */
export function fillInAddresses(slice: Slice, choices: readonly Allocation[]): FilledSlice {
  if (choices.length === 0) return { planned: slice, reported: slice, held: [] };
  const fates = slice.exposures.map((exposure) => fateOf(slice, exposure, choices));
  const exposed = fates.flatMap((fate) =>
    fate.kind === 'exposed' ? [withJoined(fate.exposure, fates)] : [],
  );
  const held = fates.flatMap((fate) => (fate.kind === 'held' ? [fate] : []));
  const planned = {
    ...slice,
    exposures: exposed,
    sources: renamed(slice.sources, fates),
    notes: [...slice.notes, ...choices.flatMap(allocationNotes)],
  };
  return {
    planned,
    reported: { ...planned, exposures: [...exposed, ...held.map(({ from }) => from)] },
    held: held.map(({ from, unhad }) => ({
      partition: from.partition,
      entry: entryOf(slice.owner, from, unhad),
    })),
  };
}

/** What becomes of an exposure that requests an address. */
function fateOf(slice: Slice, from: Exposure, choices: readonly Allocation[]): Fate {
  const choice = choices.find(({ asker }) => asker.exposures.includes(from));
  if (choice === undefined) return { kind: 'exposed', from, exposure: from };
  if (choice.kind === 'none') return { kind: 'held', from, unhad: choice };
  const exposure = { ...from, address: choice.address };
  const rival = rivalAt(slice, from, choice.address);
  if (rival !== undefined)
    return { kind: 'held', from, unhad: requestedTwice(exposureKey(exposure), rival.gateways) };
  return twinAt(slice.exposures, from, choice.address) === undefined
    ? { kind: 'exposed', from, exposure }
    : { kind: 'joined', from, key: exposureKey(exposure) };
}

/** The exposure with the gateways of those that join it. */
function withJoined(exposure: Exposure, fates: readonly Fate[]): Exposure {
  const joined = fates.flatMap((fate) =>
    fate.kind === 'joined' && fate.key === exposureKey(exposure) ? [fate.from] : [],
  );
  if (joined.length === 0) return exposure;
  const all = [exposure, ...joined].toSorted((a, b) => compareByCodeUnits(a.since, b.since));
  return {
    ...exposure,
    gateways: [...new Set(all.flatMap(({ gateways }) => gateways))],
    since: all[0]?.since ?? exposure.since,
  };
}

/** Keyed by the assigned addresses. */
function renamed(sources: Slice['sources'], fates: readonly Fate[]): Slice['sources'] {
  const names = new Map(
    fates.flatMap((fate) =>
      fate.kind === 'exposed'
        ? [[exposureKey(fate.from), exposureKey(fate.exposure)] as const]
        : [],
    ),
  );
  return Object.fromEntries(
    Object.entries(sources).map(([key, source]) => [names.get(key) ?? key, source]),
  );
}

/** An exposure that gets no address, as a line of the plan with its code. */
function entryOf(
  owner: string,
  { gateways, ...exposure }: Exposure,
  { code, reason }: AllocationFailure,
): PlanEntry {
  return { owner, key: exposureKey(exposure), kind: 'held', code, reason, gateways };
}
