/** Which entry of a cluster leads to a member: the one that was asked for last. */
import { compareVersions } from '../revision.ts';
import { entryKey, neighbourKind } from './entry.ts';
import type { JournalRecord } from './journal.ts';
import { routeIndex } from './live.ts';

/**
 * Finds the entries that can lead to a member, the best first. That is the newest, because another
 * source, mode or node may have replaced the others; then the one that BIG-IP takes.
 */
export function leadingTo(
  records: readonly JournalRecord[],
): (member: string) => readonly JournalRecord[] {
  const routesTo = routeIndex(records);
  const tunnelled = Map.groupBy(
    records.flatMap((record) =>
      (record.members ?? [record.at]).map((member) => ({ member, record })),
    ),
    ({ member, record }) => `${record.kind} ${member}`,
  );
  const named = (key: string): readonly JournalRecord[] =>
    (tunnelled.get(key) ?? []).map(({ record }) => record);
  return (member) =>
    [
      ...routesTo(member),
      ...named(`${neighbourKind(member)} ${member}`),
      ...named(`fdb ${member}`),
    ].toSorted((a, b) => compareVersions(b.version, a.version));
}

/** Whether the entry comes first for each of the members. */
export function isPreferred(
  { kind, at, tunnel }: Omit<JournalRecord, 'to'>,
  members: readonly string[],
  find: ReturnType<typeof leadingTo>,
): boolean {
  const key = entryKey({ kind, at, ...(tunnel !== undefined && { tunnel }) });
  return members.every((member) => {
    const [best] = find(member);
    return best === undefined || entryKey(best) === key;
  });
}
