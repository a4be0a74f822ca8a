import { expect, test } from '@jest/globals';
import { AddressPool } from '../../../shared/domain/address-pools/pool.ts';
import { poolUsage } from '../../../shared/domain/addresses/usage.ts';
import { asking, miniDevice } from '../../fixtures/addresses.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

test('reports usage and owners of a pool in order, including foreign and reserved addresses', () => {
  const device = miniDevice();
  device.apply(
    asking('east/a/gw', 1, { pool: { ranges: ['10.1.0.10'], reserved: [] } }),
    slice(1, [exposure({ address: '10.1.0.9', port: 80 }), exposure({ address: '172.16.0.1' })], {
      owner: 'west/b/gw',
    }),
  );
  const holders = [
    { path: '/Common/two', partition: 'Common', address: '10.1.0.2', port: 53, protocol: 'udp' },
    { path: '/Common/two', partition: 'Common', address: '10.1.0.2', port: 25 },
    { path: '/Common/vs', partition: 'Common', address: '10.1.0.2%1', port: 25, protocol: 'tcp' },
    { path: '/Common/va', partition: 'Common', address: '10.1.0.2/32' },
    { path: '/Common/name', partition: 'Common', address: 'any' },
  ];
  const pool = AddressPool.parse({
    name: 'web',
    ranges: ['10.1.0.0/28'],
    reserved: ['10.1.0.9', '10.1.0.1'],
  });
  expect(poolUsage(pool, { states: device.states, holders })).toStrictEqual({
    name: 'web',
    ranges: ['10.1.0.0/28'],
    reserved: 2n,
    size: 12n,
    used: 2n,
    free: 10n,
    addresses: [
      {
        address: '10.1.0.2',
        by: [
          { who: '/Common/two', exposures: ['25/any', '53/udp'] },
          { who: '/Common/va', exposures: [] },
          { who: '/Common/vs', exposures: ['25/tcp'] },
        ],
      },
      { address: '10.1.0.9', by: [{ who: 'west/b/gw', exposures: ['80/tcp'] }] },
      { address: '10.1.0.10', by: [{ who: 'east/a/gw', exposures: ['443/tcp'] }] },
    ],
  });
});
