/** A property in which the lab differs from the part that it pretends to be. */
export interface Difference {
  /** The property and both values, without names of one case. */
  readonly what: string;
  /** The case, the step in it and the object. */
  readonly where: string;
}

/** A difference that stays, and the reason. */
export interface Known {
  /** In words, for docs/oracles.md. */
  readonly what: string;
  readonly why: string;
  /** Of `Difference.what`. */
  readonly shows: RegExp;
  /** Of `Difference.where`; everywhere if it is not given. */
  readonly within?: RegExp;
}

/** Differences that are the same in several places. */
export interface Group {
  readonly what: string;
  readonly where: readonly string[];
}

export interface Verdict {
  readonly known: readonly { readonly known: Known; readonly groups: readonly Group[] }[];
  readonly unknown: readonly Group[];
  /** Known differences that no case showed. */
  readonly gone: readonly Known[];
}

/** A difference that several known ones describe counts for the first of them. */
export function judge(found: readonly Difference[], list: readonly Known[]): Verdict {
  const byKnown = Map.groupBy(found, ({ what, where }) =>
    list.find(({ shows, within }) => shows.test(what) && (within?.test(where) ?? true)),
  );
  return {
    known: list.flatMap((known) => {
      const groups = grouped(byKnown.get(known));
      return groups.length === 0 ? [] : [{ known, groups }];
    }),
    unknown: grouped(byKnown.get(undefined)),
    gone: list.filter((known) => !byKnown.has(known)),
  };
}

function grouped(found: readonly Difference[] = []): readonly Group[] {
  return [...Map.groupBy(found, ({ what }) => what)].map(([what, same]) => ({
    what,
    where: same.map(({ where }) => where),
  }));
}

/** Whether the lab is as docs/oracles.md says. */
export function isAsKnown({ unknown, gone }: Verdict): boolean {
  return unknown.length === 0 && gone.length === 0;
}
