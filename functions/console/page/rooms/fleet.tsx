/** The room Fleet: clusters and devices, drift, addresses, and what waits. */
import type { VNode } from 'preact';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { hrefOf } from '../logic/place.ts';
import { millisOf } from '../logic/times.ts';
import { Nowhere, Room } from '../parts/room.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { FleetAddresses } from './fleet-addresses.tsx';
import { FleetClusters } from './fleet-clusters.tsx';
import { FleetDevices } from './fleet-devices.tsx';
import { FleetDrift } from './fleet-drift.tsx';
import { FleetSetup } from './fleet-setup.tsx';
import { FleetWaiting } from './fleet-waiting.tsx';

/** By the last part of the address; the first one has none. */
const PARTS: readonly {
  readonly part?: string;
  readonly name: string;
  readonly Part: () => VNode;
}[] = [
  { name: 'Clusters', Part: FleetClusters },
  { part: 'devices', name: 'Devices', Part: FleetDevices },
  { part: 'drift', name: 'Drift', Part: FleetDrift },
  { part: 'addresses', name: 'Addresses', Part: FleetAddresses },
  { part: 'waiting', name: 'Waiting', Part: FleetWaiting },
  { part: 'setup', name: 'Setup', Part: FleetSetup },
];

/**
 * Numbers beside the tabs: differences found by audits, and waiting changes. None if there are
 * none.
 */
function useNotes(): Readonly<Record<string, string | undefined>> {
  const drift = useLive('drift', 'drift').value;
  const waiting = useLive('waiting', 'waiting').value;
  const found = (drift?.devices ?? []).reduce((sum, device) => sum + device.found, 0);
  const entries = waiting?.entries.length ?? 0;
  return {
    ...(found > 0 && { drift: String(found) }),
    ...(entries > 0 && { waiting: String(entries) }),
  };
}

/** `/fleet/drift` and so on. */
export function FleetRoom(): VNode {
  const { part } = place.value;
  const notes = useNotes();
  const seen = useLive('now', 'now').value?.seen;
  const here = PARTS.find((one) => one.part === part);
  if (here === undefined) return <Nowhere />;
  return (
    <Room title="Fleet" devices={{ seen: millisOf(seen) }}>
      <Tabs
        label="Fleet"
        tabs={PARTS.map((one) => ({
          name: one.name,
          href: hrefOf('fleet', one.part),
          isHere: one === here,
          note: notes[one.part ?? ''],
        }))}
      />
      <here.Part />
    </Room>
  );
}
