/** Each cluster on each device, with the orders that can be given about it. */
import type { VNode } from 'preact';
import type { ClusterEntry } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { mayAct } from '../api/rights.ts';
import { clusterOrders, clusterStates } from '../logic/clusters.ts';
import { hrefOf } from '../logic/place.ts';
import { Age, Badge, Copy, Empty, Name, Words } from '../parts/basic.tsx';
import { Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';
import { RequestButton } from '../parts/request-button.tsx';
import { Unanswered } from './ports.tsx';

const DEEDS = {
  drain: 'Drain',
  out: 'Take out',
  enable: 'Enable',
  forget: 'Forget',
  adopt: 'Adopt',
} as const;

/** The orders that make sense in the present state of the cluster on this device. */
function Orders({ row }: { readonly row: ClusterEntry }): VNode {
  return (
    <span class="actions">
      {clusterOrders(row).map(({ action, uid }) => (
        <RequestButton
          key={action}
          request={{
            kind: 'cluster',
            action,
            cluster: row.cluster,
            device: row.device,
            ...(uid !== undefined && { uid }),
          }}
        >
          {DEEDS[action]} …<span class="unseen"> {`${row.cluster} on ${row.device}`}</span>
        </RequestButton>
      ))}
    </span>
  );
}

/**
 * What there is to know about the cluster on this device: silent, drained with the reason, claimed
 * by another one.
 */
function State({ row }: { readonly row: ClusterEntry }): VNode {
  return (
    <>
      {clusterStates(row).map(({ tone, word }) => (
        <Badge key={word} tone={tone}>
          {word}
        </Badge>
      ))}
      {row.drain !== undefined && (
        <span class="muted">
          {' '}
          <Words text={row.drain.because} />, <Age at={row.drain.since} />
        </span>
      )}
    </>
  );
}

/** A removal or a move that waits belongs to an ingress. */
function Approve({ rows }: { readonly rows: readonly ClusterEntry[] }): VNode | null {
  const held = useLive('status', 'status').value?.held ?? [];
  const owners = [...new Set(rows.flatMap(({ heldOwners = [] }) => heldOwners))];
  if (owners.length === 0 || !mayAct('operator')) return null;
  return (
    <section class="card">
      <h2>Held until somebody approves</h2>
      <ul>
        {held.map((sentence) => (
          <li key={sentence}>
            <Words text={sentence} />
          </li>
        ))}
      </ul>
      <ul class="choices">
        {owners.map((owner) => (
          <li key={owner}>
            <Name text={owner} />
            <RequestButton request={{ kind: 'approve', owner }}>
              See what is held …<span class="unseen"> of {owner}</span>
            </RequestButton>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Rows({ rows }: { readonly rows: readonly ClusterEntry[] }): VNode {
  return (
    <Table
      label="Clusters"
      rows={rows}
      keyOf={({ cluster, device }) => `${cluster} ${device}`}
      columns={[
        {
          head: 'cluster',
          cell: ({ cluster }) => (
            <a href={hrefOf('ports', undefined, { q: `${cluster}/` })}>
              <Name text={cluster} />
            </a>
          ),
        },
        { head: 'device', cell: ({ device }) => <Name text={device} /> },
        { head: 'state', cell: (row) => <State row={row} /> },
        { head: 'ports', isNumber: true, cell: ({ exposures }) => exposures },
        { head: 'members', isNumber: true, cell: ({ members }) => members },
        { head: 'ingresses', isNumber: true, cell: ({ owners }) => owners },
        { head: 'last event', cell: ({ seen }) => <Age at={seen} none="not heard yet" /> },
        { head: 'orders', role: 'admin', cell: (row) => <Orders row={row} /> },
      ]}
    />
  );
}

/** Drained before maintenance, with nothing lost. */
export function FleetClusters(): VNode {
  const live = useLive('clusters', 'clusters');
  return (
    <>
      <Shown live={live} what="the clusters">
        {({ rows, unanswered }) => (
          <>
            <Unanswered list={unanswered} />
            {rows.length === 0 ? (
              <Empty icon="fleet" title="No cluster is known on a device">
                Add clusters and ingresses to sluice.yaml, and start a watcher in each cluster.
              </Empty>
            ) : (
              <Rows rows={rows} />
            )}
            {rows.length > 0 && !mayAct('admin') && (
              <p class="muted">To drain a cluster or take it out, the role admin is required.</p>
            )}
            <Approve rows={rows} />
          </>
        )}
      </Shown>
      <Copy text="sluice cluster list" label="Copy as command" />
    </>
  );
}
