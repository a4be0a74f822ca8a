/** The lab's answers to the same questions. */
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { openSession } from '../../../shared/bigip/rest/connect.ts';
import type { Session } from '../../../shared/bigip/rest/session.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { planRun, run } from './run.ts';
import type { Answers } from './question.ts';

export function sessionWith(lab: LabBigip): Session {
  const { url, username, password, ca } = lab;
  const config = DeviceConfig.parse({
    name: 'lab',
    url,
    username,
    password: 'env:UNUSED',
    partitions: ['k8s'],
  });
  return openSession(config, { ca, password: () => Promise.resolve(password) }, processClock);
}

export async function askLab(): Promise<Answers> {
  const lab = await startBigip({ dataPath: false, timings: { memberWrite: 0 } });
  const session = sessionWith(lab);
  try {
    return await run(session, await planRun(session, Math.random));
  } finally {
    await session.close();
    await lab.close();
  }
}
