import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/audit/handler.ts';
import type { LabBigip, LabRequest } from '../../../infra/lab/bigip/index.ts';
import type { AuditFinding } from '../../../shared/device/finding.ts';
import { openFailures } from '../../../shared/failures/open.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { AUDIT_EVENTS, RESYNC_EVENTS } from '../../../shared/queue/events.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import {
  closeAll,
  connect,
  declare,
  lab,
  recordRequests,
  wanted,
} from '../../contract/bigip/support.ts';
import { call, tenant, until } from '../lab-bigip/client.ts';
import { bench } from './support.ts';

afterEach(closeAll);

const VIRTUAL = '/k8s/gw-172_16_100_195-32400-tcp/virtual';
const POOL = '/k8s/gw-172_16_100_195-32400-tcp/pool';

async function declared(): Promise<LabBigip> {
  const bigip = await lab();
  await declare(connect(bigip), wanted());
  return bigip;
}

async function audit(runtime: Runtime): Promise<readonly AuditFinding[]> {
  const auditor = create(runtime);
  try {
    return (await auditor.audit()).findings;
  } finally {
    await auditor.close();
  }
}

async function byHand(
  bigip: LabBigip,
  method: string,
  path: string,
  body?: unknown,
): Promise<void> {
  const answer = await call(bigip, method, path, { body });
  expect([answer.status, answer.text]).toEqual([200, expect.anything()]);
}

const url = (path: string): string => path.replaceAll('/', '~');

