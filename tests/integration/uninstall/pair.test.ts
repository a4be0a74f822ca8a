/**
 * Both units of a pair are as before the first declare once everything is uninstalled, whatever
 * step it was killed after: routes, records of a tunnel and ARP entries included.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createDeviceGroup, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import type { Device } from '../../../shared/device/device.ts';
import { entryInWords } from '../../../shared/domain/paths/entry.ts';
import { type JournalRecord, NO_JOURNAL } from '../../../shared/domain/paths/journal.ts';
import { devicePart } from '../../../shared/operations/uninstall/device-part.ts';
import type { UninstallPart } from '../../../shared/operations/uninstall/part.ts';
import { closeAll, connect, declare, lab, wanted } from '../../contract/bigip/support.ts';
import {
  arp,
  fdb,
  OWNER,
  record,
  records,
  route,
  TUNNEL,
  versionOf,
} from '../../unit/paths/support.ts';
import { call } from '../lab-bigip/client.ts';

const MAC = '0a:0a:c0:00:02:0d';
const ROUTE = route('10.244.3.0/24', '192.0.2.13');
const TUNNELLED = [fdb(MAC, '192.0.2.13'), arp('10.244.3.5', MAC)];
const NETWORKS = { partition: 'sluice-net', tunnels: { east: TUNNEL } };
const mark = { owner: OWNER, node: 'n1', version: versionOf(1) };
const config = DeviceConfig.parse({
  name: 'bigip-1',
  url: 'https://192.0.2.1',
  username: 'u',
  password: 'env:P',
  partitions: ['k8s'],
  networks: NETWORKS,
});

let a: LabBigip;
let b: LabBigip;

const connected = (): Device =>
  connect(a, { peer: b, config: { networks: NETWORKS, syncTo: 'pair' } });
const post = async (unit: LabBigip, path: string, body: object): Promise<void> => {
  expect(await call(unit, 'POST', `/mgmt/tm/${path}`, { body })).toMatchObject({ status: 200 });
};
const units = (): readonly unknown[] => [a, b].map((unit) => unit.snapshotState().config);
/** As a new process plans it. */
const plan = (): Promise<UninstallPart> =>
  devicePart(() => Promise.resolve(connected()), config, new Set(['east']));

beforeEach(async () => {
  const group = createDeviceGroup('pair');
  a = await lab({ group, hostname: 'unit-a' });
  b = await lab({ group, hostname: 'unit-b' });
  b.faults.standby();
  for (const [unit, address] of [
    [a, '192.0.2.1/24'],
    [b, '192.0.2.2/24'],
  ] as const) {
    await post(unit, 'net/self', { name: 'nodes', address, vlan: 'internal' });
    await post(unit, 'net/tunnels/vxlan', { name: 'fl', floodingType: 'none' });
    await post(unit, 'net/tunnels/tunnel', { name: 'east', profile: '/Common/fl', key: 1 });
  }
});
afterEach(closeAll);

/** A declaration, and its paths on both units. */
async function install(...others: readonly JournalRecord[]): Promise<void> {
  const device = connected();
  const own = [ROUTE, ...TUNNELLED].map((one) => record(one));
  await device.paths.write({ ...NO_JOURNAL, records: records(...own, ...others) });
  await device.paths.put({ entry: ROUTE, mark, unit: 'active' });
  for (const entry of TUNNELLED)
    for (const unit of ['active', 'peer'] as const) await device.paths.put({ entry, mark, unit });
  await declare(device, wanted());
  await device.paths.settle();
}

test.each([false, true])(
  'both units are as before, whatever step it was killed after (failover: %s)',
  async (failsOver) => {
    const before = units();
    await install();
    expect(units()).not.toEqual(before);

    const done: string[] = [];
    for (;;) {
      const part = await plan();
      expect(part.items.filter(({ action }) => action === 'unknown')).toEqual([]);
      const [step] = part.steps;
      if (step === undefined) break;
      // What was not synchronised yet is on the other unit again.
      if (!failsOver) expect(done).not.toContain(step.what);
      await step.run();
      done.push(step.what);
      if (failsOver && done.length === 2) {
        a.faults.standby();
        b.faults.standby(false);
      }
    }
    const [path, mac, neighbour] = [ROUTE, ...TUNNELLED].map(entryInWords);
    const both = [mac, neighbour].flatMap((one) => [one, `${one} on the standby unit`]);
    const journal = 'partition sluice-net with the journal of paths';
    const all = ['partition k8s', path, ...both, journal].map((one) => `${one} on bigip-1`);
    if (!failsOver) expect(new Set(done)).toEqual(new Set(all));
    expect(units()).toEqual(before);
    expect((await plan()).items).toEqual([]);
  },
);

test('what is removed is gone on both units although the journal stays for another installation', async () => {
  await install(record(fdb('0a:0a:c0:00:02:0e', '192.0.2.14'), { owner: 'north/a/b' }));
  for (const { run } of (await plan()).steps) await run();
  for (const unit of [a, b]) {
    const { body } = await call(unit, 'GET', '/mgmt/tm/net/route');
    expect(body['items'] ?? []).toEqual([]);
  }
  expect((await plan()).steps).toEqual([]);
});

test('a standby unit that does not answer keeps the journal and what is on it, until it answers', async () => {
  await install();
  await b.close();
  const { items, steps } = await plan();
  expect(items.find(({ action }) => action === 'unknown')?.object).toBe(
    'paths on the standby unit',
  );
  expect(steps.map(({ what }) => what)).toEqual(['partition k8s on bigip-1']);
});
