import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { foreignObjects, placeForeignObjects, servedBy } from '../../soak/device.ts';
import { call } from '../lab-bigip/client.ts';

const OURS = {
  class: 'ADC',
  schemaVersion: '3.50.0',
  k8s: {
    class: 'Tenant',
    shop: {
      class: 'Application',
      template: 'generic',
      entry: {
        class: 'Service_TCP',
        virtualAddresses: ['172.16.43.7'],
        virtualPort: 20_001,
        pool: 'members',
      },
      members: {
        class: 'Pool',
        members: [
          { servicePort: 20_001, serverAddresses: ['10.246.1.1'] },
          { servicePort: 20_001, serverAddresses: ['10.246.1.2'], adminState: 'disable' },
        ],
      },
    },
  },
};

describe('what the soak reads from the device', () => {
  let bigip: LabBigip;
  let before: string;
  beforeAll(async () => {
    bigip = await startBigip({ dataPath: false, timings: { declare: 0 } });
    await placeForeignObjects(bigip);
    before = foreignObjects(bigip);
    await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare', { body: OURS });
  });
  afterAll(() => bigip.close());

  test('is what others have, whatever Sluice declares', () => {
    expect(before).toContain('by-hand');
    expect(before).toContain('10.99.0.1');
    expect(foreignObjects(bigip)).toBe(before);
  });

  test('are ports with the members that take connections, and those that drain', () => {
    expect([...servedBy(bigip)]).toEqual([
      [
        20_001,
        {
          members: new Set(['10.246.1.1']),
          draining: new Set(['10.246.1.2']),
          balance: 'round-robin',
        },
      ],
    ]);
  });

  test('differs after any change of what others have', async () => {
    const pool = '/mgmt/tm/ltm/pool/~Common~by-hand';
    await call(bigip, 'PATCH', pool, { body: { loadBalancingMode: 'ratio-member' } });
    expect(foreignObjects(bigip)).not.toBe(before);
  });
});
