/** Removes what an uninstallation plans, with an entry in the audit log, or one to print. */
import type { AuditEntry, AuditLog } from '../../failures/audit.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { Author } from '../context.ts';
import type { UninstallPart, UninstallStep } from './part.ts';

/** What is removed, and where that is written down. */
export interface Removal extends Pick<UninstallPart, 'steps' | 'running'> {
  /** Whether there is an audit log; none is created. */
  readonly hasLog: boolean;
  readonly author: Author;
  /** What goes, for the audit log. */
  readonly selection: string;
}

/** Where a removal is told. */
export interface RemovalWitness {
  readonly audit: Pick<AuditLog, 'record'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Hears of each step that is done. */
  readonly tell: (what: string) => void;
  /** Gets the entry that no audit log has any more, or ever had. */
  readonly print: (entry: AuditEntry) => void;
}

/** Steps that an entry names; the others are counted. */
const MAX_NAMED = 100;

/**
 * Carries the plan out, step by step. Throws before the first step if something still runs, and ends
 * with the first step that fails: repeated, it goes on there. Without an entry in the audit log
 * nothing is removed, unless there is no log.
 */
export async function carryOutUninstall(
  { steps, running, hasLog, author, selection }: Removal,
  { audit, now, tell, print }: RemovalWitness,
): Promise<void> {
  if (running.length > 0)
    throw new Error(`Sluice still runs, so nothing was removed: ${running.join('; ')}`);
  const [first, last] = [steps.filter((one) => !one.endsLog), steps.filter((one) => one.endsLog)];
  const done: string[] = [];
  const runAll = async (some: readonly UninstallStep[]): Promise<void> => {
    for (const { what, run } of some) {
      await run();
      done.push(what);
      tell(what);
    }
  };
  const entry = { ...author, action: 'uninstall', selection };
  const at = new Date(now()).toISOString();
  let failed = '';
  try {
    if (hasLog && first.length > 0)
      await audit.record(entry, async () => {
        await runAll(first);
        return { result: removedInWords(done), value: undefined };
      });
    else await runAll(first);
    await runAll(last);
  } catch (error) {
    failed = `failed: ${errorMessage(error)}; `;
    throw error;
  } finally {
    const isLost = steps.length > 0 && (!hasLog || last.length > 0);
    if (isLost) print({ at, ...entry, result: `${failed}${removedInWords(done)}` });
  }
}

function removedInWords(done: readonly string[]): string {
  if (done.length === 0) return 'removed nothing';
  const more = done.length > MAX_NAMED ? ` and ${done.length - MAX_NAMED} more` : '';
  return `removed ${done.slice(0, MAX_NAMED).join('; ')}${more}`;
}
