/** Paths on the two units of a BIG-IP pair: what is synchronised, and what each unit has of its own. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { createDeviceGroup } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { PathReading, PathUnit } from '../../../shared/device/paths.ts';
import type { Entry } from '../../../shared/domain/paths/entry.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import { type Journal, NO_JOURNAL } from '../../../shared/domain/paths/journal.ts';
import { liveEntries } from '../../../shared/domain/paths/live.ts';
import { call } from '../../integration/lab-bigip/client.ts';
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
import { closeAll, connect, lab } from '../bigip/support.ts';

const MAC = '0a:0a:c0:00:02:0d';
const ROUTE = route('10.244.3.0/24', '192.0.2.13');
const RECORD = fdb(MAC, '192.0.2.13');
const ARP = arp('10.244.3.5', MAC);
const mark = { owner: OWNER, node: 'n1', version: versionOf(1) };

let a: LabBigip;
let b: LabBigip;
let device: Device;
let journal: Journal;

async function post(unit: LabBigip, path: string, body: object): Promise<void> {
  expect(await call(unit, 'POST', `/mgmt/tm/${path}`, { body })).toMatchObject({ status: 200 });
}

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
  const networks = { partition: 'sluice-net', tunnels: { east: TUNNEL } };
  device = connect(a, { peer: b, config: { networks, syncTo: 'pair' } });
  journal = await device.paths.write({ ...NO_JOURNAL, records: records(record(ROUTE)) });
});
afterEach(closeAll);

const put = (entry: Entry, ...units: readonly PathUnit[]): Promise<unknown> =>
  Promise.all(units.map((unit) => device.paths.put({ entry, mark, unit })));
const keysOf = (
  list: PathReading['active'] | PathReading['peer'],
): readonly string[] | undefined =>
  list === undefined || list === 'away' ? undefined : [...liveEntries(list).keys()];

describe('the paths of a pair', () => {
  test('of a tunnel are written to each unit, and found there', async () => {
    await put(RECORD, 'active', 'peer');
    await put(ARP, 'active', 'peer');
    const { active, peer } = await device.paths.read();
    expect(keysOf(active)).toEqual(keysOf(peer));
    expect(keysOf(peer)).toEqual([entryKey(ARP), entryKey(RECORD)]);
  });

  test('are removed and changed on one unit without affecting the other', async () => {
    await put(RECORD, 'active', 'peer');
    const found = async (): Promise<PathReading> => device.paths.read();
    const live = ((await found()).peer as PathReading['active'])[0]!;
    await device.paths.put({ entry: { ...RECORD, to: '192.0.2.14' }, mark, live, unit: 'peer' });
    expect((await found()).peer).toMatchObject([{ to: '192.0.2.14' }]);
    expect((await found()).active).toMatchObject([{ to: '192.0.2.13' }]);
    await device.paths.remove(live, 'peer');
    const after = await found();
    expect([keysOf(after.active), keysOf(after.peer)]).toEqual([[entryKey(RECORD)], []]);
  });

  test('reach the other unit by config sync, except records, which each unit has for itself', async () => {
    await put(ROUTE, 'active');
    await put(RECORD, 'active');
    await device.paths.settle();
    b.faults.standby(false);
    a.faults.standby();
    const other = connect(b, {
      config: { networks: { partition: 'sluice-net', tunnels: { east: TUNNEL } } },
    });
    const reading = await other.paths.read();
    expect(reading.journal).toEqual(journal);
    expect(keysOf(reading.active)).toEqual([entryKey(ROUTE)]);
  });

  test('after a failover are those of the unit that is active now', async () => {
    await put(RECORD, 'active');
    a.faults.standby();
    b.faults.standby(false);
    const networks = { partition: 'sluice-net', tunnels: { east: TUNNEL } };
    const { active, peer } = await connect(a, { peer: b, config: { networks } }).paths.read();
    expect([keysOf(active), keysOf(peer)]).toEqual([[], [entryKey(RECORD)]]);
  });

  test('of a unit that does not answer are unknown, and later reads do not wait for that unit', async () => {
    await put(RECORD, 'active');
    await b.close();
    await expect(put(RECORD, 'peer')).rejects.toMatchObject({ code: 'BIP501' });
    const reading = await device.paths.read();
    expect([keysOf(reading.active), reading.peer]).toEqual([[entryKey(RECORD)], 'away']);
    await expect(put(RECORD, 'peer')).rejects.toMatchObject({ code: 'BIP508' });
    expect(keysOf((await device.paths.read()).active)).toEqual([entryKey(RECORD)]);
    await put(ROUTE, 'active');
  });

  test('that the other unit refuses are reported with its message', async () => {
    const elsewhere = { ...RECORD, tunnel: '/Common/west' };
    await expect(put(elsewhere, 'peer')).rejects.toMatchObject({
      code: 'BIP477',
      fault: 'content',
      response: expect.stringContaining('/Common/west'),
    });
  });
});
