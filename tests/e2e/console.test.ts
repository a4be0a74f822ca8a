/** The console of `sluice up`: in the same process, on loopback, ended with it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { converged, openPorts } from './support/looks.ts';
import { startSite, type Site } from './support/site.ts';
import { until } from './support/until.ts';

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

test('sluice up --console answers on this machine, shows the chain of a new port, and notifies open pages', async () => {
  const up = site.launch([
    'up',
    '--config',
    site.files.config,
    '--kubeconfig',
    site.files.kubeconfig,
    '--console',
    '0',
    '--as',
    'operator',
  ]);
  const isUp = (): boolean => up.log().some(({ msg }) => msg === 'up');
  await until('it is up', isUp, () => up.stdout() + up.stderr());
  const url = String(up.log().find(({ msg }) => msg === 'console')?.['url']);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const get = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
    (await (await fetch(`${url}/api/v1/${path}`)).json()) as Readonly<Record<string, unknown>>;
  expect(await get('session')).toMatchObject({ role: 'operator', live: 'events' });
  const events = await fetch(`${url}/api/v1/events`);
  let told = '';
  const ended = (async () => {
    for await (const piece of events.body!) told += Buffer.from(piece).toString();
  })().catch(() => undefined);
  await openPorts(site, 'echo', [{ port: 32_400 }]);
  await converged(site, 'echo', 32_400, up);
  let seen: unknown;
  await until(
    'the way of the port is complete',
    async () => {
      seen = await get('search?q=32400');
      const { chains = [] } = seen as { readonly chains?: readonly { readonly broken?: string }[] };
      return chains.length === 1 && JSON.stringify(chains).match(/"state":"ok"/g)?.length === 6;
    },
    () => JSON.stringify(seen),
  );
  expect(await get('now')).toMatchObject({ troubles: [] });
  expect(await up.kill('SIGTERM')).toBe(0);
  await expect(fetch(`${url}/api/v1/session`)).rejects.toThrow('fetch failed');
  await ended;
  expect(told).toMatch(/^event: beat\n/);
  expect(told).toMatch(/event: changed\ndata: \{"rooms":\[[^\]]*"ports"/);
}, 240_000);