describe('audit', () => {
  test('finds, requests and writes nothing if everything is as declared', async () => {
    const bigip = await declared();
    const before = bigip.writes.length;
    const { runtime, sent } = bench([bigip]);
    expect(await audit(runtime)).toEqual([]);
    expect([sent, bigip.writes.length - before]).toEqual([[], 0]);
  });

  test('stores what it saw for readers without credentials', async () => {
    const bigip = await declared();
    const { runtime } = bench([bigip]);
    const failures = openFailures(runtime.config.failures, runtime);
    await byHand(bigip, 'PATCH', `/mgmt/tm/ltm/virtual/${url(VIRTUAL)}`, { disabled: true });
    await audit(runtime);
    expect(await failures.views.audit('bigip-1')).toMatchObject({
      software: expect.stringMatching(/^3\./),
      found: 1,
      findings: [{ code: 'BIP451', object: VIRTUAL, repairable: true }],
    });
    const seen = await failures.views.of('bigip-1', 'k8s');
    expect(seen?.seen).toMatchObject({ exposures: { '172.16.100.195:32400/tcp': {} } });
    // A device that does not answer keeps its view, with the reason beside it.
    await bigip.close();
    await audit(runtime);
    expect(await failures.views.audit('bigip-1')).toMatchObject({ problem: { code: 'BIP501' } });
    expect(await failures.views.of('bigip-1', 'k8s')).toEqual(seen);
    await failures.close();
  });

  const CHANGES: readonly (readonly [
    what: string,
    change: (bigip: LabBigip) => Promise<void>,
    finding: Partial<AuditFinding>,
  ])[] = [
    [
      'a virtual server switched off',
      (b) => byHand(b, 'PATCH', `/mgmt/tm/ltm/virtual/${url(VIRTUAL)}`, { disabled: true }),
      { kind: 'differs', code: 'BIP451', object: VIRTUAL, message: 'is disabled' },
    ],
    [
      'a virtual server deleted',
      (b) => byHand(b, 'DELETE', `/mgmt/tm/ltm/virtual/${url(VIRTUAL)}`),
      { kind: 'missing', code: 'BIP450', object: VIRTUAL },
    ],
    [
      'a member added',
      (b) =>
        byHand(b, 'POST', `/mgmt/tm/ltm/pool/${url(POOL)}/members`, {
          name: '10.9.9.9:80',
          partition: 'k8s',
        }),
      { kind: 'differs', object: POOL, message: 'has member 10.9.9.9:80, which is not declared' },
    ],
    [
      'a member removed',
      (b) => byHand(b, 'DELETE', `/mgmt/tm/ltm/pool/${url(POOL)}/members/~k8s~10.244.1.5:32400`),
      { kind: 'differs', object: POOL, message: 'lacks member 10.244.1.5:32400' },
    ],
    [
      'a member switched off',
      (b) =>
        byHand(b, 'PATCH', `/mgmt/tm/ltm/pool/${url(POOL)}/members/~k8s~10.244.1.5:32400`, {
          session: 'user-disabled',
        }),
      { kind: 'differs', object: POOL, message: 'has member 10.244.1.5:32400 disabled' },
    ],
    [
      'another balancing method',
      (b) =>
        byHand(b, 'PATCH', `/mgmt/tm/ltm/pool/${url(POOL)}`, { loadBalancingMode: 'ratio-member' }),
      { kind: 'differs', object: POOL, message: 'balances by ratio-member instead of round-robin' },
    ],
    [
      'other reselect tries',
      (b) => byHand(b, 'PATCH', `/mgmt/tm/ltm/pool/${url(POOL)}`, { reselectTries: 7 }),
      {
        kind: 'differs',
        object: POOL,
        message: 'tries 7 other members instead of 0 when a member cannot be reached',
      },
    ],
    [
      'a node drained',
      (b) => byHand(b, 'PATCH', '/mgmt/tm/ltm/node/~k8s~10.244.1.5', { session: 'user-disabled' }),
      { kind: 'differs', object: '/k8s/10.244.1.5', message: 'is a node that should be ready' },
    ],
    [
      'a stray pool',
      (b) => byHand(b, 'POST', '/mgmt/tm/ltm/pool', { name: 'mine', partition: 'k8s' }),
      { kind: 'orphan', code: 'BIP452', object: '/k8s/mine' },
    ],
    [
      'a stray node',
      (b) =>
        byHand(b, 'POST', '/mgmt/tm/ltm/node', {
          name: '10.9.9.9',
          partition: 'k8s',
          address: '10.9.9.9',
        }),
      { kind: 'orphan', object: '/k8s/10.9.9.9' },
    ],
    [
      'a stray virtual server',
      (b) =>
        byHand(b, 'POST', '/mgmt/tm/ltm/virtual', {
          name: 'mine',
          partition: 'k8s',
          destination: '/k8s/192.0.2.9:80',
          ipProtocol: 'tcp',
          mask: '255.255.255.255',
        }),
      { kind: 'orphan', object: '/k8s/mine' },
    ],
  ];

  test.each(CHANGES)(
    '%s is reported, and its repair is requested in the group of the device',
    async (_what, change, finding) => {
      const bigip = await declared();
      await change(bigip);
      const before = bigip.writes.length;
      const { runtime, sent } = bench([bigip]);
      const found = await audit(runtime);
      expect(found).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            device: 'bigip-1',
            partition: 'k8s',
            repairable: true,
            ...finding,
          }),
        ]),
      );
      expect(bigip.writes.length).toBe(before);
      expect(sent.map(({ queue, group }) => [queue, group])).toEqual([['slices', 'bigip-1']]);
      expect(parseEvent(sent[0]?.body ?? '', AUDIT_EVENTS)).toMatchObject({
        ok: {
          data: {
            device: 'bigip-1',
            partitions: ['k8s'],
            reason: expect.stringContaining(found[0]?.object ?? 'nothing'),
          },
        },
      });
    },
  );

  test.each(CHANGES.filter(([what]) => what !== 'a node drained'))(
    '%s is repaired by declaring the same again',
    async (_what, change) => {
      const bigip = await declared();
      await change(bigip);
      const device = connect(bigip);
      for (let again = 0; again < 3 && (await declare(device, wanted())) === 'applied'; again += 1);
      expect(await audit(bench([bigip]).runtime)).toEqual([]);
    },
  );

  test('is only reported if the policy says so', async () => {
    const bigip = await declared();
    await byHand(bigip, 'DELETE', `/mgmt/tm/ltm/virtual/${url(VIRTUAL)}`);
    const { runtime, sent } = bench([bigip], { drift: 'report' });
    expect(await audit(runtime)).toHaveLength(1);
    expect(sent).toEqual([]);
  });

  test('a declaration that another client changed is reported, never repaired', async () => {
    const bigip = await lab();
    expect(
      (
        await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare', {
          body: { class: 'ADC', schemaVersion: '3.50.0', k8s: tenant({}) },
        })
      ).status,
    ).toBeLessThan(300);
    await call(bigip, 'POST', '/mgmt/tm/auth/partition', { body: { name: 'k8s' } });
    const { runtime, sent } = bench([bigip]);
    expect(await audit(runtime)).toEqual([
      expect.objectContaining({
        kind: 'foreign',
        code: 'OWN303',
        object: '/k8s',
        repairable: false,
      }),
    ]);
    expect(sent).toEqual([]);
  });

  test('an owner that is no longer configured is reported, and stays', async () => {
    const bigip = await declared();
    const { runtime, sent } = bench([bigip], { clusters: ['west'] });
    expect(await audit(runtime)).toEqual([
      expect.objectContaining({
        kind: 'orphan',
        code: 'BIP453',
        object: 'east/istio-system/istio-ingressgateway',
      }),
    ]);
    expect(sent).toEqual([]);
  });

  test('audit waits for a declare in progress, and does not report it as drift', async () => {
    const bigip = await lab({ timings: { declare: 2_000, memberWrite: 1 } });
    const device = connect(bigip);
    await declare(device, wanted());
    const before = bigip.writes.length;
    const running = declare(device, wanted(wanted(), 2, [32_400, 5, 6]));
    await until(() => bigip.writes.length > before);
    const looks = recordRequests(bigip);
    const { runtime } = bench([bigip]);
    expect(
      await audit({
        ...runtime,
        clock: { ...runtime.clock, sleep: () => running.then(() => undefined) },
      }),
    ).toEqual([]);
    // Once while a declare was in progress, then one that started and ended during the audit.
    expect(looks.filter(({ path }) => path === '/mgmt/shared/appsvcs/task')).toHaveLength(3);
  });

  test('an unreachable device does not hide results of others, and fails the scheduled run', async () => {
    const [away, here] = [await declared(), await declared()];
    await byHand(here, 'DELETE', `/mgmt/tm/ltm/virtual/${url(VIRTUAL)}`);
    away.faults.inject({ times: Infinity, response: { kind: 'html', status: 503 } });
    const { runtime, sent } = bench([away, here]);
    const auditor = create(runtime);
    const context = {
      awsRequestId: 'r',
      functionName: 'audit',
      functionVersion: '1',
      getRemainingTimeInMillis: () => 60_000,
    };
    await expect(auditor({ Records: [] }, context)).rejects.toThrow(
      /^audit: bigip-1: BIP504[^;]*$/,
    );
    await auditor.close();
    expect(sent.map(({ group }) => group)).toEqual(['bigip-2']);
  });
});

