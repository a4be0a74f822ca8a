/** The tasks of AS3, and the lock under which it runs them. */
import { isAway } from '../../device/errors.ts';
import { LockObject, Tasks } from './answers.ts';
import type { Session } from './session.ts';

/** Exists as long as AS3 declares, or makes a dry run, for any client. */
const LOCK = '/mgmt/tm/ltm/data-group/internal/~Common~appsvcs~____appsvcs_lock';

/** AS3's message for a running task. */
export const IN_PROGRESS = 'in progress';

/** Whether a declaration is in progress, from any client. */
export async function isDeclaring(session: Session): Promise<boolean> {
  const tasks = await session.read({ path: '/mgmt/shared/appsvcs/task', kind: 'tasks' }, Tasks);
  return tasks.some(({ results }) => results?.some(({ message }) => message === IN_PROGRESS));
}

/** Whether AS3 holds its lock; false if that cannot be read (docs/reference/as3.md 1.4). */
export async function isLocked(session: Session): Promise<boolean> {
  try {
    return (await session.find({ path: LOCK, kind: 'read' }, LockObject)) !== undefined;
  } catch (error) {
    if (isAway(error)) throw error;
    return false;
  }
}
