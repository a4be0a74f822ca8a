/** Carries one store inside a transaction, and compares it with its source before the end. */
import { createHash } from 'node:crypto';
import type { DatabaseCall } from '../../postgres/database.ts';
import { MoveRefusal } from '../../postgres/moving.ts';
import type { Counts, MovedItem, MoveSource } from '../../postgres/moving.ts';
import { readArrivalNote, writeArrivalNote, ARRIVAL_TABLE } from './arrival-note.ts';
import type { ArrivalNote } from './arrival-note.ts';
import type { TargetState } from './examine.ts';
import type { MovingPart, StoreName } from './parts.ts';

/** A store to be moved, with its opened source. */
export interface OpenPart extends MovingPart {
  readonly source: MoveSource<MovedItem>;
}

/** Numbers of one kind on both sides. */
export interface MoveRow {
  readonly kind: string;
  readonly source: number;
  readonly target: number;
}

/**
 * `planned`: with a dry run; `already`: an earlier run moved it, and nothing was copied; `differs`:
 * not everything arrived, so it was undone.
 */
export interface PartReport {
  readonly part: StoreName;
  readonly from: string;
  readonly to: string;
  readonly state: 'planned' | 'moved' | 'already' | 'differs';
  /** Time of the earlier run, RFC 3339. */
  readonly at?: string;
  readonly rows: readonly MoveRow[];
}

/** Undoes the transaction. */
export class MoveDifference extends Error {
  readonly report: PartReport;
  constructor(report: PartReport) {
    super(`${report.part} has other numbers in ${report.to} than in ${report.from}`);
    this.name = 'MoveDifference';
    this.report = report;
  }
}

/** What was read of a source. */
interface Reading {
  readonly digest: string;
  readonly counts: Counts;
}

/** PostgreSQL's texts hold every character but this one. */
function refuseNul(item: MovedItem, { from, part }: OpenPart): void {
  if (!Object.values(item).some((value) => typeof value === 'string' && value.includes('\0')))
    return;
  throw new MoveRefusal(
    `${item.name} in ${from} contains a NUL character, which PostgreSQL cannot hold; ` +
      (part === 'queue'
        ? 'let "sluice up" with the old configuration handle it first, or delete it'
        : 'move the file away'),
  );
}

/** Reads everything once, in pages. */
async function readAll(
  part: OpenPart,
  take: (page: readonly MovedItem[]) => Promise<void>,
): Promise<Reading> {
  const hash = createHash('sha256');
  const counts = new Map<string, number>();
  for await (const page of part.source.pages()) {
    for (const item of page) {
      refuseNul(item, part);
      hash.update(`${JSON.stringify(item)}\n`);
      counts.set(item.kind, (counts.get(item.kind) ?? 0) + 1);
    }
    await take(page);
  }
  return { digest: hash.digest('hex'), counts };
}

const total = (counts: Counts): number => [...counts.values()].reduce((sum, n) => sum + n, 0);

const emptied = ({ part, target: { tables, server } }: MovingPart): string =>
  `TRUNCATE ${[...tables, ...(part === 'queue' ? ['seen'] : [])]
    .map((table) => `${server.schema}.${table}`)
    .join(', ')};`;

/** Throws if there is something that no earlier run moved there. */
export function refuseContent(part: MovingPart, { arrival, counts }: TargetState): void {
  const found = total(counts);
  if (arrival !== undefined || found === 0) return;
  throw new MoveRefusal(
    `${part.to} already has other content (${part.part}: ${found}), with which nothing is mixed. ` +
      `Name another schema; or if it is not needed, empty it: ${emptied(part)}`,
  );
}

/** Throws if the source is no longer what an earlier run moved. */
function refuseOther(part: MovingPart, arrival: ArrivalNote, { digest }: Reading): void {
  if (arrival.digest === digest) return;
  const { schema } = part.target.server;
  throw new MoveRefusal(
    `${part.from} is not what was moved from ${arrival.source} to ${part.to} at ${arrival.at}. ` +
      'If the new place is in use, go on with it; to move again, empty it first: ' +
      `${emptied(part)} DELETE FROM ${schema}.${ARRIVAL_TABLE} WHERE part = '${part.part}';`,
  );
}

function rowsOf(source: Counts, target: Counts): readonly MoveRow[] {
  const kinds = [...new Set([...source.keys(), ...target.keys()])].toSorted();
  return kinds.map((kind) => ({
    kind,
    source: source.get(kind) ?? 0,
    target: target.get(kind) ?? 0,
  }));
}

const headOf = ({ part, from, to }: MovingPart): Pick<PartReport, 'part' | 'from' | 'to'> => ({
  part,
  from,
  to,
});

function already(part: MovingPart, { counts, at }: ArrivalNote, reading: Reading): PartReport {
  const rows = rowsOf(reading.counts, new Map(Object.entries(counts)));
  return { ...headOf(part), state: 'already', at, rows };
}

/** Reads the source as a move would, and writes nothing. */
export async function rehearse(part: OpenPart, state: TargetState): Promise<PartReport> {
  const reading = await readAll(part, async () => undefined);
  if (state.arrival === undefined)
    return { ...headOf(part), state: 'planned', rows: rowsOf(reading.counts, state.counts) };
  refuseOther(part, state.arrival, reading);
  return already(part, state.arrival, reading);
}

/** Of the server, while the source is read, or another database is filled. */
const PATIENCE = "SET LOCAL idle_in_transaction_session_timeout = '10min'";

/** In the transaction of the call, while nobody else writes to the tables. */
export async function carry(call: DatabaseCall, part: OpenPart): Promise<PartReport> {
  const { target } = part;
  const tables = target.tables.map((table) => `$schema.${table}`).join(', ');
  await call(PATIENCE, []);
  await call(`LOCK TABLE ${tables}, $schema.${ARRIVAL_TABLE} IN EXCLUSIVE MODE`, []);
  const arrival = await readArrivalNote(call, part.part);
  if (arrival !== undefined) {
    const reading = await readAll(part, async () => undefined);
    refuseOther(part, arrival, reading);
    return already(part, arrival, reading);
  }
  refuseContent(part, { arrival, counts: await target.count(call) });
  const { digest, counts } = await readAll(part, (page) => target.write(call, page));
  const rows = rowsOf(counts, await target.count(call));
  const report: PartReport = { ...headOf(part), state: 'moved', rows };
  if (rows.some((row) => row.source !== row.target))
    throw new MoveDifference({ ...report, state: 'differs' });
  await writeArrivalNote(call, part.part, {
    source: part.from,
    digest,
    counts: Object.fromEntries(counts),
  });
  return report;
}
