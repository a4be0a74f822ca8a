/** Members in route domains, on a device over its socket. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import {
  app,
  call,
  declare as post,
  member,
  talk,
  tenant,
  until,
} from '../../integration/lab-bigip/client.ts';
import { startPod } from '../../integration/lab-bigip/pods.ts';
import { closeAll, connect, declare, lab } from './support.ts';

afterEach(closeAll);

const KNOWN = { common: { routeDomains: ['2', '7'] } };
const at = (...addresses: readonly string[]): Exposure =>
  exposure({
    members: addresses.map((address) => ({ address, port: 32_400, availability: 'ready' })),
  });

function wanted(
  exposures: readonly Exposure[],
  declared: DeclaredState = EMPTY_STATE,
): DeclaredState {
  return planPartition('k8s', declared, [slice(1, exposures)], { sameFleet: () => false }).next;
}

describe('members in a route domain', () => {
  test('are declared, read back exactly and verified, IPv4 and IPv6, one address in two domains', async () => {
    const bigip = await lab(KNOWN);
    const device = connect(bigip);
    const state = wanted([at('10.0.0.5%2', '10.0.0.5%7', '10.0.0.5', 'fd00::5%2', 'fd00::5')]);
    expect(await declare(device, state)).toBe('applied');
    expect(await device.read('k8s')).toMatchObject({ declared: { state } });
    expect(await device.verify('k8s', state)).toEqual([]);
    expect(await device.drift('k8s', state)).toEqual([]);
    expect(await declare(device, state)).toBe('unchanged');
    const nodes = await call(bigip, 'GET', '/mgmt/tm/ltm/node');
    const items = (nodes.body as { items: readonly { name: string; address: string }[] }).items;
    expect(items.map(({ name, address }) => `${name} ${address}`).sort()).toEqual(
      ['10.0.0.5', '10.0.0.5%2', '10.0.0.5%7', 'fd00::5', 'fd00::5%2'].map(
        (name) => `${name} ${name}`,
      ),
    );
  });

  test('a missing member is detected, and so is an unexpected one in another route domain', async () => {
    const device = connect(await lab(KNOWN));
    const [two, seven] = [wanted([at('10.0.0.5%2')]), wanted([at('10.0.0.5%7')])];
    await declare(device, two);
    expect(await device.verify('k8s', seven)).toEqual([
      'pool /k8s/gw-172_16_100_195-32400-tcp/pool has members 10.0.0.5%2:32400 instead of 10.0.0.5%7:32400',
    ]);
    expect((await device.drift('k8s', seven)).map(({ kind, path }) => `${kind} ${path}`)).toContain(
      'orphan /k8s/10.0.0.5%2',
    );
  });

  test("are refused with the device's message if it has no such route domain", async () => {
    const device = connect(await lab(KNOWN));
    await expect(declare(device, wanted([at('10.0.0.5%3')]))).rejects.toMatchObject({
      fault: 'content',
      response: expect.stringContaining(
        'The specified route domain (3) does not exist for address (10.0.0.5%3)',
      ),
    });
    expect(await device.read('k8s')).toMatchObject({ declared: { state: { exposures: {} } } });
  });
});

describe('the addresses of others', () => {
  test('in another route domain are not taken for ours', async () => {
    const bigip = await lab(KNOWN);
    const device = connect(bigip);
    for (const destination of ['/Common/192.0.2.7%2:8443', '/Common/2001:db8::7%2.443']) {
      const mask = destination.includes('::')
        ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
        : '255.255.255.255';
      expect(
        (
          await call(bigip, 'POST', '/mgmt/tm/ltm/virtual', {
            body: {
              name: `v${mask.length}`,
              partition: 'Common',
              destination,
              ipProtocol: 'tcp',
              mask,
            },
          })
        ).status,
      ).toBe(200);
    }
    expect(
      (await device.foreign()).map(({ address, port }) => `${address} ${port ?? '-'}`).sort(),
    ).toEqual(['192.0.2.7%2 -', '192.0.2.7%2 8443', '2001:db8::7%2 -', '2001:db8::7%2 443']);
  });
});

test('traffic reaches a pod in a route domain, which the lab maps to loopback', async () => {
  const bigip = await lab({
    ...KNOWN,
    dataPath: true,
    timings: { declare: 0, memberWrite: 0, monitorInterval: 20 },
  });
  const pod = await startPod('10.21.0.1', 'pod');
  try {
    await post(bigip, {
      k8s: tenant({
        a: app({
          address: '172.21.1.1',
          port: pod.port,
          members: [member(pod.port, '10.21.0.1%2')],
        }),
      }),
    });
    expect(
      await until(async () => {
        const answer = await talk('127.21.1.1', pod.port, 'hello');
        return answer === 'reset' ? undefined : answer;
      }),
    ).toBe('pod hello');
  } finally {
    await pod.close();
  }
});
