/**
 * `policy.drift: adopt` over the wire: audit finds a manual change, apply keeps it, and both see it
 * afterwards.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { create as createApply } from '../../../functions/apply/handler.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { repairRequest, sendAudit } from '../../../shared/queue/audit.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { closeAll, connect, declare, lab, wanted } from '../../contract/bigip/support.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { call } from '../lab-bigip/client.ts';
import { apply, audit, bench } from './support.ts';

afterEach(closeAll);

const APP = '~k8s~gw-172_16_100_195-32400-tcp';
const VIRTUAL = `/mgmt/tm/ltm/virtual/${APP}~virtual`;
const POOL = `/mgmt/tm/ltm/pool/${APP}~pool`;

async function declared(): Promise<LabBigip> {
  const bigip = await lab();
  await declare(connect(bigip), wanted());
  return bigip;
}

async function byHand(bigip: LabBigip, method: string, path: string, body: unknown): Promise<void> {
  expect((await call(bigip, method, path, { body })).status).toBe(200);
}

async function live(bigip: LabBigip): Promise<object> {
  const [virtual, pool] = await Promise.all(
    [VIRTUAL, POOL].map(async (path) => (await call(bigip, 'GET', path)).body),
  );
  return {
    balance: pool?.['loadBalancingMode'],
    limit: virtual?.['connectionLimit'],
    disabled: virtual?.['disabled'] === true,
  };
}

/**
 * Red if audit does not send `adopt`, if the handler does not pass it on, or if render.ts does not
 * render the kept value.
 */
describe('policy.drift: adopt', () => {
  test('keeps a manually changed balancing method, limit and state, and declares them from then on', async () => {
    const bigip = await declared();
    await byHand(bigip, 'PATCH', POOL, { loadBalancingMode: 'least-connections-member' });
    await byHand(bigip, 'PATCH', VIRTUAL, { disabled: true, connectionLimit: 50 });
    const set = await live(bigip);
    const site = bench([bigip], { drift: 'adopt' });
    expect((await audit(site)).map(({ message }) => message).toSorted()).toEqual([
      'balances by least-connections-member instead of round-robin',
      'has connection limit 50 instead of unlimited',
      'is disabled',
    ]);
    await apply(site);
    expect(await live(bigip)).toEqual(set);
    expect((await audit(site)).map(({ kind, code }) => `${kind} ${code}`)).toEqual([
      'kept BIP455',
      'kept BIP455',
      'kept BIP455',
    ]);
    expect(site.sent).toHaveLength(1);
    // A later change of another setting does not affect it.
    const device = connect(bigip);
    const reading = await device.read('k8s');
    if (reading.kind === 'refused') throw new Error(reading.reason);
    await declare(device, wanted(reading.declared.state, 2, [32_400, 5]));
    expect(await live(bigip)).toEqual(set);
  });

  /** Red without `detectsManualChanges` in loop/step.ts. */
  test('is detected before a declare, even without an audit', async () => {
    const bigip = await declared();
    const site = bench([bigip], { drift: 'adopt' });
    await byHand(bigip, 'PATCH', VIRTUAL, { disabled: true });
    const handle = createApply(site.runtime, undefined, {
      note: () => Promise.resolve(),
      tell: () => Promise.resolve(),
      close: () => Promise.resolve(),
    });
    const body = serialiseEvent(
      INGRESS_DESIRED,
      slice(2, [exposure(), exposure({ port: 5 })], { device: 'bigip-1', devices: ['bigip-1'] }),
      { id: 'e', cluster: 'east', subject: 's', time: new Date(0).toISOString() },
    );
    const record = toRecord(
      {
        id: 'm',
        receipt: 'r',
        receiveCount: 1,
        sentAt: 0,
        group: 'bigip-1',
        deduplicationId: 'd',
        body,
      },
      'arn:aws:sqs:local:0:slices.fifo',
    );
    await handle(
      { Records: [record] },
      {
        awsRequestId: 'r',
        functionName: 'apply',
        functionVersion: '1',
        getRemainingTimeInMillis: () => 120_000,
      },
    );
    await handle.close();
    expect(await live(bigip)).toMatchObject({ disabled: true });
    expect(await audit(site)).toEqual([expect.objectContaining({ kind: 'kept' })]);
  });

  test('a reverted manual change is no longer kept', async () => {
    const bigip = await declared();
    const site = bench([bigip], { drift: 'adopt' });
    await byHand(bigip, 'PATCH', VIRTUAL, { disabled: true });
    await audit(site);
    await apply(site);
    await byHand(bigip, 'PATCH', VIRTUAL, { enabled: true });
    await audit(site);
    await apply(site);
    expect(await live(bigip)).toMatchObject({ disabled: false });
    expect(await audit(site)).toEqual([]);
  });

  test('members, destinations and foreign objects are still repaired, besides kept changes', async () => {
    const bigip = await declared();
    const site = bench([bigip], { drift: 'adopt' });
    await byHand(bigip, 'POST', `${POOL}/members`, { name: '10.9.9.9:80', partition: 'k8s' });
    await byHand(bigip, 'POST', '/mgmt/tm/ltm/pool', { name: 'mine', partition: 'k8s' });
    await byHand(bigip, 'PATCH', POOL, { loadBalancingMode: 'ratio-member' });
    await audit(site);
    await apply(site);
    expect(await audit(site)).toEqual([
      expect.objectContaining({ kind: 'kept', object: '172.16.100.195:32400/tcp' }),
    ]);
  });

  test.each(['the policy repair', 'sluice drift --repair'])(
    '%s undoes kept changes',
    async (by) => {
      const bigip = await declared();
      const before = await live(bigip);
      const site = bench([bigip], { drift: 'adopt' });
      await byHand(bigip, 'PATCH', VIRTUAL, { disabled: true });
      await audit(site);
      await apply(site);
      const findings = await audit(site);
      const repairing = bench([bigip], { drift: 'repair' });
      if (by === 'the policy repair') await audit(repairing);
      else
        await sendAudit(repairing.runtime, repairing.runtime.config, {
          device: 'bigip-1',
          ...repairRequest(findings)!,
        });
      await apply(repairing);
      expect(await live(bigip)).toEqual(before);
      expect(await audit(site)).toEqual([]);
    },
  );
});
