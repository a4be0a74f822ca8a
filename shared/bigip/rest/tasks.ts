/** The tasks of AS3. */
import { Tasks } from './answers.ts';
import type { Session } from './session.ts';

/** AS3's message for a running task. */
export const IN_PROGRESS = 'in progress';

/** Whether a declaration is in progress, from any client. */
export async function isDeclaring(session: Session): Promise<boolean> {
  const tasks = await session.read({ path: '/mgmt/shared/appsvcs/task', kind: 'tasks' }, Tasks);
  return tasks.some(({ results }) => results?.some(({ message }) => message === IN_PROGRESS));
}
