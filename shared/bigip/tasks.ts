/** What AS3 works on. */
import { Tasks } from './answers.ts';
import type { Session } from './session.ts';

/** As AS3 says it of a task that has not ended. */
export const IN_PROGRESS = 'in progress';

/** Whether any declaration is under way, whoever posted it. */
export async function isDeclaring(session: Session): Promise<boolean> {
  const tasks = await session.read({ path: '/mgmt/shared/appsvcs/task', kind: 'tasks' }, Tasks);
  return tasks.some(({ results }) => results?.some(({ message }) => message === IN_PROGRESS));
}
