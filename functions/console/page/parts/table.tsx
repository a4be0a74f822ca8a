/** A table of moderate length; on narrow screens each row becomes a block. */
import type { ComponentChildren, VNode } from 'preact';
import type { Role } from '../../http/rights.ts';
import { mayAct } from '../api/rights.ts';

/** A column: its heading, and what it shows of a row. */
export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly isNumber?: true;
  /** Who can do nothing with it does not see it. */
  readonly role?: Role;
}

/** `label`: what the table lists, for screen readers. */
export function Table<T>({
  label,
  rows,
  columns: all,
  keyOf,
}: {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
}): VNode {
  const columns = all.filter(({ role }) => role === undefined || mayAct(role));
  return (
    <div class="table-box">
      <table>
        <caption class="unseen">{label}</caption>
        <thead>
          <tr>
            {columns.map(({ head, isNumber }) => (
              <th key={head} scope="col" class={isNumber && 'number'}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, cell, isNumber }) => (
                <td key={head} data-name={head} class={isNumber && 'number'}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
