/** The room Ports: who has which address and port, on which device, with how many members. */
import type { VNode } from 'preact';
import { clusterOfOwner } from '../../../../shared/domain/text/owners.ts';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { commandOf } from '../logic/commands.ts';
import { hrefOf } from '../logic/place.ts';
import { Age, Badge, Copy, Empty, Name, Notice, Words } from '../parts/basic.tsx';
import { FilterBar } from '../parts/filter-bar.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { PagedTable } from '../parts/paged.tsx';
import type { Pages } from '../parts/paged.tsx';
import { Cell } from '../parts/virtual.tsx';

type Row = Answers['ports']['rows'][number];

const PAGE = 500;
const HEADS = ['exposure', 'gateways', 'device', 'members', 'owner', 'since'] as const;

/** Pages of the list under one search. */
function pagesOf(q: string): Pages<'ports', Row> {
  return {
    kind: 'ports',
    size: PAGE,
    pathOf: (page) => {
      const query = { q, limit: String(PAGE), offset: String(page * PAGE) };
      return `ports?${new URLSearchParams(query).toString()}`;
    },
    rowsOf: ({ rows }) => rows,
  };
}

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
                <a href={hrefOf('ports', `${clusterOfOwner(owner)}/${gateway}`)}>
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

/**
 * Tells an empty installation from a search without results, which may ask for a port that is
 * requested and missing.
 */
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
  const pages = pagesOf(q);
  const live = useLive('ports', pages.pathOf(0));
  const oldest = live.value?.seen.map(({ at }) => at).toSorted()[0];
  return (
    <Room
      title="Ports"
      lead="Who has which address and port."
      devices={{ seen: oldest }}
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
                <PagedTable
                  pages={pages}
                  first={rows}
                  count={total}
                  kind="ports"
                  label="Ports"
                  heads={HEADS}
                  row={(row) => <Cells row={row} />}
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
