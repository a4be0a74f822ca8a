import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip, LabRequest } from '../../../infra/lab/bigip/index.ts';
import { sendTo } from '../../oracle/bigip/client.ts';
import { bigipOracle } from '../../oracle/bigip/index.ts';
import { askLab, sessionWith } from '../../oracle/bigip/lab.ts';
import { QUESTIONS } from '../../oracle/bigip/questions/index.ts';
import { labTable } from '../../oracle/bigip/report.ts';
import { makeScratch } from '../../oracle/bigip/scratch.ts';
import { call } from '../lab-bigip/client.ts';

let bigip: LabBigip;
let folder: string;
let said: string[];
beforeEach(async () => {
  said = [];
  folder = await mkdtemp(join(tmpdir(), 'sluice-oracle-'));
  bigip = await startBigip({ dataPath: false, timings: { memberWrite: 0 } });
  process.env['ORACLE_PASSWORD'] = bigip.password;
  await writeFile(join(folder, 'ca.pem'), bigip.ca);
  const device = {
    name: 'bigip',
    url: bigip.url,
    username: bigip.username,
    password: 'env:ORACLE_PASSWORD',
    tls: { ca: `file:${join(folder, 'ca.pem')}` },
    partitions: ['k8s'],
  };
  const other = { ...device, name: 'other' };
  const ingress = {
    cluster: 'east',
    service: 'istio-system/istio-ingressgateway',
    devices: ['bigip'],
    virtualAddress: '172.16.100.195',
  };
  await writeFile(
    join(folder, 'sluice.yaml'),
    JSON.stringify({ devices: [device, other], clusters: [{ id: 'east' }], ingresses: [ingress] }),
  );
});
afterEach(async () => {
  await bigip.close();
  await rm(folder, { recursive: true });
});

const oracle = (...argv: readonly string[]): Promise<number> =>
  bigipOracle.run(['-c', join(folder, 'sluice.yaml'), ...argv], {
    out: (text) => void said.push(text),
    err: (text) => void said.push(text),
  });
const ask = (): Promise<number> => oracle('--device', 'bigip', '--yes');
const partitions = async (): Promise<readonly string[]> =>
  (await call(bigip, 'GET', '/mgmt/tm/auth/partition')).body['items'].map(
    (one: { name: string }) => one.name,
  );
const isPost =
  (part: string, when: (body: Record<string, unknown>) => boolean = () => true) =>
  ({ method, path, body }: LabRequest): boolean =>
    method === 'POST' && path.endsWith(part) && when(body as Record<string, unknown>);

/** What others have on the device. */
async function furnish(): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    expect(await call(bigip, 'POST', `/mgmt/tm/${path}`, { body })).toMatchObject({ status: 200 });
  };
  const common = { partition: 'Common' };
  await post('auth/partition', { name: 'cis' });
  await post('net/self', { ...common, name: 's', address: '198.18.0.1/24', vlan: 'internal' });
  const network = '10.1.0.0/24';
  await post('net/route', { partition: 'cis', name: 'shown', network, gw: '198.18.0.11' });
  await post('net/tunnels/tunnel', { ...common, name: 'flannel', profile: 'vxlan', key: 1 });
  const record = { name: '0a:0a:00:00:00:01', endpoint: '192.0.2.11' };
  await post('net/fdb/tunnel/~Common~flannel/records', record);
  await post('ltm/data-group/internal', { ...common, name: 'value', type: 'string' });
}

