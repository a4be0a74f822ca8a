import type { InnerFaults } from './as3/inner.ts';
import type { Journal } from './as3/journal.ts';
import type { Lock } from './as3/lock.ts';
import type { Stored } from './as3/stored.ts';
import type { Tasks } from './as3/tasks.ts';
import type { Tokens } from './tokens.ts';
import type { ConfigStore } from './ltm/store.ts';
import type { Ssl } from './ssl.ts';
import type { Settings, Timings } from './options.ts';
import type { Transactions } from './transaction/transactions.ts';

/** State of the device besides its configuration. */
export interface Condition {
  standby: boolean;
  as3: 'installed' | 'absent';
  /** Until then the management plane is starting: everything answers 503, then AS3 404. */
  startingUntil: number;
  /** Restart counter, so that running work notices a restart. */
  boot: number;
  stored: Stored;
  as3Settings: Readonly<Record<string, unknown>>;
  /** Partitions whose folder is in no device group, although the unit is. */
  readonly unsynced: Set<string>;
  /** What the account of `Settings` may do. */
  role: string;
  /** Health to report instead of probing: by member address, or `address:port`. */
  readonly health: Map<string, 'up' | 'down'>;
}

/** The state of one simulated BIG-IP. */
export interface Device {
  readonly settings: Settings;
  readonly timings: Timings;
  readonly store: ConfigStore;
  readonly ssl: Ssl;
  readonly lock: Lock;
  readonly tasks: Tasks;
  readonly journal: Journal;
  readonly tokens: Tokens;
  readonly transactions: Transactions;
  readonly condition: Condition;
  /** Faults of AS3's calls inside the device. */
  readonly inner: InnerFaults;
  /** Resolves early if the device is closed. */
  wait(ms: number): Promise<void>;
}
