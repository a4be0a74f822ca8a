/**
 * With policy.drift: adopt, manual changes are detected and kept before apply declares over them,
 * because audits alone would often come too late.
 */
import { DeviceError } from '../../shared/bigip/errors.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { Run } from './run.ts';

/**
 * Detects manual changes before a declare, and records those that policy keeps in `run`. Only with
 * policy.drift: adopt.
 */
export async function detectManualChanges(run: Run, state: DeclaredState): Promise<void> {
  const { adopting, overrides, device, partition } = run.job;
  if (adopting !== true || overrides?.lift === true || Object.keys(state.exposures).length === 0)
    return;
  try {
    run.byHand = (await device.drift(partition, state)).flatMap(({ adopt }) => adopt ?? []);
  } catch (error) {
    // Another client is declaring in another partition, so a comparison is not possible now; do not
    // wait for it.
    if (!(error instanceof DeviceError && error.code === 'BIP503')) throw error;
  }
}
