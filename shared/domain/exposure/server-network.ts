/** Which clients may connect to a server: by its settings, and by the Service. */
import { type Candidate, serverInWords } from './sources/candidates.ts';
import { type ClientNetwork, clientNetwork } from './client-networks.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import type { Placement } from './place.ts';
import type { Withheld } from './withheld.ts';

/** Every client may connect. */
export const ANY_CLIENT: ClientNetwork = { byService: false };

/** Which clients may connect, by the settings and by the Service. */
export function networkOf(
  pool: IndexedIngress,
  { merged }: Candidate,
  { family }: Placement,
): ClientNetwork {
  const { source } = merged.wanted;
  const values = pool.service?.sourceRanges;
  return clientNetwork({
    asked:
      source === undefined ? undefined : { value: source, source: merged.sources.source ?? '' },
    ranges: values && {
      values,
      source: `Service ${pool.name} (spec.loadBalancerSourceRanges)`,
    },
    family,
  });
}

/**
 * A problem in the Service must not take down what runs, because 0.1.0 did not read its fields; a
 * problem in a source of Sluice refuses the exposure at once.
 */
export function wrongNetwork(candidate: Candidate, network: ClientNetwork): Withheld | undefined {
  return 'problem' in network
    ? {
        refusal: { code: 'GW157', message: `${serverInWords(candidate)}: ${network.problem}` },
        onlyAnew: network.byService,
      }
    : undefined;
}

/** Replaces the requested networks by the effective one. */
export function withNetwork({ merged }: Candidate, network: ClientNetwork): Candidate['merged'] {
  const { source: _asked, ...wanted } = merged.wanted;
  const { source: _said, ...sources } = merged.sources;
  if ('problem' in network || network.source === undefined) return { ...merged, wanted, sources };
  return {
    ...merged,
    wanted: { ...wanted, source: network.source },
    sources: { ...sources, ...(network.said !== undefined && { source: network.said }) },
  };
}
