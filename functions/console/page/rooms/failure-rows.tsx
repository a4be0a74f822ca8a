/** Failures that match the filter, newest first; read in pages as they come into sight. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { hrefOf } from '../logic/place.ts';
import { failureCount } from '../logic/totals.ts';
import { Age, Badge, Name, Words } from '../parts/basic.tsx';
import { Shown } from '../parts/room.tsx';
import { Cell, VirtualTable } from '../parts/virtual.tsx';
import { NoFailures } from './no-failures.tsx';

type Row = Answers['failures']['failures'][number];

/** Rows of one request. */
const PAGE = 100;
const ROW_HEIGHT = 44;
const HEADS = ['code', 'what', 'where', 'owner', 'seen', 'last'] as const;

function pathOf(filter: string, page: number): string {
  const query = { filter, limit: String(PAGE), offset: String(page * PAGE) };
  return `failures?${new URLSearchParams(query).toString()}`;
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

/** A row whose page is read when it comes into sight. */
function LaterRow({ filter, index }: { readonly filter: string; readonly index: number }): VNode {
  const page = Math.floor(index / PAGE);
  const { value } = useLive('failures', pathOf(filter, page));
  const row = value?.failures[index - page * PAGE];
  return row === undefined ? <Cell name="code">…</Cell> : <Cells row={row} />;
}

/** Only the rows in sight are in the document. */
export function FailureRows({ filter }: { readonly filter: string }): VNode {
  const live = useLive('failures', pathOf(filter, 0));
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
            <VirtualTable
              kind="failures"
              label="Failures"
              heads={HEADS}
              count={total}
              height={ROW_HEIGHT}
              row={(index) =>
                index < failures.length ? (
                  <Cells row={failures[index]!} />
                ) : (
                  <LaterRow key={Math.floor(index / PAGE)} filter={filter} index={index} />
                )
              }
            />
          </>
        )
      }
    </Shown>
  );
}
