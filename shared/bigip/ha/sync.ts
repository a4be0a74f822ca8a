/**
 * Config sync of a pair. A failing peer must not block the active unit, so failures are warnings.
 */
import type { Clock } from '../../runtime/clock.ts';
import { Stats } from '../rest/answers.ts';
import { trim } from '../../device/errors.ts';
import type { Session } from '../rest/session.ts';

/** Milliseconds. */
const WAIT = { first: 200, longest: 2_000, giveUp: 15_000 } as const;
/** States that resolve by themselves. */
const UNDER_WAY = /changes pending|syncing|awaiting|unknown/i;

/** Resolves with the reason why the group is not in sync; undefined if it is. */
export async function syncToGroup(
  session: Session,
  clock: Clock,
  group: string,
): Promise<string | undefined> {
  try {
    await session.call({
      method: 'POST',
      path: '/mgmt/tm/cm',
      body: { command: 'run', utilCmdArgs: `config-sync to-group ${group}` },
    });
    return await awaitSync(session, clock, group);
  } catch (error) {
    const { message, response = '' } = error as { message: string; response?: string };
    return `config sync to ${group} failed: ${trim([message, response].filter(Boolean).join(': '))}`;
  }
}

/** Undefined once the group is in sync; otherwise the reason why it is not. */
async function awaitSync(
  session: Session,
  clock: Clock,
  group: string,
): Promise<string | undefined> {
  const deadline = clock.monotonic() + WAIT.giveUp;
  for (let pause: number = WAIT.first; ; pause = Math.min(pause * 1.5, WAIT.longest)) {
    const entries = await session.read({ path: '/mgmt/tm/cm/sync-status' }, Stats);
    const status = entries['status']?.description ?? 'unknown';
    if (/^in sync$/i.test(status)) return undefined;
    if (!UNDER_WAY.test(status))
      return `the device reports "${status}" after the config sync to ${group}; check the peer and the device group`;
    if (clock.monotonic() + pause > deadline)
      return `${group} is not in sync after ${WAIT.giveUp / 1000} s; the device reports "${status}"`;
    await clock.sleep(pause);
  }
}
