/** The room Ports: who has which address and port, on which device, with how many members. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { commandOf } from '../logic/commands.ts';
import { hrefOf } from '../logic/place.ts';
import { Age, Badge, Copy, Empty, Name, Notice, Words } from '../parts/basic.tsx';
import { FilterBar } from '../parts/filter-bar.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { Cell, VirtualTable } from '../parts/virtual.tsx';

type Row = Answers['ports']['rows'][number];

/** The API's own limit; more are found by a narrower search. */
const MOST = 5_000;
const ROW_HEIGHT = 44;
const HEADS = ['exposure', 'gateways', 'device', 'members', 'owner', 'since'] as const;

const clusterOf = (owner: string): string => owner.split('/')[0] ?? '';

function Members({ row: { members, draining, drained } }: { readonly row: Row }): VNode {
  return (
    <>
      {members}
      {draining > 0 && <span class="muted"> +{draining} draining</span>}{' '}
      {members === 0 && <Badge tone="bad">no member</Badge>}
      {drained !== undefined && (
        <Badge tone="warn">{drained === 'out' ? 'taken out' : 'drained'}</Badge>
      )}
    </>
  );
}

function Cells({ row }: { readonly row: Row }): VNode {
  const { exposure, gateways, device, owner, since, kept } = row;
  return (
    <>
      <Cell name="exposure">
        <a href={hrefOf('search', undefined, { q: exposure.replace(/\/\w+$/, '') })}>
          <Name text={exposure} />
        </a>
        {kept.length > 0 && <Badge tone="warn">{kept.length} kept by hand</Badge>}
      </Cell>
      <Cell name="gateways" wide>
        {gateways.length === 0
          ? '-'
          : gateways.map((gateway) => (
              <span key={gateway} class="item">
                <a href={hrefOf('ports', `${clusterOf(owner)}/${gateway}`)}>
                  <Name text={gateway} />
                </a>
              </span>
            ))}
      </Cell>
      <Cell name="device">
        <Name text={device} />
      </Cell>
      <Cell name="members">
        <Members row={row} />
      </Cell>
      <Cell name="owner">
        <Name text={owner} />
      </Cell>
      <Cell name="since">
        <Age at={since} />
      </Cell>
    </>
  );
}

/** Devices whose declaration nobody has seen yet. */
export function Unanswered({
  list,
}: {
  readonly list: Answers['ports']['unanswered'];
}): VNode | null {
  if (list.length === 0) return null;
  return (
    <Notice tone="warn">
      <ul>
        {list.map(({ device, partition, code, problem }) => (
          <li key={`${device} ${partition}`}>
            <Name text={partition === undefined ? device : `${device}, partition ${partition}`} />
            {': '}
            {code !== undefined && <b>{code} </b>}
            <Words text={problem} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function NoPorts({ declared }: { readonly declared: number }): VNode {
  return declared === 0 ? (
    <Empty icon="ports" title="No port is declared">
      Apply a Gateway in a cluster; its ports appear here within ten seconds of their declaration.
    </Empty>
  ) : (
    <Empty icon="search" title="No port matches the search">
      Take a word out of it. A port that is not here may be wanted and not there:{' '}
      <a href={hrefOf('search', undefined, { q: place.value.query['q'] ?? '' })}>ask why</a>.
    </Empty>
  );
}

/** `?q=`: each word must occur in some column. */
export function PortsRoom(): VNode {
  const q = place.value.query['q'] ?? '';
  const live = useLive(
    'ports',
    `ports?${new URLSearchParams({ q, limit: String(MOST) }).toString()}`,
  );
  const oldest = live.value?.seen.map(({ at }) => at).toSorted()[0];
  return (
    <Room
      title="Ports"
      lead="Who has which address and port."
      seen={oldest}
      actions={
        <a class="button" href={hrefOf('plan')}>
          What would manifests do?
        </a>
      }
    >
      <FilterBar
        param="q"
        label="Search in ports"
        placeholder="A word of any column: 443 team/web bigip-1"
      />
      <Shown live={live} what="the ports">
        {({ total, rows, declared, unanswered }) => (
          <>
            <Unanswered list={unanswered} />
            {total === 0 ? (
              <NoPorts declared={declared} />
            ) : (
              <>
                <p class="muted" role="status">
                  {total} of {declared} ports
                </p>
                <VirtualTable
                  kind="ports"
                  label="Ports"
                  heads={HEADS}
                  count={rows.length}
                  height={ROW_HEIGHT}
                  row={(index) => <Cells row={rows[index]!} />}
                />
              </>
            )}
          </>
        )}
      </Shown>
      <Copy text={commandOf(['sluice', 'ports'], q)} label="Copy as command" />
    </Room>
  );
}
