/** The device as its administrator sees it: virtual servers, and the pool members behind them. */
import type { LabBigip, MemberView } from '../bigip/index.ts';
import { servedAtText } from '../bigip/datapath/place.ts';
import { isOneAddress } from '../loopback.ts';
import { table } from './say.ts';

/** A member of the pool of a virtual server. */
export interface MemberRow {
  readonly member: string;
  /** Accepts new connections, according to its administrative state. */
  readonly enabled: boolean;
  readonly state: string;
}

/** A virtual server with its members. */
export interface DeviceRow {
  /** `172.16.100.195:32400/tcp` */
  readonly virtual: string;
  /** `127.0.0.1:20001 (stands for 172.16.100.195:32400)`; undefined where the address says it. */
  readonly place: string | undefined;
  readonly partition: string;
  readonly balance: string;
  readonly error: string | undefined;
  readonly connections: number;
  readonly members: readonly MemberRow[];
}

function memberRow({ address, port, enabled, state }: MemberView): MemberRow {
  return {
    member: `${address}:${port}`,
    enabled,
    state: enabled ? state : `${state}, accepts no new connections`,
  };
}

/** All partitions, in the order of the device. */
export function deviceRows(bigip: Pick<LabBigip, 'view'>): readonly DeviceRow[] {
  return bigip
    .view()
    .partitions.flatMap(({ name, virtualServers, pools }) =>
      virtualServers.map(
        ({ destination, address, port, protocol, pool: path, error, connections }) => {
          const pool = pools.find((p) => p.path === path);
          return {
            virtual: `${destination}/${protocol}`,
            place: isOneAddress() ? servedAtText(address, port) : undefined,
            partition: name,
            balance: pool?.balance ?? '',
            error,
            connections: connections.total,
            members: pool?.members.map(memberRow) ?? [],
          };
        },
      ),
    )
    .sort((a, b) => a.virtual.localeCompare(b.virtual));
}

/** As lines for the terminal. */
export function deviceTable(rows: readonly DeviceRow[]): readonly string[] {
  if (rows.length === 0) return ['BIG-IP has no virtual server'];
  const lines = rows.flatMap(({ virtual, partition, balance, connections, error, members }) =>
    (members.length === 0 ? [{ member: 'no member', state: '' }] : members).map(
      ({ member, state }, index) =>
        index === 0
          ? [virtual, partition, balance, String(connections), member, error ?? state]
          : ['', '', '', '', member, state],
    ),
  );
  return [
    ...table([
      ['virtual server', 'partition', 'balance', 'connections', 'pool member', 'state (monitors)'],
      ...lines,
    ]),
    ...rows.flatMap(({ place }) => place ?? []),
  ];
}
