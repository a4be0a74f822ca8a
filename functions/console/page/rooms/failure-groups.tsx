/** Failures counted by what they have in common. */
import type { VNode } from 'preact';
import type { GroupKey } from '../../../../shared/failures/filter.ts';
import type { FailureGroupRow } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { filterOfGroup, GROUP_BY, toggleBy } from '../logic/filter.ts';
import { hrefOf, withQuery } from '../logic/place.ts';
import { Age, Words } from '../parts/basic.tsx';
import { Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { Trend } from '../parts/trend.tsx';
import { RequestButton } from '../parts/request-button.tsx';
import { NoFailures } from './no-failures.tsx';

function Regroup({ by }: { readonly by: readonly GroupKey[] }): VNode {
  return (
    <nav class="states" aria-label="Count by">
      <span class="muted">Count by</span>
      {GROUP_BY.map((key) => (
        <a
          key={key}
          href={withQuery(place.value, { by: toggleBy(by, key).join(',') })}
          aria-current={by.includes(key) ? 'true' : undefined}
        >
          {key}
        </a>
      ))}
    </nav>
  );
}

/** `filter`: of this group only, if one can be written. */
interface GroupCell {
  readonly row: FailureGroupRow;
  readonly filter: string | undefined;
}

/** A link to the failures of the group; a number alone if no filter selects exactly these. */
function Count({ row, filter }: GroupCell): VNode {
  if (filter === undefined) return <b>{row.failures}</b>;
  return (
    <a href={hrefOf('failures', undefined, { filter, view: 'list' })}>
      <b>{row.failures}</b>
      <span class="unseen"> failures of {row.values.join(', ')}</span>
    </a>
  );
}

/**
 * Without a filter for exactly this group, the way leads to the list, where each failure can be
 * replayed.
 */
function Replay({ row, filter }: GroupCell): VNode {
  if (filter === undefined)
    return <a href={withQuery(place.value, { view: 'list' })}>one by one</a>;
  return (
    <RequestButton request={{ kind: 'replay', filter }}>
      Preview replay …<span class="unseen"> of {row.values.join(', ')}</span>
    </RequestButton>
  );
}

function columnsOf(filter: string, by: readonly GroupKey[]): readonly Column<FailureGroupRow>[] {
  const own = (row: FailureGroupRow): string | undefined => filterOfGroup(filter, by, row.values);
  return [
    ...by.map((key, i): Column<FailureGroupRow> => ({
      head: key,
      cell: ({ values }) => <Words text={values[i] ?? '-'} />,
    })),
    {
      head: 'failures',
      isNumber: true,
      cell: (row) => <Count row={row} filter={own(row)} />,
    },
    { head: 'last day', cell: ({ trend }) => <Trend counts={trend} /> },
    { head: 'last', cell: ({ last }) => <Age at={last} /> },
    { head: 'first', cell: ({ first }) => <Age at={first} /> },
    {
      head: 'newest message',
      cell: ({ sentence }) => (
        <span class="clamp">
          <Words text={sentence} />
        </span>
      ),
    },
    {
      head: 'do',
      role: 'operator',
      cell: (row) => <Replay row={row} filter={own(row)} />,
    },
  ];
}

/** The largest group first. */
export function GroupTable({
  filter,
  by,
}: {
  readonly filter: string;
  readonly by: readonly GroupKey[];
}): VNode {
  const query = new URLSearchParams({ filter, by: by.join(',') }).toString();
  const live = useLive('groups', `failures/groups?${query}`);
  return (
    <>
      <Regroup by={by} />
      <Shown live={live} what="the groups">
        {({ by: keys, groups }) =>
          groups.length === 0 ? (
            <NoFailures filter={filter} />
          ) : (
            <Table
              label="Groups of failures"
              rows={groups}
              keyOf={({ values }) => values.join(' ')}
              columns={columnsOf(filter, keys)}
            />
          )
        }
      </Shown>
    </>
  );
}
