/**
 * The lab simulates whole networks on one machine. Every IPv4 address is reached at the same
 * address in 127/8 (172.16.100.195 at 127.16.100.195, pod 10.244.1.5 at 127.244.1.5), which any
 * process on Linux may bind.
 */
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
