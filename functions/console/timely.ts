/** Keeps changes from being made after the person was told that it took too long. */
import type { AuditLog } from '../../shared/failures/audit.ts';
import type { OperationContext } from '../../shared/operations/context.ts';
import { stillHolds } from '../../shared/runtime/clock.ts';
import { Refused } from './http/problems.ts';

/** Milliseconds, which leave a change two seconds until the request is given up. */
const BEGIN_MS = 7_000;

/**
 * The same context for one change that begins now. AWS may stop a function that has answered in the
 * middle, and go on with it much later: then nothing is done, and its entry in the audit log says so.
 */
export function timely(context: OperationContext): OperationContext {
  const { audit, runtime } = context;
  const until = runtime.clock.now() + BEGIN_MS;
  const record: AuditLog['record'] = (entry, act) =>
    audit.record(entry, async () => {
      if (stillHolds(until, runtime.clock.now(), BEGIN_MS)) return act();
      throw new Refused(503, 'It took too long, and nothing was done. Try again.');
    });
  return { ...context, audit: { ...audit, record } };
}
