/** Adds or changes one owner's part of an exposure, if the claim on address and port is its own and the device does not refuse it. */
import type { Exposure } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import { lostClaim } from './claims.ts';
import type { Contribution, DeclaredExposure } from './declared.ts';
import { sameContent } from './declared.ts';
import type { Draft } from './draft.ts';
import { isAllowed } from './draft.ts';
import type { PlanEntry } from './entry.ts';
import { changeId } from './entry.ts';
import { structureOf } from './fingerprint.ts';
import { heldElsewhere } from './foreign.ts';
import { inWords, keptOut } from './quarantine.ts';
import type { LosingClaim, Quarantined } from './record.ts';

/** What an owner asks for: in a slice that is being planned, or in a claim that it lost earlier. */
export interface Wish {
  readonly owner: string;
  readonly wanted: LosingClaim;
  readonly standing: boolean;
}

/** What is not declared of an exposure stays out: members that are out, and the partition, which is this one. */
export function wishOf(owner: string, { partition: _partition, ...exposure }: Exposure): Wish {
  const members = exposure.members.filter((m) => m.availability !== 'out').toSorted((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
  return { owner, wanted: { ...exposure, members }, standing: false };
}

/** The oldest first, so that the oldest of several that come together gets the address; then by name. */
export function byAge(a: Wish, b: Wish): number {
  const [x, y] = [`${a.wanted.since} ${a.owner}`, `${b.wanted.since} ${b.owner}`];
  return x < y ? -1 : x > y ? 1 : 0;
}

export function put(draft: Draft, wish: Wish): void {
  const { owner, wanted } = wish;
  const key = exposureKey(wanted);
  const record = draft.owners.get(owner);
  const present = draft.exposures.get(key);
  const conflict = lostClaim(present, owner, draft.rules.sameFleet) ?? (present ? undefined : heldElsewhere(wanted, draft.holders.get(wanted.address) ?? []));
  if (conflict) {
    record?.claims.set(key, wanted);
    if (!wish.standing) say(draft, wish, { kind: 'conflict', ...conflict });
    return;
  }
  const next = joined(present, wish);
  if (present && sameContent(present, next)) {
    forget(draft, wish);
    return say(draft, wish, { kind: 'unchanged', code: 'OK', reason: 'declared as wanted already' });
  }
  const structure = structureOf(wanted.settings);
  const refused = keptOut(draft, { owner, key }, structure);
  if (refused) return leaveOut(draft, wish, { present, refused });
  if (!isAllowed(draft, { owner, key })) return;
  draft.exposures.set(key, next);
  forget(draft, wish);
  say(draft, wish, { structure, ...(present ? update(present, next) : { kind: 'create', code: 'OK', reason: creation(draft, wish) }) });
}

type Said = Omit<PlanEntry, 'owner' | 'key' | 'gateways'>;

function say(draft: Draft, { owner, wanted }: Wish, said: Said): void {
  draft.entries.push({ owner, key: exposureKey(wanted), gateways: wanted.gateways, ...said });
}

/** What was remembered of a wish that is fulfilled. */
function forget(draft: Draft, { owner, wanted }: Wish): void {
  const record = draft.owners.get(owner);
  for (const table of [record?.quarantine, record?.claims]) table?.delete(exposureKey(wanted));
}

/** A culprit that is new stays out; one that was accepted before keeps that content, and its members go on following. */
function leaveOut(draft: Draft, wish: Wish, { present, refused }: { readonly present: DeclaredExposure | undefined; readonly refused: Quarantined }): void {
  const { owner, wanted } = wish;
  const key = exposureKey(wanted);
  draft.owners.get(owner)?.quarantine.set(key, refused);
  const mine = present?.contributions.some((c) => c.owner === owner) ?? false;
  const following = present && mine && refused.members === 'follow' ? { ...joined(present, wish), settings: present.settings } : undefined;
  if (present && following && isAllowed(draft, { owner, key }) && !sameContent(present, following)) {
    draft.exposures.set(key, following);
    say(draft, wish, { structure: refused.hash, ...update(present, following) });
  }
  say(draft, wish, { kind: 'rejected', structure: refused.hash, code: refused.code, reason: `${inWords(refused)}${mine ? '; meanwhile the last accepted content stays' : ''}` });
}

function joined(present: DeclaredExposure | undefined, { owner, wanted }: Wish): DeclaredExposure {
  const mine: Contribution = { owner, gateways: wanted.gateways, since: wanted.since, members: wanted.members };
  const others = present?.contributions.filter((c) => c.owner !== owner) ?? [];
  return {
    address: wanted.address,
    port: wanted.port,
    protocol: wanted.protocol,
    // Members of a fleet share one virtual server; the first that was there keeps its settings.
    settings: present && others.length > 0 ? present.settings : wanted.settings,
    contributions: [...others, mine].toSorted((a, b) => (a.owner < b.owner ? -1 : 1)),
  };
}

function creation(draft: Draft, { owner, wanted, standing }: Wish): string {
  const gateways = wanted.gateways.join(', ');
  const from = draft.rules.movedFrom?.get(changeId({ owner, key: exposureKey(wanted) }));
  if (from !== undefined) return `${gateways} asks for it; it moves here from partition ${from}, which cut its connections`;
  return standing ? `${gateways} waited for it, and it is free now` : `${gateways} asks for it`;
}

function update(before: DeclaredExposure, after: DeclaredExposure): Said {
  const settings = (Object.keys(after.settings) as (keyof DeclaredExposure['settings'])[]).filter((k) => !sameContent(before.settings[k], after.settings[k]));
  const members = sameContent(before.contributions.map((c) => c.members), after.contributions.map((c) => c.members)) ? [] : ['members'];
  const words = [...settings, ...members];
  return { kind: 'update', code: 'OK', reason: words.length > 0 ? `${words.join(', ')} changed` : 'its gateways changed', membersOnly: settings.length === 0 };
}
