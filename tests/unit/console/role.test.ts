/**
 * The role of the console on AWS: `startDesk` refuses every write that it does not allow, in all
 * tests of routes; here nothing is allowed that no route needs.
 */
import { expect, test } from '@jest/globals';
import { startDesk } from '../../fixtures/console/desk.ts';
import { grantedRights, usedRights } from '../../fixtures/console/role.ts';

const EAST = 'east/istio-system/istio-ingressgateway';

test('the role of the console allows what changes need, and nothing else', async () => {
  const desk = await startDesk();
  await desk.site.fail(EAST, 2, [3]);
  await desk.see();
  let clicks = 0;
  const make = async (change: { readonly kind: string; readonly [field: string]: unknown }) => {
    const path = `/api/v1/changes/${change.kind}`;
    const { hash } = (await desk.post(`${path}/preview`, change)).body;
    const confirm = { hash, key: `click-000${(clicks += 1)}`, why: 'known' };
    return (await desk.post(path, { change, confirm })).status;
  };
  const plan = await desk.post('/api/v1/replay/plans', { filter: 'code:BIP421' });
  expect(await make({ kind: 'cancel', job: plan.body.answer.job })).toBe(200);
  expect(await make({ kind: 'archive', words: ['code:BIP421'] })).toBe(200);
  await desk.site.failures.waiting.keep({
    kind: 'order',
    device: 'bigip-1',
    subject: 'east',
    what: 'drain east',
    group: 'bigip-1',
    sentAt: 1,
    since: 1,
    body: '{}',
    deduplicationId: 'd',
    attempts: [],
  });
  const [order] = await desk.site.failures.waiting.list();
  expect(await make({ kind: 'cancel-order', id: order!.entry.id })).toBe(200);
  // An act that is not carried out may be tried again.
  const change = { kind: 'restore', words: ['code:BIP421'] };
  const confirm = { hash: 'another', key: 'click-9999', why: 'known' };
  expect((await desk.post('/api/v1/changes/restore', { change, confirm })).status).toBe(409);
  expect([...usedRights].sort()).toEqual(grantedRights.toSorted());
});
