import { afterEach, describe, expect, test } from '@jest/globals';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Entry } from '../../../shared/domain/paths/entry.ts';
import { NO_JOURNAL } from '../../../shared/domain/paths/journal.ts';
import { liveEntries } from '../../../shared/domain/paths/live.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import {
  arp,
  fdb,
  live,
  OWNER,
  record,
  records,
  route,
  TUNNEL,
  versionOf,
} from '../../unit/paths/support.ts';
import { closeAll, connect, lab } from '../bigip/support.ts';
import { pathContract, type PathSubject } from './paths-suite.ts';

const NETWORKS = { partition: 'sluice-net', tunnels: { east: TUNNEL } };
const MAC = '0a:0a:c0:00:02:0d';
const mark = { owner: OWNER, node: 'n1', version: versionOf(1) };

type Send = (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;

function senderTo(bigip: LabBigip): Send {
  return async (method, path, body) => {
    const { status, text } = await call(bigip, method, `/mgmt/tm/${path}`, { body });
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
}

/** Self IPs in both families and the tunnel; `domain`: of the tunnel. */
async function prepare(bigip: LabBigip, domain = ''): Promise<Send> {
  const send = senderTo(bigip);
  const common = { partition: 'Common' };
  for (const [name, address] of [
    ['nodes', '192.0.2.1/24'],
    ['nodes6', 'fd00:192::1/64'],
  ])
    await send('POST', 'net/self', { ...common, name, address, vlan: 'internal' });
  await send('POST', 'net/tunnels/vxlan', { ...common, name: 'flannel', floodingType: 'none' });
  await send('POST', 'net/tunnels/tunnel', {
    ...common,
    name: 'east',
    profile: '/Common/flannel',
    key: 1,
    localAddress: `192.0.2.1${domain}`,
  });
  return send;
}

async function subject(): Promise<PathSubject> {
  const bigip = await lab();
  const send = await prepare(bigip);
  return {
    connect: () => connect(bigip, { config: { networks: NETWORKS } }),
    foreignRoute: async (network, gw) =>
      void (await send('POST', 'net/route', { name: 'other', partition: 'Common', network, gw })),
    foreignRecord: async (name, endpoint) =>
      void (await send('POST', 'net/fdb/tunnel/~Common~east/records', { name, endpoint })),
    spoilJournal: async () =>
      void (await send('PATCH', 'ltm/data-group/internal/~sluice-net~sluice-paths-1', {
        records: [{ name: 'x', data: 'y' }],
      })),
    strayJournal: async (number) =>
      void (await send('POST', 'ltm/data-group/internal', {
        name: `sluice-paths-${number}`,
        partition: NETWORKS.partition,
        type: 'string',
      })),
    stop: closeAll,
  };
}

pathContract('BIG-IP', subject);

pathContract('a device in memory', async () => {
  const device = memoryDevice();
  const { units, journals } = device.paths;
  return {
    connect: () => device.connect(['k8s']),
    foreignRoute: async (network, gw) =>
      void units.active.set(`route ${network}`, {
        ...live(route(network, gw), 'theirs'),
        name: '/Common/other',
      }),
    foreignRecord: async (mac, endpoint) =>
      void units.active.set(`fdb ${TUNNEL} ${mac}`, live(fdb(mac, endpoint))),
    spoilJournal: async () => void journals.set(1, [{ name: 'x', data: 'y' }]),
    strayJournal: async (number) => void journals.set(number, []),
    stop: () => Promise.resolve(),
  };
});

describe('the paths of BIG-IP', () => {
  afterEach(closeAll);

  const put = (device: Device, entry: Entry): Promise<void> =>
    device.paths.put({ entry, mark, unit: 'active' });
  const begun = async (bigip: LabBigip, config: object = {}): Promise<Device> => {
    const device = connect(bigip, { config: { networks: NETWORKS, ...config } });
    await device.paths.write(NO_JOURNAL);
    return device;
  };

  test.each([
    ['BIP472', 'content', /01070330/, route('10.244.3.0/24', '198.51.100.7')],
    ['BIP473', 'content', /different route domain/, fdb(MAC, '192.0.2.13%2')],
    ['BIP470', 'content', /01070666/, route('192.0.2.0/24', '192.0.2.13')],
  ] as const)("%s reports a refusal with BIG-IP's message", async (code, fault, words, entry) => {
    const bigip = await lab({ common: { routeDomains: ['2'] } });
    await prepare(bigip);
    const error = await put(await begun(bigip), entry).catch((reason: unknown) => reason);
    if (!(error instanceof DeviceError)) throw new Error(String(error));
    expect([error.code, error.fault]).toEqual([code, fault]);
    expect(error.response).toMatch(words);
  });

  test('BIP477 names a tunnel that does not exist; the other tunnels are read', async () => {
    const bigip = await lab();
    await prepare(bigip);
    const device = await begun(bigip, {
      networks: { ...NETWORKS, tunnels: { east: TUNNEL, west: '/Common/west' } },
    });
    await put(device, fdb(MAC, '192.0.2.13'));
    expect((await device.paths.read()).active).toHaveLength(1);
    const elsewhere = { ...fdb(MAC, '192.0.2.13'), tunnel: '/Common/west' };
    await expect(put(device, elsewhere)).rejects.toMatchObject({ code: 'BIP477' });
  });

  test('a tunnel that is not configured any more is read while the journal has records of it', async () => {
    const bigip = await lab();
    await prepare(bigip);
    await put(await begun(bigip), fdb(MAC, '192.0.2.13'));
    const later = connect(bigip, { config: { networks: { ...NETWORKS, tunnels: {} } } });
    const first = await later.paths.read();
    expect(first.active).toEqual([]);
    await later.paths.write({ number: 1, records: records(record(fdb(MAC, '192.0.2.13'))) });
    const { active } = await later.paths.read();
    expect(active).toMatchObject([{ at: MAC }]);
    await later.paths.remove(active[0]!, 'active');
    expect((await later.paths.read()).active).toEqual([]);
  });

  test('an endpoint is in the route domain of the tunnel', async () => {
    const bigip = await lab({ common: { routeDomains: ['2'] } });
    const send = await prepare(bigip, '%2');
    const device = await begun(bigip);
    await put(device, fdb(MAC, '192.0.2.13'));
    expect(await send('GET', `net/fdb/tunnel/~Common~east/records/${MAC}`)).toMatchObject({
      endpoint: '192.0.2.13%2',
    });
    expect((await device.paths.read()).active).toMatchObject([{ to: '192.0.2.13' }]);
  });

  test('default, %0 and capitals in entries of others mean the same to Sluice', async () => {
    const bigip = await lab();
    const send = await prepare(bigip);
    const common = { partition: 'Common' };
    await send('POST', 'net/route', { ...common, name: 'd', network: 'default', gw: '192.0.2.9' });
    await send('POST', 'net/route', {
      ...common,
      name: 't',
      network: '10.9.0.0/16',
      tmInterface: 'internal',
    });
    await send('POST', 'net/fdb/tunnel/~Common~east/records', {
      name: MAC.toUpperCase(),
      endpoint: '192.0.2.13%0',
    });
    const { active } = await connect(bigip, { config: { networks: NETWORKS } }).paths.read();
    const all = liveEntries(active);
    expect([...all].map(([key, { to }]) => `${key} ${to}`)).toEqual([
      'route 0.0.0.0/0 192.0.2.9',
      'route 10.9.0.0/16 /Common/internal',
      `fdb ${TUNNEL} ${MAC} 192.0.2.13`,
    ]);
  });

  test('the partition is created, and refused if it has a declaration', async () => {
    const bigip = await lab();
    const device = await begun(bigip);
    expect(bigip.view().partitions.map(({ name }) => name)).not.toContain('x');
    await device.declare('k8s', { owners: {}, exposures: {} }, undefined);
    const taken = connect(bigip, { config: { networks: { ...NETWORKS, partition: 'k8s' } } });
    await expect(taken.paths.write(NO_JOURNAL)).rejects.toMatchObject({
      code: 'BIP476',
      fault: 'device',
    });
  });

  test('an entry of others in an unknown shape hides no other entry', async () => {
    const bigip = await lab();
    await prepare(bigip);
    const device = await begun(bigip);
    const odd = (path: string, ...items: readonly object[]): void =>
      void bigip.faults.inject({
        match: (request) => request.method === 'GET' && request.path.split('?')[0]!.endsWith(path),
        response: { kind: 'status', status: 200, body: { items } },
      });
    const good = { fullPath: '/Common/r', network: '10.9.0.0/16', gw: '192.0.2.9' };
    odd('/net/route', { fullPath: '/Common/x', gw: 7 }, good);
    odd('/net/arp', { fullPath: '/Common/y', ipAddress: '10.9.0.1' });
    odd('/records', { name: MAC, endpoint: { address: '192.0.2.13' } });
    odd('/data-group/internal', { name: 'x', records: 'none' }, { name: 'sluice-paths-1' });
    const { active, journal } = await device.paths.read();
    expect(active.map(({ name }) => name)).toEqual(['/Common/r']);
    expect(journal).toMatchObject({ number: 1 });
    bigip.faults.clear();
    odd(
      '/data-group/internal',
      { name: 'sluice-paths-2', records: [7] },
      { name: 'sluice-paths-1' },
    );
    expect((await device.paths.read()).journal).toEqual({
      unreadable: expect.stringContaining('/sluice-net/sluice-paths-2: its records'),
    });
    bigip.faults.clear();
    bigip.faults.inject({
      match: ({ path }) => path.includes('/data-group/internal'),
      response: { kind: 'endless' },
    });
    expect((await device.paths.read()).journal).toEqual({
      unreadable: expect.stringContaining('larger than 16777216 bytes'),
    });
  });

  test('routes cost two requests if no tunnel is configured, and one save', async () => {
    const bigip = await lab();
    await prepare(bigip);
    const device = await begun(bigip, { networks: { ...NETWORKS, tunnels: {} } });
    await put(device, arp('10.244.3.5', MAC));
    expect((await device.paths.read()).active).toEqual([]);
    const before = bigip.writes.length;
    await device.paths.settle();
    expect(bigip.writes.slice(before).map(({ path }) => path)).toEqual(['/mgmt/tm/sys/config']);
  });

  test('without devices[].save nothing is saved', async () => {
    const bigip = await lab();
    const device = await begun(bigip, { save: false });
    const before = bigip.writes.length;
    await device.paths.settle();
    expect(bigip.writes).toHaveLength(before);
  });
});
