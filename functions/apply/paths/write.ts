/** Carries out changes of entries on one unit, a few at a time. */
import { DeviceError, errorText } from '../../../shared/device/errors.ts';
import type { PathUnit } from '../../../shared/device/paths.ts';
import { changeInWords, type EntryChange, inPhases } from '../../../shared/domain/paths/changes.ts';
import { RefusalCode } from '../../../shared/domain/paths/journal.ts';
import type { LiveEntry } from '../../../shared/domain/paths/live.ts';
import type { Refusal } from '../../../shared/domain/paths/waiting.ts';
import { OutOfTime } from '../trouble.ts';
import type { PathJob } from './job.ts';

/** What became of the changes. */
export interface Carried {
  /** By key. */
  readonly refused: ReadonlyMap<string, Refusal>;
  /** Another process wrote at the same time: read again. */
  readonly raced: boolean;
}

const AT_ONCE = 4;

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

/** The device fails with one request, and answers others. */
const FAILED: readonly string[] = ['BIP430', 'BIP505', 'BIP509'];

/** Whether the error is about one entry; others are about the unit. */
function isOfEntry({ fault, code }: DeviceError): boolean {
  return fault === 'content' || FAILED.includes(code);
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
    return undefined;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    if (!isOfEntry(error) && unit === 'active') throw error;
    job.log.warn({ ...about, code: error.code, error: errorText(error) }, 'path not written');
    return error;
  }
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
): Promise<readonly (readonly [string, DeviceError])[]> {
  const ends = await Promise.allSettled(part.map((one) => attempt(job, unit, one, live)));
  return ends.flatMap((end, i): readonly (readonly [string, DeviceError])[] => {
    if (end.status === 'rejected') throw end.reason;
    return end.value === undefined ? [] : [[part[i]?.key ?? '', end.value]];
  });
}

/**
 * Writes to one unit and to `live`. Rejects if the active unit is unavailable; the other one is told
 * and written later.
 */
export async function carryOut(
  job: PathJob,
  unit: PathUnit,
  changes: readonly EntryChange[],
  live: Map<string, LiveEntry>,
): Promise<Carried> {
  const errors: (readonly [string, DeviceError])[] = [];
  for (const part of inParts(changes)) {
    errors.push(...(await attemptAll(job, unit, part, live)));
    // Each further write to a unit that is away would wait for its timeout.
    if (errors.some(([, error]) => !isOfEntry(error))) break;
  }
  const refused = errors.map(([key, error]): readonly [string, Refusal] => {
    const { data: code = 'BIP470' } = RefusalCode.safeParse(error.code);
    return [key, { code, reason: errorText(error) }];
  });
  return { refused: new Map(refused), raced: errors.some(([, { code }]) => code === 'BIP430') };
}
