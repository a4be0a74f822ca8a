/** One failure: BIG-IP's own words, what to do, its course, and what is there now. */
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { clusterOfOwner } from '../../../../shared/domain/text/owners.ts';
import type { Answers } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { useLive } from '../api/live.ts';
import { mayAct } from '../api/rights.ts';
import { hrefOf } from '../logic/place.ts';
import {
  Age,
  Badge,
  Block,
  Copy,
  Facts,
  GatewayLink,
  Name,
  Notice,
  Words,
} from '../parts/basic.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';
import { RequestButton } from '../parts/request-button.tsx';
import { TimeLine } from './time-line.tsx';

type Details = Answers['failure'];

const clusterOf = ({ owner }: Details['failure']): string | undefined =>
  owner === undefined ? undefined : clusterOfOwner(owner);

/**
 * What the state of the failure allows: a replay while it is open or quarantined, reopening once it
 * is archived, and sending up to three of its Gateways again.
 */
function Actions({ failure }: Pick<Details, 'failure'>): VNode {
  const { id, state, gateways, device } = failure;
  const words = [`id:${id}`, ...(state === 'open' ? [] : [`state:${state}`])];
  const cluster = clusterOf(failure);
  return (
    <div class="actions">
      {(state === 'open' || state === 'quarantined') && (
        <>
          <RequestButton primary request={{ kind: 'replay', filter: words.join(' ') }}>
            Preview replay …
          </RequestButton>
          <RequestButton request={{ kind: 'archive', words }}>Archive …</RequestButton>
        </>
      )}
      {state === 'archived' && (
        <RequestButton request={{ kind: 'restore', words: [`id:${id}`] }}>Reopen …</RequestButton>
      )}
      {cluster !== undefined &&
        gateways.slice(0, 3).map((gateway) => (
          <RequestButton
            key={gateway}
            request={{ kind: 'sync', cluster, gateway, ...(device && { device }) }}
          >
            Send {gateway} again …
          </RequestButton>
        ))}
    </div>
  );
}

/**
 * Remedy first, then BIG-IP's message, the reason if it says more than the sentence, and whom it
 * concerns.
 */
function What({ details }: { readonly details: Details }): VNode {
  const { failure, code, response, reason } = details;
  const { owner, device, partition, exposure, gateways } = failure;
  const cluster = clusterOf(failure);
  return (
    <section class="card">
      {code !== undefined && (
        <p class="remedy">
          <b>What to do</b> <Words text={code.fix} />
        </p>
      )}
      {response !== undefined && (
        <>
          <h2>BIG-IP says</h2>
          <Block text={response} />
        </>
      )}
      {reason !== failure.sentence && (
        <>
          <h2>Reason</h2>
          <p>
            <Words text={reason} />
          </p>
        </>
      )}
      <Facts
        rows={[
          ...(code ? [['Cause', <Words text={code.cause} />] as const] : []),
          [
            'Gateways',
            gateways.length === 0
              ? '-'
              : gateways.map((name) => (
                  <span key={name} class="item">
                    <GatewayLink name={name} cluster={cluster} />
                  </span>
                )),
          ],
          ['Owner', <Name text={owner ?? 'not known'} />],
          ['Exposure', <Name text={exposure ?? '-'} />],
          [
            'Device',
            <Name
              text={device ? `${device}${partition ? `, partition ${partition}` : ''}` : '-'}
            />,
          ],
          ...(failure.note ? [['Note', <Words text={failure.note} />] as const] : []),
        ]}
      />
    </section>
  );
}

