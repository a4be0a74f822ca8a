/** What one check of the doctor found. */
import { errorMessage } from '../../telemetry/errors.ts';

/** `warn`: it works, and somebody should look. */
export type CheckState = 'ok' | 'warn' | 'fail';

export interface DoctorFinding {
  /** Which check; a check of several objects has one id. */
  readonly id: string;
  /** The object that was checked, in words. */
  readonly what: string;
  readonly state: CheckState;
  /** `state` is `ok`. */
  readonly ok: boolean;
  /** What was seen. */
  readonly says: string;
  /** What to do; absent where all is well, or where the words say it already. */
  readonly remedy?: string;
}

export interface CheckedObject {
  readonly id: string;
  readonly what: string;
}

export function okFinding(checked: CheckedObject, says: string): DoctorFinding {
  return { ...checked, state: 'ok', ok: true, says };
}

export function badFinding(
  checked: CheckedObject,
  says: string,
  { state = 'fail', remedy }: { readonly state?: 'warn' | 'fail'; readonly remedy?: string } = {},
): DoctorFinding {
  return { ...checked, state, ok: false, says, ...(remedy === undefined ? {} : { remedy }) };
}

/** Words and remedy as one sentence. */
export function describeFinding({ says, remedy }: Pick<DoctorFinding, 'says' | 'remedy'>): string {
  return remedy === undefined ? says : `${says}; ${remedy}`;
}

/** What `look` says is well; what it throws is not. */
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
