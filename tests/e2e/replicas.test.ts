/** Several `sluice up` on one PostgreSQL: any of the functions may die, and nothing is lost. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { SluiceConfig } from '../../shared/config/schema.ts';
import {
  describeWithPostgres,
  startPostgres,
  type TestServer,
} from '../fixtures/postgres/server.ts';
import {
  answered,
  eventOf,
  isRising,
  openPorts,
  virtualServers,
  watchFences,
} from './support/looks.ts';
import { CLUSTER, startSite, VIRTUAL_ADDRESS, type Site } from './support/site.ts';
import { startSluice, WATCHER, type Sluice } from './support/sluice.ts';
import { until } from './support/until.ts';

const PORTS = [32_400, 32_500] as const;

describeWithPostgres('replicas of the functions', () => {
  let server: TestServer;
  let site: Site;
  let watcher: Sluice;
  beforeEach(async () => {
    [server, site] = await Promise.all([startPostgres(), startSite()]);
    const { host, port, user, database } = server.config('sluice');
    const postgres = { kind: 'postgres', host, port, user, database };
    const config = parse(await site.read('sluice.yaml')) as SluiceConfig;
    await site.write(
      'sluice.yaml',
      stringify({ ...config, queue: postgres, failures: { ...postgres, replay: [] } }),
    );
    const env = {
      SLUICE_CONFIG: site.files.config,
      SLUICE_CLUSTER: CLUSTER,
      KUBECONFIG: site.files.kubeconfig,
    };
    watcher = startSluice([], site.dir, env, WATCHER);
  });
  afterEach(async () => {
    if (watcher.alive()) await watcher.kill('SIGKILL');
    await site.stop();
    await server.stop();
  });

  async function startReplica(): Promise<Sluice> {
    const replica = site.launch(['up', '--no-watch', '--config', site.files.config]);
    await until(
      'the replica is up',
      () => !replica.alive() || replica.log().some(({ msg }) => msg === 'up'),
      () => replica.stdout() + replica.stderr(),
    );
    expect(replica.alive()).toBe(true);
    return replica;
  }

  test('one after the other is killed while BIG-IP works for it, and every port is opened', async () => {
    const fences = watchFences(site.bigip);
    const replicas = [await startReplica(), await startReplica()];
    site.bigip.faults.timings.declare = 300;
    for (const [i, port] of PORTS.entries()) {
      const declares = site.bigip.declares.length;
      await openPorts(site, `gateway-${i}`, [{ port }]);
      await until(
        'a declare began',
        () => site.bigip.declares.length > declares,
        () => watcher.stdout(),
      );
      await replicas.shift()?.kill('SIGKILL');
      replicas.push(await startReplica());
    }
    for (const [i, port] of PORTS.entries()) {
      await answered(site, port, watcher);
      await eventOf(site, `gateway-${i}`, new RegExp(`^Programmed: .*:${port}/tcp`), watcher);
    }
    expect(virtualServers(site)).toEqual(PORTS.map((port) => `${VIRTUAL_ADDRESS}:${port}/tcp`));
    expect(isRising(fences())).toBe(true);
    for (const one of [watcher, ...replicas]) expect(await one.kill('SIGTERM')).toBe(0);
    const dead = await server.run(
      `SELECT count(*)::int AS waiting FROM sluice.message WHERE queue LIKE '%-dead'`,
    );
    expect(dead.rows).toEqual([{ waiting: 0 }]);
  }, 240_000);

  test('options of the watcher make no sense without one', async () => {
    const refused = site.launch(['up', '--no-watch', '--cluster', 'site', '-c', site.files.config]);
    expect(await refused.ended).toBe(1);
    expect(refused.stderr()).toContain("'--no-watch' cannot be used with option '--cluster <id>'");
  });
});
