/** One host outgrows its files: what waits and what failed goes on in PostgreSQL. */
import { join } from 'node:path';
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
  converged,
  deadLetters,
  eventOf,
  gateway,
  openPorts,
  pending,
  plant,
  route,
} from './support/looks.ts';
import { startSite, type Site } from './support/site.ts';
import { until } from './support/until.ts';

const RULE = '/Common/lab-geo';

describeWithPostgres('sluice store move', () => {
  let server: TestServer;
  let site: Site;
  beforeEach(async () => {
    [server, site] = await Promise.all([startPostgres(), startSite()]);
    const { host, port, user, database } = server.config('sluice');
    const postgres = { kind: 'postgres', host, port, user, database };
    const config = parse(await site.read('sluice.yaml')) as SluiceConfig;
    const moved = { ...config, queue: postgres, failures: { ...postgres, replay: [] } };
    await site.write('new.yaml', stringify(moved));
  });
  afterEach(async () => {
    await site.stop();
    await server.stop();
  });

  async function say(...args: readonly string[]): Promise<{ code: number | string; out: string }> {
    const command = site.launch(args);
    const code = await command.ended;
    return { code, out: command.stdout() + command.stderr() };
  }

  test('what waited for the device is done, and what failed is listed and replayed', async () => {
    const [from, to] = [site.files.config, join(site.dir, 'new.yaml')];
    const move = ['store', 'move', '--from', from, '--to', to];
    const first = await site.up();
    await openPorts(site, 'echo', [{ port: 32_400 }]);
    await converged(site, 'echo', 32_400, first);
    const { metadata, ...rest } = gateway('failing', [{ port: 32_600 }]);
    await site.api.apply(route('failing'));
    await site.api.apply({
      ...rest,
      metadata: { ...metadata, annotations: { 'sluice.io/irules': RULE } },
    });
    plant(site, 'slices', 'not json', 'bigip');
    await deadLetters(site, 'slices', 2, first);
    await site.cable.unplug();
    await openPorts(site, 'late', [{ port: 32_500 }]);
    await until(
      'the new port waits for the device',
      async () => (await pending(site)) > 0,
      () => first.stdout(),
    );
    await site.queues.close();
    expect(await say(...move)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/queue\.sqlite is in use; stop "sluice up"/),
    });
    await first.kill('SIGTERM');

    const failures = ['failures', 'list', '-o', 'json', '-c'];
    const before = await say(...failures, from);
    expect(before.out).toContain('BIP424');
    const moved = await say(...move);
    expect(moved).toMatchObject({ code: 0, out: expect.stringMatching(/queue: .*: moved/) });
    expect(await say(...failures, to)).toEqual(before);
    expect(await say('up', '--config', from, '--kubeconfig', site.files.kubeconfig)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^sluice: RPL718: .*failures was moved to PostgreSQL/),
    });
    expect(await say(...move)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/nothing was copied again/),
    });

    await site.cable.plug();
    const next = site.launch(['up', '--config', to, '--kubeconfig', site.files.kubeconfig]);
    await answered(site, 32_500, next);
    await eventOf(site, 'late', /^Programmed: .*:32500\/tcp/, next);
    site.bigip.common.iRules.add(RULE);
    const plan = await say('replay', 'plan', 'code:BIP424', '-c', to);
    const job = /^Job (\w+):/m.exec(plan.out)?.[1] ?? plan.out;
    expect(await say('replay', 'start', job, '--yes', '-c', to)).toMatchObject({
      code: 0,
      // The watcher that started meanwhile may have sent a newer event of the same ingress.
      out: expect.stringMatching(/is done: 1 (?:applied|superseded)/),
    });
    expect(await next.kill('SIGTERM')).toBe(0);
  }, 240_000);
});
