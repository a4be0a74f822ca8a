/** Plan: what a batch of slices means for one partition, as data, before anything is done. */
import type { Exposure, ExposureResult, Member, Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import { compareVersions } from '../revision.ts';
import type { Version } from '../revision.ts';
import { settleClaim } from './claims.ts';
import type { SameFleet } from './claims.ts';
import type { Contribution, DeclaredExposure, DeclaredState, OwnerRecord } from './declared.ts';
import { declaredState, sameContent } from './declared.ts';
import { heldRemovals } from './guards.ts';
import type { Outcome } from './outcome.ts';

export type ChangeKind = 'create' | 'update' | 'delete' | 'unchanged' | 'superseded' | 'conflict' | 'held';

/** One line of a plan: what happens to one owner's part of one exposure, and why. */
export interface PlanEntry {
  readonly owner: string;
  readonly key: string;
  readonly kind: ChangeKind;
  readonly code: string;
  readonly reason: string;
  readonly gateways: readonly string[];
}

export interface Plan {
  readonly partition: string;
  readonly entries: readonly PlanEntry[];
  /** What the partition's declaration becomes. */
  readonly next: DeclaredState;
  /** Whether anything is to be posted at all, fences included. */
  readonly changed: boolean;
}

type Draft = { owners: Record<string, OwnerRecord>; exposures: Map<string, DeclaredExposure>; entries: PlanEntry[]; readonly skip: ReadonlySet<string> };

/** What the plan has to respect besides the slices. */
export interface PlanRules {
  readonly sameFleet: SameFleet;
  /** Changes to leave out (see {@link changeId}), because the device refuses them: an update keeps its last accepted content, a create stays out. */
  readonly skip?: ReadonlySet<string>;
}

/** Names one owner's change of one exposure. */
export function changeId(change: Pick<PlanEntry, 'owner' | 'key'>): string {
  return `${change.owner} ${change.key}`;
}

/** Pure: slices are the newest of each owner; those that are older than what is declared change nothing. */
export function planPartition(partition: string, declared: DeclaredState, slices: readonly Slice[], rules: PlanRules): Plan {
  const draft: Draft = { owners: { ...declared.owners }, exposures: new Map(Object.entries(declared.exposures)), entries: [], skip: rules.skip ?? new Set() };
  // Removals of every owner first: an address that one owner gives up is free for another in the same plan.
  const fresh = slices.toSorted((a, b) => (a.owner < b.owner ? -1 : 1)).filter((slice) => admit(draft, slice, partition));
  for (const slice of fresh) remove(draft, slice, partition);
  const wanted = fresh.flatMap((slice) => exposuresIn(slice, partition).map((exposure) => ({ slice, exposure })));
  for (const { slice, exposure } of wanted.toSorted((a, b) => byAge(a, b))) put(draft, slice, exposure, rules.sameFleet);
  const next = declaredState(draft.owners, [...draft.exposures.values()]);
  return { partition, entries: draft.entries, next, changed: !sameContent(next, declared) };
}

function exposuresIn(slice: Slice, partition: string): readonly Exposure[] {
  return slice.exposures.filter((e) => e.partition === partition);
}

function byAge(a: { slice: Slice; exposure: Exposure }, b: { slice: Slice; exposure: Exposure }): number {
  const [x, y] = [`${a.exposure.since} ${a.slice.owner}`, `${b.exposure.since} ${b.slice.owner}`];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The fence: only a newer slice of the cluster that owns the record goes on. */
function admit(draft: Draft, slice: Slice, partition: string): boolean {
  const known = draft.owners[slice.owner];
  // A device that never offered this ingress and is not asked to: nothing to fence.
  if (!known && !slice.devices.includes(slice.device)) return false;
  const say = (kind: ChangeKind, code: string, reason: string): void => {
    for (const e of exposuresIn(slice, partition)) draft.entries.push({ owner: slice.owner, key: exposureKey(e), kind, code, reason, gateways: e.gateways });
  };
  if (known && known.clusterUid !== slice.clusterUid) {
    say('conflict', 'OWN302', `another cluster (kube-system UID ${known.clusterUid}) used the id of ${slice.owner} before; run "sluice cluster adopt" if this one replaces it`);
    return false;
  }
  const order = known ? compareVersions(slice.version, known.version) : 1;
  // An equal version is planned again: it changes nothing where all went well, and heals what did not.
  if (order < 0) say('superseded', 'OK', `version ${formatVersion(known?.version)} is already declared, this is ${formatVersion(slice.version)}`);
  if (order < 0) return false;
  draft.owners[slice.owner] = { version: slice.version, clusterUid: slice.clusterUid, ...(slice.sender === undefined ? {} : { sender: slice.sender }) };
  return true;
}

function formatVersion(v: Version | undefined): string {
  return v ? `${v.epoch}.${v.counter} (configuration ${v.generation})` : 'none';
}

/** Takes out what the owner does not want any more, as far as its absence is proven. */
function remove(draft: Draft, slice: Slice, partition: string): void {
  const wanted = new Set(exposuresIn(slice, partition).map(exposureKey));
  const owned = [...draft.exposures.entries()].flatMap(([key, e]) => {
    const mine = e.contributions.find((c) => c.owner === slice.owner);
    return mine ? [{ key, gateways: mine.gateways }] : [];
  });
  const gone = owned.filter((o) => !wanted.has(o.key) && !draft.skip.has(changeId({ owner: slice.owner, key: o.key })));
  const held = heldRemovals(slice, gone, owned.length);
  for (const { key, gateways } of gone) {
    const base = { owner: slice.owner, key, gateways };
    const reason = held.get(key);
    if (reason) {
      draft.entries.push({ ...base, kind: 'held', ...reason });
      continue;
    }
    withdraw(draft, key, slice.owner);
    draft.entries.push({ ...base, kind: 'delete', code: 'OK', reason: slice.removed ? 'the ingress Service was deleted' : 'no gateway asks for it any more' });
  }
}

function withdraw(draft: Draft, key: string, owner: string): void {
  const exposure = draft.exposures.get(key);
  const rest = exposure?.contributions.filter((c) => c.owner !== owner) ?? [];
  if (!exposure || rest.length === 0) draft.exposures.delete(key);
  else draft.exposures.set(key, { ...exposure, contributions: rest });
}

/** Adds or changes one owner's part of an exposure, if the claim on address:port is its own. */
function put(draft: Draft, slice: Slice, wanted: Exposure, sameFleet: SameFleet): void {
  const key = exposureKey(wanted);
  const entry = (kind: ChangeKind, code: string, reason: string): void => {
    draft.entries.push({ owner: slice.owner, key, kind, code, reason, gateways: wanted.gateways });
  };
  if (draft.skip.has(changeId({ owner: slice.owner, key }))) return;
  const present = draft.exposures.get(key);
  const claim = settleClaim(present, slice.owner, sameFleet);
  if (!claim.granted) return entry('conflict', 'OWN301', claim.reason);
  const mine: Contribution = { owner: slice.owner, gateways: wanted.gateways, since: wanted.since, members: declaredMembers(wanted) };
  const others = present?.contributions.filter((c) => c.owner !== slice.owner) ?? [];
  const next: DeclaredExposure = {
    address: wanted.address,
    port: wanted.port,
    protocol: wanted.protocol,
    // Members of a fleet share one virtual server; the first that was there keeps its settings.
    settings: present && others.length > 0 ? present.settings : wanted.settings,
    contributions: [...others, mine].toSorted((a, b) => (a.owner < b.owner ? -1 : 1)),
  };
  draft.exposures.set(key, next);
  if (!present) return entry('create', 'OK', `${wanted.gateways.join(', ')} asks for it`);
  return sameContent(present, next) ? entry('unchanged', 'OK', 'declared as wanted already') : entry('update', 'OK', differences(present, next));
}

function declaredMembers({ members }: Exposure): Member[] {
  return members.filter((m) => m.availability !== 'out').toSorted((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
}

function differences(before: DeclaredExposure, after: DeclaredExposure): string {
  const changed = (Object.keys(after.settings) as (keyof DeclaredExposure['settings'])[]).filter((k) => !sameContent(before.settings[k], after.settings[k]));
  const members = sameContent(before.contributions.map((c) => c.members), after.contributions.map((c) => c.members)) ? [] : ['members'];
  const words = [...changed, ...members];
  return words.length > 0 ? `${words.join(', ')} changed` : 'its gateways changed';
}

/** A plan's line as the result that goes back to the cluster, once it was done (or not to be done). */
export function resultOf(entry: PlanEntry, outcome: Outcome | undefined): Pick<ExposureResult, 'outcome' | 'code' | 'message'> {
  if (entry.kind === 'conflict' || entry.kind === 'held' || entry.kind === 'superseded' || entry.kind === 'unchanged') {
    return { outcome: entry.kind, code: entry.code, message: entry.reason };
  }
  if (!outcome || outcome.kind === 'applied' || outcome.kind === 'unchanged') return { outcome: 'applied', code: 'OK', message: entry.reason };
  return { outcome: outcome.kind, code: 'code' in outcome ? outcome.code : 'OK', message: outcome.reason };
}
