/**
 * What a stage leaves to do about paths: what a repair left of their differences, so that audit does
 * not ask for it again while they are the same, and members that wait.
 */
import { hasPaths } from '../../shared/config/path-checks.ts';
import { lookAtPaths } from '../../shared/device/path-audit.ts';
import { parseOwner } from '../../shared/domain/snapshot/snapshot.ts';
import { differenceDigest, heldPathsNote } from '../../shared/failures/repairs.ts';
import { askWatcher } from './ask-watcher.ts';
import type { PartitionResult } from './job.ts';
import type { PathRun } from './paths/paths.ts';
import { remembered } from './repair.ts';
import type { StageWork } from './stage.ts';

/**
 * Members of these owners may wait for paths that the device refused, and has now. A dry run only
 * pretends to write, so each would find them again.
 */
export async function askForFreed(
  {
    scope,
    config,
  }: Pick<StageWork, 'config'> & { readonly scope: Pick<StageWork['scope'], 'runtime'> },
  { freed }: Pick<PathRun, 'freed'>,
): Promise<void> {
  if (scope.runtime.dryRun === true) return;
  for (const owner of freed)
    await askWatcher(scope.runtime, owner, {
      cluster: parseOwner(owner).cluster,
      device: config.name,
      partition: config.networks.partition,
      code: 'OK',
      reason: `a path of the cluster of ${owner} that was refused is on the device now`,
    });
}

/** Audit asks for the slices again as soon as the journal can be read. Never rejects. */
export async function noteHeldPaths(
  { scope, config: { name, networks } }: StageWork,
  { hold }: Pick<PathRun, 'hold'>,
): Promise<void> {
  const { runtime, repairs, noted } = scope;
  if (hold === undefined || runtime.dryRun === true) return;
  const { code } = hold;
  if (noted.has(name) && noted.get(name) === code) return;
  await remembered(runtime, async () => {
    const held = heldPathsNote(await repairs(), name, networks.partition);
    await (code === undefined ? held.end() : held.note(code));
    noted.set(name, code);
  });
}

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
    const { findings } = await lookAtPaths(look);
    const left = findings.filter(({ repairable }) => repairable);
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
