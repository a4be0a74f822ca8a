import type { SluiceConfig } from '../../shared/config/schema.ts';

/** The cluster that files come from: the one named, else the first. */
export function chooseCluster(config: SluiceConfig, wanted: string | undefined): SluiceConfig['clusters'][number] {
  const found = wanted === undefined ? config.clusters[0] : config.clusters.find(({ id }) => id === wanted);
  if (found === undefined) throw new Error(`--cluster ${wanted ?? ''}: name one of clusters[].id: ${config.clusters.map(({ id }) => id).join(', ')}`);
  return found;
}
