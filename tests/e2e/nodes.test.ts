/**
 * A second partition from end to end: nothing moves until somebody approves it. Red with
 * `shareNodes: partitions.length > 1` in group.ts: the nodes are in /Common before the approval.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { call } from '../integration/lab-bigip/client.ts';
import { converged, eventOf, gateway, openPorts, route, virtualServers } from './support/looks.ts';
import { OWNER, startSite, type Site } from './support/site.ts';
import { until } from './support/until.ts';

const LIMIT = 240_000;
const KEY = '172.16.41.8:31400/tcp';

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

async function addPartition(): Promise<void> {
  const config = parse(await site.read('sluice.yaml')) as {
    generation: number;
    devices: { partitions?: string[] }[];
  };
  const devices = config.devices.map((device) => ({ ...device, partitions: ['k8s', 'second'] }));
  const generation = config.generation + 1;
  await site.write('sluice.yaml', stringify({ ...config, generation, devices }));
}

const nodes = async (): Promise<readonly string[]> => {
  const { body } = await call(site.bigip, 'GET', '/mgmt/tm/ltm/node');
  const items = (body['items'] ?? []) as readonly { readonly fullPath: string }[];
  return [...new Set(items.map(({ fullPath }) => fullPath.split('/')[1]!))];
};

async function say(...args: readonly string[]): Promise<{ code: number | string; out: string }> {
  const command = site.launch([...args, '--config', site.files.config]);
  const code = await command.ended;
  return { code, out: command.stdout() + command.stderr() };
}

test(
  'an exposure in a second partition waits for its nodes, every command says so, and an approval declares it',
  async () => {
    const first = await site.up();
    await openPorts(site, 'echo', [{ port: 32_400 }]);
    await converged(site, 'echo', 32_400, first);
    await first.kill('SIGTERM');
    await addPartition();
    const sluice = await site.up();
    const { metadata, ...rest } = gateway('second', [{ port: 31_400 }]);
    const annotations = {
      'sluice.io/partition': 'second',
      'sluice.io/virtual-address': '172.16.41.8',
    };
    const objects = [route('second'), { ...rest, metadata: { ...metadata, annotations } }];
    await site.write('second.yaml', objects.map((one) => stringify(one)).join('---\n'));
    const cluster = ['--kubeconfig', site.files.kubeconfig];
    const planned = await say('plan', '-f', 'second.yaml', '--device', ...cluster);
    expect(planned.out).toContain('it waits: partition k8s also has');
    expect(planned.out).toContain('empties 1 pool');
    for (const one of objects) await site.api.apply(one);
    const event = await eventOf(site, 'second', /^NodeInUse: /, sluice);
    expect(event.message).toContain(`sluice approve ${OWNER} --keys ${KEY}`);
    expect(await nodes()).toEqual(['k8s']);
    expect((await say('cluster', 'list')).out).toContain('1 exposure held until nodes may move');
    const why = await say('why', 'default/second', ...cluster);
    expect(why.code).toBe(2);
    expect(why.out).toContain(`${KEY} on bigip: it waits: partition k8s also has`);
    expect(why.out).toContain(`run "sluice approve ${OWNER} --keys ${KEY}"`);
    expect((await say('status')).out).toContain(
      `${OWNER} on bigip: 1 exposure waits until nodes may move to /Common (OWN312).`,
    );
    if (process.env['SLUICE_SHOW']) {
      for (const args of [
        ['plan', '-f', 'second.yaml', '--device', ...cluster],
        ['why', 'default/second', ...cluster],
        ['status'],
        ['ports'],
        ['cluster', 'list'],
        ['approve', OWNER, '--keys', KEY, '--dry-run'],
      ])
        process.stderr.write(`$ sluice ${args.join(' ')}\n${(await say(...args)).out}\n`);
      process.stderr.write(`Event ${event.reason}: ${event.message}\n`);
    }
    const approved = await say('approve', OWNER, '--keys', KEY, '--yes');
    expect(approved).toMatchObject({
      code: 0,
      out: expect.stringContaining('moves the nodes of k8s'),
    });
    if (process.env['SLUICE_SHOW']) process.stderr.write(approved.out);
    await until(
      'both virtual servers',
      () => virtualServers(site).join() === `172.16.41.7:32400/tcp,${KEY}`,
      () => sluice.stdout(),
    );
    await eventOf(site, 'second', /^Programmed: .*:31400\/tcp/, sluice);
    expect(await nodes()).toEqual(['Common']);
    expect((await say('cluster', 'list')).out).not.toContain('held');
  },
  LIMIT,
);
