/** The result of one doctor check. */
import { errorMessage } from '../../telemetry/errors.ts';

/** `warn`: it works, but needs attention. */
export type CheckState = 'ok' | 'warn' | 'fail';

/** A finding as `sluice doctor -o json` prints it. */
export interface DoctorFinding {
  /** Id of the check; a check of several objects has one id. */
  readonly id: string;
  /** The checked object, for people. */
  readonly what: string;
  readonly state: CheckState;
  /** True if `state` is `ok`. */
  readonly ok: boolean;
  /** What was found. */
  readonly says: string;
  /** Remedy; absent if the check passed, or if `says` contains it. */
  readonly remedy?: string;
  /** What the remedy says to copy, such as YAML; several lines. */
  readonly text?: string;
}

/** What was checked: the id of the check and its object. */
export interface CheckedObject {
  readonly id: string;
  readonly what: string;
}

/** A check that passed. */
export function okFinding(checked: CheckedObject, says: string): DoctorFinding {
  return { ...checked, state: 'ok', ok: true, says };
}

/** A check that failed, or only warns. */
export function badFinding(
  checked: CheckedObject,
  says: string,
  { state = 'fail', remedy }: { readonly state?: 'warn' | 'fail'; readonly remedy?: string } = {},
): DoctorFinding {
  return { ...checked, state, ok: false, says, ...(remedy === undefined ? {} : { remedy }) };
}

/** Finding and remedy as one sentence. */
export function describeFinding({ says, remedy }: Pick<DoctorFinding, 'says' | 'remedy'>): string {
  return remedy === undefined ? says : `${says}; ${remedy}`;
}

/** A check passes with the text that `look` returns, and fails with the error that it throws. */
export async function runCheck(
  checked: CheckedObject,
  look: () => Promise<string>,
): Promise<DoctorFinding> {
  try {
    return okFinding(checked, await look());
  } catch (error) {
    return badFinding(checked, errorMessage(error));
  }
}

/** Milliseconds; AWS refuses signatures at five minutes. */
const CLOCK_SKEW_LIMIT_MS = 60_000;

/** `ahead` in milliseconds: lead of the other clock over ours. */
export function clockFinding(checked: CheckedObject, ahead: number, remedy: string): DoctorFinding {
  const seconds = Math.round(Math.abs(ahead) / 1_000);
  if (seconds <= 1) return okFinding(checked, 'the same as here');
  const side = `${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} this host`;
  return Math.abs(ahead) <= CLOCK_SKEW_LIMIT_MS
    ? okFinding(checked, side)
    : badFinding(checked, side, { remedy });
}
