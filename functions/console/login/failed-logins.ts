/** Records failed logins in the audit log. */
import type { AuditEntry, AuditLog } from '../../../shared/failures/audit.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

/** Milliseconds between two entries. */
const PAUSE_MS = 60_000;

/** An entry of the audit log about a login. */
export function loginEntry(who: string, result: string): Omit<AuditEntry, 'at'> {
  return { who, action: 'console login', selection: 'console', why: 'login', result };
}

/**
 * Anybody can let a login fail, so one process writes at most one entry in a minute. The next one
 * has the number of those without an entry; the log has each of them.
 */
export function createFailedLogins(
  audit: Pick<AuditLog, 'append'>,
  { monotonic }: Pick<Clock, 'monotonic'>,
): () => Promise<void> {
  let due = Number.NEGATIVE_INFINITY;
  let count = 0;
  return async () => {
    count += 1;
    if (monotonic() < due) return;
    const result = count === 1 ? 'failed' : `failed ${count} times since the last entry`;
    due = monotonic() + PAUSE_MS;
    count = 0;
    await audit.append(loginEntry('unknown', result));
  };
}
