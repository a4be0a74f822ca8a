/**
 * The lab simulates whole networks on one machine. Every IPv4 address is reached at the same
 * address in 127/8 (172.16.100.195 at 127.16.100.195, pod 10.244.1.5 at 127.244.1.5), which any
 * process on Linux may bind. macOS has 127.0.0.1 only: there every address and port is a port of it.
 */
import {
  createPortTable,
  freePorts,
  hasAddress,
  ONE_ADDRESS,
  type PortTable,
} from './port-table.ts';

/** Where to listen, or where to connect to. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** `auto`: 127/8, or ports of 127.0.0.1 if this machine has no 127.0.0.2. `one`: ports of 127.0.0.1. */
export type Loopback = 'auto' | 'one';

/** Of this process; undefined: 127/8. */
let table: PortTable | undefined;

/** Decides for this process, before anything listens. A table stays until the process ends. */
export async function chooseLoopback(wanted: Loopback): Promise<void> {
  if (table !== undefined || (wanted === 'auto' && (await hasAddress('127.0.0.2')))) return;
  table = createPortTable(await freePorts());
}

/** Whether all addresses are ports of 127.0.0.1. Then no client can choose its own address. */
export function isOneAddress(): boolean {
  return table !== undefined;
}

/** The place of an address and port. All who listen or connect ask here. */
export function reachedAt(address: string, port: number): Place {
  return table === undefined
    ? { host: loopbackOf(address), port: loopbackPort(port) }
    : { host: ONE_ADDRESS, port: table.portOf(address, port) };
}

/** The same for people: `127.0.0.1:20001 (stands for 172.16.100.195:32400)`. */
export function placeText(address: string, port: number): string {
  const place = reachedAt(address, port);
  const text = `${place.host}:${place.port}`;
  return isOneAddress() ? `${text} (stands for ${address}:${port})` : text;
}

/** How a virtual address is reached, in half a sentence. */
export function virtualAddressText(address: string): string {
  return isOneAddress()
    ? `each port of ${address} is a port of ${ONE_ADDRESS}`
    : `${address} is reached at ${loopbackOf(address)}`;
}

/** What to do if something cannot listen at its place. */
export function takenText(): string {
  return isOneAddress()
    ? 'Another process took the port after the lab had found it free. Start the lab again.'
    : 'Is another lab or demo running on this machine? Stop it first: both would want the same ' +
        'loopback addresses.';
}

/** In 127/8. */
export function loopbackOf(address: string): string {
  return address.replace(/^\d+\./, '127.');
}

/**
 * Only privileged processes may listen on ports below 1024, so the lab uses others for them: 443 is
 * reached at 10443.
 */
export function loopbackPort(port: number): number {
  return port < 1024 ? port + 10_000 : port;
}
