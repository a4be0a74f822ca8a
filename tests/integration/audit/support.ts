/** A runtime with one lab device behind it, and queues that keep what was sent. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { create as createApply } from '../../../functions/apply/handler.ts';
import { create as createAudit } from '../../../functions/audit/handler.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import type { AuditFinding } from '../../../shared/device/finding.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { OutgoingMessage, QueueName, Queues } from '../../../shared/queue/port.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

export interface Sent extends OutgoingMessage {
  readonly queue: QueueName;
}

export interface Bench {
  readonly runtime: Runtime;
  readonly sent: readonly Sent[];
  /** Lets that many milliseconds pass. */
  readonly pass: (ms: number) => void;
}

const quiet = (): void => undefined;
const LOG: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => LOG };

export function bench(
  bigips: readonly LabBigip[],
  settings: {
    readonly drift?: 'repair' | 'adopt' | 'report';
    readonly peer?: LabBigip;
    readonly clusters?: readonly string[];
    readonly whenSilent?: 'report' | 'drain';
    /** More of each device and cluster. */
    readonly more?: { readonly device?: object; readonly cluster?: object };
  } = {},
): Bench {
  const { drift = 'repair', peer, clusters = ['east'], whenSilent = 'report' } = settings;
  const { device = {}, cluster: clusterMore = {} } = settings.more ?? {};
  let passed = 0;
  const sent: Sent[] = [];
  const refuse = (): Promise<never> =>
    Promise.reject(new Error('audit takes nothing from a queue'));
  const queues: Queues = {
    queue: (name) => ({
      name,
      send: (message) => Promise.resolve(void sent.push({ ...message, queue: name })),
      receive: refuse,
      delete: refuse,
      changeVisibility: refuse,
      depth: refuse,
    }),
    close: () => Promise.resolve(),
  };
  const names = bigips.map((_, i) => `bigip-${i + 1}`);
  const config = parseConfig(
    JSON.stringify({
      devices: bigips.map((bigip, i) => ({
        name: names[i],
        url: bigip.url,
        ...(peer === undefined ? {} : { peer: peer.url }),
        username: bigip.username,
        password: 'env:PASSWORD',
        tls: { ca: `env:CA${i}` },
        partitions: ['k8s'],
        requestTimeout: 5,
        ...device,
      })),
      clusters: clusters.map((id) => ({ id, whenSilent, ...clusterMore })),
      fleets: clusters.length > 1 ? [{ name: 'all', clusters }] : [],
      ingresses: clusters.map((cluster) => ({
        cluster,
        service: 'istio-system/istio-ingressgateway',
        devices: names,
        virtualAddress: '172.16.100.195',
      })),
      policy: { drift },
      failures: { kind: 'fs', path: mkdtempSync(join(tmpdir(), 'sluice-audit-')) },
    }),
    'test',
    1,
  );
  const caOf = (reference: string): string =>
    [bigips[Number(reference.slice('env:CA'.length))], peer]
      .map((bigip) => bigip?.ca ?? '')
      .join('\n');
  let ids = 0;
  const runtime = runtimeWith({
    config,
    secrets: {
      resolve: (reference) =>
        Promise.resolve(
          reference.startsWith('env:CA') ? caOf(reference) : (bigips[0]?.password ?? ''),
        ),
    },
    queues,
    clock: {
      now: () => processClock.now() + passed,
      monotonic: () => processClock.now() + passed,
      sleep: () => processClock.sleep(1),
    },
    id: () => `id-${(ids += 1)}`,
    random: () => 0.5,
    log: LOG,
  });
  return { runtime, sent, pass: (ms) => void (passed += ms) };
}

/** One audit of all devices. */
export async function audit({ runtime }: Bench): Promise<readonly AuditFinding[]> {
  const auditor = createAudit(runtime);
  const { findings } = await auditor.audit();
  await auditor.close();
  return findings;
}

/** Apply handles the last message that was sent. */
export async function apply({ runtime, sent }: Bench): Promise<void> {
  const message = sent.at(-1);
  if (message === undefined) throw new Error('nothing was sent');
  const handle = createApply(runtime, undefined, {
    note: () => Promise.resolve(),
    tell: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const record = toRecord(
    { id: 'm', receipt: 'r', receiveCount: 1, sentAt: 0, ...message },
    'arn:aws:sqs:local:0:slices.fifo',
  );
  expect(
    await handle(
      { Records: [record] },
      {
        awsRequestId: 'r',
        functionName: 'apply',
        functionVersion: '1',
        getRemainingTimeInMillis: () => 120_000,
      },
    ),
  ).toEqual({ batchItemFailures: [] });
  await handle.close();
}
