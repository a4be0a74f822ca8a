import { said } from '../client.ts';
import { shown, textOf } from '../question.ts';
import type { Question } from '../question.ts';
import { VNI } from '../scratch.ts';
import type { Scratch } from '../scratch.ts';

const NEEDS = ['tunnel'] as const;
const RECORDS = 'records';

function table({ at }: Scratch): string {
  return at('net/fdb/tunnel', 'tunnel');
}

function add(
  scratch: Scratch,
  name: string,
  endpoint = scratch.ip('203.0.113.11'),
): ReturnType<Scratch['send']> {
  return scratch.send('POST', `${table(scratch)}/${RECORDS}`, { name, endpoint });
}

function record(scratch: Scratch, mac: string): string {
  return `${table(scratch)}/${RECORDS}/${encodeURIComponent(mac)}`;
}

/** MACs and endpoints of the table. */
async function listed(scratch: Scratch): Promise<string> {
  const { body } = await scratch.send('GET', `${table(scratch)}/${RECORDS}`);
  const items = Array.isArray(body['items'])
    ? (body['items'] as readonly Readonly<Record<string, unknown>>[])
    : [];
  const rows = items.map(({ name, endpoint }) => `${textOf(name)} ${textOf(endpoint)}`);
  return rows.length === 0 ? 'no record' : rows.toSorted().join(', ');
}

async function empty(scratch: Scratch): Promise<void> {
  await scratch.send('PATCH', table(scratch), { records: [] });
}

/** On the tunnel of the scratch partition only. */
export const TUNNEL_QUESTIONS: readonly Question[] = [
  {
    id: 'fdb-shown',
    asks: 'How a forwarding record comes back',
    needs: NEEDS,
    ask: async (scratch) => shown(await add(scratch, '0A:0A:0:0:2:B'), 'name', 'endpoint'),
  },
  {
    id: 'fdb-same',
    asks: 'POST of a MAC that exists, with the same endpoint',
    needs: NEEDS,
    ask: async (scratch) => {
      await add(scratch, '0a:0a:00:00:00:01');
      return said(await add(scratch, '0a:0a:00:00:00:01'));
    },
  },
  {
    id: 'fdb-existing',
    asks: 'POST of a MAC that exists, with another endpoint',
    needs: NEEDS,
    ask: async (scratch) => {
      await empty(scratch);
      await add(scratch, '0a:0a:00:00:00:02');
      const answer = await add(scratch, '0a:0a:00:00:00:02', scratch.ip('203.0.113.12'));
      return `${said(answer)}; then ${await listed(scratch)}`;
    },
  },
  {
    id: 'fdb-endpoint',
    asks: 'PATCH of the endpoint of a record',
    needs: NEEDS,
    ask: async (scratch) => {
      await empty(scratch);
      await add(scratch, '0a:0a:00:00:00:03');
      const endpoint = scratch.ip('203.0.113.13');
      const answer = await scratch.send('PATCH', record(scratch, '0a:0a:00:00:00:03'), {
        endpoint,
      });
      return `${said(answer)}; then ${await listed(scratch)}`;
    },
  },
  {
    id: 'fdb-delete',
    asks: 'DELETE of one record of two',
    needs: NEEDS,
    ask: async (scratch) => {
      await empty(scratch);
      await add(scratch, '0a:0a:00:00:00:04');
      await add(scratch, '0a:0a:00:00:00:05');
      const answer = await scratch.send('DELETE', record(scratch, '0a:0a:00:00:00:04'));
      return `${said(answer)}; then ${await listed(scratch)}`;
    },
  },
  {
    id: 'fdb-gone',
    asks: 'DELETE of a record that does not exist',
    needs: NEEDS,
    ask: async (scratch) =>
      said(await scratch.send('DELETE', record(scratch, '0a:0a:00:00:00:06'))),
  },
  {
    id: 'fdb-list',
    asks: 'PATCH of `records` with one record, where another one is',
    needs: NEEDS,
    ask: async (scratch) => {
      await empty(scratch);
      await add(scratch, '0a:0a:00:00:00:07');
      const records = [{ name: '0a:0a:00:00:00:08', endpoint: scratch.ip('203.0.113.18') }];
      const answer = await scratch.send('PATCH', table(scratch), { records });
      return `${said(answer)}; then ${await listed(scratch)}`;
    },
  },
  {
    id: 'fdb-domain',
    asks: 'An endpoint in another route domain than the local address of the tunnel',
    needs: NEEDS,
    ask: async (scratch) => said(await add(scratch, '0a:0a:00:00:00:09', '203.0.113.19')),
  },
  {
    id: 'fdb-empty',
    asks: 'A record without endpoint',
    needs: NEEDS,
    ask: async (scratch) => said(await add(scratch, '0a:0a:00:00:00:0a', '')),
  },
  {
    id: 'tunnel-twice',
    asks: 'A second tunnel with the same VNI, profile and local address',
    needs: NEEDS,
    ask: async ({ send, partition, ip }) =>
      said(
        await send('POST', 'net/tunnels/tunnel', {
          name: 'tunnel2',
          partition,
          profile: `/${partition}/vxlan`,
          key: VNI,
          localAddress: ip('203.0.113.1'),
        }),
      ),
  },
];
