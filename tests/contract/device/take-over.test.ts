/** An entry of another client that becomes Sluice's, in one step of BIG-IP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { type Entry, entryKey } from '../../../shared/domain/paths/entry.ts';
import { NO_JOURNAL } from '../../../shared/domain/paths/journal.ts';
import { liveEntries, type LiveEntry } from '../../../shared/domain/paths/live.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import { arp, OWNER, route, TUNNEL, versionOf } from '../../unit/paths/support.ts';
import { closeAll, connect, lab } from '../bigip/support.ts';

const NETWORKS = { partition: 'sluice-net', tunnels: { east: TUNNEL } };
const MAC = '0a:0a:c0:00:02:0d';
const ROUTE = route('10.244.3.0/24', '192.0.2.13');
const ARP = arp('10.244.3.5', MAC);
const mark = { owner: OWNER, node: 'n3', version: versionOf(1) };

describe('taking over an entry', () => {
  let bigip: LabBigip;
  let device: Device;
  const post = async (path: string, body: object): Promise<void> => {
    expect(await call(bigip, 'POST', `/mgmt/tm/${path}`, { body })).toMatchObject({ status: 200 });
  };
  const found = async (entry: Entry): Promise<LiveEntry> => {
    const { active } = await device.paths.read();
    return liveEntries(active).get(entryKey(entry))!;
  };
  const takeOver = async (entry: Entry, live?: LiveEntry): Promise<void> =>
    device.paths.takeOver({
      entry,
      mark,
      unit: 'active',
      live: live ?? (await found(entry)),
    });
  const refusal = async (work: Promise<void>): Promise<DeviceError> => {
    const error = await work.catch((reason: unknown) => reason);
    if (!(error instanceof DeviceError)) throw new Error(`not refused: ${String(error)}`);
    return error;
  };

  beforeEach(async () => {
    bigip = await lab();
    const common = { partition: 'Common' };
    await post('net/self', { ...common, name: 's', address: '192.0.2.1/24', vlan: 'internal' });
    await post('net/tunnels/tunnel', { ...common, name: 'east', profile: 'vxlan', key: 1 });
    await post('auth/partition', { name: 'cis' });
    const cis = { partition: 'cis', name: 'k8s-n3' };
    await post('net/route', { ...cis, network: ROUTE.at, gw: '192.0.2.12' });
    await post('net/arp', { ...cis, ipAddress: ARP.at, macAddress: MAC });
    device = connect(bigip, { config: { networks: NETWORKS } });
    await device.paths.write(NO_JOURNAL);
  });
  afterEach(closeAll);

  test.each([ROUTE, ARP])(
    '%j: the entry of the other client is gone, ours is there with its mark',
    async (entry) => {
      expect(await found(entry)).toMatchObject({ name: '/cis/k8s-n3', holder: 'theirs' });
      await takeOver(entry);
      expect(await found(entry)).toMatchObject({ ...entry, holder: 'ours', mark });
      const { body } = await call(bigip, 'GET', `/mgmt/tm/net/${entry.kind}`);
      expect(body['items']).toHaveLength(1);
    },
  );

  test('there is no moment without an entry', async () => {
    const before = bigip.writes.length;
    await takeOver(ROUTE);
    expect(bigip.writes.slice(before).map(({ method, path }) => [method, path])).toEqual([
      ['POST', '/mgmt/tm/transaction'],
      ['DELETE', '/mgmt/tm/net/route/~cis~k8s-n3'],
      ['POST', '/mgmt/tm/net/route'],
      ['PATCH', expect.stringMatching(/^\/mgmt\/tm\/transaction\/\d+$/)],
    ]);
  });

  test('a refusal keeps the entry of the other client, says why, and leaves no transaction open', async () => {
    const error = await refusal(takeOver({ ...ROUTE, to: '198.51.100.7' }, await found(ROUTE)));
    expect([error.code, error.fault]).toEqual(['BIP472', 'content']);
    expect(error.response).toMatch(/01070330/);
    expect(await found(ROUTE)).toMatchObject({ name: '/cis/k8s-n3', to: '192.0.2.12' });
    expect((await call(bigip, 'GET', '/mgmt/tm/transaction')).body['items']).toEqual([]);
  });

  test('an entry that was deleted meanwhile is not created', async () => {
    const live = await found(ROUTE);
    await call(bigip, 'DELETE', '/mgmt/tm/net/route/~cis~k8s-n3');
    expect((await refusal(takeOver(ROUTE, live))).code).toBe('BIP470');
    expect(await found(ROUTE)).toBeUndefined();
  });

  test('a transaction that is not reported as complete counts as unknown', async () => {
    bigip.faults.next(
      1,
      { kind: 'status', status: 200, body: { state: 'FAILED' } },
      ({ method, path }) => method === 'PATCH' && path.includes('/transaction/'),
    );
    expect((await refusal(takeOver(ROUTE))).code).toBe('BIP511');
    expect(await found(ROUTE)).toMatchObject({ name: '/cis/k8s-n3' });
  });

  test('a lost answer is not taken for a refusal', async () => {
    bigip.faults.loseAnswers(
      1,
      ({ method, path }) => method === 'PATCH' && path.includes('/transaction/'),
    );
    expect((await refusal(takeOver(ROUTE))).fault).toBe('ambiguous');
    expect(await found(ROUTE)).toMatchObject({ holder: 'ours' });
  });
});
