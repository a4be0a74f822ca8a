/** The first page names each trouble once, in plain words, and leads to where it is shown. */
import { describe, expect, test } from '@jest/globals';
import { matchesFilter, parseFilter } from '../../../shared/failures/filter.ts';
import type { FailureHead } from '../../../shared/failures/port.ts';
import { NOT_SEEN_YET } from '../../../shared/operations/devices/seen-partitions.ts';
import { troublesOf } from '../../../shared/operations/now/troubles.ts';
import type { Known } from '../../../shared/operations/now/troubles.ts';

const NOON = Date.UTC(2026, 10, 30, 12);
const HOUR_MS = 3_600_000;
const calm: Known = {
  heads: [],
  waiting: [],
  clusters: [],
  audits: [],
  queues: [],
  jobs: [],
  unseen: [],
  now: NOON,
};

describe('a device that does not work', () => {
  const away = {
    device: 'bigip-2',
    state: 'away',
    since: NOON - HOUR_MS,
    code: 'BIP501',
    reason: 'bigip-2: no connection',
    due: NOON,
    ingresses: 0,
    orders: 1,
  } as const;

  test('is told without what stands beside it, and leads to what waits', () => {
    expect(troublesOf({ ...calm, waiting: [away] })).toMatchObject([
      {
        level: 'bad',
        sentence:
          'bigip-2 has been unreachable or failing for 60m: no connection. 1 order waits until it ' +
          'works again. Existing traffic is not affected.',
        since: NOON - HOUR_MS,
        code: 'BIP501',
        room: 'fleet',
        part: 'waiting',
      },
    ]);
  });

  test('says what waits, if anything does', () => {
    const said = (more: object): string =>
      troublesOf({ ...calm, waiting: [{ ...away, ...more }] })[0]!.sentence;
    expect(said({ orders: 0 })).toContain('no connection. Nothing waits for it.');
    expect(said({ ingresses: 2 })).toContain('2 ingresses and 1 order wait until it works again.');
    expect(said({ state: 'here', ingresses: 1, orders: 0 })).toBe(
      'bigip-2 answers again; 1 ingress is being sent to it.',
    );
  });

  test('that answers again is nothing broken', () => {
    const [trouble] = troublesOf({ ...calm, waiting: [{ ...away, state: 'here' }] });
    expect(trouble).toMatchObject({ level: 'warn', part: 'waiting' });
  });
});

test('a queue, and what was never seen, lead to the devices', () => {
  const queue = { queue: 'slices', waiting: 1, inFlight: 0, oldest: NOON - HOUR_MS };
  const unseen = { device: 'bigip-1', partition: 'k8s', code: 'BIP501', problem: 'not yet' };
  expect(
    troublesOf({ ...calm, queues: [queue as never], unseen: [unseen] }).map(({ part }) => part),
  ).toEqual(['devices', 'devices']);
});

test('a device that nobody has looked at yet is not said to be unreachable', () => {
  const unseen = { device: 'bigip-1', partition: 'k8s', code: 'BIP501', problem: NOT_SEEN_YET };
  const [trouble] = troublesOf({ ...calm, unseen: [unseen] });
  expect(trouble).not.toHaveProperty('code');
  expect(trouble!.remedy).toContain('Look again');
});

test('each group of failures is selected by its words, and nothing else', () => {
  const head = (id: string, more: Partial<FailureHead>): FailureHead => ({
    id,
    code: 'BIP421',
    class: 'device',
    sentence: 'refused',
    queue: 'slices',
    gateways: [],
    state: 'open',
    count: 1,
    first: 1,
    last: 2,
    changed: 1,
    seen: [],
    evidence: id,
    ...more,
  });
  const heads = [
    head('a', { device: 'bigip-1' }),
    head('b', { device: 'bigip-1', state: 'quarantined' }),
    head('c', {}),
    head('d', { device: 'bigip-2', code: 'BIP424' }),
  ];
  const selected = troublesOf({ ...calm, heads }).map(({ words }) => {
    const filter = parseFilter(words, NOON);
    return heads.filter((one) => matchesFilter(filter, one)).map(({ id }) => id);
  });
  expect(selected).toEqual([['a', 'b'], ['c'], ['d']]);
});
