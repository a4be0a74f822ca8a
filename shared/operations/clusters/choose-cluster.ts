import type { SluiceConfig } from '../../config/schema.ts';

/** The cluster that the objects come from. Which of several it is cannot be guessed: networks, settings and owners would be another's. */
export function chooseCluster(
  { clusters }: SluiceConfig,
  wanted: string | undefined,
): SluiceConfig['clusters'][number] {
  const [only, ...others] =
    wanted === undefined ? clusters : clusters.filter(({ id }) => id === wanted);
  if (only !== undefined && others.length === 0) return only;
  throw new Error(
    `--cluster ${wanted ?? 'is missing'}: use one of clusters[].id: ${clusters.map(({ id }) => id).join(', ')}`,
  );
}
