import { type Place, reachedAt, placeText } from '../../loopback.ts';

/** An address without its route domain; the lab has no separate networks. */
export function withoutDomain(address: string): string {
  return address.replace(/%\d+$/, '');
}

/** Where the lab serves an address and port of the device. */
export function servedAt(address: string, port: number): Place {
  return reachedAt(withoutDomain(address), port);
}

/** The same for people. */
export function servedAtText(address: string, port: number): string {
  return placeText(withoutDomain(address), port);
}
