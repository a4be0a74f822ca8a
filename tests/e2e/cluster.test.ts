/**
 * `sluice cluster` as users run it: the built command, a BIG-IP over a socket, and apply, which
 * receives the orders from the queue.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { create as createApply } from '../../functions/apply/handler.ts';
import type { LabBigip } from '../../infra/lab/bigip/index.ts';
import { loadConfig } from '../../shared/config/load.ts';
import { createSecrets } from '../../shared/config/secrets.ts';
import { EMPTY_STATE } from '../../shared/domain/declared/declared.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import { openFailures } from '../../shared/failures/open.ts';
import { toRecord } from '../../shared/queue/handler.ts';
import { createSqliteQueues } from '../../shared/queue/sqlite/queues.ts';
import { processClock, processId, processRandom } from '../../shared/runtime/process.ts';
import type { Logger } from '../../shared/telemetry/log.ts';
import { closeAll, connect, declare, lab } from '../contract/bigip/support.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { call } from '../integration/lab-bigip/client.ts';
import { startSluice } from './support/sluice.ts';
import { runtimeWith } from '../fixtures/runtime.ts';
import { NO_SECRETS } from '../fixtures/secrets.ts';

const LIMIT = 60_000;
const quiet = (): void => undefined;
const LOG: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => LOG };
const WEST = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const at = (address: string): { readonly members: ReturnType<typeof exposure>['members'] } => ({
  members: [{ address, port: 8443, availability: 'ready' }],
});

let dir: string;
let bigip: LabBigip;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-cluster-'));
  // `sluice up` ran here once.
  await createSqliteQueues({
    path: join(dir, 'queue.sqlite'),
    clock: processClock,
    id: processId,
  }).close();
  bigip = await lab();
  // Both serve 32400, only west serves 9.
  const slices = [
    slice(7, [exposure(at('10.1.0.1'))]),
    slice(3, [exposure(at('10.2.0.1')), exposure({ port: 9, ...at('10.2.0.1') })], WEST),
    slice(8, [], { clusterUid: 'uid-new' }),
  ];
  const state = slices.reduce(
    (declared, one) =>
      planPartition('k8s', declared, [one], { sameFleet: () => true, now: processClock.now() })
        .next,
    EMPTY_STATE,
  );
  await declare(connect(bigip), state);
  await writeFile(join(dir, 'password'), bigip.password);
  await writeFile(join(dir, 'ca.pem'), bigip.ca);
  const config = {
    generation: 1,
    devices: [
      {
        name: 'bigip-1',
        url: bigip.url,
        username: bigip.username,
        password: `file:${join(dir, 'password')}`,
        tls: { ca: `file:${join(dir, 'ca.pem')}` },
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east' }, { id: 'west' }],
    fleets: [{ name: 'all', clusters: ['east', 'west'] }],
    ingresses: ['east', 'west'].map((cluster) => ({
      cluster,
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip-1'],
      virtualAddress: '172.16.100.195',
    })),
    queue: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
    failures: { kind: 'fs', path: join(dir, 'failures') },
  };
  await writeFile(join(dir, 'sluice.yaml'), JSON.stringify(config));
});
afterEach(async () => {
  await closeAll();
  await rm(dir, { recursive: true, force: true });
});

async function sluice(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  const run = startSluice(['cluster', ...args, '-c', 'sluice.yaml'], dir, { SLUICE_USER: 'ada' });
  return { code: await run.ended, out: run.stdout(), err: run.stderr() };
}

/** Handles one batch of the queue; resolves with its number of messages. */
async function apply(): Promise<number> {
  const queues = createSqliteQueues({
    path: join(dir, 'queue.sqlite'),
    clock: processClock,
    id: processId,
  });
  const handler = createApply(
    runtimeWith({
      config: await loadConfig(join(dir, 'sluice.yaml'), {}),
      secrets: createSecrets({ env: {} }),
      queues,
      id: processId,
      random: processRandom,
      log: LOG,
    }),
  );
  try {
    const batch = await queues
      .queue('slices')
      .receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
    const context = {
      awsRequestId: 'r',
      functionName: 'apply',
      functionVersion: '1',
      getRemainingTimeInMillis: () => 120_000,
    };
    if (batch.length > 0)
      expect(
        (
          await handler(
            {
              Records: batch.map((message) => toRecord(message, 'arn:aws:sqs:local:0:slices.fifo')),
            },
            context,
          )
        )?.batchItemFailures ?? [],
      ).toEqual([]);
    for (const { receipt } of batch) await queues.queue('slices').delete(receipt);
    return batch.length;
  } finally {
    await handler.close();
    await queues.close();
  }
}

async function rows(): Promise<readonly object[]> {
  return JSON.parse((await sluice('list', '-o', 'json')).out) as readonly object[];
}

async function disabled(): Promise<readonly string[]> {
  const { body } = await call(bigip, 'GET', '/mgmt/tm/ltm/node');
  return ((body['items'] ?? []) as { address: string; session: string; state: string }[])
    .filter(({ session }) => session === 'user-disabled')
    .map(({ address, state }) => `${address} ${state === 'user-down' ? 'out' : 'draining'}`);
}

