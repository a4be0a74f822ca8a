/** What makes a path on a device: a route, a forwarding record of a tunnel, an ARP or NDP entry. */
import * as z from 'zod';
import type { Path } from './path.ts';

/** One object on a device. */
export const Entry = z.strictObject({
  kind: z.enum(['route', 'fdb', 'arp', 'ndp']),
  /** What it is for: the network of a route, the MAC of a record, the address of an ARP entry. */
  at: z.string().min(1).max(80),
  /** Full path of the tunnel; records only. */
  tunnel: z.string().min(1).max(600).exactOptional(),
  /** Where it leads: the gateway of a route, the endpoint of a record, the MAC of an ARP entry. */
  to: z.string().min(1).max(80),
});
export type Entry = Readonly<z.infer<typeof Entry>>;

/** Equal for entries that cannot exist twice: `route 10.244.3.0/24`, `fdb /Common/t 0a:0a:…`. */
export function entryKey({ kind, at, tunnel }: Omit<Entry, 'to'>): string {
  return tunnel === undefined ? `${kind} ${at}` : `${kind} ${tunnel} ${at}`;
}

/** `route 10.244.3.0/24 via 192.0.2.13` */
export function entryInWords({ kind, at, tunnel, to }: Entry): string {
  if (kind === 'route') return `route ${at} via ${to}`;
  return `${kind} ${at} at ${to}${tunnel === undefined ? '' : ` on ${tunnel}`}`;
}

/** A static ARP entry, or with IPv6 an NDP entry. */
export function neighbourKind(address: string): 'arp' | 'ndp' {
  return address.includes(':') ? 'ndp' : 'arp';
}

/** The entries of a path. `tunnel` counts for the kind vxlan only. */
export function entriesOf(path: Path, tunnel: string): readonly Entry[] {
  if (path.kind === 'route') return [{ kind: 'route', at: path.network, to: path.via }];
  const { mac, endpoint, neighbours, members } = path;
  return [
    { kind: 'fdb', at: mac, tunnel, to: endpoint },
    ...(neighbours ? members.map((at): Entry => ({ kind: neighbourKind(at), at, to: mac })) : []),
  ];
}

/** The entries of a path, one per line. */
export function pathInWords(path: Path, tunnel = 'the tunnel of the cluster'): readonly string[] {
  return entriesOf(path, tunnel).map(entryInWords);
}
