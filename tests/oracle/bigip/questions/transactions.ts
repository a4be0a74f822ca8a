import { said } from '../client.ts';
import type { Answer } from '../client.ts';
import { shown } from '../question.ts';
import type { Question } from '../question.ts';
import type { Scratch } from '../scratch.ts';

const NEEDS = ['self'] as const;

function route(
  { send, partition, domain, ip }: Scratch,
  name: string,
  network: string,
  { gw = '192.0.2.11', transaction }: { readonly gw?: string; readonly transaction?: number } = {},
): Promise<Answer> {
  const body = { name, partition, network: `${network}%${domain}/24`, gw: ip(gw) };
  return send('POST', 'net/route', body, transaction);
}

function remove({ send, at }: Scratch, name: string, transaction: number): Promise<Answer> {
  return send('DELETE', at('net/route', name), undefined, transaction);
}

async function begin({ send }: Scratch): Promise<number> {
  return Number((await send('POST', 'transaction', {})).body['transId']);
}

function commit({ send }: Scratch, id: number): Promise<Answer> {
  return send('PATCH', `transaction/${id}`, { state: 'VALIDATING' });
}

/** Which of these routes are there. */
async function there({ send, at }: Scratch, ...names: readonly string[]): Promise<string> {
  const found: string[] = [];
  for (const name of names)
    if ((await send('GET', at('net/route', name))).status < 400) found.push(name);
  return found.length === 0 ? 'none is there' : `${found.join(' and ')} is there`;
}

async function drop({ send }: Scratch, id: number): Promise<void> {
  await send('DELETE', `transaction/${id}`);
}

export const TRANSACTION_QUESTIONS: readonly Question[] = [
  {
    id: 'transaction-open',
    asks: 'What a new transaction says of itself',
    ask: async (scratch) => {
      const answer = await scratch.send('POST', 'transaction', {});
      await drop(scratch, Number(answer.body['transId']));
      return shown(answer, 'state', 'timeoutSeconds', 'executionTimeout');
    },
  },
  {
    id: 'transaction-replace',
    asks: 'DELETE of a route and POST of another one to its network',
    needs: NEEDS,
    ask: async (scratch) => {
      await route(scratch, 'old-1', '10.21.0.0');
      const transaction = await begin(scratch);
      await remove(scratch, 'old-1', transaction);
      await route(scratch, 'new-1', '10.21.0.0', { transaction });
      const answer = await commit(scratch, transaction);
      return `${shown(answer, 'state')}; ${await there(scratch, 'old-1', 'new-1')}`;
    },
  },
  {
    id: 'transaction-order',
    asks: 'The same with POST before DELETE',
    needs: NEEDS,
    ask: async (scratch) => {
      await route(scratch, 'old-2', '10.22.0.0');
      const transaction = await begin(scratch);
      await route(scratch, 'new-2', '10.22.0.0', { transaction });
      await remove(scratch, 'old-2', transaction);
      const answer = await commit(scratch, transaction);
      await drop(scratch, transaction);
      return `${shown(answer, 'state')}; ${await there(scratch, 'old-2', 'new-2')}`;
    },
  },
  {
    id: 'transaction-refused',
    asks: 'The same with a gateway that is refused',
    needs: NEEDS,
    ask: async (scratch) => {
      await route(scratch, 'old-3', '10.23.0.0');
      const transaction = await begin(scratch);
      await remove(scratch, 'old-3', transaction);
      await route(scratch, 'new-3', '10.23.0.0', { gw: '198.51.100.1', transaction });
      const answer = await commit(scratch, transaction);
      const after = await scratch.send('GET', `transaction/${transaction}`);
      await drop(scratch, transaction);
      return `${said(answer)}; ${await there(scratch, 'old-3', 'new-3')}; the transaction: ${shown(after, 'state')}`;
    },
  },
  {
    id: 'transaction-missing',
    asks: 'DELETE of a route that does not exist, when it is queued and when it is committed',
    needs: NEEDS,
    ask: async (scratch) => {
      const transaction = await begin(scratch);
      const queued = await remove(scratch, 'nowhere', transaction);
      const answer = await commit(scratch, transaction);
      await drop(scratch, transaction);
      return `${said(queued)}; ${said(answer)}`;
    },
  },
  {
    id: 'transaction-done',
    asks: 'A transaction that is completed',
    needs: NEEDS,
    ask: async (scratch) => {
      const transaction = await begin(scratch);
      await route(scratch, 'done', '10.24.0.0', { transaction });
      await commit(scratch, transaction);
      return shown(await scratch.send('GET', `transaction/${transaction}`), 'state');
    },
  },
  {
    id: 'transaction-unknown',
    asks: 'A command for a transaction that does not exist',
    needs: NEEDS,
    ask: async (scratch) => said(await route(scratch, 'unknown', '10.25.0.0', { transaction: 7 })),
  },
];
