/** Exports a log to one file, part by part: the console bounds what one request reads. */
import { signal } from '@preact/signals';
import { nextLimit } from '../logic/export.ts';
import { ApiProblem, getLines } from './client.ts';

/** What was read of the log. */
interface Read {
  readonly parts: readonly string[];
  readonly entries: number;
  /** Entries of a part. */
  readonly limit: number;
  /** The cursor of what follows. */
  readonly next?: string;
}

/** An export that is under way, stopped, refused or saved. */
export interface Exporting {
  readonly state: 'idle' | 'reading' | 'failed' | 'saved';
  readonly read: Read;
  /** Why it does not go on. */
  readonly problem?: string;
}

const NOTHING: Read = { parts: [], entries: 0, limit: 1_000 };
const IDLE: Exporting = { state: 'idle', read: NOTHING };
const NAME = 'sluice-audit.jsonl';

/** Goes on while other rooms are shown. */
export const exporting = signal<Exporting>(IDLE);

/** Nothing is saved. */
export function stopExport(): void {
  exporting.value = IDLE;
}

/** Goes on where an export failed, and otherwise begins. */
export async function exportLog(): Promise<void> {
  let read = exporting.value.state === 'failed' ? exporting.value.read : NOTHING;
  for (let more = true; more; more = read.next !== undefined) {
    const mine: Exporting = { state: 'reading', read };
    exporting.value = mine;
    const got = await readPart(read).catch((error: unknown) => error as Error);
    // It was stopped meanwhile.
    if (exporting.value !== mine) return;
    if (got instanceof Error) {
      exporting.value = { state: 'failed', read, problem: got.message };
      return;
    }
    read = got;
  }
  exporting.value = { state: 'saved', read: { ...read, parts: [] } };
  save(read.parts);
}

/** Asks for fewer entries if they are too many. */
async function readPart(read: Read): Promise<Read> {
  const { parts, entries, next, limit } = read;
  const query = new URLSearchParams({ limit: String(limit), ...(next && { before: next }) });
  try {
    const got = await getLines(`audit.jsonl?${query.toString()}`);
    return {
      parts: [...parts, got.text],
      entries: entries + got.text.split('\n').length - 1,
      limit,
      ...(got.next !== undefined && { next: got.next }),
    };
  } catch (error) {
    const fewer = error instanceof ApiProblem ? nextLimit(limit, error.status) : undefined;
    if (fewer === undefined) throw error;
    return readPart({ ...read, limit: fewer });
  }
}

function save(parts: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([...parts], { type: 'application/x-ndjson' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = NAME;
  link.target = '_self';
  link.click();
  // After the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
