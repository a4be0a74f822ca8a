import { describe, expect, test } from '@jest/globals';
import { sortMessages } from '../../../functions/express/arrivals.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { MEMBER_EXPRESS } from '../../../shared/queue/events.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { EAST, event, INNER } from './fixtures.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');

function message(data: Express, age = 0): QueueMessage {
  const id = `${data.owner} ${data.version.counter}`;
  const body = serialiseEvent(MEMBER_EXPRESS, data, {
    id,
    cluster: 'east',
    subject: data.owner,
    time: new Date(NOW - age).toISOString(),
  });
  return {
    id,
    receipt: '',
    group: 'bigip',
    deduplicationId: id,
    body,
    receiveCount: 1,
    sentAt: NOW,
  };
}

const kept = (messages: readonly QueueMessage[], own: string | undefined): string[] =>
  sortMessages(messages, own, NOW).arrivals.map((arrival) => arrival.message.id);

describe('the events of a batch that are carried out', () => {
  test('are the newest of each ingress, in whatever order they come', () => {
    const messages = [
      message(event(3, ['10.0.0.1'])),
      message(event(2, ['10.0.0.1'])),
      message(event(1, ['10.0.0.1'], { owner: INNER })),
    ];
    expect(kept(messages, 'k8s')).toEqual([`${EAST} 3`, `${INNER} 1`]);
    expect(kept(messages.toReversed(), 'k8s').sort()).toEqual([`${INNER} 1`, `${EAST} 3`].sort());
  });

  test('include each that was sent ahead of its snapshot, until a newer one covers all members', () => {
    const [first, second] = [2, 3].map((n) =>
      message(event(n, [`10.0.0.${n}`], { ahead: true as const })),
    );
    const whole = (n: number): QueueMessage => message(event(n, ['10.0.0.1']));
    expect(kept([whole(1), first!, second!], 'k8s')).toEqual([1, 2, 3].map((n) => `${EAST} ${n}`));
    expect(kept([first!, second!, whole(4)], 'k8s')).toEqual([`${EAST} 4`]);
    expect(kept([first!, { ...whole(2), id: 'whole' }], 'k8s')).toEqual(['whole']);
    expect(kept([first!, message(event(9, ['10.0.0.1'], { owner: INNER }))], 'k8s')).toEqual([
      `${INNER} 9`,
      `${EAST} 2`,
    ]);
  });

  test('include only the last one of two with the same revision', () => {
    const [first, second] = ['first', 'second'].map((id) => ({
      ...message(event(3, ['10.0.0.1'])),
      id,
    }));
    expect(kept([first!, second!], 'k8s')).toEqual(['second']);
  });

  test('exclude those observed more than a minute before the snapshot arrived', () => {
    expect(kept([message(event(1, ['10.0.0.1']), 60_000)], 'k8s')).toHaveLength(1);
    const { arrivals, dropped } = sortMessages(
      [message(event(1, ['10.0.0.1']), 60_001)],
      'k8s',
      NOW,
    );
    expect([arrivals, dropped]).toEqual([
      [],
      [expect.objectContaining({ owner: EAST, reason: 'observed 60 s ago; its slice decides' })],
    ]);
  });

  test('exclude those for another partition than the only one of the device', () => {
    expect(kept([message(event(1, ['10.0.0.1'], { partition: 'edge' }))], 'k8s')).toEqual([]);
    expect(kept([message(event(1, ['10.0.0.1']))], undefined)).toEqual([]);
  });

  test('exclude what is no event of Sluice, which is reported with its code and delays nothing', () => {
    const stranger = { ...message(event(1, ['10.0.0.1'])), id: 'x', body: 'nonsense' };
    const { arrivals, dropped } = sortMessages(
      [stranger, message(event(1, ['10.0.0.1']))],
      'k8s',
      NOW,
    );
    expect(arrivals).toHaveLength(1);
    expect(dropped).toEqual([expect.objectContaining({ code: 'Q610' })]);
  });
});
