/**
 * Takes entries of F5 CIS over, which a person asked for: in one step of the device for each. It
 * stands before the paths of the run, which then find them as ours and note it in the journal
 * (decision 81).
 */
import type { Device } from '../../shared/device/device.ts';
import { DeviceError, errorText } from '../../shared/device/errors.ts';
import type { PathReading, PathUnit } from '../../shared/device/paths.ts';
import { isOurs, type LiveEntries, liveEntries } from '../../shared/domain/paths/live.ts';
import { type Journal, recordsOf } from '../../shared/domain/paths/journal.ts';
import {
  asShown,
  entryOf,
  type Inherited,
  inheritance,
  inheritedInWords,
  type TakeOver,
  withoutClaims,
} from '../../shared/domain/take-over/cis.ts';
import type { Logger } from '../../shared/telemetry/log.ts';
import { isOfPathsOnly, OutOfTime } from './outage.ts';

/** The device, and what proves that the order is still held. */
export interface TakeOverWork {
  /** Only its paths are used. */
  readonly device: Device;
  /** The clusters of this installation; what others want stays. */
  readonly clusters: ReadonlySet<string>;
  readonly log: Logger;
  /** Called before each write; rejects if another process may have the order by now. */
  readonly prove: () => Promise<void>;
  /** False near the end of the function's time; then the rest of the order comes again. */
  readonly hasTime: () => boolean;
  /** As in `PathJob`. */
  readonly tries: number;
}

/** Rejects if the device is unavailable, another writer was faster, or the fault may pass. */
export async function takeOverPaths(work: TakeOverWork, asked: readonly TakeOver[]): Promise<void> {
  if (asked.length === 0) return;
  const { device, log } = work;
  try {
    await takeOverAll(work, asked);
  } catch (error) {
    if (!isOfPathsOnly(error, work.tries)) throw error;
    const reason = errorText(error);
    log.error({ device: device.name, code: error.code, reason }, 'nothing more is taken over');
  }
}

/**
 * Does nothing but log BIP474 if the journal cannot be read, because nobody could tell afterwards
 * whose the entries are. Routes and neighbours are replaced one by one; records of tunnels are only
 * claimed in the journal.
 */
async function takeOverAll(work: TakeOverWork, asked: readonly TakeOver[]): Promise<void> {
  const { device, log } = work;
  const reading = await device.paths.read();
  const { journal } = reading;
  if ('unreadable' in journal) {
    log.error(
      { device: device.name, code: 'BIP474', reason: journal.unreadable },
      'nothing is taken over',
    );
    return;
  }
  const claimed: Inherited[] = [];
  for (const unit of UNITS)
    for (const one of stillAsked(work, { reading, journal, unit }, asked))
      if (one.record.kind !== 'fdb') await takeOver(work, unit, one);
      else if (isShown(reading, asked, one)) claimed.push(one);
  if (claimed.length > 0) await claim(work, journal, claimed);
}

/** Units of a pair: records of tunnels are on both. */
const UNITS = ['active', 'peer'] as const;

/** Empty if there is no such unit, or it does not answer. */
function liveOn(unit: PathUnit, { active, peer }: PathReading): LiveEntries {
  const there = unit === 'active' ? active : peer;
  return liveEntries(there === undefined || there === 'away' ? [] : there);
}

function isOn(unit: PathUnit): (one: TakeOver) => boolean {
  return ({ peer }) => (peer === true) === (unit === 'peer');
}

/** A record is claimed for both units, so the person must have seen what is changed on either. */
function isShown(
  reading: PathReading,
  asked: readonly TakeOver[],
  { key, record }: Inherited,
): boolean {
  return UNITS.every((unit) => {
    const { to } = liveOn(unit, reading).get(key) ?? record;
    const seen = asked.filter(isOn(unit)).some((one) => one.key === key && one.to === to);
    return seen || to === record.to;
  });
}

/** What the person saw and is still so; the rest is told. */
function stillAsked(
  { device, clusters, log }: TakeOverWork,
  {
    reading,
    journal,
    unit,
  }: {
    readonly reading: PathReading;
    readonly journal: Journal;
    readonly unit: PathUnit;
  },
  asked: readonly TakeOver[],
): readonly Inherited[] {
  const live = liveOn(unit, reading);
  const records = recordsOf(journal.records, clusters);
  const { same, other } = asShown(inheritance(records, live), asked.filter(isOn(unit)));
  const isAway = unit === 'peer' && reading.peer === 'away';
  const why = isAway ? 'the standby unit does not answer' : 'it is not as it was shown';
  for (const { key, name } of other) {
    const one = live.get(key);
    // The order came before, and did not end.
    if (one !== undefined && isOurs(one, records.get(key))) continue;
    log.warn({ device: device.name, unit, path: key, name }, `not taken over: ${why}`);
  }
  return same;
}

/** Only the journal says whose a record of a tunnel is. The paths of the run do the rest. */
async function claim(
  { device, log, prove }: TakeOverWork,
  { number, records }: Journal,
  claimed: readonly Inherited[],
): Promise<void> {
  await prove();
  await device.paths.write({ number, records: withoutClaims(records, claimed) });
  for (const one of claimed)
    log.info({ device: device.name, path: inheritedInWords(one) }, 'path taken over');
}

/** A refusal concerns this entry only. */
async function takeOver(
  { device, log, prove, hasTime }: TakeOverWork,
  unit: PathUnit,
  inherited: Inherited,
): Promise<void> {
  if (!hasTime()) throw new OutOfTime(device.name);
  await prove();
  const { live, record } = inherited;
  const { owner, node, version } = record;
  const about = { device: device.name, unit, path: inheritedInWords(inherited) };
  try {
    const entry = entryOf(record);
    await device.paths.takeOver({ entry, mark: { owner, node, version }, live, unit });
    log.info(about, 'path taken over');
  } catch (error) {
    if (!(error instanceof DeviceError) || error.reach !== 'object') throw error;
    log.warn({ ...about, code: error.code, error: errorText(error) }, 'path not taken over');
  }
}
