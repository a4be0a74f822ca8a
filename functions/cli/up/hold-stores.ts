/** What a running `sluice up` holds on its host. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { useFailures } from '../../../shared/failures/open.ts';
import { queueBackend } from '../../../shared/queue/open.ts';
import { holdCluster } from './hold-cluster.ts';

/**
 * A lock next to the queue file detects a second process with the same cluster, and one in the
 * failure store keeps it from being moved. Throws if the one is taken, or the other was moved.
 */
export function holdStores(
  { queue, failures }: Pick<SluiceConfig, 'queue' | 'failures'>,
  clusterId: string | undefined,
): () => void {
  const { file } = queueBackend(queue);
  const endUse = useFailures(failures);
  if (file === undefined || clusterId === undefined) return endUse;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const release = holdCluster(file, clusterId);
    return () => {
      release();
      endUse();
    };
  } catch (error) {
    endUse();
    throw error;
  }
}
