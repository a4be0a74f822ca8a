import type { Member, Virtual } from './ltm/model.ts';

/** Open ones, and all since the start. */
export interface Connections {
  readonly current: number;
  readonly total: number;
}

/** `unchecked`: no monitor; `checking`: no verdict yet. */
export type Health = 'up' | 'down' | 'checking' | 'unchecked';

/** What one monitor found, with its reason. */
export interface MonitorResult {
  readonly monitor: string;
  readonly health: Health;
  readonly reason: string;
}

/** A member as the data path sees it. */
export interface MemberTraffic {
  readonly health: Health;
  readonly monitors: readonly MonitorResult[];
  readonly connections: Connections;
}

/** A virtual server as the data path sees it. */
export interface VirtualTraffic {
  readonly connections: Connections;
  /** Why the virtual server does not listen although it should. */
  readonly error: string | undefined;
}

/** What the data path knows and the configuration does not. */
export interface Traffic {
  member(pool: string, member: Member): MemberTraffic;
  virtual(virtual: Virtual): VirtualTraffic;
  /** The configuration, the unit's role or a told health changed. */
  refresh(): void;
  close(): Promise<void>;
}
