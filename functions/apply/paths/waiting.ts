/** Why new members of an ingress wait for their paths, in words. */
import { firstNamed } from '../../../shared/domain/text/counts.ts';
import type { Unreached } from '../../../shared/domain/paths/waiting.ts';
import type { PlacedPaths } from './begin.ts';

/** Why new members of an ingress wait; the first refusal of an entry is a dead letter. */
export interface WaitingMembers {
  /** BIP478 if no entry is at fault: then no path is known at all. */
  readonly code: string;
  /** Names the members, why there is no path, and the remedy of the code. */
  readonly reason: string;
  /** An entry was refused for the first time; then the reason also becomes a dead letter. */
  readonly isNews: boolean;
}

/** Causes that are told one by one for each code. One cause can concern each node of a cluster. */
const TOLD = 5;

/** What to do about it, in a few words; the table of codes has more. */
const REMEDIES: Readonly<Record<string, string>> = {
  BIP470: 'correct what BIG-IP names',
  BIP471: 'remove it, or correct the node or cluster that claims the network without having it',
  BIP472:
    'give each unit a self IP in the network of the node, correct clusters[].nodeNetworks, or use members: nodes',
  BIP473: 'correct the local address of the tunnel in devices[].networks.tunnels',
  BIP474: 'restore or delete the data group',
  BIP476: 'name another partition in devices[].networks.partition',
  BIP477: 'create the tunnel on each unit ("sluice network setup" prints how)',
  BIP478: 'correct what the notes about its node say',
};

/** Why one new member waits for its path. `isNews` if it was not reported yet. */
interface Cause {
  readonly address: string;
  readonly code: string;
  readonly reason: string;
  readonly isNews: boolean;
}

/**
 * Why a member has no path: the journal is closed, BIG-IP refused the entry, or there is none
 * (BIP478).
 */
function causeOf({ address, key }: Unreached, { closed, refused, news }: PlacedPaths): Cause {
  const why = closed ?? (key === undefined ? undefined : refused.get(key));
  const { code = 'BIP478', reason = 'no path to it is known' } = why ?? {};
  return { address, code, reason, isNews: key !== undefined && news.has(key) };
}

/**
 * One sentence for members that wait for the same reason. `isNews` if one of them was not reported
 * yet.
 */
function told(same: readonly Cause[], code: string, reason: string): WaitingMembers {
  const members = firstNamed(same.map(({ address }) => address).toSorted());
  const remedy = REMEDIES[code];
  const wait = 'a new member waits until there is one';
  return {
    code,
    reason: `no path to ${members}: ${reason}; ${wait}${remedy === undefined ? '' : `: ${remedy}`}`,
    isNews: same.some(({ isNews }) => isNews),
  };
}

/** One reason for the members that have it in common, and one for all above a few of one code. */
export function waitingOf(
  lacking: readonly Unreached[],
  placed: PlacedPaths,
): readonly WaitingMembers[] {
  const causes = lacking.map((one) => causeOf(one, placed));
  return [...Map.groupBy(causes, ({ code }) => code)].flatMap(([code, alike]) => {
    const byReason = [...Map.groupBy(alike, ({ reason }) => reason)];
    const rest = byReason.slice(TOLD).flatMap(([, same]) => same);
    const [first] = rest;
    return [
      ...byReason.slice(0, TOLD).map(([reason, same]) => told(same, code, reason)),
      ...(first === undefined
        ? []
        : [told(rest, code, `the same kind of fault, for instance ${first.reason}`)]),
    ];
  });
}
