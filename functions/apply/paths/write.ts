/** Carries out changes of entries on one unit, a few at a time. */
import { DeviceError, errorText } from '../../../shared/device/errors.ts';
import type { PathUnit } from '../../../shared/device/paths.ts';
import { changeInWords, type EntryChange, inPhases } from '../../../shared/domain/paths/changes.ts';
import { RefusalCode } from '../../../shared/domain/paths/journal.ts';
import type { LiveEntry } from '../../../shared/domain/paths/live.ts';
import type { Refusal } from '../../../shared/domain/paths/waiting.ts';
import { OutOfTime } from '../outage.ts';
import type { PathJob } from './job.ts';

/** What became of the changes. */
export interface Carried {
  /** By key. */
  readonly refused: ReadonlyMap<string, Refusal>;
  /** Another process wrote at the same time: read again. */
  readonly raced: boolean;
}

/**
 * Requests to a device at the same time. It answers other requests of the same processes in
 * between.
 */
const AT_ONCE = 4;

/** Failures with a line of their own in one round of writes; the others are counted by code. */
const TOLD = 10;

/** A change with the error that it met. */
type Failure = readonly [change: EntryChange, error: DeviceError];

/**
 * Writes one entry to one unit and notes it in `live`, so that later steps of the same run see it.
 * A changed entry is changed in place, so that no packet is lost.
 */
async function send(
  { device }: PathJob,
  unit: PathUnit,
  change: EntryChange,
  live: Map<string, LiveEntry>,
): Promise<void> {
  const { key } = change;
  if (change.kind === 'remove') {
    await device.paths.remove(change.live, unit);
    live.delete(key);
    return;
  }
  const { kind, at, tunnel, to, owner, node, version } = change.record;
  const entry = { kind, at, ...(tunnel !== undefined && { tunnel }), to };
  const mark = { owner, node, version };
  const before = change.kind === 'change' ? { live: change.live } : {};
  await device.paths.put({ entry, mark, unit, ...before });
  const holder =
    kind === 'fdb' ? ({ holder: 'unmarked' } as const) : { holder: 'ours' as const, mark };
  live.set(key, { ...entry, name: key, ...holder });
}

/** One change; resolves with the error that concerns this entry only. */
async function attempt(
  job: PathJob,
  unit: PathUnit,
  change: EntryChange,
  live: Map<string, LiveEntry>,
): Promise<DeviceError | undefined> {
  if (!job.hasTime()) throw new OutOfTime(job.device.name);
  await job.prove();
  const about = { device: job.device.name, unit, path: changeInWords(change) };
  try {
    await send(job, unit, change, live);
    job.log.info(about, 'path written');
    job.meter?.count(job.device.name, change.kind === 'remove' ? 'removed' : 'written');
    return undefined;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    job.meter?.count(job.device.name, error.fault === 'content' ? 'refused' : 'failed');
    if (error.reach !== 'object' && unit === 'active') throw error;
    return error;
  }
}

/** One cause can concern each node of a cluster. */
function tell(job: PathJob, unit: PathUnit, failures: readonly Failure[]): void {
  const device = job.device.name;
  for (const [change, error] of failures.slice(0, TOLD))
    job.log.warn(
      { device, unit, path: changeInWords(change), code: error.code, error: errorText(error) },
      'path not written',
    );
  const rest = failures.slice(TOLD);
  if (rest.length === 0) return;
  const counts = [...Map.groupBy(rest, ([, { code }]) => code)].map(([code, all]) => [
    code,
    all.length,
  ]);
  job.log.warn({ device, unit, codes: Object.fromEntries(counts) }, 'more paths not written');
}

/** Changes that may be carried out together, in the order in which they have to be. */
function inParts(changes: readonly EntryChange[]): readonly (readonly EntryChange[])[] {
  return inPhases(changes).flatMap((phase) =>
    Array.from({ length: Math.ceil(phase.length / AT_ONCE) }, (_, i) =>
      phase.slice(i * AT_ONCE, (i + 1) * AT_ONCE),
    ),
  );
}

/** Waits for all of them, so that none is under way when the run ends. */
async function attemptAll(
  job: PathJob,
  unit: PathUnit,
  part: readonly EntryChange[],
  live: Map<string, LiveEntry>,
): Promise<readonly Failure[]> {
  const ends = await Promise.allSettled(part.map((one) => attempt(job, unit, one, live)));
  return ends.flatMap((end, i): readonly Failure[] => {
    if (end.status === 'rejected') throw end.reason;
    const change = part[i];
    return end.value === undefined || change === undefined ? [] : [[change, end.value]];
  });
}

/**
 * Writes to one unit and to `live`. Rejects if the active unit is unavailable; the other one is told
 * and written later.
 */
export async function writeEntries(
  job: PathJob,
  unit: PathUnit,
  changes: readonly EntryChange[],
  live: Map<string, LiveEntry>,
): Promise<Carried> {
  const errors: Failure[] = [];
  for (const part of inParts(changes)) {
    errors.push(...(await attemptAll(job, unit, part, live)));
    // Each further write to a unit that is away would wait for its timeout.
    if (errors.some(([, error]) => error.reach !== 'object')) break;
  }
  tell(job, unit, errors);
  const refused = errors.map(([change, error]): readonly [string, Refusal] => {
    const { data: code = 'BIP470' } = RefusalCode.safeParse(error.code);
    const node = change.kind === 'remove' ? change.live.mark?.node : change.record.node;
    return [change.key, { code, reason: `node ${node ?? 'unknown'}: ${errorText(error)}` }];
  });
  return { refused: new Map(refused), raced: errors.some(([, { code }]) => code === 'BIP430') };
}
