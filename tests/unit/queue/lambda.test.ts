import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { lambdaEntry, type FunctionContext } from '../../../shared/host/lambda.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../../infra/aws/example.yaml');
const CONTEXT: FunctionContext = {
  awsRequestId: 'r',
  functionName: 'map',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 1000,
};
const EVENT = { Records: [] };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lambda-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function entry(env: Readonly<Record<string, string>> = {}): {
  readonly call: () => Promise<unknown>;
  readonly runtimes: Runtime[];
} {
  const runtimes: Runtime[] = [];
  const handler = lambdaEntry(
    (runtime) => {
      runtimes.push(runtime);
      return async () => ({ batchItemFailures: [] });
    },
    { LAMBDA_TASK_ROOT: folder, SLUICE_LOG_LEVEL: 'silent', ...env },
  );
  return { call: async () => handler(EVENT, CONTEXT), runtimes };
}

describe('a Lambda function', () => {
  test('starts once, with its first call, from its packed configuration', async () => {
    copyFileSync(EXAMPLE, join(folder, 'sluice.yaml'));
    const { call, runtimes } = entry();
    expect(runtimes).toEqual([]);
    await Promise.all([call(), call()]);
    expect(await call()).toEqual({ batchItemFailures: [] });
    expect(runtimes).toHaveLength(1);
    expect(runtimes[0]?.config.clusters.map((cluster) => cluster.id)).toEqual(['east']);
    expect(runtimes[0]?.queues.queue('snapshots').name).toBe('snapshots');
    await runtimes[0]?.queues.close();
  });

  test('takes the configuration that SLUICE_CONFIG names', async () => {
    copyFileSync(EXAMPLE, join(folder, 'other.yaml'));
    const { call, runtimes } = entry({ SLUICE_CONFIG: 'other.yaml' });
    await call();
    expect(runtimes).toHaveLength(1);
    await runtimes[0]?.queues.close();
  });

  test('holds its messages until its time is over by either clock', async () => {
    copyFileSync(EXAMPLE, join(folder, 'sluice.yaml'));
    let [monotonic, left] = [0, 1_000];
    const contexts: FunctionContext[] = [];
    const runtimes: Runtime[] = [];
    const handler = lambdaEntry(
      (runtime) => {
        runtimes.push(runtime);
        return async (_event, context) => void contexts.push(context);
      },
      { LAMBDA_TASK_ROOT: folder, SLUICE_LOG_LEVEL: 'silent' },
      { now: () => 0, monotonic: () => monotonic, sleep: () => Promise.resolve() },
    );
    await handler(EVENT, { ...CONTEXT, getRemainingTimeInMillis: () => left });
    const holds = (): Promise<boolean> | undefined => contexts[0]?.holds?.(['m']);
    expect(contexts[0]).toMatchObject({ awsRequestId: 'r', functionName: 'map' });
    expect(await holds()).toBe(true);
    [monotonic, left] = [999, 0];
    expect(await holds()).toBe(false);
    [monotonic, left] = [999, 1];
    expect(await holds()).toBe(true);
    // The wall clock was set back.
    [monotonic, left] = [1_000, 900];
    expect(await holds()).toBe(false);
    await runtimes[0]?.queues.close();
  });

  test('writes the metrics of each call, also of one that fails and whatever the level of the log', async () => {
    copyFileSync(EXAMPLE, join(folder, 'sluice.yaml'));
    const lines: object[] = [];
    const runtimes: Runtime[] = [];
    const handler = lambdaEntry(
      (runtime) => {
        runtimes.push(runtime);
        return () => {
          runtime.meter?.count('sluice_dead_letters_total', { queue: 'slices', code: 'BIP421' });
          return Promise.reject(new Error('no'));
        };
      },
      { LAMBDA_TASK_ROOT: folder, SLUICE_LOG_LEVEL: 'silent' },
      undefined,
      (line) => void lines.push(line),
    );
    for (const _ of [1, 2]) await expect(handler(EVENT, CONTEXT)).rejects.toThrow('no');
    expect(lines).toHaveLength(4);
    expect(lines.slice(2)).toMatchObject([
      { sluice_dead_letters_total: 1 },
      { sluice_dead_letters_total: 1, code: 'BIP421' },
    ]);
    expect(JSON.stringify(lines[0])).toContain('"Namespace":"Sluice/sluice"');
    await runtimes[0]?.queues.close();
  });

  test('that cannot start reports why, and tries again with the next call', async () => {
    const { call, runtimes } = entry();
    await expect(call()).rejects.toThrow(
      'sluice.config.json and sluice.yaml are not in the package',
    );
    writeFileSync(join(folder, 'sluice.yaml'), 'devices: []\n');
    await expect(call()).rejects.toThrow('clusters: is missing');
    copyFileSync(EXAMPLE, join(folder, 'sluice.yaml'));
    await call();
    expect(runtimes).toHaveLength(1);
    await runtimes[0]?.queues.close();
  });
});
