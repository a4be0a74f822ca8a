/** The lab's device, with the same objects in /Common as the engine's. */
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import { COMMON } from './common.ts';
import { senderTo } from './subject.ts';
import type { Subject } from './subject.ts';

export async function startLab(): Promise<Subject> {
  const lab = await startBigip({
    dataPath: false,
    timings: { declare: 0, memberWrite: 0 },
    common: COMMON.lab,
  });
  return {
    send: senderTo(lab),
    failInside: (call, status) => {
      const hold = lab.faults.inner({ call, status });
      return Promise.resolve(() => Promise.resolve(hold.takeBack()));
    },
    close: () => lab.close(),
  };
}