/** What is declared at its exposure, or for its Gateways, now. */
function ThereNow({ now }: Pick<Details, 'now'>): VNode {
  return (
    <section class="card">
      <h2>There now</h2>
      {now.length === 0 ? (
        <p class="muted">Nothing is declared for it on a device.</p>
      ) : (
        <Table
          label="What is declared there now"
          rows={now}
          keyOf={(row) => `${row.device} ${row.partition} ${row.exposure} ${row.owner}`}
          columns={[
            { head: 'exposure', cell: ({ exposure }) => <Name text={exposure} /> },
            { head: 'device', cell: ({ device }) => <Name text={device} /> },
            { head: 'owner', cell: ({ owner }) => <Name text={owner} /> },
            { head: 'members', isNumber: true, cell: ({ members }) => members },
            { head: 'revision', cell: ({ revision }) => <Name text={revision} /> },
            { head: 'since', cell: ({ since }) => <Age at={since} /> },
          ]}
        />
      )}
    </section>
  );
}

/** What apply had planned when it failed. Nothing for failures of other functions. */
function Plan({ plan }: Pick<Details, 'plan'>): VNode | null {
  if (plan.length === 0) return null;
  return (
    <details class="card">
      <summary>
        <h2>Planned when it failed ({plan.length})</h2>
      </summary>
      <Table
        label="Plan"
        rows={plan}
        keyOf={({ owner, key, kind }) => `${owner} ${key} ${kind}`}
        columns={[
          { head: 'kind', cell: ({ kind }) => <Badge>{kind}</Badge> },
          { head: 'exposure', cell: ({ key }) => <Name text={key} /> },
          { head: 'owner', cell: ({ owner }) => <Name text={owner} /> },
          { head: 'why', cell: ({ code, reason }) => <Words text={`${code} ${reason}`.trim()} /> },
        ]}
      />
    </details>
  );
}

/** Indented JSON; other text as it is. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** The event on request: it may contain whole Kubernetes objects, so only operators may read it. */
function EventBody({ id }: { readonly id: string }): VNode | null {
  const body = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const load = async (): Promise<void> => {
    try {
      body.value = (await get('event', `failures/${id}/event`)).value?.body;
      problem.value = undefined;
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  if (!mayAct('operator')) return null;
  if (body.value !== undefined) return <Block text={pretty(body.value)} />;
  return (
    <>
      {problem.value !== undefined && <Notice tone="bad">{problem.value}</Notice>}
      <button type="button" onClick={() => void load()}>
        Show the event
      </button>
    </>
  );
}

function Event({ details: { event, failure } }: { readonly details: Details }): VNode {
  return (
    <details class="card">
      <summary>
        <h2>Event</h2>
      </summary>
      <Facts
        rows={[
          ['Queue', <Name text={`${event.queue}, group ${event.group}`} />],
          ['Id', <Name text={event.id} />],
          ['Sent', <Age at={event.sentAt} />],
          ['Received', `${event.receiveCount} times`],
          ['Sender', <Name text={`${event.sender ?? 'not known'} (${event.verification})`} />],
          ['Size', `${event.size.toLocaleString('en')} characters${event.isCut ? ', cut' : ''}`],
        ]}
      />
      <EventBody id={failure.id} />
    </details>
  );
}

/** `id`: of the failure; the first digits are enough. */
export function FailureRoom({ id }: { readonly id: string }): VNode {
  const live = useLive('failure', `failures/${encodeURIComponent(id)}`);
  const failure = live.value?.failure;
  const isOpen = failure?.state === 'open' || failure?.state === 'quarantined';
  return (
    <Room
      title={live.value?.code?.title ?? `Failure ${id}`}
      lead={
        failure && (
          <>
            <Badge tone={isOpen ? 'bad' : 'ok'}>{failure.state}</Badge> <code>{failure.code}</code>{' '}
            <Words text={failure.sentence} />
          </>
        )
      }
      actions={failure && <Actions failure={failure} />}
    >
      <p>
        <a href={hrefOf('failures')}>All failures</a>
      </p>
      <Shown live={live} what="the failure">
        {(details) => (
          <div class="two">
            <div>
              <What details={details} />
              <ThereNow now={details.now} />
              <Plan plan={details.plan} />
              <Event details={details} />
            </div>
            <div>
              <TimeLine details={details} />
              <Copy text={details.command} label="Copy as command" />
            </div>
          </div>
        )}
      </Shown>
    </Room>
  );
}
