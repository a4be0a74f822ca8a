/**
 * The port to one device: the pipeline reads the declared state, declares a new one, verifies it
 * and keeps the nodes; the audit compares what is there.
 */
import type { DeviceConfig } from '../config/schema.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import type { LiveNode } from '../domain/express/node.ts';
import type { AddressHolder } from '../domain/plan/foreign.ts';
import type { Capabilities } from './capabilities.ts';
import type { Difference } from './difference.ts';
import type { ForeignServer } from './foreign-server.ts';
import type { NetworkFacts } from './network-facts.ts';
import type { PathAccess } from './paths.ts';
import type { PartitionReading } from './reading.ts';
import type { MissingReference, Reference } from './references.ts';

/** Members of pools as the device's monitors see them. */
export interface MemberHealth {
  /** Key of the exposure: `address:port/protocol`. */
  readonly exposure: string;
  /** As declared, with the route domain. */
  readonly address: string;
  readonly port: number;
  /** `unknown`: not monitored, not probed yet, or taken out by somebody. */
  readonly state: 'up' | 'down' | 'unknown';
}

/** A partition with Sluice's declaration that the configuration does not list. */
export interface AbandonedPartition {
  readonly partition: string;
  readonly state: DeclaredState;
}

/** What the device says about itself. */
export interface DeviceFacts {
  /** Name of the active unit; undefined if not reported. */
  readonly hostname: string | undefined;
  /** Version of the software that declares; that of AS3 on BIG-IP. */
  readonly software: string;
  /**
   * Milliseconds by which the device's clock leads ours, with a resolution of one second; undefined
   * if not reported.
   */
  readonly ahead: number | undefined;
}

/** Report of a declaration that is older than an earlier one, or than the configuration. */
export interface FencesBehind {
  readonly device: string;
  readonly partition: string;
  readonly code: 'BIP442' | 'GW162';
  /** For the log and the event that asks for a resync. */
  readonly reason: string;
}

/** The result of one declare, with what it tells about the next one. */
export interface Declared {
  /** `unchanged`: the device had it already. */
  readonly outcome: 'applied' | 'unchanged';
  /**
   * Milliseconds that the device took, absent if nothing was posted. What the device says itself
   * counts within what was measured.
   */
  readonly took?: number;
  /** Cost of what the device changed, in the unit of its capabilities; absent if it is unknown. */
  readonly cost?: number;
  /** Key of the state that is declared now, for the next declare; absent if it must be read. */
  readonly lockKey?: string;
  /** Milliseconds of the declare that created the partition, if there was one. */
  readonly created?: number;
}

/** All methods reject with a DeviceError. */
export interface Device {
  /** `devices[].name`. */
  readonly name: string;
  /** What the device takes, and how its objects are called. */
  readonly capabilities: Capabilities;
  /**
   * Rejects with a DeviceError if the device does not answer; a partition of others is a refusal.
   */
  read(partition: string): Promise<PartitionReading>;
  /**
   * Declares the whole partition and waits until that is done. The lock key is that of the last
   * reading; BIP430 if another writer was faster. A partition that was read without a key is
   * created first. `expected`: milliseconds that it will probably take.
   */
  declare(
    partition: string,
    next: DeclaredState,
    lockKey: string | undefined,
    expected?: number,
  ): Promise<Declared>;
  /**
   * Whether a client declares now: costs the device much less than a declare that it refuses. False
   * if that is unknown.
   */
  isHeld(): Promise<boolean>;
  /**
   * Creates the partition without content if it does not exist and may be written; resolves with
   * whether it did. What another writer declares meanwhile is never replaced.
   */
  prepare(partition: string): Promise<boolean>;
  /**
   * Removes the declaration and, with everything in it, the partition. The lock key is that of the
   * last reading; BIP430 if another writer was faster.
   */
  remove(partition: string, lockKey: string): Promise<void>;
  /** Differences between declaration and live state, one message each. */
  verify(partition: string, state: DeclaredState): Promise<readonly string[]>;
  /** What monitors say about the declared members. */
  health(partition: string, state: DeclaredState): Promise<readonly MemberHealth[]>;
  /** The nodes of the partition itself. */
  nodes(partition: string): Promise<readonly LiveNode[]>;
  /** Drains and restores nodes; resolves with the changed addresses. */
  reconcileMembers(partition: string, state: DeclaredState): Promise<readonly string[]>;
  /**
   * Differences from the declaration, object by object; rejects with BIP503 while a declaration is
   * in progress.
   */
  drift(partition: string, state: DeclaredState): Promise<readonly Difference[]>;
  /**
   * Restores what a declare would not, in this partition only; resolves with the paths of the
   * changed objects.
   */
  writeBack(partition: string, differences: readonly Difference[]): Promise<readonly string[]>;
  /** Virtual servers and virtual addresses outside the partitions of Sluice. */
  foreign(): Promise<readonly AddressHolder[]>;
  /** The virtual servers among them, with what decides about their traffic. */
  foreignServers(): Promise<readonly ForeignServer[]>;
  /** Partitions that Sluice declared but the configuration does not name. */
  abandoned(): Promise<readonly AbandonedPartition[]>;
  /** The objects that do not exist on the device. */
  missing(references: readonly Reference[]): Promise<readonly MissingReference[]>;
  /** What it needs once before it reaches pods, on each unit. */
  networks(): Promise<NetworkFacts>;
  /** Facts about the active unit. */
  facts(): Promise<DeviceFacts>;
  /** How the device reaches pods. */
  readonly paths: PathAccess;
  /** Ends the session; the device is not used again. */
  close(): Promise<void>;
}

/** Devices by name. `get` rejects with a DeviceError if the secrets cannot be resolved. */
export interface Devices {
  get(config: DeviceConfig): Promise<Device>;
  /** The next `get` connects again with the current secrets. Absent if nothing is cached. */
  forget?(config: DeviceConfig): Promise<void>;
  close(): Promise<void>;
}
