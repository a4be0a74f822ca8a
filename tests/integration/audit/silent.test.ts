/** A silent cluster: found by audit, drained by policy, and enabled again when it sends events. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { create as createApply } from '../../../functions/apply/handler.ts';
import { create as createAudit } from '../../../functions/audit/handler.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { AuditFinding } from '../../../shared/device/finding.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, STEERING_EVENTS } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { closeAll, connect, declare, lab } from '../../contract/bigip/support.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { call } from '../lab-bigip/client.ts';
import { bench } from './support.ts';

const T = Date.parse('2026-01-01T00:00:00.000Z');
const of = (
  cluster: string,
  counter: number,
  last: number,
  ports: readonly number[] = [32_400],
): Slice =>
  slice(
    counter,
    ports.map((port) =>
      exposure({ port, members: [{ address: `10.1.0.${last}`, port: 80, availability: 'ready' }] }),
    ),
    { owner: `${cluster}/istio-system/istio-ingressgateway`, clusterUid: `uid-${cluster}` },
  );

let bigip: LabBigip;
beforeEach(async () => {
  bigip = await lab();
});
afterEach(closeAll);

/** East was last heard at 0:00, west at 0:18. */
async function declared(east = of('east', 1, 1)): Promise<void> {
  const first = planPartition('k8s', EMPTY_STATE, [east], { sameFleet: () => true, now: T }).next;
  await declare(
    connect(bigip),
    planPartition('k8s', first, [of('west', 1, 2)], { sameFleet: () => true, now: T + 18 * 60_000 })
      .next,
  );
}

function at20(runtime: Runtime): Runtime {
  return { ...runtime, clock: { ...runtime.clock, now: () => T + 20 * 60_000 } };
}

async function audit(runtime: Runtime): Promise<readonly AuditFinding[]> {
  const auditor = createAudit(runtime);
  try {
    return (await auditor.audit()).findings;
  } finally {
    await auditor.close();
  }
}

async function apply(runtime: Runtime, body: string): Promise<void> {
  const handler = createApply(runtime, undefined, {
    note: () => Promise.resolve(),
    tell: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const context = {
    awsRequestId: 'r',
    functionName: 'apply',
    functionVersion: '1',
    getRemainingTimeInMillis: () => 60_000,
  };
  const message = {
    id: 'm',
    receipt: 'm',
    group: 'bigip-1',
    deduplicationId: 'm',
    body,
    sentAt: runtime.clock.now(),
    receiveCount: 1,
  };
  try {
    expect(
      (await handler({ Records: [toRecord(message, 'arn:aws:sqs:local:0:slices.fifo')] }, context))
        ?.batchItemFailures ?? [],
    ).toEqual([]);
  } finally {
    await handler.close();
  }
}

async function drained(): Promise<readonly string[]> {
  const { body } = await call(bigip, 'GET', '/mgmt/tm/ltm/node');
  return (body['items'] as { address: string; session: string }[])
    .filter(({ session }) => session === 'user-disabled')
    .map(({ address }) => address);
}

describe('a silent cluster', () => {
  test('is reported, and nothing is sent or written', async () => {
    await declared();
    const before = bigip.writes.length;
    const { runtime, sent } = bench([bigip], { clusters: ['east', 'west'] });
    expect(await audit(at20(runtime))).toMatchObject([
      {
        device: 'bigip-1',
        partition: 'k8s',
        kind: 'silent',
        code: 'OWN331',
        object: 'cluster east',
        message: expect.stringContaining('no event since 2026-01-01T00:00:00.000Z'),
        repairable: false,
      },
    ]);
    expect([sent, bigip.writes.length - before]).toEqual([[], 0]);
  });

  test('is drained by policy, after the slices of its device, and enabled with its next snapshot', async () => {
    await declared();
    const made = bench([bigip], { clusters: ['east', 'west'], whenSilent: 'drain' });
    const runtime = at20(made.runtime);
    await audit(runtime);
    const [order] = made.sent;
    expect([order?.queue, order?.group, made.sent.length]).toEqual(['slices', 'bigip-1', 1]);
    expect(parseEvent(order?.body ?? '', STEERING_EVENTS)).toMatchObject({
      ok: { data: { action: 'drain', cluster: 'east', silent: { speaking: ['west'] } } },
    });
    await apply(runtime, order?.body ?? '');
    expect(await drained()).toEqual(['10.1.0.1']);
    // The drain is part of the declaration: the next audit finds only the silence, and sends no
    // more orders.
    expect((await audit(runtime)).map(({ kind }) => kind)).toEqual(['silent']);
    expect(made.sent).toHaveLength(1);
    await apply(
      runtime,
      serialiseEvent(INGRESS_DESIRED, of('east', 2, 1), {
        id: 'e',
        cluster: 'east',
        subject: 'east',
        time: new Date().toISOString(),
      }),
    );
    expect([await drained(), await audit(runtime)]).toEqual([[], []]);
  });

  test('that is the only one for an exposure stays in rotation, which is reported', async () => {
    await declared(of('east', 1, 1, [32_400, 9]));
    const { runtime, sent } = bench([bigip], { clusters: ['east', 'west'], whenSilent: 'drain' });
    expect(await audit(at20(runtime))).toMatchObject([
      {
        code: 'OWN331',
        message: expect.stringContaining(
          'no other active cluster serves 1 of them (172.16.100.195:9/tcp)',
        ),
      },
    ]);
    expect(sent).toEqual([]);
  });
});
