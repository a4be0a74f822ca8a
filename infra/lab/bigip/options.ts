import type { DeviceGroup } from './group.ts';
import type { CommonObjects } from './ltm/common.ts';
import type { Networks } from './net/path.ts';
import type { SavedState } from './state.ts';

/** Milliseconds; all may be changed while the device runs (see `Faults.timings`). */
export interface Timings {
  /** One tenant's declare, from reading the device to the end of its script. */
  declare: number;
  /** What each posted virtual server adds to a declare of its tenant. */
  declarePerServer: number;
  /** One write to a member or node. */
  memberWrite: number;
  /**
   * Longest time between two probes: longer intervals are scaled down to it, their timeouts with
   * them.
   */
  monitorInterval: number;
  /** AS3 gives up waiting for a script after this time, although the script goes on. */
  scriptLimit: number;
  /** A synchronous declare that takes longer is answered 202 and becomes a task. */
  syncLimit: number;
}

/** All optional; defaults are those of a new device. */
export interface BigipOptions {
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly hostname?: string;
  readonly version?: string;
  readonly as3Version?: string;
  /**
   * Whether virtual servers really listen and monitors really probe. Without it monitored members
   * count as up.
   */
  readonly dataPath?: boolean;
  readonly now?: () => number;
  readonly timings?: Partial<Timings>;
  readonly as3?: 'installed' | 'absent';
  /**
   * Members are reached only by the device's self IPs, routes and tunnels. Without it every address
   * is reached.
   */
  readonly networks?: Networks;
  /** The other units of a pair are in it too; `config-sync to-group` copies to them. */
  readonly group?: DeviceGroup;
  /** Objects in /Common that exist beside the built-in ones. */
  readonly common?: Partial<Record<keyof CommonObjects, readonly string[]>>;
  /** The mistakes of AS3 3.56 with edited members; by default as the version has them. */
  readonly defects?: boolean;
  /** What `snapshotState()` returned: a device that was switched off and on. */
  readonly state?: SavedState;
}

/** The same with defaults. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly version: string;
  readonly as3Version: string;
  readonly dataPath: boolean;
  readonly defects: boolean;
  readonly now: () => number;
  readonly networks?: Networks;
  readonly group?: DeviceGroup;
}

const TIMINGS_MS: Timings = {
  declare: 20,
  declarePerServer: 0,
  memberWrite: 2,
  monitorInterval: 1000,
  scriptLimit: 30_000,
  syncLimit: 45_000,
};

const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  username: 'admin',
  password: 'lab-bigip',
  hostname: 'bigip.lab',
  version: '17.1.1',
  as3Version: '3.56.0',
  dataPath: true,
  now: (): number => Date.now(),
};

/** Fills in defaults. */
export function settingsOf(options: BigipOptions): Settings {
  const {
    timings: _timings,
    as3: _as3,
    common: _common,
    state: _state,
    defects,
    ...given
  } = options;
  const settings = { ...DEFAULTS, ...given };
  return { ...settings, defects: defects ?? settings.as3Version.startsWith('3.56') };
}

/** Fills in defaults. */
export function timingsOf(options: BigipOptions): Timings {
  return { ...TIMINGS_MS, ...options.timings };
}
