/** The primary is lost, and its standby lacks the last writes: the level heals, and the loss is told. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { SluiceConfig } from '../../shared/config/schema.ts';
import { createAddress, type TestAddress } from '../fixtures/postgres/address.ts';
import {
  describeWithPostgres,
  startPostgres,
  type TestServer,
} from '../fixtures/postgres/server.ts';
import { answered, isRising, openPorts, virtualServers, watchFences } from './support/looks.ts';
import { startSite, VIRTUAL_ADDRESS, type Site } from './support/site.ts';
import { until } from './support/until.ts';

describeWithPostgres('a standby that is behind', () => {
  let primary: TestServer;
  let standby: TestServer;
  let address: TestAddress;
  let site: Site;
  beforeEach(async () => {
    address = createAddress();
    [site, primary] = await Promise.all([startSite(), startPostgres()]);
    standby = await startPostgres({ standbyOf: { primary, name: 'b' } });
    address.pointTo(primary);
    const { port, user, database } = primary.config('sluice');
    const postgres = { kind: 'postgres', host: address.host, port, user, database };
    const config = parse(await site.read('sluice.yaml')) as SluiceConfig;
    await site.write(
      'sluice.yaml',
      stringify({ ...config, queue: postgres, failures: { ...postgres, replay: [] } }),
    );
  });
  afterEach(async () => {
    await site.stop();
    await primary.stop();
    await standby.stop();
    address.remove();
  });

  test('takes over: what is declared stays, what it lacks is sent again, and people are told what to repeat', async () => {
    const fences = watchFences(site.bigip);
    const first = await site.up();
    await openPorts(site, 'kept', [{ port: 32_400 }]);
    await answered(site, 32_400, first);

    // From here on, the standby hears nothing.
    await standby.kill();
    await openPorts(site, 'declared', [{ port: 32_500 }]);
    await answered(site, 32_500, first);
    await site.cable.unplug();
    await openPorts(site, 'queued', [{ port: 32_600 }]);
    await until(
      'the new port waits for the device',
      async () =>
        (await primary.run("SELECT FROM sluice.message WHERE queue = 'slices'")).rowCount !== 0,
      () => first.stdout(),
    );
    await primary.kill('SIGKILL');
    await first.kill('SIGKILL');

    await standby.start();
    await standby.run('SELECT pg_promote()');
    address.pointTo(standby);
    await site.cable.plug();
    const second = await site.up();
    await answered(site, 32_600, second);
    expect(virtualServers(site)).toEqual(
      [32_400, 32_500, 32_600].map((port) => `${VIRTUAL_ADDRESS}:${port}/tcp`),
    );
    expect(isRising(fences())).toBe(true);
    const told = await until(
      'the loss is told',
      () => second.log().find(({ code }) => code === 'RPL717'),
      () => second.stdout(),
    );
    expect(told.msg).toMatch(/What was confirmed after \S+Z may be lost: orders/);
    await second.kill('SIGTERM');
    const log = site.launch(['failures', 'audit', '-c', site.files.config]);
    expect(await log.ended).toBe(0);
    expect(log.stdout()).toContain('store rolled back');
  }, 240_000);
});