async function told(): Promise<readonly object[]> {
  const failures = openFailures((await loadConfig(join(dir, 'sluice.yaml'), {})).failures, {
    clock: processClock,
    id: processId,
    secrets: NO_SECRETS,
  });
  try {
    return await failures.audit.list();
  } finally {
    await failures.close();
  }
}

describe('sluice cluster', () => {
  test(
    'list shows the clusters, and its exit code reports a rival cluster',
    async () => {
      const { code, out } = await sluice('list');
      expect(code).toBe(2);
      expect(out).toMatch(
        /^CLUSTER +DEVICE +UID +OWNERS +EXPOSURES +MEMBERS +VERSION +SEEN +STATE\neast +bigip-1 +uid-east +1 +1 +1 +1\.7 +\d+s ago +enabled; rival uid-new since .*\nwest +bigip-1 +uid-west +1 +2 +2 +1\.3 +\d+s ago +enabled\n$/,
      );
    },
    LIMIT,
  );

  test(
    'drain, out and enable change the nodes, and the audit log records the author and reason',
    async () => {
      expect(await sluice('drain', 'east', '--why', 'kernel update', '--yes')).toMatchObject({
        code: 0,
        err: expect.stringContaining('Ordered on bigip-1'),
      });
      expect([await apply(), await disabled()]).toEqual([1, ['10.1.0.1 draining']]);
      expect((await rows())[0]).toMatchObject({
        cluster: 'east',
        state: 'draining',
        drain: { because: 'kernel update' },
      });
      await sluice('out', 'east', '--why', 'power', '--yes');
      expect([await apply(), await disabled()]).toEqual([1, ['10.1.0.1 out']]);
      await sluice('enable', 'east', '--yes');
      expect([await apply(), await disabled()]).toEqual([1, []]);
      expect(await told()).toMatchObject([
        {
          who: 'ada',
          action: 'cluster drain',
          selection: 'cluster east on bigip-1',
          why: 'kernel update',
          result: 'sent to one device',
        },
        { action: 'cluster out', why: 'power' },
        { action: 'cluster enable', why: 'no reason given' },
      ]);
    },
    LIMIT,
  );

  test(
    'drain of the only cluster that serves an exposure needs --force besides --yes',
    async () => {
      expect(await sluice('drain', 'west', '--yes')).toMatchObject({
        code: 1,
        err: expect.stringContaining(
          'Only west serves 1 exposure (172.16.100.195:9/tcp on bigip-1); these exposures ' +
            'would then accept no new connections. To do it anyway, add --force',
        ),
      });
      expect(await apply()).toBe(0);
      expect((await sluice('drain', 'west', '--yes', '--force')).code).toBe(0);
      expect([await apply(), await disabled()]).toEqual([1, ['10.2.0.1 draining']]);
    },
    LIMIT,
  );

  test(
    'asks first: without a terminal it needs --yes, and --dry-run does nothing',
    async () => {
      expect(await sluice('enable', 'east')).toMatchObject({
        code: 1,
        err: expect.stringContaining('add --yes to do it'),
      });
      expect(await sluice('drain', 'west', '--dry-run')).toMatchObject({
        code: 0,
        err: expect.stringMatching(/^Dry run, nothing was done: .*Only west serves 1 exposure/),
      });
      expect([await apply(), await told()]).toEqual([0, []]);
    },
    LIMIT,
  );

  test(
    'forget keeps the fences, adopt transfers them',
    async () => {
      await sluice('forget', 'west', '--yes', '--why', 'it is gone');
      await apply();
      expect((await rows())[1]).toMatchObject({
        cluster: 'west',
        owners: 0,
        exposures: 0,
        version: '1.4',
      });
      await sluice('adopt', 'east', '--yes');
      await apply();
      const [east] = await rows();
      expect(east).toMatchObject({ cluster: 'east', uids: ['uid-new'], exposures: 1 });
      expect(east).not.toHaveProperty('rival');
      expect(await sluice('list')).toMatchObject({ code: 0 });
    },
    LIMIT,
  );

  test.each([
    [['drain', 'north', '--yes'], 'known clusters: east, west'],
    [['drain', 'east', '--device', 'x', '--yes'], 'use one of devices[].name: bigip-1'],
    [['forget', 'east', '--owner', 'x', '--yes'], 'write it as namespace/service'],
    [['adopt', 'west', '--yes'], 'no other cluster has requested the id west'],
  ])(
    '%j is refused with a helpful message',
    async (args, sentence) => {
      expect(await sluice(...args)).toMatchObject({
        code: 1,
        err: expect.stringContaining(sentence),
      });
    },
    LIMIT,
  );

  test(
    'sends no order to a missing queue file, where it would never be read',
    async () => {
      await rm(join(dir, 'queue.sqlite'));
      expect(await sluice('drain', 'east', '--yes')).toMatchObject({
        code: 1,
        err: expect.stringMatching(
          /queue\.path: .*queue\.sqlite does not exist, so nothing would process the order/,
        ),
      });
    },
    LIMIT,
  );

  test(
    'reports a device that does not answer, and sends no order to it',
    async () => {
      await bigip.close();
      expect(await sluice('list')).toMatchObject({
        code: 1,
        err: expect.stringContaining('bigip-1, partition k8s: BIP501'),
      });
      expect(await sluice('drain', 'east', '--yes', '--force')).toMatchObject({
        code: 1,
        err: expect.stringContaining('BIP501'),
      });
    },
    LIMIT,
  );
});
