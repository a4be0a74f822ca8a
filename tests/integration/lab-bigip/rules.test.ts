import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, lab } from '../../contract/bigip/support.ts';
import { call } from './client.ts';

afterEach(closeAll);

describe('iRules of the lab', () => {
  test('exist once created, are created only once, and are gone once deleted', async () => {
    const bigip = await lab();
    const make = (): ReturnType<typeof call> =>
      call(bigip, 'POST', '/mgmt/tm/ltm/rule', {
        body: { name: 'geo', apiAnonymous: 'when CLIENT_ACCEPTED { }' },
      });
    expect((await make()).status).toBe(200);
    expect(bigip.common.iRules.has('/Common/geo')).toBe(true);
    expect(await make()).toMatchObject({
      status: 409,
      text: expect.stringContaining('/Common/geo'),
    });
    expect((await call(bigip, 'DELETE', '/mgmt/tm/ltm/rule/~Common~geo')).status).toBe(200);
    expect(bigip.common.iRules.has('/Common/geo')).toBe(false);
    expect((await call(bigip, 'DELETE', '/mgmt/tm/ltm/rule/~Common~geo')).status).toBe(404);
  });
});
