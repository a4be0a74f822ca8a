/**
 * Exposures that may stay but not be created: a later rule refuses them, and they keep running
 * where they are declared.
 */
import { CODES } from '../codes/index.ts';
import type { Exposure, Slice } from '../exposure/exposure.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import { partsOf } from './shared-exposure.ts';

/**
 * Whether the refusal applies, because the owner does not have the port: neither at that address,
 * nor at another one for the same gateway. So a declared exposure may move to another address,
 * unless the code refuses moves.
 */
export function isRefusedAnew(
  exposure: Exposure,
  owner: string,
  states: readonly DeclaredState[],
): boolean {
  return (
    exposure.refusedIfNew !== undefined && acceptedSettings(exposure, owner, states) === undefined
  );
}

/** The exposure that its owner has there now; undefined if it does not have the port. */
function acceptedSettings(
  { address, port, protocol, gateways, refusedIfNew }: Exposure,
  owner: string,
  states: readonly DeclaredState[],
): Settings | undefined {
  const mayMove = CODES[refusedIfNew?.code ?? '']?.refusesMoves !== true;
  const isThere = (there: DeclaredExposure): boolean =>
    there.port === port &&
    there.protocol === protocol &&
    there.contributions.some(
      (one) =>
        one.owner === owner &&
        (there.address === address ||
          (mayMove && one.gateways.some((name) => gateways.includes(name)))),
    );
  const found = states.flatMap(({ exposures }) => Object.values(exposures)).filter(isThere);
  const there = found.find((one) => one.address === address) ?? found[0];
  return (
    there && partsOf(there).find(({ contribution }) => contribution.owner === owner)?.requested
  );
}

/**
 * The exposures that may be declared. If a new rule refuses the requested settings, the last
 * accepted ones are used.
 */
export function acceptableExposures(
  slice: Slice,
  states: readonly DeclaredState[],
): readonly Exposure[] {
  return slice.exposures.flatMap((exposure) => {
    const asksForOther = exposure.refusedIfNew !== undefined || exposure.sourceByService === true;
    const accepted = asksForOther ? acceptedSettings(exposure, slice.owner, states) : undefined;
    if (exposure.refusedIfNew !== undefined)
      return accepted === undefined ? [] : [{ ...exposure, settings: accepted }];
    return [isHeldOpen(slice, exposure, accepted) ? withoutSource(exposure) : exposure];
  });
}

/**
 * 0.1.0 admitted all clients, whatever the Service requested. This ends when the Service or a
 * Gateway is seen to change, not with the upgrade (decision 50).
 */
export function isHeldOpen(
  slice: Pick<Slice, 'owner' | 'changes'>,
  { sourceByService, gateways }: Exposure,
  accepted: Pick<Settings, 'source'> | undefined,
): boolean {
  if (sourceByService !== true || accepted === undefined || accepted.source !== undefined)
    return false;
  const { namespace, service } = parseOwner(slice.owner).ingress;
  return !slice.changes.some(
    ({ what, kind, ...object }) =>
      what === 'updated' &&
      ((kind === 'Service' && object.namespace === namespace && object.name === service) ||
        (kind === 'Gateway' && gateways.includes(`${object.namespace}/${object.name}`))),
  );
}

/** For comparing everything but the clients that may connect. */
function withoutSource(exposure: Exposure): Exposure {
  const { source: _source, ...settings } = exposure.settings;
  return { ...exposure, settings };
}
