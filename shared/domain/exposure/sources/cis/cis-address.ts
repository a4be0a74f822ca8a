/** The virtual address of a CIS object: its own, the one that is served, or one of a pool. */
import { isAuto } from '../../../address-pools/auto-address.ts';
import { readAddress } from '../../settings/annotation-values.ts';
import { type Draft, reportLost } from './cis-draft.ts';
import { isEmpty, textOf } from './cis-object.ts';

/**
 * Without an explicit address, uses the one that BIG-IP serves now according to the status, else
 * one of the pool named by the label.
 */
export function takeAddress(
  draft: Draft,
  label: unknown,
  served: unknown,
  field = 'spec.ipamLabel',
): void {
  const live = textOf(served);
  const read = live === undefined ? undefined : readAddress(live);
  const now = read === undefined || 'problem' in read ? undefined : String(read.value);
  const pool = poolNameOf(label);
  const named = draft.wanted.virtualAddress;
  if (named !== undefined) {
    if (pool !== undefined)
      reportLost(draft, field, 'the object names its address too, which counts');
    return;
  }
  if (now !== undefined) {
    draft.wanted.virtualAddress = now;
    if (pool !== undefined)
      reportLost(
        draft,
        field,
        `${now}, which BIG-IP serves now, is kept; auto:${pool} would take one from the pool ${pool} of addressPools`,
      );
    return;
  }
  if (pool === undefined) {
    if (!isEmpty(label))
      reportLost(draft, field, 'names no pool, and BIG-IP serves no address for it');
    return;
  }
  draft.wanted.virtualAddress = `auto:${pool}`;
  reportLost(
    draft,
    field,
    `becomes auto:${pool}: give addressPools a pool ${pool} with the ranges of this label ` +
      'in F5’s IPAM controller; ' +
      'the address will be another one unless the pool has no other free',
  );
}

/** A label as the name of a pool: a DNS label. */
export function poolNameOf(label: unknown): string | undefined {
  const text = textOf(label)
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return text !== undefined && isAuto(`auto:${text}`) ? text : undefined;
}
