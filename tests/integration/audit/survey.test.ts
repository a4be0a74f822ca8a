import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { create as createAudit } from '../../../functions/audit/handler.ts';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { QueueDepth } from '../../../shared/queue/port.ts';
import { createMeter } from '../../../shared/telemetry/meter.ts';
import { bench, type Bench } from './support.ts';

const CONTEXT = {
  awsRequestId: 'r',
  functionName: 'audit',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 120_000,
};

let bigip: LabBigip;
let at: Bench;
beforeEach(async () => {
  bigip = await startBigip();
  at = bench([bigip]);
});
afterEach(() => bigip.close());

/** One call of the schedule; the gauges that it hands to its host, and its error. */
async function call(
  runtime: Runtime,
): Promise<{ readonly gauges: readonly string[]; readonly error?: unknown }> {
  const meter = createMeter();
  const auditor = createAudit({ ...runtime, meter });
  const error: unknown = await auditor({} as never, CONTEXT).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await auditor.close();
  const gauges = meter
    .takeNew()
    .gauges.map(({ name, labels, value }) => [name, ...Object.values(labels), value].join(' '));
  return { gauges, error };
}

test('a call of the schedule hands the gauges to its host', async () => {
  const { gauges, error } = await call(at.runtime);
  expect(error).toBeUndefined();
  expect(gauges).toEqual(
    expect.arrayContaining(['sluice_store_reachable 1', 'sluice_device_reachable bigip-1 1']),
  );
});

test('also if a device cannot be read, which the call reports as an error', async () => {
  await bigip.close();
  const { gauges, error } = await call(at.runtime);
  expect(String(error)).toContain('bigip-1');
  expect(gauges).toContain('sluice_device_reachable bigip-1 0');
});

test('on SQS, which tells no age, a settled queue ages from audit to audit until one finds it empty', async () => {
  let depth: QueueDepth = { waiting: 4, inFlight: 0 };
  const { queues } = at.runtime;
  const runtime: Runtime = {
    ...at.runtime,
    config: { ...at.runtime.config, queue: { kind: 'sqs', prefix: 'sluice', region: 'eu-west-1' } },
    queues: {
      ...queues,
      queue: (name) => ({ ...queues.queue(name), depth: () => Promise.resolve(depth) }),
    },
  };
  const settledAge = async (): Promise<number> => {
    const { gauges } = await call(runtime);
    const row = gauges.find((one) => one.startsWith('sluice_settled_oldest_seconds '));
    return Math.round(Number(row?.split(' ').at(-1)) / 10) * 10;
  };
  expect(await settledAge()).toBe(0);
  at.pass(1_200_000);
  expect(await settledAge()).toBe(1_200);
  at.pass(1_200_000);
  depth = { waiting: 0, inFlight: 0 };
  expect(await settledAge()).toBe(0);
  at.pass(1_200_000);
  depth = { waiting: 1, inFlight: 0 };
  expect(await settledAge()).toBe(0);
});
