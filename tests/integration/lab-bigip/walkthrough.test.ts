import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { adc, app, call, finished, member, talk, tenant, until } from './client.ts';
import { startPod } from './pods.ts';
import type { Pod } from './pods.ts';

describe('a client that logs in, declares and is served', () => {
  let bigip: LabBigip;
  let pods: Pod[];
  beforeEach(async () => {
    bigip = await startBigip({ timings: { monitorInterval: 30 } });
    pods = [];
  });
  afterEach(async () => {
    await bigip.close();
    for (const pod of pods) await pod.close();
  });

  test('the walkthrough: login, asynchronous declare, task, stored declaration, traffic to the pods', async () => {
    const one = await startPod('10.244.1.5', 'one');
    const { port } = one;
    pods.push(one, await startPod('10.244.2.6', 'two', port));

    const login = await call(bigip, 'POST', '/mgmt/shared/authn/login', {
      headers: {},
      body: { username: 'admin', password: 'lab-bigip', loginProviderName: 'tmos' },
    });
    const headers = { 'x-f5-auth-token': String(login.body['token'].token) };
    const pool = { monitors: ['tcp'], loadBalancingMode: 'round-robin' };
    const declaration = adc({
      k8s: tenant({
        tcp32400: app({
          members: [member(port, '10.244.1.5', '10.244.2.6')],
          pool,
          address: '172.19.100.195',
          port: 32400,
        }),
      }),
    });

    const accepted = await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare/k8s?async=true', {
      headers,
      body: declaration,
    });
    expect(accepted.status).toBe(202);
    const task = await finished(bigip, String(accepted.body['id']));
    expect(task.body['results']).toEqual([
      expect.objectContaining({ code: 200, message: 'success', tenant: 'k8s' }),
    ]);

    const stored = await call(bigip, 'GET', '/mgmt/shared/appsvcs/declare/k8s', { headers });
    expect(stored.body['k8s']).toEqual(declaration['k8s']);

    await until(() =>
      bigip
        .view()
        .partitions.find((p) => p.name === 'k8s')
        ?.pools[0]?.members.every((m) => m.state === 'up'),
    );
    const answers = [
      await talk('127.19.100.195', 32400, 'hello'),
      await talk('127.19.100.195', 32400, 'hello'),
    ];
    expect(answers.sort()).toEqual(['one hello', 'two hello']);
  });
});
