/** After an uninstallation, device, cluster and disk are as they were before the first start. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withContext } from '../../functions/cli/terminal/context.ts';
import { planUninstall } from '../../shared/operations/uninstall/uninstall.ts';
import { call } from '../integration/lab-bigip/client.ts';
import { converged, openPorts } from './support/looks.ts';
import { startSite, type Site } from './support/site.ts';
import type { Sluice } from './support/sluice.ts';

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

interface Ran {
  readonly code: number | NodeJS.Signals;
  readonly text: string;
}

/** `sluice uninstall --all` of the cluster. */
async function uninstall(...more: readonly string[]): Promise<Ran> {
  const { config, kubeconfig } = site.files;
  const args = ['uninstall', '--config', config, '--all', '--kubeconfig', kubeconfig, ...more];
  const ran: Sluice = site.launch(args);
  const code = await ran.ended;
  return { code, text: ran.stdout() + ran.stderr() };
}

/** Everything that users and Sluice can see, without what the API server counts. */
async function world(): Promise<object> {
  const services = (await site.api.list('/api/v1/services')).map(({ metadata, ...content }) => {
    const { resourceVersion: _version, managedFields, ...rest } = metadata ?? {};
    const managers = (managedFields as { manager: string }[]).map(({ manager }) => manager);
    return { ...content, metadata: rest, managers };
  });
  const leases = await site.api.list('/apis/coordination.k8s.io/v1/leases');
  const { config } = site.bigip.snapshotState();
  const { status } = await call(site.bigip, 'GET', '/mgmt/shared/appsvcs/declare');
  return { services, leases, device: config, declared: status };
}

/** A plan whose process is killed after its first step. Resolves with what that was. */
function oneStep(): Promise<string | undefined> {
  const { config, kubeconfig } = site.files;
  return withContext({ config }, async (context) => {
    const request = { all: true, kubeconfig, discardFailures: false };
    const plan = await planUninstall(context, request, { who: 'test', why: 'test' });
    try {
      const [first] = plan.steps;
      await first?.run();
      return first?.what;
    } finally {
      await plan.close();
    }
  });
}

test('everything that Sluice made is gone, whatever write it was killed after, and nothing else', async () => {
  const other = { name: 'other', destination: '/Common/203.0.113.9:80', ipProtocol: 'tcp' };
  expect((await call(site.bigip, 'POST', '/mgmt/tm/ltm/virtual', { body: other })).status).toBe(
    200,
  );
  await openPorts(site, 'echo', [{ port: 32_400 }]);
  const before = await world();

  const up = await site.up();
  await converged(site, 'echo', 32_400, up);
  await site.queues.close();
  expect(await uninstall('--yes')).toMatchObject({
    code: 1,
    text: expect.stringMatching(/Still runs: .* holds Lease[^]*nothing was removed/),
  });
  await up.kill('SIGTERM');

  const running = await world();
  await site.cable.unplug();
  expect(await uninstall('--yes')).toMatchObject({
    code: 1,
    text: expect.stringContaining('UNKNOWN'),
  });
  await site.cable.plug();
  const { code, text } = await uninstall();
  expect([code, text]).toEqual([
    0,
    expect.stringMatching(/virtual server[^]*port 32400\/TCP[^]*Lease/),
  ]);
  expect(await world()).toEqual(running);

  const done: (string | undefined)[] = [];
  for (let n = 0; n < 5; n++) done.push(await oneStep());
  expect(new Set(done).size).toBe(5);
  // The failure store is left, so the entry of its audit log is printed.
  const last = await uninstall('--yes', '--why', 'moved');
  const [entry = ''] = /^\{.*"action":"uninstall".*\}$/m.exec(last.text) ?? [];
  expect([last.code, JSON.parse(entry)]).toMatchObject([
    0,
    { why: 'moved', result: `removed ${join(site.dir, 'failures')}` },
  ]);
  expect(await world()).toEqual(before);
  expect(existsSync(join(site.dir, 'failures'))).toBe(false);
  expect(await readdir(dirname(site.queueFile))).toEqual([]);
  expect(await uninstall('--yes')).toMatchObject({ code: 0 });
  expect(await world()).toEqual(before);
}, 120_000);
