import { describe, expect, test } from '@jest/globals';
import { plannedPaths, type PlannedSight } from '../../../shared/domain/paths/planned.ts';
import {
  arp,
  fdb,
  live,
  OWNER,
  record,
  records,
  route,
  table,
  TUNNEL,
  request,
} from './support.ts';

const MINUTE = 60_000;
const NOW = 600 * MINUTE;
const [P1, P2] = ['10.244.1.5', '10.244.2.5'];
const R1 = route('10.244.1.0/24', '192.0.2.11');
const R2 = route('10.244.2.0/24', '192.0.2.12');
const [MAC, NEW_MAC] = ['0a:00:00:00:00:01', '0a:00:00:00:00:02'];

/** A device with one route, and a slice that asks for the same. */
function sight(over: Partial<PlannedSight> = {}): PlannedSight {
  return {
    records: records(record(R1)),
    active: table(live(R1)),
    requests: [request(R1, [P1])],
    needed: new Map([['east', new Set([P1])]]),
    clusters: new Set(['east']),
    tunnels: { east: TUNNEL },
    grace: { ofCluster: new Map([['east', MINUTE]]), open: 60 * MINUTE },
    now: NOW,
    ...over,
  };
}

const planned = (over: Partial<PlannedSight>): readonly string[] =>
  plannedPaths(sight(over)).map(({ message, code, unit }) =>
    [...(code ? [code] : []), ...(unit ? [unit] : []), message].join(' '),
  );
const both = new Map([['east', new Set([P1, P2])]]);
const needsOne = new Map([['east', new Set([P1])]]);

const CASES: readonly (readonly [what: string, over: Partial<PlannedSight>, says: string[]])[] = [
  ['nothing for existing entries', {}, []],
  [
    'a new route',
    { requests: [request(R1, [P1]), request(R2, [P2])], needed: both },
    ['+ route 10.244.2.0/24 via 192.0.2.12'],
  ],
  [
    'a node with a new address',
    {
      requests: [
        request(route(R1.at, '192.0.2.19'), [P1], {
          version: { epoch: 2, counter: 0, generation: 1 },
        }),
      ],
    },
    ['~ route 10.244.1.0/24 via 192.0.2.19 (before: 192.0.2.11)'],
  ],
  [
    'a route that was removed by hand',
    { active: table() },
    ['+ route 10.244.1.0/24 via 192.0.2.11'],
  ],
  [
    'a route that no member would need',
    { records: records(record(R1), record(R2)), active: table(live(R1), live(R2)) },
    ['- route 10.244.2.0/24 via 192.0.2.12'],
  ],
  [
    'a network that another client has',
    { records: records(), active: table(live(route(R1.at, '192.0.2.99'), 'theirs')) },
    [
      'BIP471 ! route 10.244.1.0/24 via 192.0.2.11: /sluice-net/10.244.1.0/24 has it, and leads to 192.0.2.99',
    ],
  ],
  [
    'a network that another cluster has',
    {
      records: records(record(route(R1.at, '192.0.2.99'), { owner: 'west/a/b' })),
      active: table(live(route(R1.at, '192.0.2.99'))),
      needed: new Map([...needsOne, ['west', new Set([P1])]]),
      clusters: new Set(['east', 'west']),
    },
    ['BIP471 ! route 10.244.1.0/24 via 192.0.2.11: cluster west has it'],
  ],
  [
    'a tunnel to a node with a new MAC',
    {
      records: records(record(fdb(MAC, '192.0.2.11')), record(arp(P1, MAC))),
      active: table(live(fdb(MAC, '192.0.2.11')), live(arp(P1, MAC))),
      requests: [request(fdb(NEW_MAC, '192.0.2.11'), [P1]), request(arp(P1, NEW_MAC), [P1])],
    },
    [
      `+ fdb ${NEW_MAC} at 192.0.2.11 on ${TUNNEL}`,
      `~ arp ${P1} at ${NEW_MAC} (before: ${MAC})`,
      `- fdb ${MAC} at 192.0.2.11 on ${TUNNEL}`,
    ],
  ],
  [
    'entries that the standby unit lacks',
    {
      records: records(record(fdb(MAC, '192.0.2.11')), record(arp(P1, MAC))),
      active: table(live(fdb(MAC, '192.0.2.11')), live(arp(P1, MAC))),
      peer: table(live(fdb(MAC, '192.0.2.11'))),
      requests: [request(fdb(MAC, '192.0.2.11'), [P1]), request(arp(P1, MAC), [P1])],
    },
    [`standby + arp ${P1} at ${MAC}`],
  ],
];

describe('a plan of paths shows', () => {
  test.each(CASES)('%s', (_, over, says) => {
    expect(planned(over)).toEqual(says);
  });

  test('many removals at once as held, with what approves them', () => {
    const many = Array.from({ length: 6 }, (_, i) => route(`10.244.${i + 10}.0/24`, '192.0.2.12'));
    const found = planned({
      records: records(record(R1), ...many.map((one) => record(one))),
      active: table(live(R1), ...many.map((one) => live(one))),
    });
    expect(found).toHaveLength(6);
    expect(found[0]).toBe(
      `BIP475 ! route 10.244.10.0/24 via 192.0.2.12: no member needs it; its removal waits for "sluice approve ${OWNER}"`,
    );
  });

  test('nothing of another installation', () => {
    const theirs = record(R2, { owner: 'elsewhere/a/b' });
    const over = { records: records(record(R1), theirs), active: table(live(R1), live(R2)) };
    expect(planned(over)).toEqual([]);
  });
});
