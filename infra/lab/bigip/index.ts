/** The lab's BIG-IP: AS3, iControl REST and a data path with real forwarding on loopback. */
import { as3SettingsDefault } from './as3/settings.ts';
import { createInnerFaults } from './as3/inner.ts';
import { createJournal } from './as3/journal.ts';
import type { DeclareRecord } from './as3/journal.ts';
import { createLock } from './as3/lock.ts';
import { createTasks } from './as3/tasks.ts';
import { createAuthority } from './certificate.ts';
import type { Authority } from './certificate.ts';
import { createTraffic } from './datapath/traffic.ts';
import type { Device } from './device.ts';
import { createFaults } from './faults.ts';
import type { DeviceFaults } from './faults.ts';
import { closeFront, createFront, listen } from './http.ts';
import type { WriteRecord } from './http.ts';
import { commonObjects } from './ltm/common.ts';
import type { CommonObjects } from './ltm/common.ts';
import { createConfigStore } from './ltm/store.ts';
import { settingsOf, timingsOf } from './options.ts';
import type { BigipOptions } from './options.ts';
import { createSsl } from './ssl.ts';
import type { SslProfiles } from './ssl.ts';
import { configOf, saveState } from './state.ts';
import type { SavedState } from './state.ts';
import { createTokens } from './tokens.ts';
import { createTransactions } from './transaction/transactions.ts';
import { viewOf } from './view.ts';
import type { DeviceView } from './view.ts';
import { createWaits } from './waits.ts';

export type { BigipOptions, Timings } from './options.ts';
export type { Fault, FaultResponse, DeviceFaults, Match } from './faults.ts';
export { isDeclare } from './faults.ts';
export { INNER_NAMES } from './as3/inner.ts';
export type { InnerFault, InnerName } from './as3/inner.ts';
export type { DeclareOutcome, DeclareRecord } from './as3/journal.ts';
export { createDeviceGroup } from './group.ts';
export type { DeviceGroup } from './group.ts';
export type { Hop, Networks } from './net/path.ts';
export type { LabRequest } from './http-types.ts';
export type { WriteRecord } from './http.ts';
export type { SavedState } from './state.ts';
export type { DeviceView, MemberView, PartitionView, PoolView, VirtualServerView } from './view.ts';

/** A running device: how to reach it, what it has, and how to disturb it. */
export interface LabBigip {
  readonly url: string;
  /** PEM of the CA that signed the certificates of the device and of its client SSL profiles. */
  readonly ca: string;
  readonly username: string;
  readonly password: string;
  readonly faults: DeviceFaults;
  /** Objects in /Common that declarations may refer to; mutable. */
  readonly common: CommonObjects;
  /** SSL profiles that are more than a path, and certificates of clients for them. */
  readonly ssl: SslProfiles;
  /** All mutating requests except logins and tokens, in order of their answers. */
  readonly writes: readonly WriteRecord[];
  /** All declares that reached AS3, in order of their start; dry runs are not among them. */
  readonly declares: readonly DeclareRecord[];
  /** A readable view for demo and tests. */
  view(): DeviceView;
  /** What `networks.delivers` answers has changed: connections without a path end. */
  refresh(): void;
  /** For `startBigip({ state })`: the same device after a power cycle. */
  snapshotState(): SavedState;
  close(): Promise<void>;
}

function deviceOf(options: BigipOptions, authority: Authority, wait: Device['wait']): Device {
  const settings = settingsOf(options);
  const common = commonObjects(options.common);
  return {
    settings,
    timings: timingsOf(options),
    store: createConfigStore(common, configOf(options.state)),
    ssl: createSsl(authority, common),
    lock: createLock(settings.now),
    tasks: createTasks(settings.now),
    journal: createJournal(settings.now),
    tokens: createTokens(settings.now),
    transactions: createTransactions(settings.now),
    condition: {
      standby: false,
      as3: options.as3 ?? 'installed',
      startingUntil: 0,
      boot: 0,
      stored: { history: options.state?.history ?? [] },
      as3Settings: as3SettingsDefault,
      unsynced: new Set(),
      role: 'admin',
      health: new Map(),
    },
    inner: createInnerFaults(),
    wait,
  };
}

/** Listens on loopback. Rejects if the address or port is taken. */
export async function startBigip(options: BigipOptions = {}): Promise<LabBigip> {
  const waits = createWaits();
  const authority = await createAuthority(settingsOf(options).hostname);
  const device = deviceOf(options, authority, waits.wait);
  const { settings } = device;
  const certificate = await authority.issue('server', [
    settings.hostname,
    'localhost',
    settings.host,
  ]);
  const traffic = createTraffic(device);
  const writes: WriteRecord[] = [];
  const box = createFaults(device, {
    refresh: () => traffic.refresh(),
    breakConnections: () => server.closeAllConnections(),
  });
  const server = createFront(
    { device, traffic, box, record: (write) => void writes.push(write) },
    certificate,
  );
  device.store.onChange(() => traffic.refresh());
  settings.group?.join(device);
  const port = await listen(server, settings.host, settings.port);
  traffic.refresh();
  return {
    url: `https://${settings.host}:${port}`,
    ca: certificate.ca,
    username: settings.username,
    password: settings.password,
    faults: box.faults,
    common: device.store.common,
    ssl: device.ssl,
    writes,
    declares: device.journal.records,
    view: () => viewOf(device, traffic),
    refresh: () => traffic.refresh(),
    snapshotState: () => saveState(device),
    async close(): Promise<void> {
      device.condition.boot += 1;
      waits.close();
      await Promise.all([closeFront(server), traffic.close()]);
    },
  };
}
