/** When a cluster counts as silent, and what happens then. */
import type { SilencePolicy } from '../domain/steering/silence.ts';
import type { SluiceConfig } from './schema.ts';

/** The silence settings of all clusters. */
export function silencePolicies({
  clusters,
}: Pick<SluiceConfig, 'clusters'>): readonly SilencePolicy[] {
  return clusters.map(({ id, silentAfter, whenSilent }) => ({
    cluster: id,
    silentAfter,
    whenSilent,
  }));
}
