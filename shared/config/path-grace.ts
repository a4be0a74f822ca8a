import type { Grace } from '../domain/paths/needs.ts';
import type { SluiceConfig } from './schema.ts';

/** Added to the time in which members drain. */
const MARGIN_MS = 60_000;
/** How much longer paths stay if connections were open when the last member left. */
const OPEN_MS = 3_600_000;

/** How long paths stay that no member needs. */
export function pathGrace({
  clusters,
  ingresses,
}: Pick<SluiceConfig, 'clusters' | 'ingresses'>): Grace {
  const seconds = (id: string): number =>
    Math.max(
      0,
      ...ingresses.filter(({ cluster }) => cluster === id).map((one) => one.drainSeconds),
    );
  return {
    ofCluster: new Map(clusters.map(({ id }) => [id, seconds(id) * 1000 + MARGIN_MS])),
    open: OPEN_MS,
  };
}
