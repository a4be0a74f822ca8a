/** Address pools on each device, and who holds which address. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { holdersOf, usedShare } from '../logic/addresses.ts';
import { commandOf } from '../logic/commands.ts';
import { Copy, Empty, Name, Words } from '../parts/basic.tsx';
import { FilterBar } from '../parts/filter-bar.tsx';
import { Shown } from '../parts/room.tsx';
import { Unanswered } from './ports.tsx';

type Pool = Answers['addresses']['pools'][number];

function PoolCard({ pool }: { readonly pool: Pool }): VNode {
  const { device, name, size, used, free, reserved, addresses } = pool;
  const words = `${used} of ${size} used, ${free} free, ${reserved} reserved`;
  return (
    <section class="card">
      <h2>
        <Name text={name} />{' '}
        <span class="muted">
          on <Words text={device} />
        </span>
      </h2>
      <div class="wide-progress">
        <span class="progress">
          <progress max={1} value={usedShare(used, size)} aria-label={words} />
          <span>{words}</span>
        </span>
      </div>
      {addresses.length > 0 && (
        <ul class="addresses">
          {addresses.map((one) => (
            <li key={one.address}>
              <Name text={one.address} />{' '}
              <span class="muted">
                <Words text={holdersOf(one)} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** `?q=`: each word must occur. */
export function FleetAddresses(): VNode {
  const q = place.value.query['q'] ?? '';
  const live = useLive('addresses', `addresses?${new URLSearchParams({ q }).toString()}`);
  return (
    <>
      <FilterBar param="q" label="Search in addresses" placeholder="An address, an owner, a pool" />
      <Shown live={live} what="the addresses">
        {({ pools, unanswered }) => (
          <>
            <Unanswered list={unanswered} />
            {pools.length === 0 && (
              <Empty icon="ports" title="No address pool is configured">
                Ingresses have fixed addresses. A pool in devices[].addressPools of sluice.yaml
                gives each Gateway one of its own.
              </Empty>
            )}
            {pools.map((pool) => (
              <PoolCard key={`${pool.device} ${pool.name}`} pool={pool} />
            ))}
          </>
        )}
      </Shown>
      <Copy text={commandOf(['sluice', 'addresses'], q)} label="Copy as command" />
    </>
  );
}
