/** Commands that only look, where there is no queue file yet. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { processRuntime } from '../../../shared/host/process-runtime.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import { queueChecks } from '../../../shared/operations/doctor/queue-checks.ts';
import { readQueues } from '../../../shared/operations/status/status.ts';
import { markMoved } from '../../../shared/runtime/moved-mark.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { smallConfig } from '../../fixtures/config.ts';

/** As commands open it. */
const looking = (path: string): Runtime =>
  processRuntime(
    { ...smallConfig(), queue: { kind: 'sqlite', path } },
    { env: {}, log: createLogger('silent'), opensLate: true },
  );
const said = async (runtime: Runtime): Promise<readonly string[]> => [
  ...new Set((await queueChecks(runtime)).map((one) => `${one.state}: ${describeFinding(one)}`)),
];

test('a look creates neither queue file nor folder, and tells that there is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  const runtime = looking(join(folder, 'state', 'queue.sqlite'));
  expect(await said(runtime)).toEqual([
    'ok: none yet: the queue file does not exist, and "sluice up" creates it',
  ]);
  expect(await readQueues(runtime)).toContainEqual({
    queue: 'slices',
    waiting: 0,
    inFlight: 0,
    isAbsent: true,
  });
  expect(existsSync(join(folder, 'state'))).toBe(false);
  await runtime.queues.queue('slices').send({ group: 'g', deduplicationId: 'd', body: '{}' });
  expect(await said(runtime)).toContain('ok: 1 waiting, 0 in flight');
  await runtime.queues.close();
});

test('a queue file that cannot be created is a fault, with the place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const runtime = looking(join(file, 'state', 'queue.sqlite'));
  expect(await said(runtime)).toEqual([
    expect.stringMatching(
      /^fail: The queue file .* cannot be created in .*\/file: .*Check queue\.path.*\(Q601\)$/,
    ),
  ]);
});

test('a queue file that was moved is not told as one that was never there', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'queue.sqlite');
  markMoved(`${path}.moved`, 'PostgreSQL');
  expect(await said(looking(path))).toEqual([
    expect.stringMatching(/^fail: .*was moved to PostgreSQL.*\(Q606\)$/),
  ]);
});
