/** Senders and receivers die by kill -9 while they work: nothing is lost, and each group keeps its order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import { torture } from '../../fixtures/queue/torture/torture.ts';
import type { Place, TortureResult } from '../../fixtures/queue/torture/torture.ts';

/** One process of each kind; a longer run is `npm run bench -- --only queue`. */
const SENDER_THEN_RECEIVER = [0.1, 0.9];

function tortured(place: Place): Promise<TortureResult> {
  const picks = [...SENDER_THEN_RECEIVER];
  const random = (): number => picks.shift()!;
  return torture({
    place,
    kills: picks.length,
    messages: 100,
    pauseMs: 2,
    visibilityMs: 1_500,
    senders: 1,
    receivers: 2,
    random,
  });
}

test('in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-torture-'));
  try {
    const result = await tortured({ kind: 'sqlite', path: join(folder, 'queue.sqlite') });
    expect(result).toMatchObject({ kills: 2, lost: [], disorder: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describeWithPostgres('in PostgreSQL', () => {
  test('whose other clients die', async () => {
    const server = await startPostgres();
    try {
      const result = await tortured({ kind: 'postgres', server: server.config('torture') });
      expect(result).toMatchObject({ kills: 2, lost: [], disorder: [] });
    } finally {
      await server.stop();
    }
  });
});
