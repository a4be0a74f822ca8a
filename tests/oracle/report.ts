import type { Group, Known, Verdict } from './judge.ts';

/** Of one kind of cases. */
export interface Count {
  readonly compared: number;
  readonly different: number;
}

const PLACES_SHOWN = 3;

function places({ where }: Group): string {
  const more = where.length - PLACES_SHOWN;
  return `${where.slice(0, PLACES_SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function lines(groups: readonly Group[]): readonly string[] {
  return groups.map((group) => `    ${group.what}\n        in ${places(group)}`);
}

/** The counts, then every difference: unknown ones, those that are gone, known ones. */
export function report(
  theirs: string,
  counts: Readonly<Record<string, Count>>,
  { known, unknown, gone }: Verdict,
): string {
  return [
    ...Object.entries(counts).map(
      ([kind, { compared, different }]) => `${compared} ${kind} compared, ${different} differ`,
    ),
    '',
    `${unknown.length} unknown differences (the value of ${theirs}, then that of the lab):`,
    ...lines(unknown),
    `${gone.length} known differences that are gone:`,
    ...gone.map(({ what }) => `    ${what}`),
    `${known.length} known differences:`,
    ...known.flatMap((one) => [`  ${one.known.what}. ${one.known.why}`, ...lines(one.groups)]),
  ].join('\n');
}

/** The known differences as rows of Markdown, as docs/oracles.md has them. */
export function knownTable(list: readonly Known[]): string {
  const rows = list.map(({ what, why }) => `| ${what} | ${why} |`);
  return ['| difference | why it stays |', '|---|---|', ...rows].join('\n');
}
