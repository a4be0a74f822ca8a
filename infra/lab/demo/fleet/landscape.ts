/**
 * Three clusters and one BIG-IP: two clusters of a fleet, and one that requests the same address
 * and port.
 */
import type { SiteOptions } from '../../site.ts';

function site(
  id: string,
  { network, fleet }: { readonly network: number; readonly fleet: boolean },
): SiteOptions {
  // Each cluster has its own pod network, and echo servers that name their cluster.
  return {
    id,
    fleet,
    signed: true,
    podNetwork: `10.${network}`,
    nodeAddresses: [1, 2].map((n) => `192.168.${network}.1${n}`),
    answers: { 'tcp-echo-v1': id },
  };
}

/** Two of one fleet, and one that does not belong to it. */
export const FLEET_CLUSTERS: readonly [SiteOptions, ...SiteOptions[]] = [
  site('east', { network: 244, fleet: true }),
  site('west', { network: 245, fleet: true }),
  site('stray', { network: 246, fleet: false }),
];

/**
 * Milliseconds between two probes of BIG-IP; a real one probes every 5 s and marks a member down
 * after 16 s.
 */
export const PROBE_MS = 250;
