/**
 * The paths of a device on virtual time. Nothing here waits for the lock of AS3: writes get lost, are
 * refused or arrive late, and another unit has older routes and records of its own.
 */
import { DeviceError } from '../../../shared/device/errors.ts';
import type { EntryWrite, PathAccess, PathUnit } from '../../../shared/device/paths.ts';
import type { Entry } from '../../../shared/domain/paths/entry.ts';
import type { PathStore } from '../../fixtures/path-store.ts';
import type { RigClock } from './clock.ts';

/** What becomes of one write of an entry. A removal is never late. */
export type PathFault = 'lost' | 'refused' | 'late';

/** A write of an entry as Sluice decided it, before the device has it. */
export interface PathDecision {
  readonly kind: 'put' | 'remove';
  readonly entry: Entry;
  readonly unit: PathUnit;
}

export interface RigPaths {
  /** As functions see them. */
  readonly paths: PathAccess;
  /** The next writes of entries have these faults. */
  disturb(faults: readonly PathFault[]): void;
  sync(): void;
  failOver(): void;
  heal(): void;
}

/** A write whose answer does not come has arrived after this. */
const LATE_MS = 40_000;

/** `decided` is called before each write of an entry, `wrote` after every write. */
export function disturbedPaths(
  store: PathStore,
  clock: RigClock,
  told: { readonly decided: (decision: PathDecision) => void; readonly wrote: () => void },
): RigPaths {
  let faults: PathFault[] = [];
  let unit = 0;
  let older = copied(store);
  const after = <T>(write: Promise<T>): Promise<T> => write.finally(told.wrote);
  const carry = async (fault: PathFault | undefined, write: () => Promise<void>): Promise<void> => {
    if (fault === 'refused')
      throw new DeviceError('BIP472', 'content', 'the gateway is in no network', {
        response: 'no',
      });
    const mine = unit;
    if (fault === 'late')
      clock.after(LATE_MS, () => {
        if (unit === mine) void write().catch(() => undefined);
      });
    else await write();
    if (fault !== undefined) throw new DeviceError('BIP502', 'ambiguous', 'no answer');
  };
  const put = (write: EntryWrite): Promise<void> => {
    told.decided({ kind: 'put', entry: write.entry, unit: write.unit });
    return after(carry(faults.shift(), () => store.put(write)));
  };
  return {
    paths: {
      read: () => store.read(),
      write: (journal) => after(store.write(journal)),
      put,
      takeOver: (write) => after(store.takeOver(write)),
      remove: (live, of) => {
        told.decided({ kind: 'remove', entry: live, unit: of });
        const fault = faults.shift() === undefined ? undefined : 'lost';
        return after(carry(fault, () => store.remove(live, of)));
      },
      clear: (journal) => after(store.clear(journal)),
      settle: () => store.settle(),
      connections: (place) => store.connections(place),
    },
    disturb: (list) => {
      faults = [...list];
    },
    sync: () => {
      older = copied(store);
    },
    failOver: () => {
      unit += 1;
      const { units, journals, peer } = store;
      // Each unit has records of its own; without a peer, the other unit has what was synchronised.
      const active = peer === 'there' ? units.peer : older.entries;
      const other = units.active;
      units.active = new Map(active);
      if (peer === 'there') units.peer = other;
      journals.clear();
      for (const [number, lines] of older.journals) journals.set(number, lines);
    },
    heal: () => {
      faults = [];
    },
  };
}

function copied({ units, journals }: PathStore): {
  readonly entries: PathStore['units']['active'];
  readonly journals: PathStore['journals'];
} {
  return { entries: new Map(units.active), journals: new Map(journals) };
}
