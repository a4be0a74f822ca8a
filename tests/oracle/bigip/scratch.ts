/** A partition of the oracle's own, with a route domain, a tunnel and a self IP. */
import * as z from 'zod';
import { said } from './client.ts';
import type { Send } from './client.ts';

/** Partitions with this beginning belong to the oracle, whichever run made them. */
export const PREFIX = 'sluice-oracle-';

/** What questions may need besides the partition. */
export type Part = 'domain' | 'profile' | 'tunnel' | 'inside' | 'self';

export interface Scratch {
  readonly partition: string;
  /** Id of its route domain. */
  readonly domain: number;
  readonly send: Send;
  /** An address in its route domain. */
  readonly ip: (address: string) => string;
  /** The path of one of its objects below a collection. */
  readonly at: (collection: string, name: string) => string;
  /** What the device refused to make, with its words. */
  readonly refused: ReadonlyMap<Part, string>;
}

interface Step {
  readonly part: Part;
  readonly needs: readonly Part[];
  readonly make: (scratch: Scratch) => ReturnType<Send>;
}

/** Beyond the largest VNI that anybody is likely to have. */
export const VNI = 16_700_001;

const STEPS: readonly Step[] = [
  {
    part: 'domain',
    needs: [],
    make: ({ send, partition, domain }) =>
      send('POST', 'net/route-domain', { name: 'domain', partition, id: domain }),
  },
  {
    part: 'profile',
    needs: [],
    make: ({ send, partition }) =>
      send('POST', 'net/tunnels/vxlan', {
        name: 'vxlan',
        partition,
        defaultsFrom: '/Common/vxlan',
        port: 8472,
        floodingType: 'none',
      }),
  },
  {
    part: 'tunnel',
    needs: ['domain', 'profile'],
    make: ({ send, partition, ip }) =>
      send('POST', 'net/tunnels/tunnel', {
        name: 'tunnel',
        partition,
        profile: `/${partition}/vxlan`,
        key: VNI,
        localAddress: ip('203.0.113.1'),
      }),
  },
  {
    part: 'inside',
    needs: ['tunnel'],
    make: ({ send, partition, at }) =>
      send('PATCH', at('net/route-domain', 'domain'), { vlans: [`/${partition}/tunnel`] }),
  },
  {
    part: 'self',
    needs: ['tunnel'],
    make: ({ send, partition, domain }) =>
      send('POST', 'net/self', {
        name: 'self',
        partition,
        address: `192.0.2.1%${domain}/24`,
        vlan: `/${partition}/tunnel`,
        trafficGroup: '/Common/traffic-group-local-only',
        allowService: 'none',
      }),
  },
];

/** Rejects if there can be no partition; other refusals only cost the questions that need the part. */
export async function makeScratch(
  send: Send,
  { partition, domain }: Pick<Scratch, 'partition' | 'domain'>,
): Promise<Scratch> {
  const refused = new Map<Part, string>();
  const scratch: Scratch = {
    partition,
    domain,
    send,
    refused,
    ip: (address) => `${address}%${domain}`,
    at: (collection, name) => `${collection}/~${partition}~${encodeURIComponent(name)}`,
  };
  const made = await send('POST', 'auth/partition', { name: partition });
  if (made.status >= 400)
    throw new Error(`the partition ${partition} cannot be created: ${said(made)}`);
  for (const { part, needs, make } of STEPS) {
    const missing = needs.find((one) => refused.has(one));
    const answer = missing === undefined ? await make(scratch) : undefined;
    if (answer === undefined) refused.set(part, refused.get(missing!)!);
    else if (answer.status >= 400) refused.set(part, said(answer));
  }
  return scratch;
}

const Listed = z.object({
  items: z
    .array(z.object({ name: z.string(), partition: z.string().optional(), fullPath: z.string() }))
    .default([]),
});

/** Partitions that earlier runs left. */
export async function findLeft(send: Send): Promise<readonly string[]> {
  const { items } = Listed.parse((await send('GET', 'auth/partition')).body);
  return items.map(({ name }) => name).filter((name) => name.startsWith(PREFIX));
}

const Domains = z.object({ items: z.array(z.object({ id: z.number() })).default([]) });
const DOMAINS = { first: 64_000, count: 1_500 };

/** The id of a route domain that is free. */
export async function freeDomain(send: Send, random: () => number): Promise<number> {
  const answer = await send('GET', 'net/route-domain');
  const used = new Set(Domains.parse(answer.body).items.map(({ id }) => id));
  const free = Array.from({ length: DOMAINS.count }, (_, index) => DOMAINS.first + index).filter(
    (id) => !used.has(id),
  );
  const chosen = free[Math.floor(random() * free.length)];
  if (chosen === undefined) throw new Error('no id of a route domain is free from 64000 on');
  return chosen;
}

/** In an order in which nothing is in use any more. */
const COLLECTIONS = [
  'net/route',
  'net/arp',
  'net/ndp',
  'net/self',
  'ltm/data-group/internal',
  'net/tunnels/tunnel',
  'net/tunnels/vxlan',
  'net/route-domain',
];
const PASSES = 3;

/** Removes a partition of the oracle with all that is in it; rejects if something is left. */
export async function removeScratch(send: Send, partition: string): Promise<void> {
  if (!partition.startsWith(PREFIX)) throw new Error(`${partition} is not one of the oracle's`);
  let refusals: readonly string[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    refusals = await removeContent(send, partition);
    if (refusals.length === 0) break;
  }
  const gone = await send('DELETE', `auth/partition/${partition}`);
  if (gone.status < 400 || gone.status === 404) return;
  throw new Error(
    `the partition ${partition} is left: ${[...refusals, said(gone)].join('; ')}. ` +
      'Run this command again, or remove it by hand.',
  );
}

/** What was refused. */
async function removeContent(send: Send, partition: string): Promise<readonly string[]> {
  const refusals: string[] = [];
  // What keeps the route domain and the tunnel.
  await send('PATCH', `auth/partition/${partition}`, { defaultRouteDomain: 0 });
  for (const collection of COLLECTIONS) {
    if (collection === 'net/tunnels/tunnel')
      await send('PATCH', `net/route-domain/~${partition}~domain`, { vlans: [] });
    const answer = await send('GET', `${collection}?$filter=partition+eq+${partition}`);
    if (answer.status >= 400) refusals.push(`${collection}: ${said(answer)}`);
    // Whatever the device makes of the filter.
    const own = Listed.parse(answer.status < 400 ? answer.body : {}).items.filter(({ fullPath }) =>
      fullPath.startsWith(`/${partition}/`),
    );
    for (const { name } of own) {
      const path = `${collection}/~${partition}~${encodeURIComponent(name)}`;
      const deleted = await send('DELETE', path);
      if (deleted.status >= 400 && deleted.status !== 404)
        refusals.push(`${path}: ${said(deleted)}`);
    }
  }
  return refusals;
}
