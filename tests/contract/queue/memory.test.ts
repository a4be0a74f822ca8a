/** The queues in memory, which the promises are tested on, have no difference from the real ones. */
import { memoryQueues } from '../../promises/support/queues.ts';
import { createManualClock } from './manual-clock.ts';
import { queueContract } from './suite.ts';

queueContract('in memory', async () => {
  const clock = createManualClock();
  const queues = memoryQueues(clock, { maxReceiveCount: 3 });
  return { queues, pass: (ms) => clock.pass(ms), stop: () => queues.close() };
});
