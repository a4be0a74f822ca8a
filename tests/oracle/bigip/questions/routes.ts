import { said } from '../client.ts';
import { largest, shown, whole } from '../question.ts';
import type { Question } from '../question.ts';
import type { Scratch } from '../scratch.ts';

/** A route in the scratch partition, with another network for each question. */
function create(
  { send, partition, ip, domain }: Scratch,
  name: string,
  network: string,
  more: object = {},
): ReturnType<Scratch['send']> {
  const [address = '', length = ''] = network.split('/');
  return send('POST', 'net/route', {
    name,
    partition,
    network: `${address}%${domain}/${length}`,
    gw: ip('192.0.2.11'),
    ...more,
  });
}

const NEEDS = ['self'] as const;

export const ROUTE_QUESTIONS: readonly Question[] = [
  {
    id: 'route-shown',
    asks: 'How a network in a route domain comes back',
    needs: NEEDS,
    ask: async (scratch) => shown(await create(scratch, 'shown', '10.1.0.0/24'), 'network', 'gw'),
  },
  {
    id: 'route-gateway',
    asks: 'PATCH of `gw` of a route',
    needs: NEEDS,
    ask: async (scratch) => {
      await create(scratch, 'gateway', '10.2.0.0/24', { description: 'stays' });
      const path = scratch.at('net/route', 'gateway');
      const changed = await scratch.send('PATCH', path, { gw: scratch.ip('192.0.2.12') });
      return shown(
        changed.status < 400 ? await scratch.send('GET', path) : changed,
        'gw',
        'description',
      );
    },
  },
  {
    id: 'route-network',
    asks: 'PATCH of `network` of a route',
    needs: NEEDS,
    ask: async (scratch) => {
      await create(scratch, 'network', '10.3.0.0/24');
      const network = `10.3.1.0%${scratch.domain}/24`;
      return said(await scratch.send('PATCH', scratch.at('net/route', 'network'), { network }));
    },
  },
  {
    id: 'route-second',
    asks: 'A second route to one network, under another name',
    needs: NEEDS,
    ask: async (scratch) => {
      await create(scratch, 'one', '10.4.0.0/24');
      return said(await create(scratch, 'two', '10.4.0.0/24'));
    },
  },
  {
    id: 'route-again',
    asks: 'POST of a route that exists',
    needs: NEEDS,
    ask: async (scratch) => {
      await create(scratch, 'again', '10.5.0.0/24');
      return said(await create(scratch, 'again', '10.5.0.0/24'));
    },
  },
  {
    id: 'route-away',
    asks: 'A gateway that is in no network of a self IP',
    needs: NEEDS,
    ask: async (scratch) =>
      said(await create(scratch, 'away', '10.6.0.0/24', { gw: scratch.ip('198.51.100.1') })),
  },
  {
    id: 'route-host-bits',
    asks: 'A network with host bits',
    needs: NEEDS,
    ask: async (scratch) => shown(await create(scratch, 'bits', '10.7.0.9/24'), 'network'),
  },
  {
    id: 'route-gone',
    asks: 'DELETE of a route that does not exist',
    ask: async ({ send, at }) => said(await send('DELETE', at('net/route', 'nowhere'))),
  },
  {
    id: 'route-description',
    asks: 'Length of the description of a route',
    needs: NEEDS,
    ask: async (scratch) => {
      await create(scratch, 'described', '10.8.0.0/24');
      const path = scratch.at('net/route', 'described');
      return largest([64, 128, 255, 256, 512, 1024, 4096, 32_768, 65_536], async (size) => {
        const description = 'd'.repeat(size);
        const answer = await scratch.send('PATCH', path, { description });
        return whole(answer, description, (await scratch.send('GET', path)).body['description']);
      });
    },
  },
  {
    id: 'route-name',
    asks: 'Length of the name of a route',
    needs: NEEDS,
    ask: (scratch) =>
      largest([64, 128, 200, 255, 256, 512, 1024], async (size) => {
        const name = 'n'.repeat(size);
        const answer = await create(scratch, name, '10.9.0.0/24');
        await scratch.send('DELETE', scratch.at('net/route', name));
        return whole(answer, name, answer.body['name']);
      }),
  },
];

/** They change the default of the partition, so they are the last ones. */
export const DEFAULT_DOMAIN_QUESTIONS: readonly Question[] = [
  {
    id: 'default-domain-shown',
    asks: 'How a network comes back in a partition whose default is its route domain',
    needs: NEEDS,
    ask: async (scratch) => {
      const { send, partition, domain } = scratch;
      const changed = await send('PATCH', `auth/partition/${partition}`, {
        defaultRouteDomain: domain,
      });
      if (changed.status >= 400) return `the default cannot be changed: ${said(changed)}`;
      return shown(await create(scratch, 'default', '10.10.0.0/24'), 'network', 'gw');
    },
  },
  {
    id: 'default-domain-bare',
    asks: 'In which route domain an address without `%` is in such a partition',
    needs: NEEDS,
    ask: async ({ send, partition }) => {
      // A network for documentation: it might be in route domain 0 for a moment.
      const body = { name: 'bare', partition, network: '198.51.100.0/24', gw: '192.0.2.11' };
      return shown(await send('POST', 'net/route', body), 'network', 'gw');
    },
  },
];
