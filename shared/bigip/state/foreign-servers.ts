/** Virtual servers of other programs with the settings of their pools. */
import * as z from 'zod';
import type { ForeignServer } from '../../device/foreign-server.ts';
import { itemsOf } from '../rest/answers.ts';
import type { Session } from '../rest/session.ts';
import { foreignAddresses } from './foreign.ts';

const Server = z.object({
  fullPath: z.string(),
  pool: z.string().optional(),
  persist: z.array(z.object({ name: z.string(), partition: z.string() })).default([]),
  sourceAddressTranslation: z
    .object({ type: z.string().default('none'), pool: z.string().optional() })
    .default({ type: 'none' }),
});
type Server = Readonly<z.infer<typeof Server>>;
const FoundPool = z.object({
  fullPath: z.string(),
  loadBalancingMode: z.string().default('round-robin'),
  monitor: z.string().default(''),
});
type FoundPool = Readonly<z.infer<typeof FoundPool>>;

/** Profiles of BIG-IP by which AS3 plays these words. */
const METHODS: Readonly<Record<string, string>> = {
  '/Common/source_addr': 'source-address',
  '/Common/dest_addr': 'destination-address',
  '/Common/cookie': 'cookie',
  '/Common/msrdp': 'msrdp',
  '/Common/ssl': 'tls-session-id',
};

/** Four list calls, whatever the number of objects. */
export async function foreignServers(
  session: Session,
  own: readonly string[],
): Promise<readonly ForeignServer[]> {
  const [holders, servers, pools] = await Promise.all([
    foreignAddresses(session, own),
    session.read(
      {
        path: '/mgmt/tm/ltm/virtual?$select=fullPath,pool,persist,sourceAddressTranslation',
        kind: 'list',
      },
      itemsOf(Server),
    ),
    session.read(
      { path: '/mgmt/tm/ltm/pool?$select=fullPath,loadBalancingMode,monitor', kind: 'list' },
      itemsOf(FoundPool),
    ),
  ]);
  const byPath = new Map(servers.map((one) => [one.fullPath, one]));
  const poolAt = new Map(pools.map((one) => [one.fullPath, one]));
  return holders.flatMap((holder) => {
    const server = byPath.get(holder.path);
    if (holder.port === undefined || server === undefined) return [];
    const pool = server.pool === undefined ? undefined : poolAt.get(server.pool);
    return [{ ...holder, port: holder.port, ...trafficOf(server, pool) }];
  });
}

function trafficOf(
  { persist, sourceAddressTranslation: { type, pool: translated } }: Server,
  pool: FoundPool | undefined,
): Pick<ForeignServer, 'balance' | 'monitors' | 'persistence' | 'snat'> {
  const profiles = persist.map(({ partition, name }) => `/${partition}/${name}`);
  return {
    ...(pool && { balance: pool.loadBalancingMode }),
    monitors: pool?.monitor.match(/\/[^\s{}]+/g) ?? [],
    persistence: profiles.map((path) => METHODS[path] ?? path),
    snat: type === 'automap' ? 'auto' : (translated ?? type),
  };
}
