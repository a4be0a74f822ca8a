/** Three clusters and one BIG-IP: two of a fleet, and one that happens to want the same. */
import type { SiteOptions } from '../../site.ts';

function site(
  id: string,
  { network, fleet }: { readonly network: number; readonly fleet: boolean },
): SiteOptions {
  // Every cluster has pods of its own network, and echo servers that say where they are.
  return {
    id,
    fleet,
    signed: true,
    podNetwork: `10.${network}`,
    nodeAddresses: [1, 2].map((n) => `192.168.${network}.1${n}`),
    answers: { 'tcp-echo-v1': id },
  };
}

export const FLEET_CLUSTERS: readonly [SiteOptions, ...SiteOptions[]] = [
  site('east', { network: 244, fleet: true }),
  site('west', { network: 245, fleet: true }),
  site('stray', { network: 246, fleet: false }),
];

/** Milliseconds between two probes of BIG-IP; a real one asks every 5 s and gives up after 16. */
export const PROBE_MS = 250;
