/** The answer of the search: the ways that match, broken ones first. */
import type { VNode } from 'preact';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { formatCount } from '../../../../shared/domain/text/counts.ts';
import { hrefOf } from '../logic/place.ts';
import { ChainCard } from '../parts/chain.tsx';
import { Empty, Name } from '../parts/basic.tsx';
import { LookAgain, Room, Shown } from '../parts/room.tsx';

function Nothing({ q }: { readonly q: string }): VNode {
  return (
    <Empty icon="search" title="Nothing is known by this name">
      The newest snapshots name no such Gateway, port, address or host. Check the spelling, and
      whether the cluster sends snapshots, in <a href={hrefOf('fleet')}>Fleet</a>; or look for{' '}
      <a href={hrefOf('failures', undefined, { filter: `state:all ${q}`, view: 'list' })}>
        failures with these words
      </a>
      .
    </Empty>
  );
}

function Ways({ q }: { readonly q: string }): VNode {
  const live = useLive('search', `search?${new URLSearchParams({ q }).toString()}`);
  return (
    <Shown live={live} what="the way">
      {({ total, chains }) => (
        <>
          {total === 0 && <Nothing q={q} />}
          {chains.map((chain) => (
            <ChainCard
              key={`${chain.cluster} ${chain.gateway} ${chain.server} ${chain.port}`}
              chain={chain}
            />
          ))}
          {total > chains.length && (
            <p class="muted">
              {formatCount(total - chains.length, 'more way')}; narrow the search to see them.
            </p>
          )}
        </>
      )}
    </Shown>
  );
}

/** `?q=`: a Gateway, a port, an address with a port, or a host. */
export function SearchRoom(): VNode {
  const q = place.value.query['q'] ?? '';
  return (
    <Room
      title={q === '' ? 'Search' : <Name text={q} />}
      lead="From the Gateway to the members; the first broken link is open."
      actions={<LookAgain />}
    >
      {q === '' ? (
        <Empty icon="search" title="Search for a port">
          Type a Gateway (team/web), a port (32400), an address with a port (172.16.100.195:443) or
          a host.
        </Empty>
      ) : (
        <Ways key={q} q={q} />
      )}
    </Room>
  );
}
