/** What the site looks like now. */
import { readdirSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { FailureHead } from '../../shared/failures/port.ts';
import type { QueueName } from '../../shared/queue/port.ts';
import type { SoakProcess } from './process.ts';
import type { Sample } from './record.ts';
import { WRITTEN, type SoakSite } from './site.ts';

/** A scrape that takes longer is given up. */
const SCRAPE_MS = 3_000;

export interface Sampling {
  /** Seconds since the start. */
  readonly t: number;
  readonly pending: number;
  readonly servers: number;
  /** Whether the queue and the store can be asked. */
  readonly mayAsk: boolean;
  /** Whether processes are asked for their metrics, as Prometheus does every 15 s. */
  readonly scrape: boolean;
}

export async function sampleOf(site: SoakSite, sampling: Sampling): Promise<Sample> {
  const { t, pending, servers, mayAsk, scrape } = sampling;
  const [queue, failures, processes, disk] = await Promise.all([
    mayAsk ? queueOf(site).catch(() => undefined) : undefined,
    mayAsk ? failuresOf(site).catch(() => undefined) : undefined,
    processesOf(site.processes, scrape),
    diskOf(site).catch(() => ({})),
  ]);
  return {
    t,
    processes,
    disk,
    ...(queue && { queue }),
    ...(failures && { failures }),
    declares: declaresOf(site),
    servers,
    pending,
    load: loadavg()[0] ?? 0,
    lab: process.memoryUsage().rss / 2 ** 20,
  };
}

async function processesOf(
  processes: readonly SoakProcess[],
  scrape: boolean,
): Promise<Sample['processes']> {
  const seen: Sample['processes'] = {};
  await Promise.all(
    processes.map(async (one) => {
      const usage = one.usage();
      if (usage === undefined) return;
      const heap = scrape ? await heapOf(one).catch(() => undefined) : undefined;
      seen[one.name] = { ...usage, ...(heap !== undefined && { heap }) };
    }),
  );
  return seen;
}

/** Mebibytes; undefined where the process does not say. */
async function heapOf({ metricsPort }: SoakProcess): Promise<number | undefined> {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`, {
    signal: AbortSignal.timeout(SCRAPE_MS),
  });
  const found = /^sluice_watch_heap_used_bytes (\S+)$/m.exec(await answer.text())?.[1];
  return found === undefined ? undefined : Number(found) / 2 ** 20;
}

const WORK: readonly QueueName[] = ['snapshots', 'slices', 'express'];
const DEAD: readonly QueueName[] = ['snapshots-dead', 'slices-dead'];

export async function queueOf({
  queues,
  clusters,
  clock,
}: SoakSite): Promise<NonNullable<Sample['queue']>> {
  const settled = clusters.map(({ id }): QueueName => `settled-${id}`);
  const depth = async (names: readonly QueueName[]) =>
    Promise.all(names.map((name) => queues.queue(name).depth()));
  const [work, dead] = await Promise.all([depth([...WORK, ...settled]), depth(DEAD)]);
  const all = [...work, ...dead];
  return {
    waiting: work.reduce((sum, { waiting }) => sum + waiting, 0),
    inFlight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
    dead: dead.reduce((sum, { waiting }) => sum + waiting, 0),
    oldest: Math.max(
      0,
      ...all.map(({ oldest }) => (oldest === undefined ? 0 : (clock.now() - oldest) / 1_000)),
    ),
  };
}

/** Whether somebody has to act; the others are kept for their time only. */
export function needsSomebody({ state }: Pick<FailureHead, 'state'>): boolean {
  return state === 'open' || state === 'quarantined';
}

async function failuresOf({ failures }: SoakSite): Promise<NonNullable<Sample['failures']>> {
  const heads = await failures.store.list();
  return { open: heads.filter(needsSomebody).length, stored: heads.length };
}

function declaresOf({ bigip }: SoakSite): Sample['declares'] {
  const counts = { changed: 0, unchanged: 0, refused: 0 };
  for (const { outcome } of bigip.declares) if (outcome !== undefined) counts[outcome] += 1;
  return counts;
}

async function diskOf({ dir, postgres }: SoakSite): Promise<Sample['disk']> {
  const { queue, failures, home } = WRITTEN;
  const seen: Sample['disk'] = { logs: sizeOf(join(dir, 'logs')), home: sizeOf(join(dir, home)) };
  if (postgres === undefined)
    return {
      ...seen,
      queue: sizeOf(join(dir, queue)),
      'failure store': sizeOf(join(dir, failures)),
    };
  return {
    ...seen,
    database: sizeOf(join(postgres.data, 'base')),
    'write-ahead log': sizeOf(join(postgres.data, 'pg_wal')),
  };
}

/** Sums of a folder with everything below it. */
function sizeOf(folder: string): { readonly bytes: number; readonly files: number } {
  const seen = { bytes: 0, files: 0 };
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    try {
      seen.bytes += statSync(join(entry.parentPath, entry.name)).size;
      seen.files += 1;
    } catch {
      // It was removed just now.
    }
  }
  return seen;
}
