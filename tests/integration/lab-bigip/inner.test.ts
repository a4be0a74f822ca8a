import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { INNER_NAMES, startBigip } from '../../../infra/lab/bigip/index.ts';
import type { InnerName, LabBigip } from '../../../infra/lab/bigip/index.ts';
import { call, declare, tenant } from './client.ts';

interface Recorded {
  readonly inner: InnerName;
  readonly innerCode: number;
  readonly calls: number;
  readonly http: number;
  readonly code: number;
  readonly message: string;
  readonly response?: string;
}
/**
 * Responses of the real engine to the change of a port, in a partition that has one pool and refers
 * to one iRule.
 */
const recorded = (
  JSON.parse(
    readFileSync(new URL('../../fixtures/as3-inner-faults.json', import.meta.url), 'utf8'),
  ) as readonly Recorded[]
).filter(({ calls }) => calls > 0);

let bigip: LabBigip;
beforeEach(async () => {
  bigip = await startBigip({
    dataPath: false,
    timings: { declare: 0, memberWrite: 0 },
    common: { iRules: ['/Common/r1'] },
  });
});
afterEach(() => bigip.close());

const gateway = (virtualPort: number, address = '10.0.0.1'): object => ({
  class: 'Application',
  virtual: {
    class: 'Service_TCP',
    virtualAddresses: [address],
    virtualPort,
    pool: 'pool',
    iRules: [{ bigip: '/Common/r1' }],
  },
  pool: { class: 'Pool', members: [{ servicePort: 80, serverAddresses: ['10.1.0.1'] }] },
});
const port = (): number | undefined =>
  bigip
    .view()
    .partitions.flatMap((p) => p.virtualServers.map((v) => Number(v.destination.split(':')[1])))[0];
const told = ({ body }: Awaited<ReturnType<typeof declare>>): object => {
  const { code, message, response } = (body['results']?.[0] ?? body) as {
    code: number;
    message: string;
    response?: string;
  };
  return { code, message, ...(response !== undefined && { response }) };
};

describe('faults of the calls that AS3 makes inside the device', () => {
  test.each(recorded.map((one) => [`${one.inner} ${one.innerCode}`, one] as const))(
    '%s is answered as by the real engine',
    async (_name, { inner, innerCode, http, code, message, response }) => {
      await declare(bigip, { k8s: tenant({ 'gw-1': gateway(80) }) });
      bigip.faults.inner({ call: inner, status: innerCode });
      const answer = await declare(bigip, { k8s: tenant({ 'gw-1': gateway(81) }) });
      expect(answer.status).toBe(http);
      expect(told(answer)).toEqual({ code, message, ...(response !== undefined && { response }) });
      // The change is carried out even if it cannot be saved.
      expect(port()).toBe(http === 200 || inner === '/tm/task/sys/config' ? 81 : 80);
    },
  );

  test('every call that was recorded is there, and no other', () => {
    expect(new Set(INNER_NAMES)).toEqual(new Set(recorded.map(({ inner }) => inner)));
  });

  test('a declare that changes nothing runs no script, and does not use the fault up', async () => {
    await declare(bigip, { k8s: tenant({ 'gw-1': gateway(80) }) });
    bigip.faults.inner({ call: '/tm/task/cli/script', status: 500 });
    expect(told(await declare(bigip, { k8s: tenant({ 'gw-1': gateway(80) }) }))).toMatchObject({
      message: 'no change',
    });
    expect((await declare(bigip, { k8s: tenant({ 'gw-1': gateway(81) }) })).status).toBe(422);
    expect((await declare(bigip, { k8s: tenant({ 'gw-1': gateway(81) }) })).status).toBe(200);
  });

  test('a fault affects only declares that change the object, as often as requested, until it is removed', async () => {
    const both = (a: number, b: number): Promise<Awaited<ReturnType<typeof declare>>> =>
      declare(bigip, { k8s: tenant({ 'gw-1': gateway(a), 'gw-2': gateway(b, '10.0.0.2') }) });
    await both(80, 80);
    const hold = bigip.faults.inner({
      call: '/tm/sys/provision',
      status: 500,
      times: Infinity,
      touching: 'gw-2',
    });
    expect((await both(81, 80)).status).toBe(200);
    for (let i = 0; i < 3; i += 1) expect((await both(82, 81)).status).toBe(500);
    hold.takeBack();
    expect((await both(82, 81)).status).toBe(200);
    bigip.faults.inner({ call: '/tm/sys/provision', status: 500, times: Infinity });
    bigip.faults.clear();
    expect((await both(83, 81)).status).toBe(200);
  });

  test('the response may contain a message of mcpd, and a task reports it as a synchronous one does', async () => {
    bigip.faults.inner({
      call: '/tm/sys/config',
      status: 400,
      message: '01070734:3: Configuration error: no',
    });
    const submitted = await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare?async=true', {
      body: {
        class: 'AS3',
        declaration: {
          class: 'ADC',
          schemaVersion: '3.50.0',
          k8s: tenant({ 'gw-1': gateway(80) }),
        },
      },
    });
    let task = submitted;
    while (task.body['results'][0].code === 0)
      task = await call(bigip, 'GET', `/mgmt/shared/appsvcs/task/${submitted.body['id']}`);
    expect(task.body['results']).toMatchObject([
      {
        code: 400,
        message: 'declaration failed',
        response: expect.stringContaining('"message":"01070734:3: Configuration error: no"'),
      },
    ]);
  });

  test('a declare with persist: false does not fail because of saving', async () => {
    bigip.faults.inner({ call: '/tm/task/sys/config', status: 500 });
    const body = {
      class: 'AS3',
      persist: false,
      declaration: { class: 'ADC', schemaVersion: '3.50.0', k8s: tenant({ 'gw-1': gateway(80) }) },
    };
    expect((await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare', { body })).status).toBe(200);
  });
});
