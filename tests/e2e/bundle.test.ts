/**
 * A bundle of failures from another site, imported into the lab and replayed there with the built
 * command.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLab, type Lab } from '../../infra/lab/lab.ts';
import { writeBundle } from '../../shared/failures/bundle.ts';
import { owner, startSite } from '../fixtures/failures/site.ts';

const SLUICE = resolve(import.meta.dirname, '../../dist/cli/sluice.mjs');
let dir: string;
let lab: Lab;

interface Said {
  readonly code: number;
  readonly out: string;
}

function sluice(...args: readonly string[]): Promise<Said> {
  const { promise, resolve: done } = Promise.withResolvers<Said>();
  const [group = '', command = '', ...rest] = args;
  const child = execFile(
    process.execPath,
    [SLUICE, group, command, '-c', lab.files.config, ...rest],
    (_error, out, err) => done({ code: child.exitCode ?? -1, out: `${out}${err}` }),
  );
  return promise;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-bundle-'));
  const like = join(dir, 'sluice.yaml');
  const device = {
    name: 'bigip-1',
    url: 'https://bigip.example.com',
    username: 'sluice',
    password: 'env:NOWHERE',
    partitions: ['k8s'],
  };
  writeFileSync(
    like,
    JSON.stringify({
      generation: 7,
      devices: [device],
      clusters: [{ id: 'east' }],
      ingresses: [
        {
          cluster: 'east',
          service: 'istio-system/gateway-1',
          devices: ['bigip-1'],
          virtualAddress: '172.16.100.195',
        },
      ],
    }),
  );
  lab = await startLab({
    queue: 'sqlite',
    members: 'pods',
    like,
    virtualAddress: '172.16.77.195',
    clusters: [
      { id: 'lab', podNetwork: '10.77', nodeAddresses: ['192.168.77.11', '192.168.77.12'] },
    ],
  });
}, 60_000);

afterAll(async () => {
  await lab?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('failures from elsewhere are replayed against the simulated device of the same name', async () => {
  const site = startSite();
  for (const n of [1, 2]) await site.fail(owner(n), 1, [1_000 + n]);
  const whole = await Promise.all(
    (await site.failures.store.list()).map(({ id }) => site.failures.store.get(id)),
  );
  const bundle = join(dir, 'failures.jsonl');
  writeFileSync(
    bundle,
    writeBundle(
      whole.filter((failure) => failure !== undefined),
      0,
    ),
  );

  expect(await sluice('failures', 'import', bundle, '--yes')).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 failures imported'),
  });
  expect(await sluice('failures', 'groups')).toMatchObject({
    code: 2,
    out: expect.stringMatching(/BIP421 +bigip-1 +2 [^]*WHAT TO DO/),
  });
  const plan = await sluice('replay', 'plan', 'code:BIP421');
  expect(plan).toMatchObject({ code: 2, out: expect.stringContaining('2 would apply') });
  const job = /^Job (\w+):/m.exec(plan.out)?.[1] ?? '';
  expect(await sluice('replay', 'start', job, '--yes')).toMatchObject({
    code: 0,
    out: expect.stringContaining('is done: 2 applied'),
  });
  expect(await sluice('ports', ':1001')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/172\.16\.100\.195:1001\/tcp +bigip-1/),
  });
  expect(await sluice('failures', 'audit')).toMatchObject({
    code: 0,
    out: expect.stringContaining('replay done'),
  });
}, 120_000);
