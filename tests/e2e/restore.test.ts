/** A restored backup costs history, never traffic: what it still wants to do is too old. */
import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  converged,
  openPorts,
  pending,
  virtualServers,
  watchFences,
  isRising,
} from './support/looks.ts';
import { startSite, VIRTUAL_ADDRESS, type Site } from './support/site.ts';
import { until } from './support/until.ts';

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

test('the folder of state from an hour ago rolls nothing back, and what waits in it does nothing', async () => {
  const fences = watchFences(site.bigip);
  const folders = [dirname(site.queueFile), join(site.dir, 'failures')];
  const copyAll = async (from: (folder: string) => string, to: (folder: string) => string) => {
    for (const folder of folders) {
      await rm(to(folder), { recursive: true, force: true });
      await cp(from(folder), to(folder), { recursive: true });
    }
  };
  const here = (folder: string): string => folder;
  const backup = (folder: string): string => `${folder}.backup`;

  const first = await site.up();
  await openPorts(site, 'echo', [{ port: 32_400 }]);
  await converged(site, 'echo', 32_400, first);
  await site.cable.unplug();
  await openPorts(site, 'old', [{ port: 32_500 }]);
  await until(
    'the new port waits for the device',
    async () => (await pending(site)) > 0,
    () => first.stdout(),
  );
  await first.kill('SIGTERM');
  await copyAll(here, backup);

  await site.cable.plug();
  const second = await site.up();
  await converged(site, 'old', 32_500, second);
  await site.api.remove('/apis/networking.istio.io/v1/namespaces/default/gateways/old');
  await openPorts(site, 'new', [{ port: 32_600 }]);
  await converged(site, 'new', 32_600, second);
  await second.kill('SIGTERM');
  const servers = [`${VIRTUAL_ADDRESS}:32400/tcp`, `${VIRTUAL_ADDRESS}:32600/tcp`];
  expect(virtualServers(site)).toEqual(servers);

  await copyAll(backup, here);
  const third = await site.up();
  await openPorts(site, 'next', [{ port: 32_700 }]);
  await converged(site, 'next', 32_700, third);
  expect(virtualServers(site)).toEqual([...servers, `${VIRTUAL_ADDRESS}:32700/tcp`]);
  expect(isRising(fences())).toBe(true);
  expect(third.stdout()).toMatch(/superseded/);
}, 240_000);
