/** The room Audit: who changed what, when, why, and with which result. */
import type { VNode } from 'preact';
import { formatCount } from '../../../../shared/domain/text/counts.ts';
import type { Answers } from '../api/answers.ts';
import { exporting, exportLog, stopExport } from '../api/exporting.ts';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { withQuery } from '../logic/place.ts';
import type { Tone } from '../logic/tones.ts';
import { At, Badge, Copy, Empty, Name, Words } from '../parts/basic.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';

type Entry = Answers['audit']['entries'][number];

/** `begun`: under way; after half an hour the console says that its end is unknown. */
function toneOf({ result }: Entry): Tone {
  if (result === 'begun' || result.startsWith('unknown: ')) return 'warn';
  return /^(failed|refused|requires)/.test(result) ? 'bad' : 'plain';
}

function Entries({ entries }: { readonly entries: readonly Entry[] }): VNode {
  return (
    <Table
      label="Audit log"
      rows={entries}
      keyOf={({ at, who, action, selection }) => `${at} ${who} ${action} ${selection}`}
      columns={[
        { head: 'when', cell: ({ at }) => <At at={at} /> },
        { head: 'who', cell: ({ who }) => <Words text={who} /> },
        { head: 'what', cell: ({ action }) => <b>{action}</b> },
        { head: 'on', cell: ({ selection }) => <Name text={selection} /> },
        { head: 'why', cell: ({ why }) => <Words text={why} /> },
        {
          head: 'result',
          cell: (entry) => (
            <Badge tone={toneOf(entry)}>
              <Words text={entry.result === 'begun' ? 'under way' : entry.result} />
            </Badge>
          ),
        },
      ]}
    />
  );
}

/** One file with all of it. */
function ExportButtons(): VNode {
  const { state, read, problem } = exporting.value;
  const count = formatCount(read.entries, 'entry', 'entries');
  return (
    <span class="look">
      {problem !== undefined && (
        <span class="bad-text" role="alert">
          {count} read. <Words text={problem} />
        </span>
      )}
      {state !== 'idle' && state !== 'failed' && (
        <span class="muted" role="status">
          {state === 'saved' ? `${count} exported` : `${count} read …`}
        </span>
      )}
      {state === 'reading' ? (
        <button type="button" onClick={stopExport}>
          Stop
        </button>
      ) : (
        <button type="button" onClick={() => void exportLog()}>
          {state === 'failed' ? 'Continue the export' : 'Export all'}
        </button>
      )}
    </span>
  );
}

/** `?before=`: an older page. */
export function AuditRoom(): VNode {
  const before = place.value.query['before'];
  const query = new URLSearchParams({ limit: '100', ...(before && { before }) });
  const live = useLive('audit', `audit?${query.toString()}`);
  return (
    <Room
      title="Audit"
      lead="Every change, with its reason and its result, newest first."
      actions={<ExportButtons />}
    >
      <Shown live={live} what="the audit log">
        {({ entries, next }) => (
          <>
            {entries.length === 0 ? (
              <Empty icon="audit" title="Nothing was changed yet">
                Replays, archived failures, orders and logins are entered here.
              </Empty>
            ) : (
              <Entries entries={entries} />
            )}
            <div class="actions">
              {before !== undefined && (
                <a class="button" href={withQuery(place.value, { before: undefined })}>
                  Newest
                </a>
              )}
              {next !== undefined && (
                <a class="button" href={withQuery(place.value, { before: next })}>
                  Older
                </a>
              )}
            </div>
          </>
        )}
      </Shown>
      <Copy text="sluice failures audit" label="Copy as command" />
    </Room>
  );
}