describe('the oracle of BIG-IP', () => {
  test('leaves a device as it was, and finds no difference where the device is the lab', async () => {
    await furnish();
    const before = bigip.snapshotState();
    expect(await ask()).toBe(0);
    expect(bigip.snapshotState()).toEqual(before);
    expect(said.at(-1)).toContain(`${QUESTIONS.length} answers, 0 of them not as the lab's:`);
  });

  test('writes nothing outside of its partition', async () => {
    await ask();
    // A refused or queued creation has no partition in its record.
    const places = bigip.writes.flatMap(({ method, path, tenant }) =>
      method === 'POST' && tenant === undefined ? [] : [`${path} ${tenant}`],
    );
    expect(places.length).toBeGreaterThan(100);
    expect(places.filter((one) => !/sluice-oracle-|\/tm\/transaction\//.test(one))).toEqual([]);
  });

  test('reports which answers differ from those of the lab', async () => {
    bigip.faults.inject({
      match: isPost('/records', ({ name }) => name === '0a:0a:00:00:00:0a'),
      response: { kind: 'status', status: 400, body: { code: 400, message: 'no way' } },
    });
    expect(await ask()).toBe(0);
    expect(said.at(-1)).toContain(' 1 of them not as the lab');
    expect(said.at(-1)).toMatch(/fdb-empty\n {4}bigip: 400 no way\n {4}lab: 400 01070734:3: /);
  });

  test('sends nothing without a confirmation', async () => {
    await expect(oracle('--device', 'bigip')).rejects.toThrow('add --yes');
    expect(bigip.writes).toEqual([]);
    expect(said.join('\n')).toMatch(/creates the partition sluice-oracle-\w{6}, and in it/);
  });

  test('requires the name of the device', async () => {
    await expect(oracle('--yes')).rejects.toThrow('choose one device with --device: bigip, other');
    await expect(oracle('--yes', '--device', 'third')).rejects.toThrow('bigip, other');
  });

  test.each([
    ['net/self', 'self', 'route-shown'],
    ['net/route-domain', 'self', 'arp-shown'],
    ['net/tunnels/tunnel', 'tunnel', 'fdb-shown'],
    ['net/tunnels/vxlan', 'profile', 'partition-in-use'],
  ])(
    'asks the remaining questions if the device refuses %s, and cleans up',
    async (path, part, id) => {
      const before = bigip.snapshotState();
      bigip.faults.inject({
        match: isPost(path),
        response: {
          kind: 'status',
          status: 400,
          body: { code: 400, message: 'not in a partition' },
        },
      });
      expect(await ask()).toBe(0);
      expect(said.at(-1)).toContain(
        `${id}: ${QUESTIONS.find((one) => one.id === id)?.asks}\n    not asked, because the device refused what it needs (${part}): 400 not in a partition`,
      );
      expect(said.at(-1)).toMatch(/data-json: .*\n {4}comes back as it was sent/);
      expect(bigip.snapshotState()).toEqual(before);
    },
  );

  test('cleans up if the device breaks off, and says why it stopped', async () => {
    const before = bigip.snapshotState();
    bigip.faults.next(1, { kind: 'status', status: 503 }, isPost('/mgmt/tm/net/arp'));
    await expect(ask()).rejects.toThrow('the management services are restarting');
    expect(bigip.snapshotState()).toEqual(before);
  });

  test('names what it could not remove', async () => {
    bigip.faults.inject({
      match: ({ method, path }) => method === 'DELETE' && path.includes('/net/tunnels/vxlan/'),
      times: Infinity,
      response: { kind: 'status', status: 400, body: { code: 400, message: 'in use' } },
    });
    await expect(ask()).rejects.toThrow(
      /the partition sluice-oracle-\w{6} is left: net\/tunnels\/vxlan\/~sluice-oracle-\w{6}~vxlan: 400 in use; .* Run this command again, or remove it by hand\./,
    );
  });

  test('removes what a killed run left, and only that', async () => {
    await furnish();
    await call(bigip, 'POST', '/mgmt/tm/auth/partition', { body: { name: 'sluice-oracles' } });
    const before = bigip.snapshotState();
    const session = sessionWith(bigip);
    const partition = 'sluice-oracle-killed';
    const send = sendTo(session, partition);
    const scratch = await makeScratch(send, { partition, domain: 64_000 });
    const at = QUESTIONS.findIndex(({ id }) => id === 'default-domain-bare');
    for (const question of QUESTIONS.slice(0, at)) await question.ask(scratch);
    await session.close();
    expect(await partitions()).toContain(partition);
    expect(await ask()).toBe(0);
    expect(said[0]).toContain(`removes the partition ${partition}, which an earlier run left`);
    expect(bigip.snapshotState()).toEqual(before);
  });

  test('removes nothing of others if the device ignores the filter of a list', async () => {
    await furnish();
    const before = bigip.snapshotState();
    const theirs = { name: 'theirs', partition: 'cis', fullPath: '/cis/theirs' };
    bigip.faults.inject({
      match: ({ method, path }) => method === 'GET' && path === '/mgmt/tm/net/arp',
      times: Infinity,
      response: { kind: 'status', status: 200, body: { items: [theirs] } },
    });
    await ask().catch(() => undefined);
    expect(bigip.snapshotState().config['routes']).toEqual(before.config['routes']);
    expect(bigip.writes.filter(({ path }) => path.endsWith('~theirs'))).toEqual([]);
  });

  test.each([
    ['POST', 'net/route', { name: 'r', partition: 'Common' }],
    ['POST', 'auth/partition', { name: 'cis' }],
    ['DELETE', 'auth/partition/cis', undefined],
    ['PATCH', 'net/fdb/tunnel/~Common~flannel', { records: [] }],
    ['POST', 'sys/config', { command: 'save' }],
  ] as const)(
    'refuses to send %s %s, which is outside of its partition',
    async (method, path, body) => {
      const session = sessionWith(bigip);
      const send = sendTo(session, 'sluice-oracle-x');
      await expect(send(method, path, body)).rejects.toThrow('is outside of sluice-oracle-x');
      await session.close();
      expect(bigip.writes).toEqual([]);
    },
  );
});

test('docs/oracles.md has the answers of the lab; npm run oracle -- bigip --lab prints them', async () => {
  const page = await readFile(new URL('../../../docs/oracles.md', import.meta.url), 'utf8');
  expect(page).toContain(`\n${labTable(await askLab())}\n`);
});
