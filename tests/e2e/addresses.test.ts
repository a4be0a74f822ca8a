/**
 * Automatic addresses from end to end: `sluice up` as a process, a cluster, and a BIG-IP that
 * others use too. Red without `claimedAddress` in assign.ts: after the device is wiped, it gets
 * 172.16.41.8.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { call } from '../integration/lab-bigip/client.ts';
import { externalAddresses, eventOf, openPorts, pending, virtualServers } from './support/looks.ts';
import { OWNER, startSite, type Site } from './support/site.ts';
import type { Sluice } from './support/sluice.ts';
import { until } from './support/until.ts';

const LIMIT = 240_000;
const POOL = ['172.16.41.8', '172.16.41.9', '172.16.41.10', '172.16.41.11'];

let site: Site;
beforeEach(async () => {
  site = await startSite();
  const config = parse(await site.read('sluice.yaml')) as { ingresses: object[] };
  const ingresses = config.ingresses.map((ingress) => ({ ...ingress, virtualAddress: 'auto' }));
  await site.write(
    'sluice.yaml',
    stringify({
      ...config,
      addressPools: [{ name: 'web', ranges: ['172.16.41.8-172.16.41.11'] }],
      ingresses,
    }),
  );
});
afterEach(() => site.stop());

const take = async (address: string): Promise<void> => {
  const { status } = await call(site.bigip, 'POST', '/mgmt/tm/ltm/virtual-address', {
    body: { name: address, partition: 'Common', address },
  });
  expect(status).toBe(200);
};
const give = async (address: string): Promise<void> => {
  const { status } = await call(
    site.bigip,
    'DELETE',
    `/mgmt/tm/ltm/virtual-address/~Common~${address}`,
  );
  expect(status).toBe(200);
};

async function served(address: string, ports: readonly number[], sluice: Sluice): Promise<void> {
  await until(
    `${ports.join(' and ')} at ${address}`,
    () => virtualServers(site).join() === ports.map((port) => `${address}:${port}/tcp`).join(),
    () => `${virtualServers(site).join()}\n${sluice.stdout()}`,
  );
  await until(
    `${address} in the status of the Service`,
    async () => (await externalAddresses(site)).join() === address,
    sluice.stdout,
  );
  await until('empty queues', async () => (await pending(site)) === 0, sluice.stdout);
}

async function addresses(
  ...args: readonly string[]
): Promise<{ readonly code: number | string; readonly out: string }> {
  const command = site.launch(['addresses', '--config', site.files.config, ...args]);
  const code = await command.ended;
  return { code, out: command.stdout() };
}

test(
  'an address is assigned, restored on a wiped device and freed, and an empty pool is reported',
  async () => {
    const sluice = await site.up();
    // Other clients hold three addresses, so the ingress gets the fourth.
    for (const address of POOL.slice(0, 3)) await take(address);
    await openPorts(site, 'echo', [{ port: 32_400 }]);
    await served('172.16.41.11', [32_400], sluice);
    await eventOf(site, 'echo', /^Programmed: bigip serves 172\.16\.41\.11:32400\/tcp/, sluice);
    const full = await addresses();
    expect(full.code).toBe(2);
    expect(full.out).toMatch(
      /^web +bigip +172\.16\.41\.8-172\.16\.41\.11 +4 +4 +0 \(over 90 % used\)/m,
    );
    expect(full.out).toContain(OWNER);
    const doctor = site.launch(['doctor', '--config', site.files.config]);
    expect(await doctor.ended).toBe(2);
    expect(doctor.stdout()).toMatch(
      /^warn +address pool web on bigip +4 of 4 addresses used; widen/m,
    );

    // All addresses are free again, and nothing on the device shows which one the ingress had.
    for (const address of POOL.slice(0, 3)) await give(address);
    await call(site.bigip, 'DELETE', '/mgmt/shared/appsvcs/declare/k8s');
    expect(virtualServers(site)).toEqual([]);
    await openPorts(site, 'second', [{ port: 32_500 }]);
    await served('172.16.41.11', [32_400, 32_500], sluice);
    const json = await addresses('-o', 'json');
    expect(json.code).toBe(0);
    expect(JSON.parse(json.out)).toMatchObject([
      {
        device: 'bigip',
        name: 'web',
        size: 4,
        used: 1,
        free: 3,
        addresses: [
          { address: '172.16.41.11', by: [{ who: OWNER, exposures: ['32400/tcp', '32500/tcp'] }] },
        ],
      },
    ]);

    // The address is freed with the last exposure, and removed from the Service. Then another
    // client takes it and all others.
    for (const name of ['echo', 'second'])
      await site.api.remove(`/apis/networking.istio.io/v1/namespaces/default/gateways/${name}`);
    await until(
      'nothing is offered',
      async () => virtualServers(site).length === 0 && (await externalAddresses(site)).length === 0,
      sluice.stdout,
    );
    for (const address of POOL) await take(address);
    await openPorts(site, 'third', [{ port: 32_600 }]);
    await eventOf(
      site,
      'third',
      /^NoAddress: auto\(web\):32600\/tcp on bigip: OWN350: pool web has no free address on bigip/,
      sluice,
    );
    expect(virtualServers(site)).toEqual([]);
    expect(await externalAddresses(site)).toEqual([]);

    await give('172.16.41.9');
    await openPorts(site, 'fourth', [{ port: 32_700 }]);
    await served('172.16.41.9', [32_600, 32_700], sluice);
    expect(await sluice.kill('SIGTERM')).toBe(0);
    expect(sluice.stderr()).toBe('');
  },
  LIMIT,
);
