/**
 * The queues under kill -9, in a file and in PostgreSQL: how many events a second, how long one
 * waits until it is handled, and what was lost.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingPostgres, startPostgres } from '../fixtures/postgres/process.ts';
import { torture } from '../fixtures/queue/torture/torture.ts';
import type { Place } from '../fixtures/queue/torture/torture.ts';
import { percentile, shown, table } from './measure.ts';

/** At full speed, then with kills at a pace that receivers can follow. */
interface Scale {
  readonly rush: number;
  readonly kills: number;
  readonly messages: number;
}
const FULL: Scale = { rush: 4_000, kills: 60, messages: 3_000 };
const QUICK: Scale = { rush: 1_000, kills: 8, messages: 400 };

/** Milliseconds between two messages of each of the two senders. */
const PAUSE_MS = 20;
/** As `sluice up` renews: after it, others have the messages of a process that was killed. */
const VISIBILITY_MS = 6_000;

/** The same victims in each run. */
function victims(): () => number {
  let state = 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

async function rowOf(
  name: string,
  { rush, kills, messages }: Scale,
  place: (run: string) => Place,
): Promise<readonly string[]> {
  const common = { visibilityMs: VISIBILITY_MS, senders: 2, receivers: 3, random: victims() };
  const fast = await torture({
    ...common,
    place: place('fast'),
    kills: 0,
    messages: rush,
    pauseMs: 0,
  });
  const killed = await torture({
    ...common,
    place: place('kills'),
    kills,
    messages,
    pauseMs: PAUSE_MS,
  });
  const ms = (share: number): string => shown(percentile(killed.delays, share));
  return [
    name,
    shown(Math.round(fast.handled / fast.seconds)),
    ms(0.5),
    ms(0.99),
    ms(1),
    String(killed.kills),
    String(killed.handled),
    String(killed.repeated),
    String(fast.lost.length + killed.lost.length),
    String(fast.disorder.length + killed.disorder.length),
  ];
}

/** `quick`: a short version, to check that it works. */
export async function benchQueue(quick: boolean): Promise<void> {
  const scale = quick ? QUICK : FULL;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-queue-'));
  // As a server is set up by default, unlike those of tests.
  const server =
    missingPostgres === undefined
      ? await startPostgres({ settings: { fsync: 'on', shared_buffers: '128MB' } })
      : undefined;
  try {
    const rows = [
      await rowOf('file (SQLite)', scale, (run) => ({
        kind: 'sqlite',
        path: join(folder, `${run}.sqlite`),
      })),
    ];
    if (server !== undefined)
      rows.push(
        await rowOf('PostgreSQL', scale, (run) => ({
          kind: 'postgres',
          server: server.config(run),
        })),
      );
    table(
      'The queues with 2 senders and 3 receivers, each a process',
      [
        'queue',
        'events/s',
        'p50 ms',
        'p99 ms',
        'worst ms',
        'kills',
        'events',
        'repeated',
        'lost',
        'disorder',
      ],
      rows,
    );
    if (missingPostgres !== undefined) process.stdout.write(`PostgreSQL: ${missingPostgres}\n`);
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true });
  }
}
