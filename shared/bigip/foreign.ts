/** Virtual servers and virtual addresses of others: what they hold, nobody else can have. */
import type { Session } from './session.ts';

export interface ForeignAddress {
  readonly path: string;
  readonly partition: string;
  readonly address: string;
  /** Of a virtual server, 0 for all; undefined for a virtual address, which as such holds no port. */
  readonly port?: number;
  /** Of a virtual server: `tcp`, `udp`, `any` … */
  readonly protocol?: string;
}

interface Item {
  readonly fullPath: string;
  readonly destination?: string;
  readonly ipProtocol?: string;
  readonly address?: string;
}

/** One list call each, whatever their number. */
export async function foreignAddresses(session: Session, own: readonly string[]): Promise<readonly ForeignAddress[]> {
  const [virtuals, addresses] = await Promise.all([
    list(session, '/mgmt/tm/ltm/virtual?$select=fullPath,destination,ipProtocol'),
    list(session, '/mgmt/tm/ltm/virtual-address?$select=fullPath,address'),
  ]);
  const byPath = new Map(addresses.map((item) => [item.fullPath, item.address ?? '']));
  const foreign = (item: Item): boolean => !own.includes(partitionOf(item.fullPath));
  return [
    ...virtuals.filter(foreign).map((item) => ofVirtual(item, byPath)),
    ...addresses.filter(foreign).map((item) => ({ path: item.fullPath, partition: partitionOf(item.fullPath), address: item.address ?? '' })),
  ];
}

async function list(session: Session, path: string): Promise<readonly Item[]> {
  const answer = await session.call({ method: 'GET', path });
  return (answer.json as { items?: readonly Item[] } | undefined)?.items ?? [];
}

function partitionOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function ofVirtual({ fullPath, destination = '', ipProtocol }: Item, byPath: ReadonlyMap<string, string>): ForeignAddress {
  const { place, port } = splitDestination(destination);
  // The destination names the virtual address, which need not be called like its address.
  const address = byPath.get(place) ?? place.slice(place.lastIndexOf('/') + 1);
  return { path: fullPath, partition: partitionOf(fullPath), address, port, ...(ipProtocol === undefined ? {} : { protocol: ipProtocol }) };
}

/** `/Common/10.0.0.1:80`, `/Common/2001:db8::1.443`, `/Common/name:any` */
function splitDestination(destination: string): { readonly place: string; readonly port: number } {
  const last = destination.slice(destination.lastIndexOf('/') + 1);
  const manyColons = last.indexOf(':') !== last.lastIndexOf(':');
  const at = destination.lastIndexOf(manyColons ? '.' : ':');
  if (at < 0) return { place: destination, port: 0 };
  const port = Number(destination.slice(at + 1));
  return { place: destination.slice(0, at), port: Number.isInteger(port) ? port : 0 };
}
