/** Virtual servers and virtual addresses of other tools, whose addresses Sluice cannot use. */
import type { AddressHolder } from '../../domain/plan/foreign.ts';
import { itemsOf, Virtual, VirtualAddress } from '../rest/answers.ts';
import type { Session } from '../rest/session.ts';

/** One list call each, whatever the number of objects. */
export async function foreignAddresses(
  session: Session,
  own: readonly string[],
): Promise<readonly AddressHolder[]> {
  const [virtuals, addresses] = await Promise.all([
    session.read(
      { path: '/mgmt/tm/ltm/virtual?$select=fullPath,destination,ipProtocol', kind: 'list' },
      itemsOf(Virtual),
    ),
    session.read(
      { path: '/mgmt/tm/ltm/virtual-address?$select=fullPath,address', kind: 'list' },
      itemsOf(VirtualAddress),
    ),
  ]);
  const byPath = new Map(addresses.map((item) => [item.fullPath, item.address]));
  const foreign = (item: Pick<Virtual, 'fullPath'>): boolean =>
    !own.includes(partitionOf(item.fullPath));
  return [
    ...virtuals.filter(foreign).map((item) => ofVirtual(item, byPath)),
    ...addresses.filter(foreign).map((item) => ({
      path: item.fullPath,
      partition: partitionOf(item.fullPath),
      address: item.address,
    })),
  ];
}

function partitionOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** The holder of the address of a virtual server. */
function ofVirtual(
  { fullPath, destination, ipProtocol }: Virtual,
  byPath: ReadonlyMap<string, string>,
): AddressHolder {
  const { place, port } = splitDestination(destination);
  // The destination contains the name of the virtual address, which may differ from its address.
  const address = byPath.get(place) ?? place.slice(place.lastIndexOf('/') + 1);
  return {
    path: fullPath,
    partition: partitionOf(fullPath),
    address,
    port,
    ...(ipProtocol === undefined ? {} : { protocol: ipProtocol }),
  };
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