describe('fences that lie in the past', () => {
  test('every cluster of the device is asked for a full resync', async () => {
    const a = await lab({ hostname: 'unit-a' });
    await declare(connect(a), wanted());
    const b = await lab({ hostname: 'unit-b', state: a.snapshotState() });
    a.faults.standby();
    const { runtime, sent } = bench([a], { peer: b, clusters: ['east', 'west'] });
    await audit(runtime);
    expect(sent.map(({ queue }) => queue)).toEqual(['settled-east', 'settled-west']);
    expect(sent.map(({ body }) => parseEvent(body, RESYNC_EVENTS))).toMatchObject([
      {
        ok: {
          cluster: 'east',
          data: {
            cluster: 'east',
            device: 'bigip-1',
            partition: 'k8s',
            code: 'BIP442',
            reason: 'unit-b is active now, but unit-a made the last declaration',
          },
        },
      },
      { ok: { cluster: 'west' } },
    ]);
  });

  test('and the reading fails when the request cannot be sent', async () => {
    const a = await lab({ hostname: 'unit-a' });
    await declare(connect(a), wanted());
    const b = await lab({ hostname: 'unit-b', state: a.snapshotState() });
    a.faults.standby();
    const { runtime } = bench([a], { peer: b });
    const away: Runtime = {
      ...runtime,
      queues: {
        ...runtime.queues,
        queue: (name) => ({
          ...runtime.queues.queue(name),
          send: () => Promise.reject(new Error('the queue is away')),
        }),
      },
    };
    const auditor = create(away);
    expect((await auditor.audit()).failed).toMatchObject([
      { device: 'bigip-1', reason: 'the queue is away' },
    ]);
    await auditor.close();
  });
});

describe('several processes', () => {
  const every = 10 * 60_000;

  test('audit once in each interval between them', async () => {
    const { runtime, pass } = bench([await declared()]);
    const [a, b] = [create(runtime), create(runtime)];
    const clean = { findings: [], failed: [] };
    expect([await a.turn(every), await b.turn(every)]).toEqual([clean, undefined]);
    pass(every);
    expect([await b.turn(every), await a.turn(every)]).toEqual([clean, undefined]);
    await Promise.all([a.close(), b.close()]);
  });

  test('audit each for themselves if they cannot ask the failure store', async () => {
    const { runtime } = bench([await declared()]);
    // Below a file, so that it cannot be opened.
    const path = join(import.meta.filename, 'failures');
    const failures = { ...runtime.config.failures, kind: 'fs' as const, path };
    const alone = { ...runtime, config: { ...runtime.config, failures } };
    const [a, b] = [create(alone), create(alone)];
    const clean = { findings: [], failed: [] };
    expect([await a.turn(every), await b.turn(every)]).toEqual([clean, clean]);
    await Promise.all([a.close(), b.close()]);
  });
});

test('audit only sends GET to the device', async () => {
  const bigip = await declared();
  await byHand(bigip, 'DELETE', `/mgmt/tm/ltm/virtual/${url(VIRTUAL)}`);
  const methods: LabRequest['method'][] = [];
  bigip.faults.inject({
    match: ({ path, method }) =>
      path.includes('/authn/') || path.includes('/authz/') ? false : methods.push(method) === 0,
    response: { kind: 'reset' },
  });
  await audit(bench([bigip]).runtime);
  expect([...new Set(methods)]).toEqual(['GET']);
});
