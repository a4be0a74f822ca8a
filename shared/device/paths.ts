/** The port to the paths of a device: routes, records of tunnels, ARP and NDP entries. */
import type { Entry } from '../domain/paths/entry.ts';
import type { Journal } from '../domain/paths/journal.ts';
import type { LiveEntry, Mark } from '../domain/paths/live.ts';

/**
 * The unit that a write is for. Routes and the journal are synchronised, so they are written to the
 * active unit only; everything else to each unit.
 */
export type PathUnit = 'active' | 'peer';

/** The paths of a device. */
export interface PathReading {
  /** Without a journal that can be read, nothing may be written or removed. */
  readonly journal: Journal | { readonly unreadable: string };
  /** Data groups that have the name of a journal, but a number that no journal has. */
  readonly strays?: readonly string[] | undefined;
  /** Routes of all partitions, and what is in the tunnels of configuration and journal. */
  readonly active: readonly LiveEntry[];
  /** What the other unit has of its own; `away`: it does not answer. Absent: there is none. */
  readonly peer?: readonly LiveEntry[] | 'away';
}

/** The entry as it is to be, and how it is on the unit. */
export interface EntryWrite {
  /** As it is to be. */
  readonly entry: Entry;
  /** Whose it is, written beside it where the device has room for that. */
  readonly mark: Mark;
  /** Absent: there is none. */
  readonly live?: LiveEntry;
  /** Routes are written on the active unit only, because the configuration is shared. */
  readonly unit: PathUnit;
}

/** A pool member of which connections are counted. */
export interface MemberPlace {
  readonly partition: string;
  /** Key of the exposure: `address:port/protocol`. */
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

/** All methods reject with a DeviceError. */
export interface PathAccess {
  read(): Promise<PathReading>;
  /**
   * Replaces the journal with that number; BIP430 if another writer was faster. Creates the
   * partition first if it does not exist; BIP476 if it holds a declaration.
   */
  write(journal: Journal): Promise<Journal>;
  /** Creates the entry, or changes where it leads without removing it. */
  put(write: EntryWrite): Promise<void>;
  /**
   * Removes the entry of somebody else, and creates ours in its place, in one step. Whatever is
   * refused, nothing changed.
   */
  takeOver(write: EntryWrite & { readonly live: LiveEntry }): Promise<void>;
  /** Resolves if the entry does not exist any more. */
  remove(live: LiveEntry, unit: PathUnit): Promise<void>;
  /**
   * Removes the journal that was read, and its partition. Resolves with the device's reason if the
   * partition stays because something else is in it; BIP430 if another writer was faster.
   */
  clear(journal: Journal): Promise<string | undefined>;
  /** Makes what was written last, and synchronises it. */
  settle(): Promise<void>;
  /** Open connections by the address of a member; empty if the exposure is not there. */
  connections(place: MemberPlace): Promise<ReadonlyMap<string, number>>;
}
