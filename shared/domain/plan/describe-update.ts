/** Describes the changes of an update. */
import { settingKeys, settingValue } from '../exposure/settings/compose.ts';
import type { Contribution, DeclaredExposure } from '../declared/declared.ts';
import { isSameContent } from '../declared/declared.ts';
import type { PlanEntry } from './plan-entry.ts';
import type { SharingRules } from './shared-exposure.ts';

/**
 * Kind, code and message of an update. Mentions owners that leave, and connections that the change
 * cuts. `membersOnly`: nothing else changes.
 */
export function describeUpdate(
  before: DeclaredExposure,
  after: DeclaredExposure,
  rules: Pick<SharingRules, 'shareNodes'>,
): Pick<PlanEntry, 'kind' | 'code' | 'reason' | 'membersOnly'> {
  const settings = settingKeys(after.settings).filter(
    (key) => !isSameContent(settingValue(before.settings, key), settingValue(after.settings, key)),
  );
  const words = [...settings, ...placing(before, after), ...membersOf(before, after)];
  const said = words.length > 0 ? `${words.join(', ')} changed` : other(before, after);
  return {
    kind: 'update',
    code: 'OK',
    reason: [said, ...partings(before, after), ...interruptions(before, after, rules)].join('; '),
    membersOnly: settings.length === 0,
  };
}

/** What changed of the place in the fleet: minimumActive, order of preference, ratio. */
function placing(before: DeclaredExposure, after: DeclaredExposure): readonly string[] {
  const differs = (of: (e: DeclaredExposure) => unknown): boolean =>
    !isSameContent(of(before), of(after));
  return [
    ...(differs((e) => e.minimumActive) ? ['minimumActive'] : []),
    ...(pairs(before, after).some(([a, b]) => a.priority !== b.priority)
      ? ['order of preference']
      : []),
    ...(pairs(before, after).some(([a, b]) => a.weight !== b.weight) ? ['ratio'] : []),
  ];
}

/** `members` if any contribution has other members. */
function membersOf(before: DeclaredExposure, after: DeclaredExposure): readonly string[] {
  return isSameContent(
    before.contributions.map((c) => c.members),
    after.contributions.map((c) => c.members),
  )
    ? []
    : ['members'];
}

/** Changes without effect on the device. */
function other(before: DeclaredExposure, after: DeclaredExposure): string {
  const requests = (e: DeclaredExposure): unknown => e.contributions.map((c) => c.wish);
  return isSameContent(requests(before), requests(after))
    ? 'its gateways changed'
    : 'its requested settings changed, and are remembered';
}

/** The contributions of owners that have one before and after. */
function pairs(
  before: DeclaredExposure,
  after: DeclaredExposure,
): readonly (readonly [Contribution, Contribution])[] {
  return before.contributions.flatMap((a) => {
    const b = after.contributions.find((c) => c.owner === a.owner);
    return b ? [[a, b] as const] : [];
  });
}

/** Owners that lose their part without having released it. */
function partings(before: DeclaredExposure, after: DeclaredExposure): readonly string[] {
  const gone = before.contributions
    .filter((a) => !after.contributions.some((b) => b.owner === a.owner))
    .map((c) => c.owner);
  return gone.length === 0
    ? []
    : [`${gone.join(', ')} may no longer share it, because the fleets changed, and waits for it`];
}

/**
 * AS3 changes an attribute of a member by deleting and re-adding it, outside the transaction
 * (as3.md §9.3, 6).
 */
function interruptions(
  before: DeclaredExposure,
  after: DeclaredExposure,
  { shareNodes }: Pick<SharingRules, 'shareNodes'>,
): readonly string[] {
  const edited = pairs(before, after).filter(
    ([a, b]) =>
      a.members.length > 0 && (a.priority !== b.priority || (shareNodes && a.weight !== b.weight)),
  );
  return edited.length === 0
    ? []
    : [
        'the change deletes and re-adds the members of ' +
          `${edited.map(([a]) => a.owner).join(', ')}, which cuts their connections`,
      ];
}
