import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { adc, app, call, declare, finished, tenant } from './client.ts';

describe('the record of declares', () => {
  let bigip: LabBigip;
  beforeEach(async () => {
    bigip = await startBigip({ dataPath: false, timings: { declare: 0, memberWrite: 0 } });
  });
  afterEach(() => bigip.close());

  const two = { a: app({ port: 32_400 }), b: app({ port: 32_500 }) };
  const seen = (): unknown[] =>
    bigip.declares.map(({ outcome, servers }) => ({ outcome, servers }));

  test('distinguishes changes from declares that only change a constant, and from refused ones', async () => {
    await declare(bigip, { k8s: tenant(two) });
    await declare(bigip, { k8s: tenant(two, { constants: { class: 'Constants', fence: 2 } }) });
    await declare(bigip, { k8s: tenant(two, { optimisticLockKey: 'of another time' }) });
    bigip.faults.lockHeldFor(600_000);
    await declare(bigip, { k8s: tenant({ a: app() }) });
    expect(seen()).toEqual([
      { outcome: 'changed', servers: 2 },
      { outcome: 'unchanged', servers: 2 },
      { outcome: 'refused', servers: 2 },
      { outcome: 'refused', servers: 1 },
    ]);
    for (const { began, ended } of bigip.declares) expect(ended).toBeGreaterThanOrEqual(began);
  });

  test('counts the bytes of the body, and no dry run', async () => {
    const declaration = adc({ k8s: tenant({ a: app({ address: '172.16.100.195' }) }) });
    const text = JSON.stringify({ ...declaration, label: 'ä' });
    await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare', { body: text });
    await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare', {
      body: { class: 'AS3', action: 'dry-run', declaration },
    });
    expect(bigip.declares).toHaveLength(1);
    expect(bigip.declares[0]?.bytes).toBe(Buffer.byteLength(text));
  });

  test('a task has no result until it ends; each posted server may cost time', async () => {
    bigip.faults.timings.declarePerServer = 60_000;
    const accepted = await declare(bigip, { k8s: tenant(two) }, '?async=true');
    expect(accepted.status).toBe(202);
    await call(bigip, 'GET', '/mgmt/shared/appsvcs/info');
    expect(bigip.declares).toMatchObject([{ outcome: undefined, ended: undefined, servers: 2 }]);
    bigip.faults.timings.declarePerServer = 0;
    bigip.faults.restart();
    const again = await declare(bigip, { k8s: tenant(two) }, '?async=true');
    await finished(bigip, String(again.body['id']));
    expect(bigip.declares[1]).toMatchObject({ outcome: 'changed', servers: 2 });
  });
});
