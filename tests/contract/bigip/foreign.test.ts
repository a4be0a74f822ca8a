import { afterEach, expect, test } from '@jest/globals';
import { call } from '../../integration/lab-bigip/client.ts';
import { closeAll, connect, declare, lab, recordRequests, wanted } from './support.ts';

afterEach(closeAll);

test('the addresses and ports that others hold are listed, in one request each', async () => {
  const bigip = await lab();
  const device = connect(bigip);
  await declare(device, wanted());
  for (const [name, destination] of [
    ['by-hand', '/Common/192.0.2.7:8443'],
    ['all-ports', '/Common/192.0.2.8:0'],
    ['six', '/Common/2001:db8::7.443'],
  ]) {
    expect(
      (
        await call(bigip, 'POST', '/mgmt/tm/ltm/virtual', {
          body: {
            name,
            partition: 'Common',
            destination,
            ipProtocol: 'tcp',
            mask: name === 'six' ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255',
          },
        })
      ).status,
    ).toBe(200);
  }
  const seen = recordRequests(bigip);
  const found = await device.foreign();
  expect(seen).toHaveLength(2);
  expect(found).toEqual(
    expect.arrayContaining([
      {
        path: '/Common/by-hand',
        partition: 'Common',
        address: '192.0.2.7',
        port: 8443,
        protocol: 'tcp',
      },
      {
        path: '/Common/all-ports',
        partition: 'Common',
        address: '192.0.2.8',
        port: 0,
        protocol: 'tcp',
      },
      {
        path: '/Common/six',
        partition: 'Common',
        address: '2001:db8::7',
        port: 443,
        protocol: 'tcp',
      },
      { path: '/Common/192.0.2.7', partition: 'Common', address: '192.0.2.7' },
    ]),
  );
  expect(found.filter(({ partition }) => partition === 'k8s')).toEqual([]);
});
