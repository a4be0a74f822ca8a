/**
 * What a repair left of the differences of paths, so that audit does not ask for it again while
 * they are the same.
 */
import { hasPaths } from '../../shared/config/path-checks.ts';
import { lookAtPaths } from '../../shared/device/path-audit.ts';
import { differenceDigest } from '../../shared/failures/repairs.ts';
import type { PartitionResult } from './job.ts';
import { remembered } from './repair.ts';
import type { StageWork } from './stage.ts';

/** Call after the paths are settled. Reads nothing if nobody asked for a repair. Never rejects. */
export async function noteLeftPaths(
  { scope, config, device, stage }: StageWork,
  results: readonly PartitionResult[],
): Promise<void> {
  const { runtime } = scope;
  const isAsked = stage.audits.some(({ data }) => data.takeOver === undefined);
  if (!isAsked || runtime.dryRun === true || !hasPaths(runtime.config, config)) return;
  const { partition } = config.networks;
  const readable = results.filter(({ refused }) => refused === undefined);
  const states = new Map(readable.map((one) => [one.partition, one.declared]));
  await remembered(runtime, async () => {
    const look = { device, config, site: runtime.config, states, clock: runtime.clock };
    const left = (await lookAtPaths(look)).filter(({ repairable }) => repairable);
    const [first] = left;
    const memory = await scope.repairs();
    if (first === undefined) return memory.forget(config.name, partition);
    const { object, message } = first;
    runtime.log.warn(
      { device: config.name, partition, code: 'BIP457', object, message, left: left.length },
      'the repair of paths left differences; it is not repeated while they are the same',
    );
    return memory.note(config.name, partition, differenceDigest(left));
  });
}
