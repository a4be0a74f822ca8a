/** Transactions of iControl REST. Shapes and messages are those that clients published. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip, LabRequest } from '../../../infra/lab/bigip/index.ts';
import { createTransactions } from '../../../infra/lab/bigip/transaction/transactions.ts';
import { call } from './client.ts';
import type { Answer } from './client.ts';

const ROUTE = '/mgmt/tm/net/route';
const TRANSACTION = '/mgmt/tm/transaction';
const network = '10.244.1.0/24';

describe('a transaction of iControl REST', () => {
  let bigip: LabBigip;
  let now = 0;
  const send = (method: string, path: string, body?: unknown, id?: number): Promise<Answer> =>
    call(bigip, method, path, {
      body,
      headers: {
        authorization: `Basic ${Buffer.from(`${bigip.username}:${bigip.password}`).toString('base64')}`,
        ...(id !== undefined && { 'x-f5-rest-coordination-id': String(id) }),
      },
    });
  const begin = async (): Promise<number> => (await send('POST', TRANSACTION, {})).body['transId'];
  const commit = (id: number): Promise<Answer> =>
    send('PATCH', `${TRANSACTION}/${id}`, { state: 'VALIDATING' });
  const routes = async (): Promise<readonly string[]> =>
    ((await send('GET', ROUTE)).body['items'] ?? []).map(
      (one: Record<string, string>) => `${one['fullPath']} ${one['network']} ${one['gw']}`,
    );
  const first = { name: 'k8s-n1', partition: 'cis', network, gw: '192.0.2.11' };
  const ours = { name: 'sluice-n1', partition: 'sluice', network, gw: '192.0.2.11' };

  beforeEach(async () => {
    now = 1_000_000;
    bigip = await startBigip({
      dataPath: false,
      timings: { declare: 0, memberWrite: 0 },
      now: () => now,
    });
    for (const name of ['cis', 'sluice']) await send('POST', '/mgmt/tm/auth/partition', { name });
    const self = { name: 'nodes', partition: 'Common', vlan: 'internal' };
    await send('POST', '/mgmt/tm/net/self', { ...self, address: '192.0.2.1/24' });
    expect((await send('POST', ROUTE, first)).status).toBe(200);
  });
  afterEach(() => bigip.close());

  test('is opened with an id and two time limits', async () => {
    expect(await send('POST', TRANSACTION, {})).toMatchObject({
      status: 200,
      body: {
        transId: expect.any(Number),
        state: 'STARTED',
        timeoutSeconds: 120,
        asyncExecution: false,
        validateOnly: false,
        executionTimeout: 300,
        executionTime: 0,
        failureReason: '',
        kind: 'tm:transactionstate',
      },
    });
  });

  test('replaces the route of a network under another name', async () => {
    const id = await begin();
    const queued = await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    expect(queued).toMatchObject({
      status: 200,
      body: {
        method: 'DELETE',
        uri: `https://localhost${ROUTE}/~cis~k8s-n1`,
        evalOrder: 1,
        commandId: 1,
        kind: 'tm:transaction:commandsstate',
      },
    });
    expect((await send('POST', ROUTE, ours, id)).body).toMatchObject({ commandId: 2, body: ours });
    expect(await routes()).toEqual([`/cis/k8s-n1 ${network} 192.0.2.11`]);
    expect(await commit(id)).toMatchObject({ status: 200, body: { state: 'COMPLETED' } });
    expect(await routes()).toEqual([`/sluice/sluice-n1 ${network} 192.0.2.11`]);
  });

  test('lists its commands in their order', async () => {
    const id = await begin();
    await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    await send('POST', ROUTE, ours, id);
    const { body } = await send('GET', `${TRANSACTION}/${id}/commands`);
    expect(body['items']).toMatchObject([{ method: 'DELETE' }, { method: 'POST', body: ours }]);
    expect((await send('GET', TRANSACTION)).body['items']).toMatchObject([{ transId: id }]);
  });

  test('changes nothing if one of its commands is refused, and answers with the words of mcpd', async () => {
    const id = await begin();
    await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    await send('POST', ROUTE, { ...ours, gw: '198.51.100.1' }, id);
    expect(await commit(id)).toMatchObject({
      status: 400,
      body: {
        code: 400,
        message:
          'transaction failed:01070330:3: Static route gateway 198.51.100.1 is not directly ' +
          'connected via an interface.',
        apiError: 2,
      },
    });
    expect(await routes()).toEqual([`/cis/k8s-n1 ${network} 192.0.2.11`]);
    expect((await send('GET', `${TRANSACTION}/${id}`)).body).toMatchObject({ state: 'FAILED' });
    expect((await commit(id)).status).toBe(400);
  });

  test('is refused if an object was deleted meanwhile', async () => {
    const id = await begin();
    await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    await send('POST', ROUTE, ours, id);
    await send('DELETE', `${ROUTE}/~cis~k8s-n1`);
    expect((await commit(id)).body['message']).toBe(
      'transaction failed:01020036:3: The requested route (/cis/k8s-n1) was not found.',
    );
    expect(await routes()).toEqual([]);
  });

  test('does not keep others from writing until it ends', async () => {
    const id = await begin();
    await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    await send('PATCH', `${ROUTE}/~cis~k8s-n1`, { gw: '192.0.2.12' });
    expect(await routes()).toEqual([`/cis/k8s-n1 ${network} 192.0.2.12`]);
    await commit(id);
    expect(await routes()).toEqual([]);
  });

  test.each([
    ['a data group', '/mgmt/tm/ltm/data-group/internal', { name: 'd', type: 'string' }],
    ['a pool', '/mgmt/tm/ltm/pool', { name: 'p' }],
    ['a partition', '/mgmt/tm/auth/partition', { name: 'third' }],
  ])('creates %s as well', async (_what, path, body) => {
    const id = await begin();
    const sent = { ...body, ...(!path.includes('auth') && { partition: 'sluice' }) };
    await send('POST', path, sent, id);
    expect(await commit(id)).toMatchObject({ status: 200 });
    const names = (await send('GET', path)).body['items'].map((one: { name: string }) => one.name);
    expect(names).toContain(body.name);
  });

  test('reads at once, and not what it has queued', async () => {
    const id = await begin();
    await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    const { body } = await send('GET', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    expect(body).toMatchObject({ name: 'k8s-n1', gw: '192.0.2.11' });
  });

  test('is dropped when it is deleted', async () => {
    const id = await begin();
    await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id);
    expect((await send('DELETE', `${TRANSACTION}/${id}`)).status).toBe(200);
    expect((await commit(id)).status).toBe(404);
    expect(await routes()).toHaveLength(1);
  });

  test('is gone 120 s after its last command', async () => {
    const id = await begin();
    now += 119_000;
    expect((await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, id)).status).toBe(200);
    now += 119_000;
    expect((await send('GET', `${TRANSACTION}/${id}`)).status).toBe(200);
    now += 2_000;
    expect((await send('POST', ROUTE, ours, id)).status).toBe(404);
    expect((await commit(id)).status).toBe(404);
    expect(await routes()).toHaveLength(1);
  });

  test('ends with a restart of the management plane', async () => {
    const id = await begin();
    bigip.faults.restart();
    expect((await commit(id)).status).toBe(404);
  });

  test('that was not opened takes no command, and changes nothing', async () => {
    expect((await send('DELETE', `${ROUTE}/~cis~k8s-n1`, undefined, 7)).status).toBe(404);
    expect((await send('PATCH', TRANSACTION, { state: 'VALIDATING' })).body['message']).toBe(
      'Missing transaction ID for this call.',
    );
    expect(await routes()).toHaveLength(1);
  });

  test.each([
    ['commands that run something', 'POST', '/mgmt/tm/sys/config', { command: 'save' }],
    ['iRules, which the lab keeps elsewhere', 'POST', '/mgmt/tm/ltm/rule', { name: 'r' }],
  ])('takes no %s', async (_what, method, path, body) => {
    const id = await begin();
    const answer = await send(method, path, body, id);
    expect([answer.status, answer.body['message']]).toEqual([
      400,
      `the lab plays no transactions with ${path.slice('/mgmt/tm/'.length)}`,
    ]);
  });

  test('can be committed, but not only validated', async () => {
    const id = await begin();
    const answer = await send('PATCH', `${TRANSACTION}/${id}`, {
      state: 'VALIDATING',
      validateOnly: true,
    });
    expect(answer.status).toBe(400);
  });
});

test('transactions are bounded in number and length', () => {
  let now = 0;
  const transactions = createTransactions(() => now);
  const { id } = transactions.open()!;
  const request = { method: 'PATCH' } as LabRequest;
  for (let sent = 0; sent < 500; sent += 1) expect(transactions.add(id, request)).toBe(true);
  expect(transactions.add(id, request)).toBe(false);
  for (let open = 1; open < 100; open += 1) expect(transactions.open()).toBeDefined();
  expect(transactions.open()).toBeUndefined();
  now += 120_000;
  expect(transactions.open()).toBeDefined();
});
