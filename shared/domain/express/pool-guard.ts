/** The member guard by pool, for members that leave ahead of their slice. Pure. */
import { exposureKey } from '../exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import type { Express, ExpressReason, MemberChange } from './event.ts';
import { takesTooMany } from '../exposure/member-guard.ts';
import type { LiveNode } from './node.ts';

/**
 * What the guard judges by: all requests of a batch together, because each alone may look harmless.
 */
interface Situation {
  readonly events: readonly Pick<Express, 'owner' | 'wishes'>[];
  readonly declared: DeclaredState;
  readonly nodes: readonly LiveNode[];
}

interface Crowd {
  readonly changes: ReadonlyMap<string, MemberChange>;
  /**
   * Addresses that leave on a report of Kubernetes and are in no declared pool any more, by owner.
   */
  readonly gone: ReadonlyMap<string, number>;
  /** Nodes that accept connections now. */
  readonly up: ReadonlySet<string>;
}

/**
 * A terminating pod leaves in any case; all other reasons are reports of Kubernetes, which monitors
 * may contradict.
 */
function isGuarded(because: ExpressReason): boolean {
  return because === 'unready' || because === 'cordoned' || because === 'node-not-ready';
}

/** The requested removals that must be held: address and reason. */
export function membersThatStay(
  { events, declared, nodes }: Situation,
  candidates: readonly MemberChange[],
): ReadonlyMap<string, string> {
  const leaving = new Map(
    candidates
      .filter((change) => change.availability !== 'ready')
      .map((change) => [change.address, change]),
  );
  const stay = new Map<string, string>();
  if (leaving.size === 0) return stay;
  const crowd = crowdOf(events, declared, nodes);
  const seen = new Set<string>();
  for (const exposure of Object.values(declared.exposures)) {
    // Cached, because a thousand exposures of one ingress have the same members.
    const signature = signatureOf(exposure);
    if (seen.has(signature)) continue;
    seen.add(signature);
    const addresses = addressesOf(exposure);
    const own = [...addresses].flatMap((address) => leaving.get(address) ?? []);
    if (own.length > 0)
      for (const [address, reason] of judgePool(exposure, { addresses, own }, crowd))
        stay.set(address, reason);
  }
  return stay;
}

function addressesOf(exposure: DeclaredExposure): ReadonlySet<string> {
  return new Set(exposure.contributions.flatMap((c) => c.members.map((m) => m.address)));
}

/**
 * Equal for pools with the same members in the same state, such as those of one gateway: they are
 * judged once.
 */
function signatureOf({ contributions }: DeclaredExposure): string {
  return contributions
    .map((c) => `${c.owner} ${c.members.map((m) => `${m.address} ${m.availability}`).join(' ')}`)
    .join('\n');
}

/** The members of every pool with their present state. */
function crowdOf(
  events: Situation['events'],
  declared: DeclaredState,
  nodes: readonly LiveNode[],
): Crowd {
  const used = new Set(
    Object.values(declared.exposures).flatMap((exposure) => [...addressesOf(exposure)]),
  );
  // Beside the newest event of an owner there may be some that were sent ahead of a snapshot.
  const gone = new Map<string, number>();
  for (const { owner, wishes } of events) {
    const left = wishes.filter((change) => isGuarded(change.because) && !used.has(change.address));
    gone.set(owner, (gone.get(owner) ?? 0) + left.length);
  }
  return {
    changes: new Map(
      events.flatMap((event) => event.wishes.map((change) => [change.address, change])),
    ),
    gone,
    up: new Set(nodes.filter((node) => node.availability === 'ready').map((node) => node.address)),
  };
}

/**
 * First members that Kubernetes reports as not ready, then terminating ones, which also never empty
 * a pool before their successors are declared.
 */
function judgePool(
  exposure: DeclaredExposure,
  pool: { readonly addresses: ReadonlySet<string>; readonly own: readonly MemberChange[] },
  crowd: Crowd,
): readonly (readonly [string, string])[] {
  const { addresses, own } = pool;
  const key = exposureKey(exposure);
  const declaredReady = new Set(
    exposure.contributions.flatMap((c) =>
      c.members.filter((m) => m.availability === 'ready').map((m) => m.address),
    ),
  );
  const staying = [...declaredReady].filter(
    (address) =>
      crowd.up.has(address) && (crowd.changes.get(address)?.availability ?? 'ready') === 'ready',
  ).length;
  const doubted = [...addresses].filter((address) =>
    isGuarded(crowd.changes.get(address)?.because ?? 'back'),
  ).length;
  const before = exposure.contributions.reduce(
    (sum, { owner }) => sum + (crowd.gone.get(owner) ?? 0),
    0,
  );
  const guarded = own.filter((change) => isGuarded(change.because));
  const ending = own.filter((change) => !isGuarded(change.because));
  const tooMany = takesTooMany(doubted + before, staying);
  const held = tooMany
    ? guarded.map(
        ({ address }) =>
          [
            address,
            `all stay in the pool of ${key}: more than half of it, or its last member, would go; monitors judge`,
          ] as const,
      )
    : [];
  if (staying + held.length > 0) return held;
  return [
    ...held,
    ...ending.map(
      ({ address }) =>
        [address, `no other member takes connections in the pool of ${key} yet`] as const,
    ),
  ];
}
