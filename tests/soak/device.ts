/** What the device serves, as the soak compares it with what the clusters want. */
import type { LabBigip } from '../../infra/lab/bigip/index.ts';
import { PARTITION } from '../../infra/lab/files.ts';
import { call } from '../integration/lab-bigip/client.ts';

/** A virtual server: the addresses that get new connections, and how they are chosen. */
export interface Served {
  readonly members: ReadonlySet<string>;
  /** Addresses that drain: they are members, but get no new connections. */
  readonly draining: ReadonlySet<string>;
  readonly balance: string;
}

/** By port of the virtual address. */
export type ServedPorts = ReadonlyMap<number, Served>;

export function servedBy(bigip: Pick<LabBigip, 'view'>): ServedPorts {
  const partition = bigip.view().partitions.find(({ name }) => name === PARTITION);
  const pools = new Map(partition?.pools.map((pool) => [pool.path, pool]));
  return new Map(
    (partition?.virtualServers ?? []).map(({ port, pool: path }) => {
      const pool = pools.get(path ?? '');
      const addresses = (enabled: boolean): ReadonlySet<string> =>
        new Set(pool?.members.filter((m) => m.enabled === enabled).map(({ address }) => address));
      return [
        port,
        {
          members: addresses(true),
          draining: addresses(false),
          balance: pool?.balance ?? 'none',
        },
      ];
    }),
  );
}

/** Changes with everything that a client of the device could have changed. */
export function deviceVersion({ writes, declares }: LabBigip): string {
  return `${writes.length} ${declares.length} ${declares.at(-1)?.ended ?? ''}`;
}

const FOREIGN = 'others';

/** What others configured on the device: an AS3 tenant, and a pool without AS3. */
export async function placeForeignObjects(bigip: LabBigip): Promise<void> {
  const answers = [
    await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare', {
      body: {
        class: 'ADC',
        schemaVersion: '3.50.0',
        [FOREIGN]: {
          class: 'Tenant',
          shop: {
            class: 'Application',
            template: 'generic',
            entry: {
              class: 'Service_TCP',
              virtualAddresses: ['172.16.99.9'],
              virtualPort: 443,
              pool: 'members',
            },
            members: {
              class: 'Pool',
              members: [{ servicePort: 8_443, serverAddresses: ['10.99.0.1', '10.99.0.2'] }],
            },
          },
        },
      },
    }),
    await call(bigip, 'POST', '/mgmt/tm/ltm/pool', {
      body: { name: 'by-hand', partition: 'Common', members: [{ name: '10.98.0.1:80' }] },
    }),
  ];
  for (const { status, text } of answers)
    if (status >= 300) throw new Error(`the device refused what others have there: ${text}`);
}

/** Everything on the device that is not Sluice's, as text. */
export function foreignObjects(bigip: Pick<LabBigip, 'snapshotState'>): string {
  const { config, history } = bigip.snapshotState();
  const kept = Object.entries(config).map(([kind, records]) => [
    kind,
    records.filter((record) => !isOurs(JSON.stringify(record))),
  ]);
  const declared = history[0] ?? {};
  return JSON.stringify({ kept, declared: declared[FOREIGN] });
}

function isOurs(record: string): boolean {
  return record.includes(`"/${PARTITION}/`) || record.includes(`"${PARTITION}"`);
}
