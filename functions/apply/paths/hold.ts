/** Holds new members that BIG-IP would not reach. */
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { contributions } from '../../../shared/domain/declared/reach.ts';
import type { Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';

/** The addresses that each owner has declared somewhere on the device. */
export function declaredByOwner(
  states: readonly DeclaredState[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  for (const { owner, members } of contributions(states)) {
    const known = all.get(owner) ?? new Set();
    for (const { address } of members) known.add(address);
    all.set(owner, known);
  }
  return all;
}

/** An exposure in which none but held members would serve keeps them. */
function withoutHeld(exposure: Exposure, held: ReadonlySet<string>): Exposure {
  const members = exposure.members.filter(({ address }) => !held.has(address));
  return members.some(({ availability }) => availability !== 'out')
    ? { ...exposure, members }
    : exposure;
}

/** The slice without new members that wait. What is declared already always stays. */
export function holdNew(slice: Slice, held: ReadonlySet<string>): Slice {
  return held.size === 0
    ? slice
    : { ...slice, exposures: slice.exposures.map((one) => withoutHeld(one, held)) };
}
