import type { Question } from '../question.ts';
import { DATA_GROUP_QUESTIONS } from './data-groups.ts';
import { NEIGHBOUR_QUESTIONS } from './neighbours.ts';
import { DEFAULT_DOMAIN_QUESTIONS, ROUTE_QUESTIONS } from './routes.ts';
import { TRANSACTION_QUESTIONS } from './transactions.ts';
import { TUNNEL_QUESTIONS } from './tunnels.ts';
import { said } from '../client.ts';

/** They take away what others need, if the device lets them. */
const LAST_QUESTIONS: readonly Question[] = [
  {
    id: 'tunnel-in-use',
    asks: 'DELETE of a tunnel with a self IP on it',
    needs: ['self'],
    ask: async ({ send, at }) => said(await send('DELETE', at('net/tunnels/tunnel', 'tunnel'))),
  },
  {
    id: 'partition-in-use',
    asks: 'DELETE of a partition with objects in it',
    needs: ['profile'],
    ask: async ({ send, partition }) => said(await send('DELETE', `auth/partition/${partition}`)),
  },
];

/** In the order in which they are asked. */
export const QUESTIONS: readonly Question[] = [
  ...ROUTE_QUESTIONS,
  ...TUNNEL_QUESTIONS,
  ...NEIGHBOUR_QUESTIONS,
  ...DATA_GROUP_QUESTIONS,
  ...TRANSACTION_QUESTIONS,
  ...DEFAULT_DOMAIN_QUESTIONS,
  ...LAST_QUESTIONS,
];

/** What no scratch partition can answer, and why. */
export const NOT_ASKED: readonly (readonly [string, string])[] = [
  [
    'whether config sync copies forwarding records',
    'a sync copies everything that waits, not only the scratch partition',
  ],
  ['whether PATCH of `gw` loses packets', 'it needs traffic through the route'],
  ['flannel with one ARP entry for each node instead of each pod', 'it needs nodes and traffic'],
  ['SNAT automap with a floating self IP on a tunnel after a failover', 'it needs a failover'],
  ['`tm/util/ping` with a route domain', 'it runs commands on the device'],
  [
    'whether an AS3 declare fails because of writes to `net/*` at the same time',
    'AS3 keeps its declarations in /Common',
  ],
];
