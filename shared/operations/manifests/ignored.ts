/** Objects that Sluice does not look at, as lines for people. Pure. */

/** Names per line of ignored objects; the others are counted. */
const MAX_NAMED = 3;

/** Groups ignored objects by reason, because most objects of a whole cluster are irrelevant. */
export function ignoredLines(
  ignored: readonly { readonly kind: string; readonly name: string; readonly reason: string }[],
): readonly string[] {
  const groups = Map.groupBy(ignored, ({ kind, reason }) => `${kind} ${reason}`);
  return [...groups.values()].map((group) => {
    const [first] = group;
    const names = group
      .slice(0, MAX_NAMED)
      .map(({ name }) => name)
      .join(', ');
    const more = group.length > MAX_NAMED ? ` and ${group.length - MAX_NAMED} more` : '';
    return `${first?.kind ?? ''} ${names}${more}: ${first?.reason ?? ''}`;
  });
}
