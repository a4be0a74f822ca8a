/** What waits for devices that do not answer. */
import type { VNode } from 'preact';
import { formatCount } from '../../../../shared/domain/text/counts.ts';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { Age, Badge, Copy, Empty, Name, Since, Words } from '../parts/basic.tsx';
import { Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';
import { RequestButton } from '../parts/request-button.tsx';

type Waiting = Answers['waiting'];

/** Devices with waiting changes, with the code of the fault and since when. */
function Away({ devices }: Pick<Waiting, 'devices'>): VNode {
  return (
    <>
      {devices.map(({ device, state, since, code, reason, ingresses, orders }) => (
        <section key={device} class={`card ${state === 'here' ? '' : 'bad'}`}>
          <h2>
            <Name text={device} /> <Badge tone={state === 'here' ? 'ok' : 'bad'}>{state}</Badge>{' '}
            <span class="muted">
              <Since at={since} />
            </span>
          </h2>
          <p>
            <code>{code}</code> <Words text={reason} />
          </p>
          <p>
            Waiting: {formatCount(ingresses, 'ingress', 'ingresses')},{' '}
            {formatCount(orders, 'order')}. They are applied when it works again. Existing traffic
            is not affected.
          </p>
        </section>
      ))}
    </>
  );
}

/**
 * The waiting changes. Orders can be cancelled; slices cannot, because the next resync would bring
 * them again.
 */
function Entries({ entries }: Pick<Waiting, 'entries'>): VNode {
  return (
    <Table
      label="Waiting changes"
      rows={entries}
      keyOf={({ id }) => id}
      columns={[
        { head: 'what', cell: ({ what }) => <Words text={what} /> },
        { head: 'device', cell: ({ device }) => <Name text={device} /> },
        { head: 'of', cell: ({ subject }) => <Name text={subject} /> },
        { head: 'kind', cell: ({ kind }) => <Badge>{kind}</Badge> },
        { head: 'sent', cell: ({ sentAt }) => <Age at={sentAt} /> },
        { head: 'waits since', cell: ({ since }) => <Age at={since} /> },
        {
          head: 'do',
          role: 'operator',
          cell: ({ id, kind }) =>
            kind === 'slice' ? null : (
              <RequestButton request={{ kind: 'cancel-order', id }}>Cancel …</RequestButton>
            ),
        },
      ]}
    />
  );
}

/** They wait for any length of time, and are no failures. */
export function FleetWaiting(): VNode {
  const live = useLive('waiting', 'waiting');
  return (
    <>
      <Shown live={live} what="what waits">
        {({ devices, entries }) => (
          <>
            <Away devices={devices} />
            {entries.length > 0 && <Entries entries={entries} />}
            {devices.length + entries.length === 0 && (
              <Empty title="Nothing waits">
                Changes for a device that does not answer wait here, and are applied when it works
                again.
              </Empty>
            )}
          </>
        )}
      </Shown>
      <Copy text="sluice waiting list" label="Copy as command" />
    </>
  );
}
