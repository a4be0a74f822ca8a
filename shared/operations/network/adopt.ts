/** Takes over the routes that F5 CIS left on devices. Only reads; asks apply to write. */
import { isReachedOn } from '../../config/path-checks.ts';
import type { DeviceConfig, SluiceConfig } from '../../config/schema.ts';
import { DeviceError } from '../../device/errors.ts';
import type { PathReading } from '../../device/paths.ts';
import { entryInWords } from '../../domain/paths/entry.ts';
import { recordsOf } from '../../domain/paths/journal.ts';
import { liveEntries } from '../../domain/paths/live.ts';
import {
  CIS_INTERVAL_MS,
  inheritance,
  inheritedInWords,
  type UnitReading,
  signsOfCis,
  type TakeOver,
  takeOverOf,
} from '../../domain/take-over/cis.ts';
import { openDevice } from '../../host/devices.ts';
import type { Runtime } from '../../host/runtime.ts';
import { sendAudit } from '../../queue/audit.ts';
import type { Author, OperationContext } from '../context.ts';
import type { UnansweredDevice } from '../devices/declared-partitions.ts';
import { chooseDevices, unansweredDevice } from '../devices/declared-partitions.ts';

/** An entry that becomes Sluice's; `change` in the words of `sluice plan`. */
export interface EntryTaken extends TakeOver {
  readonly change: string;
}

/** An entry that stays as it is, because no member that Sluice knows needs it. */
export interface EntryLeft {
  /** Of the object on the device. */
  readonly name: string;
  /** What it says, as messages name entries. */
  readonly entry: string;
}

/** What F5 CIS left on one device. */
export interface DeviceAdoption {
  readonly device: string;
  /** Of both units; those of the standby unit are marked. */
  readonly take: readonly EntryTaken[];
  /** Nothing is asked for these. */
  readonly left: readonly EntryLeft[];
  /** What F5 CIS did between two readings; empty if nothing shows that it runs. */
  readonly alive: readonly string[];
}

/** The data of `sluice network adopt`. */
export interface Adoption {
  readonly devices: readonly DeviceAdoption[];
  /** Nothing is known about these, with the reason. */
  readonly unanswered: readonly UnansweredDevice[];
}

type AdoptionRuntime = Pick<Runtime, 'config' | 'secrets' | 'clock'>;

/**
 * Reads each device twice, a little longer apart than F5 CIS waits between its writes. Throws for an
 * unknown name, or if Sluice keeps no paths there.
 */
export async function planAdoption(runtime: AdoptionRuntime, device?: string): Promise<Adoption> {
  const { config } = runtime;
  const able = chooseDevices(config, device).filter((one) => hasPaths(config, one));
  if (able.length === 0)
    throw new Error(
      `clusters[].network: no cluster on ${device ?? 'any device'} has mode: routes or mode: vxlan ` +
        'and ingresses with members: pods, so Sluice keeps no routes; set the mode first',
    );
  const read = await Promise.all(able.map((one) => lookAt(runtime, one)));
  return {
    devices: read.filter((one) => 'take' in one),
    unanswered: read.filter((one) => 'problem' in one),
  };
}

function hasPaths(config: SluiceConfig, device: DeviceConfig): boolean {
  return config.clusters.some((one) => isReachedOn(config, device, one, ['routes', 'vxlan']));
}

/**
 * Reads a device twice, further apart than F5 CIS pauses between two writes, and compares. A device
 * with nothing to take over is read once.
 */
async function lookAt(
  runtime: AdoptionRuntime,
  config: DeviceConfig,
): Promise<DeviceAdoption | UnansweredDevice> {
  try {
    const device = await openDevice(runtime, config);
    try {
      const look = async (): Promise<readonly UnitReading[]> =>
        looksOf(runtime.config, config.name, await device.paths.read());
      const first = await look();
      if (!first.some(mayShow)) return adoptionOf(config.name, first, []);
      await runtime.clock.sleep(CIS_INTERVAL_MS + 5_000);
      const second = await look();
      const signs = second.flatMap((after, i) => {
        const before = first[i];
        return before === undefined ? [] : signsOfCis(before, after);
      });
      return adoptionOf(config.name, second, [...new Set(signs)]);
    } finally {
      await device.close();
    }
  } catch (error) {
    return unansweredDevice(config.name, error);
  }
}

/**
 * The active unit, and the other one if it answers, as far as the clusters of this installation are
 * concerned.
 */
function looksOf(
  { clusters }: Pick<SluiceConfig, 'clusters'>,
  device: string,
  { journal, active, peer }: PathReading,
): readonly UnitReading[] {
  if ('unreadable' in journal)
    throw new DeviceError('BIP474', 'device', `${device}: ${journal.unreadable}`);
  const records = recordsOf(journal.records, new Set(clusters.map(({ id }) => id)));
  const units = [active, ...(peer === undefined || peer === 'away' ? [] : [peer])];
  return units.map((list) => ({ records, live: liveEntries(list) }));
}

/** Whether a second reading could show anything. */
function mayShow({ records, live }: UnitReading): boolean {
  const { take, left } = inheritance(records, live);
  return take.length + left.length > 0 || [...records.values()].some(({ kind }) => kind === 'fdb');
}

/** What of both units can be taken over, what stays, and the signs that F5 CIS still runs. */
function adoptionOf(
  device: string,
  looks: readonly UnitReading[],
  alive: readonly string[],
): DeviceAdoption {
  const units = looks.map(({ records, live }) => inheritance(records, live));
  return {
    device,
    take: units.flatMap(({ take }, i) =>
      take.map((one) => ({ ...takeOverOf(one, i > 0), change: inheritedInWords(one) })),
    ),
    left: units.flatMap(({ left }) =>
      left.map((one) => ({ name: one.name, entry: entryInWords(one) })),
    ),
    alive,
  };
}

/** As many as an order may name. */
const AT_ONCE = 1_000;

/** By message, in order with the slices of each device. The audit log records it. */
export async function requestAdoption(
  { runtime, audit }: Pick<OperationContext, 'runtime' | 'audit'>,
  devices: readonly DeviceAdoption[],
  { who, why }: Author,
): Promise<void> {
  const { config, queues, clock, id } = runtime;
  const asked = devices.filter(({ take }) => take.length > 0);
  const selection = asked.map(({ device, take }) => `${take.length} on ${device}`).join('; ');
  await audit.record({ who, action: 'network adopt', selection, why }, async () => {
    for (const { device, take } of asked)
      for (let i = 0; i < take.length; i += AT_ONCE)
        await sendAudit({ queues, clock, id }, config, {
          device,
          partitions: [],
          reason: 'sluice network adopt',
          takeOver: take.slice(i, i + AT_ONCE).map(({ change: _change, ...one }) => one),
        });
    const result = `sent to ${asked.length === 1 ? 'one device' : `${asked.length} devices`}`;
    return { result, value: undefined };
  });
}
