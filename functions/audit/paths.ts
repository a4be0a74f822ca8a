/** What audits of paths tell, and when they ask watchers to try again. */
import { hasPaths } from '../../shared/config/path-checks.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import type { DeviceAudit } from '../../shared/device/audit.ts';
import type { AuditFinding } from '../../shared/device/finding.ts';
import { heldPathsNote } from '../../shared/failures/repairs.ts';
import type { RepairMemory } from '../../shared/failures/repairs.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { askForResync } from '../../shared/queue/resync.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

/** Differences of paths with a line of their own for each code; one cause can concern each node. */
const TOLD = 20;

/** Logs each difference; many of one kind in the paths are counted. */
export function logFindings(
  { log }: Pick<Runtime, 'log'>,
  { name, networks }: Pick<DeviceConfig, 'name' | 'networks'>,
  findings: readonly AuditFinding[],
): void {
  const told = findings.filter(({ kind }) => kind !== 'kept');
  const isOfPaths = ({ partition }: AuditFinding): boolean => partition === networks.partition;
  for (const finding of told.filter((one) => !isOfPaths(one))) log.warn(finding, 'drift');
  for (const [code, alike] of Map.groupBy(told.filter(isOfPaths), (one) => one.code)) {
    for (const finding of alike.slice(0, TOLD)) log.warn(finding, 'drift');
    const more = alike.length - TOLD;
    if (more > 0) log.warn({ device: name, partition: networks.partition, code, more }, 'drift');
  }
}

/** What an audit of paths needs to remember. */
export interface PathSurroundings {
  readonly runtime: Runtime;
  readonly repairs: () => Promise<RepairMemory>;
}

/**
 * Logs the figures of the paths, and asks for the slices again of which members were held while
 * paths could not be written: once for each cause, because only writing shows whether it is gone.
 * Never rejects: the watchers send everything again some time later in any case.
 */
export async function followPaths(
  { runtime, repairs }: PathSurroundings,
  config: DeviceConfig,
  { paths }: Pick<DeviceAudit, 'paths'>,
): Promise<void> {
  const { log } = runtime;
  const { name: device, networks } = config;
  if (paths === undefined || !hasPaths(runtime.config, config)) return;
  log.info({ device, paths }, 'paths');
  runtime.pathMeter?.state(device, paths);
  try {
    const held = heldPathsNote(await repairs(), device, networks.partition);
    // Before asking: what apply notes about the answers must not be lost.
    if (!(await held.take())) return;
    await askForResync(runtime, {
      device,
      partition: networks.partition,
      code: 'BIP474',
      reason: 'new members wait, because paths could not be written; they are tried again',
    });
  } catch (error) {
    log.warn({ device, error: errorMessage(error) }, 'waiting members could not be asked for');
  }
}
