/** The queues in memory, which the promises are tested on, have no difference from the real ones. */
import { memoryQueues } from '../../promises/support/queues.ts';
import { queueOutages } from '../../promises/support/queue-outages.ts';
import { createManualClock } from './manual-clock.ts';
import { queueContract } from './suite.ts';

queueContract('in memory', async () => {
  const clock = createManualClock();
  const { before, begin, end } = queueOutages(clock);
  const queues = memoryQueues(clock, { maxReceiveCount: 3, before });
  return {
    queues,
    pass: (ms) => clock.pass(ms),
    refuse: async (refused) => (refused ? begin('snapshots', Infinity) : end()),
    stop: () => queues.close(),
  };
});
