/** An empty list of failures: whether that is good, and where the others are. */
import type { VNode } from 'preact';
import { useLive } from '../api/live.ts';
import { hrefOf } from '../logic/place.ts';
import { closedOf } from '../logic/totals.ts';
import { Empty } from '../parts/basic.tsx';

/** Without a filter, it is good news. */
export function NoFailures({ filter }: { readonly filter: string }): VNode {
  const { value } = useLive('status', 'status');
  const { closed, all } = closedOf(value?.failures ?? {});
  if (filter === '' || filter === 'state:open')
    return (
      <Empty
        title={all > 0 ? `Nothing is open: ${closed} of ${all} closed` : 'No failure is stored'}
      >
        {all > 0 ? (
          <a href={hrefOf('failures', undefined, { filter: 'state:all', view: 'list' })}>
            Show all {all}
          </a>
        ) : (
          'Events that cannot succeed without a change appear here, with the reason.'
        )}
      </Empty>
    );
  return (
    <Empty icon="search" title="No failure matches the filter">
      Take a term out of it, or <a href={hrefOf('failures')}>show all that are open</a>.
    </Empty>
  );
}
