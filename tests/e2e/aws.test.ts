/**
 * The command with a configuration as for AWS: queues over SQS's wire, failures over S3's, a BIG-IP
 * over HTTPS.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startBigip, type LabBigip } from '../../infra/lab/bigip/index.ts';
import {
  createQueuesOn,
  startLocalSqs,
  type LocalSqs,
  type QueueDefinition,
} from '../../infra/lab/host/sqs.ts';
import { failuresOver } from '../../shared/failures/open.ts';
import { createS3Blobs } from '../../shared/failures/s3/blobs.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { owner, startSite } from '../fixtures/failures/site.ts';
import { startLocalS3, type LocalS3 } from '../fixtures/s3.ts';

const SLUICE = resolve(import.meta.dirname, '../../dist/cli/sluice.mjs');
const DAY = 86_400;
let dir: string;
let config: string;
let bigip: LabBigip;
let sqs: LocalSqs;
let s3: LocalS3;

function queue(name: string, visibilitySeconds: number, redrive = true): QueueDefinition[] {
  const dead = `sluice-${name}-dead.fifo`;
  const plain = { visibilitySeconds, retentionSeconds: 14 * DAY };
  if (!redrive) return [{ name: `sluice-${name}.fifo`, ...plain }];
  return [
    { name: dead, visibilitySeconds: 180, retentionSeconds: 14 * DAY },
    {
      name: `sluice-${name}.fifo`,
      ...plain,
      redrive: { deadLetterQueue: dead, maxReceiveCount: 1_000 },
    },
  ];
}

interface Said {
  readonly code: number;
  readonly out: string;
}

function sluice(line: string): Promise<Said> {
  const { promise, resolve: done } = Promise.withResolvers<Said>();
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
    BIGIP_PASSWORD: bigip.password,
  };
  const child = execFile(
    process.execPath,
    [SLUICE, ...line.split(' '), '-c', config],
    { env },
    (_error, out, err) => done({ code: child.exitCode ?? -1, out: `${out}${err}` }),
  );
  return promise;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-aws-'));
  [bigip, sqs, s3] = await Promise.all([
    startBigip({ dataPath: false }),
    startLocalSqs(),
    startLocalS3(),
  ]);
  await createQueuesOn(sqs, [
    ...queue('snapshots', 180),
    ...queue('slices', 150),
    ...queue('express', 40),
    ...queue('settled-east', 60, false),
  ]);
  writeFileSync(join(dir, 'ca.pem'), bigip.ca);
  config = join(dir, 'sluice.yaml');
  const { bucket, region, endpoint } = s3.options;
  const devices = [
    {
      name: 'bigip-1',
      url: bigip.url,
      username: bigip.username,
      password: 'env:BIGIP_PASSWORD',
      tls: { ca: `file:${join(dir, 'ca.pem')}` },
      partitions: ['k8s'],
    },
  ];
  const ingresses = [
    {
      cluster: 'east',
      service: 'istio-system/gateway-1',
      devices: ['bigip-1'],
      virtualAddress: '172.16.100.195',
    },
  ];
  const failures = {
    kind: 's3',
    bucket,
    region,
    endpoint,
    replay: [{ name: 'references', codes: ['BIP424'] }],
  };
  writeFileSync(
    config,
    JSON.stringify({
      generation: 1,
      devices,
      clusters: [{ id: 'east', senders: ['AROAEXAMPLE'] }],
      ingresses,
      queue: { kind: 'sqs', region: sqs.region, endpoint: sqs.endpoint },
      failures,
    }),
  );
}, 60_000);

afterAll(async () => {
  await Promise.all([bigip?.close(), sqs?.stop(), s3?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

test('shows and controls the same on AWS as on one host', async () => {
  expect(await sluice('doctor')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /settings of queue slices +correct[^]*clock of the queue server[^]*failure store s3:\/\//,
    ),
  });
  const site = startSite();
  for (const n of [1, 2]) await site.fail(owner(n), 1, [1_000 + n]);
  const store = failuresOver(createS3Blobs({ ...s3.options, prefix: 'sluice' }), {
    clock: processClock,
    id: randomUUID,
  });
  for (const { id } of await site.failures.store.list()) {
    const { details, ...head } = (await site.failures.store.get(id))!;
    await store.store.record({ head, details, message: details.event.id, at: head.last });
  }
  await store.close();

  expect(await sluice('failures groups')).toMatchObject({
    code: 2,
    out: expect.stringMatching(/BIP421 +bigip-1 +2 /),
  });
  const plan = await sluice('replay plan code:BIP421');
  expect(plan).toMatchObject({ code: 2, out: expect.stringContaining('2 would apply') });
  const job = /^Job (\w+):/m.exec(plan.out)?.[1] ?? '';
  expect(await sluice(`replay cancel ${job} --why later --yes`)).toMatchObject({
    code: 0,
    out: expect.stringContaining('is cancelled'),
  });
  expect(await sluice('replay policies')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/references +BIP424 +15m +now/),
  });
  expect(await sluice('failures archive code:BIP421 --why study --yes')).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 failures archived'),
  });
  expect(await sluice('failures audit')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/replay plan[^]*replay cancel[^]*failures archive/),
  });
  const status = await sluice('status');
  expect(status).toMatchObject({
    code: 0,
    out: expect.stringMatching(/slices-dead +0 +0 +-[^]*Failures: 2 archived/),
  });
}, 120_000);
