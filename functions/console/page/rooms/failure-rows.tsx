/** Failures that match the filter, newest first; read in pages as they come into sight. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { hrefOf } from '../logic/place.ts';
import { failureCount } from '../logic/totals.ts';
import { Age, Badge, Name, Words } from '../parts/basic.tsx';
import { Shown } from '../parts/room.tsx';
import { PagedTable } from '../parts/paged.tsx';
import type { Pages } from '../parts/paged.tsx';
import { Cell } from '../parts/virtual.tsx';
import { NoFailures } from './no-failures.tsx';

type Row = Answers['failures']['failures'][number];

const PAGE = 100;
const HEADS = ['code', 'what', 'where', 'owner', 'seen', 'last'] as const;

/** Pages of the list under one filter. */
function pagesOf(filter: string): Pages<'failures', Row> {
  return {
    kind: 'failures',
    size: PAGE,
    pathOf: (page) => {
      const query = { filter, limit: String(PAGE), offset: String(page * PAGE) };
      return `failures?${new URLSearchParams(query).toString()}`;
    },
    rowsOf: ({ failures }) => failures,
  };
}

function Cells({ row }: { readonly row: Row }): VNode {
  const { id, code, sentence, device, exposure, owner, count, last, state } = row;
  return (
    <>
      <Cell name="code">
        <code>{code}</code>
        {state !== 'open' && <Badge>{state}</Badge>}
      </Cell>
      <Cell name="what" wide>
        <a href={hrefOf('failures', id)}>
          <Words text={sentence} />
        </a>
      </Cell>
      <Cell name="where">
        <Name text={[exposure, device].filter((one) => one !== undefined).join(' on ') || '-'} />
      </Cell>
      <Cell name="owner">
        <Name text={owner ?? '-'} />
      </Cell>
      <Cell name="seen">{count === 1 ? 'once' : `${count} times`}</Cell>
      <Cell name="last">
        <Age at={last} />
      </Cell>
    </>
  );
}

/** Only the rows in sight are in the document. */
export function FailureRows({ filter }: { readonly filter: string }): VNode {
  const pages = pagesOf(filter);
  const live = useLive('failures', pages.pathOf(0));
  return (
    <Shown live={live} what="the failures">
      {({ total, failures }) =>
        total === 0 ? (
          <NoFailures filter={filter} />
        ) : (
          <>
            <p class="muted" role="status">
              {failureCount(total)}, newest first
            </p>
            <PagedTable
              pages={pages}
              first={failures}
              count={total}
              kind="failures"
              label="Failures"
              heads={HEADS}
              row={(row) => <Cells row={row} />}
            />
          </>
        )
      }
    </Shown>
  );
}
