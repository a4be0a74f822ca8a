/** The fence: which slices are newer than what is declared. */
import type { Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import { parseOwner } from '../ingress/snapshot.ts';
import { compareVersions } from '../revision.ts';
import type { Version } from '../revision.ts';
import type { DeclaredState } from './declared.ts';
import type { Draft } from './draft.ts';
import type { ChangeKind } from './entry.ts';

export type Fence =
  | { readonly kind: 'open' }
  /** The device never offered this ingress and is not asked to: nothing to fence. */
  | { readonly kind: 'unasked' }
  /** Another cluster owns the record. */
  | { readonly kind: 'stranger'; readonly clusterUid: string }
  | { readonly kind: 'behind'; readonly declared: Version };

/** An equal version is let through: it changes nothing where all went well, and heals what did not. */
export function judgeFence(state: Pick<DeclaredState, 'owners' | 'floors'>, slice: Pick<Slice, 'owner' | 'clusterUid' | 'version' | 'device' | 'devices'>): Fence {
  const known = state.owners[slice.owner];
  if (known && known.clusterUid !== slice.clusterUid) return { kind: 'stranger', clusterUid: known.clusterUid };
  if (known) return compareVersions(slice.version, known.version) < 0 ? { kind: 'behind', declared: known.version } : { kind: 'open' };
  if (!slice.devices.includes(slice.device)) return { kind: 'unasked' };
  // Below the floor nothing is left to heal, so that the floor itself is over too.
  const floor = state.floors?.[parseOwner(slice.owner).cluster];
  return floor && compareVersions(slice.version, floor) <= 0 ? { kind: 'behind', declared: floor } : { kind: 'open' };
}

/** Lets a slice in, or says of each of its exposures why not. */
export function admit(draft: Draft, slice: Slice): boolean {
  const fence = judgeFence(draft.declared, slice);
  const say = (kind: ChangeKind, code: string, reason: string): void => {
    for (const e of slice.exposures.filter((one) => one.partition === draft.partition)) {
      draft.entries.push({ owner: slice.owner, key: exposureKey(e), kind, code, reason, gateways: e.gateways });
    }
  };
  switch (fence.kind) {
    case 'unasked':
      return false;
    case 'stranger':
      say('conflict', 'OWN302', `another cluster (kube-system UID ${fence.clusterUid}) used the id of ${slice.owner} before; run "sluice cluster adopt" if this one replaces it`);
      return false;
    case 'behind':
      say('superseded', 'OK', `version ${inWords(fence.declared)} is already declared, this is ${inWords(slice.version)}`);
      return false;
    case 'open':
      enter(draft, slice);
      return true;
  }
}

/** The owner's record under the new version; what it does not want any more is forgotten with it. */
function enter(draft: Draft, slice: Slice): void {
  const known = draft.owners.get(slice.owner);
  const wanted = new Set(slice.exposures.filter((e) => e.partition === draft.partition).map(exposureKey));
  const leaves = slice.removed || !slice.devices.includes(slice.device);
  const declared = (key: string): boolean => draft.exposures.get(key)?.contributions.some((c) => c.owner === slice.owner) ?? false;
  draft.owners.set(slice.owner, {
    version: slice.version,
    clusterUid: slice.clusterUid,
    sender: slice.sender,
    gone: leaves ? (known?.gone ?? new Date(draft.now).toISOString()) : undefined,
    held: new Set(),
    approved: new Set([...(known?.approved ?? [])].filter((key) => !wanted.has(key) && declared(key))),
    quarantine: new Map([...(known?.quarantine ?? [])].filter(([key]) => wanted.has(key) || declared(key))),
    claims: new Map([...(known?.claims ?? [])].filter(([key]) => wanted.has(key))),
  });
}

function inWords(v: Version): string {
  return `${v.epoch}.${v.counter} (configuration ${v.generation})`;
}
