/** The room Failures: groups and list under one filter. */
import type { VNode } from 'preact';
import { wordsIn } from '../../../../shared/domain/text/words.ts';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { parseBy, valueOf, withTerm } from '../logic/filter.ts';
import { commandOf } from '../logic/commands.ts';
import { hrefOf, withQuery } from '../logic/place.ts';
import { totalsLine } from '../logic/totals.ts';
import { Copy } from '../parts/basic.tsx';
import { FilterBar } from '../parts/filter-bar.tsx';
import { Room } from '../parts/room.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { RequestButton } from '../parts/request-button.tsx';
import { GroupTable } from './failure-groups.tsx';
import { FailureRows } from './failure-rows.tsx';

const STATES = ['open', 'quarantined', 'archived', 'replayed', 'healed', 'all'] as const;

function States({
  filter,
  states,
}: {
  readonly filter: string;
  readonly states: Readonly<Record<string, number>> | undefined;
}): VNode {
  const shown = valueOf(filter, 'state') ?? 'open';
  return (
    <nav class="states" aria-label="State">
      {STATES.map((state) => (
        <a
          key={state}
          href={withQuery(place.value, { filter: withTerm(filter, 'state', state) })}
          aria-current={shown.split(',').includes(state) ? 'true' : undefined}
        >
          {state}
          {states?.[state] !== undefined && <span class="muted"> {states[state]}</span>}
        </a>
      ))}
    </nav>
  );
}

/** What can be done with everything that the filter selects. */
function Actions({
  filter,
  states,
}: {
  readonly filter: string;
  readonly states: Readonly<Record<string, number>> | undefined;
}): VNode {
  const state = valueOf(filter, 'state') ?? 'open';
  const words = wordsIn(filter);
  const isThere = states === undefined || (states[state] ?? 0) > 0;
  const isOpen = isThere && (state === 'open' || state === 'quarantined');
  return (
    <div class="actions">
      {isOpen && (
        <RequestButton primary request={{ kind: 'replay', filter: filter || 'state:open' }}>
          Preview replay …
        </RequestButton>
      )}
      {isOpen && (
        <RequestButton
          request={{ kind: 'archive', words: words.length === 0 ? ['state:open'] : [...words] }}
        >
          Archive …
        </RequestButton>
      )}
      {isThere && state === 'archived' && (
        <RequestButton request={{ kind: 'restore', words: [...words] }}>Reopen …</RequestButton>
      )}
      <a class="button" href={hrefOf('replay')}>
        Replay jobs
      </a>
    </div>
  );
}

/** `?filter=` and, for groups, `?by=`. */
export function FailuresRoom(): VNode {
  const { query } = place.value;
  const filter = query['filter'] ?? '';
  const isList = query['view'] === 'list';
  const status = useLive('status', 'status');
  const states = status.value?.failures;
  const to = (view: string | undefined): string => withQuery(place.value, { view });
  const command = commandOf(['sluice', 'failures', isList ? 'list' : 'groups'], filter);
  return (
    <Room
      title="Failures"
      lead={states === undefined ? undefined : totalsLine(states)}
      actions={<Actions filter={filter} states={states} />}
    >
      <FilterBar
        param="filter"
        label="Filter of failures"
        placeholder="code:BIP421 cluster:east since:2h, or words of the message"
        isTerms
      />
      <States filter={filter} states={states} />
      <Tabs
        label="Failures"
        tabs={[
          { name: 'Groups', href: to(undefined), isHere: !isList },
          { name: 'List', href: to('list'), isHere: isList },
        ]}
      />
      {isList ? (
        <FailureRows filter={filter} />
      ) : (
        <GroupTable filter={filter} by={parseBy(query['by'])} />
      )}
      <Copy text={command} label="Copy as command" />
    </Room>
  );
}
