/**
 * The journal of paths on BIG-IP: an internal data group. Each journal has a name with its number,
 * and only the next number can be created, so of two writers one fails, without any lock.
 */
import * as z from 'zod';
import { DeviceError } from '../../device/errors.ts';
import type { PathReading } from '../../device/paths.ts';
import {
  type Journal,
  journalLines,
  MAX_RECORDS,
  NO_JOURNAL,
  plausibleNumbers,
  readJournal,
} from '../../domain/paths/journal.ts';
import type { DeviceSession } from '../rest/session.ts';
import { declarePath } from '../state/partition.ts';
import { DataGroupItem, fittingItems } from './answers.ts';
import { callsTo, find, type UnitCall } from './unit-calls.ts';

/** Where BIG-IP has data groups; the journal of a device is one of them. */
const DATA_GROUPS = '/mgmt/tm/ltm/data-group/internal';
const PREFIX = 'sluice-paths-';
/** A journal that another writer may still replace has its predecessor beside it. */
const KEPT_BEHIND = 1;

function nameOf(number: number): string {
  return `${PREFIX}${number}`;
}

/** Undefined for names that only look like a journal, such as one with a leading zero. */
function numberOf(name: string): number | undefined {
  const [, digits] = /^sluice-paths-([1-9]\d{0,14})$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The journals of one device. */
export interface Journals {
  /** The newest journal. `strays` are data groups whose number no writer can have reached. */
  read(): Promise<Pick<PathReading, 'journal' | 'strays'>>;
  /**
   * Resolves with the new number. Rejects with BIP430 if another process was faster, and with
   * BIP474 or BIP476 if it cannot be kept there.
   */
  write(journal: Journal): Promise<Journal>;
  /**
   * Removes all journals, if the given one is the newest, and the partition. Resolves with the
   * device's reason if something else is in it.
   */
  clear(journal: Journal): Promise<string | undefined>;
}

/** The data groups of the partition. More than a journal can have is no fault of the device. */
async function readGroups(
  { device }: DeviceSession,
  call: UnitCall,
  partition: string,
): Promise<{ readonly found: readonly DataGroupItem[] } | { readonly unreadable: string }> {
  const path = `${DATA_GROUPS}?$filter=partition+eq+${partition}`;
  try {
    const items = await find(device, call, { path, kind: 'journal' }, fittingItems(DataGroupItem));
    return { found: items ?? [] };
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'BIP512')
      return { unreadable: `data groups of partition ${partition}: ${error.message}` };
    throw error;
  }
}

/**
 * Journals are never changed: the next number is written first, and older ones are removed after
 * it, so that one can be read at any time.
 */
export function createJournals(session: DeviceSession, partition: string): Journals {
  const call = callsTo(session, 'active');
  let seen: readonly number[] = [];
  const read: Journals['read'] = async () => {
    const groups = await readGroups(session, call, partition);
    if ('unreadable' in groups) return { journal: groups };
    const numbered = new Map(
      groups.found.flatMap(({ name, records }) => {
        const number = numberOf(name);
        return number === undefined ? [] : [[number, records] as const];
      }),
    );
    seen = plausibleNumbers([...numbered.keys()]);
    const strays = [...numbered.keys()].filter((one) => !seen.includes(one)).map(nameOf);
    const beside = strays.length > 0 ? { strays } : {};
    const newest = seen.at(-1);
    if (newest === undefined) return { journal: NO_JOURNAL, ...beside };
    const records = numbered.get(newest);
    const result = records ? readJournal(records) : { fault: 'its records are no texts' };
    const journal =
      'fault' in result
        ? { unreadable: `data group /${partition}/${nameOf(newest)}: ${result.fault}` }
        : { number: newest, records: result.records };
    return { journal, ...beside };
  };
  const create = async (number: number, journal: Journal): Promise<void> => {
    const body = {
      name: nameOf(number),
      partition,
      type: 'string',
      records: journalLines(journal.records),
    };
    const answer = await call({ method: 'POST', path: DATA_GROUPS, body, kind: 'journal' }, [409]);
    if (answer.status === 409) throw wroteFirst(session);
  };
  const write = async (journal: Journal): Promise<Journal> => {
    if (journal.records.size > MAX_RECORDS)
      throw new DeviceError(
        'BIP474',
        'device',
        `${session.device}: the journal of paths would have ${journal.records.size} records, more than ${MAX_RECORDS}; use network.from: podCIDR, or fewer clusters per device`,
      );
    if (journal.number === 0) await preparePartition(session, partition);
    const number = journal.number + 1;
    await create(number, journal);
    const old = seen.filter((one) => one < number - KEPT_BEHIND);
    for (const one of old) await removeGroup(call, partition, one);
    seen = [...seen.filter((one) => !old.includes(one)), number];
    return { number, records: journal.records };
  };
  const clear: Journals['clear'] = async ({ number }) => {
    await read();
    if ((seen.at(-1) ?? 0) !== number) throw wroteFirst(session);
    // The newest one goes last, so that what is left of an interrupted removal can be read.
    for (const one of seen) await removeGroup(call, partition, one);
    seen = [];
    return removePartition(session, partition);
  };
  return { read, write, clear };
}

async function removeGroup(call: UnitCall, partition: string, number: number): Promise<void> {
  const path = `${DATA_GROUPS}/~${partition}~${nameOf(number)}`;
  await call({ method: 'DELETE', path }, [404]);
}

/** BIG-IP refuses it while something is in the partition: then resolves with its reason. */
async function removePartition(
  session: DeviceSession,
  partition: string,
): Promise<string | undefined> {
  const path = `/mgmt/tm/auth/partition/${partition}`;
  const answer = await session.call({ method: 'DELETE', path }, [400, 404]);
  if (answer.status !== 400) return undefined;
  return z.object({ message: z.string() }).safeParse(answer.json).data?.message ?? answer.text;
}

function wroteFirst({ device }: DeviceSession): DeviceError {
  return new DeviceError(
    'BIP430',
    'transient',
    `${device}: another process wrote the journal of paths in the meantime`,
  );
}

/** Creates the partition if it does not exist. It must not be one of AS3. */
async function preparePartition(session: DeviceSession, partition: string): Promise<void> {
  const declared = await session.find(
    { path: declarePath(partition), kind: 'declared' },
    z.looseObject({}),
  );
  if (declared !== undefined)
    throw new DeviceError(
      'BIP476',
      'device',
      `${session.device}: partition ${partition} has a declaration of AS3; name another partition in devices[].networks.partition`,
    );
  // 409: it exists.
  await session.call(
    { method: 'POST', path: '/mgmt/tm/auth/partition', body: { name: partition } },
    [409],
  );
}
