/**
 * A queue file that a killed process leaves behind: waiting messages, messages in flight, dead
 * letters.
 */
import type { QueueName, Queues } from '../../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../../shared/queue/sqlite/queues.ts';
import { EAST } from './declared.ts';
import { EVENTS, LETTERS, sealed, sentLetter } from './events.ts';
import { NOW } from './failures.ts';

export const VISIBILITY = 90_000;

/**
 * In the order in which they are sent. `observed` and `desired` are then received and stay in
 * flight; `observed` was received once before, so its receive count is 2.
 */
export const MESSAGES: readonly {
  readonly queue: QueueName;
  readonly group: string;
  readonly event: string;
}[] = [
  { queue: 'snapshots', group: EAST, event: 'ingress-observed' },
  { queue: 'snapshots', group: EAST, event: 'ingress-observed-large' },
  {
    queue: 'snapshots',
    group:
      'west/team-b/a-very-long-name-of-a-gateway-that-does-not-fit-into-a-group-of-one-hundred-and-twenty-eight-characters-because-it-is-longer',
    event: 'cluster-inventory',
  },
  { queue: 'slices', group: 'bigip-1', event: 'ingress-desired' },
  { queue: 'slices', group: 'bigip-1', event: 'steering-drain' },
  { queue: 'slices', group: 'bigip-2', event: 'ingress-desired-empty' },
  { queue: 'express', group: 'bigip-1', event: 'member-express' },
  { queue: 'settled-east', group: 'istio-system/istio-ingressgateway', event: 'ingress-settled' },
];

export async function fillQueues(path: string): Promise<void> {
  let [now, ids] = [NOW, 0];
  const queues: Queues = createSqliteQueues({
    path,
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    id: () => `id-${String((ids += 1)).padStart(4, '0')}`,
  });
  for (const { queue, group, event } of MESSAGES) {
    await queues
      .queue(queue)
      .send({ group, deduplicationId: `golden-${event}`, body: sealed(event, EVENTS[event]!) });
    now += 1;
  }
  const { queue, ...letter } = await sentLetter(LETTERS['dead-letter-device']!);
  await queues.queue(queue as QueueName).send(letter);
  const [first] = await queues
    .queue('snapshots')
    .receive({ max: 1, waitMs: 0, visibilityMs: VISIBILITY });
  await queues.queue('snapshots').changeVisibility(first!.receipt, 0);
  await queues.queue('snapshots').receive({ max: 1, waitMs: 0, visibilityMs: VISIBILITY });
  await queues.queue('slices').receive({ max: 1, waitMs: 0, visibilityMs: VISIBILITY });
  await queues.close();
}
