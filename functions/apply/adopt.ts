/** With policy.drift: adopt nothing is declared over a change made by hand before that is kept; audits alone would often come too late. */
import { DeviceError } from '../../shared/bigip/errors.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { Run } from './run.ts';

export async function lookForHands(run: Run, state: DeclaredState): Promise<void> {
  const { adopting, overrides, device, partition } = run.job;
  if (adopting !== true || overrides?.lift === true || Object.keys(state.exposures).length === 0)
    return;
  try {
    run.byHand = (await device.drift(partition, state)).flatMap(({ adopt }) => adopt ?? []);
  } catch (error) {
    // Somebody else declares in another partition: what cannot be compared now is no reason to wait.
    if (!(error instanceof DeviceError && error.code === 'BIP503')) throw error;
  }
}
