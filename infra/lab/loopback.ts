/**
 * The lab simulates whole networks on one machine. Every IPv4 address is reached at the same
 * address in 127/8 (172.16.100.195 at 127.16.100.195, pod 10.244.1.5 at 127.244.1.5), which any
 * process on Linux may bind.
 */
export function loopbackOf(address: string): string {
  return address.replace(/^\d+\./, '127.');
}
