import { badFinding, okFinding } from './finding.ts';
import type { CheckedObject, DoctorFinding } from './finding.ts';

/** Milliseconds: AWS refuses signatures at five minutes, and a watcher's epoch is refused there as well. */
const CLOCK_SKEW_LIMIT_MS = 60_000;

/** `ahead` in milliseconds, of the other clock before ours. */
export function clockFinding(checked: CheckedObject, ahead: number, remedy: string): DoctorFinding {
  const seconds = Math.round(Math.abs(ahead) / 1_000);
  if (seconds <= 1) return okFinding(checked, 'the same as here');
  const side = `${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} this host`;
  return Math.abs(ahead) <= CLOCK_SKEW_LIMIT_MS
    ? okFinding(checked, side)
    : badFinding(checked, side, { remedy });
}
