/** A long table whose rows are read in pages as they come into sight. */
import type { ComponentChildren, VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { Cell, VirtualTable } from './virtual.tsx';

/** How a list is read. */
export interface Pages<K extends keyof Answers, R> {
  readonly kind: K;
  /** Rows of one page. */
  readonly size: number;
  /** Below `/api/v1/`. */
  readonly pathOf: (page: number) => string;
  readonly rowsOf: (answer: Answers[K]) => readonly R[];
}

interface Later<K extends keyof Answers, R> {
  readonly pages: Pages<K, R>;
  readonly index: number;
  readonly head: string;
  readonly row: (row: R) => ComponentChildren;
}

/** A row of a page that is loaded when it is scrolled into view; dots until then. */
function LaterRow<K extends keyof Answers, R>({ pages, index, head, row }: Later<K, R>): VNode {
  const page = Math.floor(index / pages.size);
  const { value, isOld } = useLive(pages.kind, pages.pathOf(page));
  // Rows of another selection would stand among those of this one.
  const found = value === undefined || isOld ? undefined : pages.rowsOf(value);
  const one = found?.[index - page * pages.size];
  return one === undefined ? <Cell name={head}>…</Cell> : <>{row(one)}</>;
}

/** Pixels, as in the style sheet: rows that were not drawn yet have this height. */
const ROW_HEIGHT = 44;

/** `first`: the rows of the first page, of `count` in all. Only those in sight are in the document. */
export function PagedTable<K extends keyof Answers, R>({
  pages,
  first,
  count,
  kind,
  label,
  heads,
  row,
}: {
  readonly pages: Pages<K, R>;
  readonly first: readonly R[];
  readonly count: number;
  /** Names the columns for the style sheet. */
  readonly kind: string;
  readonly label: string;
  readonly heads: readonly [string, ...string[]];
  readonly row: (row: R) => ComponentChildren;
}): VNode {
  return (
    <VirtualTable
      kind={kind}
      label={label}
      heads={heads}
      count={count}
      height={ROW_HEIGHT}
      row={(index) => {
        const one = first[index];
        return one === undefined ? (
          <LaterRow pages={pages} index={index} head={heads[0]} row={row} />
        ) : (
          row(one)
        );
      }}
    />
  );
}
