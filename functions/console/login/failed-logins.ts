/** Records failed logins in the audit log. */
import type { AuditEntry, AuditLog } from '../../../shared/failures/audit.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { createRarely, timesInWords } from '../rarely.ts';

/** An entry of the audit log about a login. */
export function loginEntry(who: string, result: string): Omit<AuditEntry, 'at'> {
  return { who, action: 'console login', selection: 'console', why: 'login', result };
}

/** Anybody can let a login fail, and at some providers be refused; the log has each of them. */
export function createFailedLogins(
  audit: Pick<AuditLog, 'append'>,
  clock: Pick<Clock, 'monotonic'>,
): (who: string, result: string) => Promise<void> {
  const rarely = createRarely(clock);
  return async (who, result) => {
    const count = rarely(`${result} ${who}`);
    if (count > 0) await audit.append(loginEntry(who, timesInWords(result, count)));
  };
}
