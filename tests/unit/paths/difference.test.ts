/** Which differences of paths an audit tells, and which of them a repair removes. */
import { describe, expect, test } from '@jest/globals';
import { pathDifferences, type PathSight } from '../../../shared/domain/paths/difference.ts';
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
  versionOf,
} from './support.ts';

const HOUR = 3_600_000;
const NOW = 10 * HOUR;
const [P1, P2] = ['10.244.1.5', '10.244.2.5'];
const R1 = route('10.244.1.0/24', '192.0.2.11');
const R2 = route('10.244.2.0/24', '192.0.2.12');
const MAC = '0a:00:00:00:00:01';

/** A device that is as it should be: one route to one member. */
function sight(over: Partial<PathSight> = {}): PathSight {
  return {
    records: records(record(R1)),
    active: table(live(R1)),
    needed: new Map([['east', new Set([P1])]]),
    isWhole: true,
    clusters: new Set(['east']),
    tunnels: { east: TUNNEL },
    grace: { ofCluster: new Map([['east', 60_000]]), open: HOUR },
    now: NOW,
    ...over,
  };
}

const told = (over: Partial<PathSight>): readonly string[] =>
  pathDifferences(sight(over)).map(
    ({ code, object, message, repairable }) =>
      `${code} ${repairable ? 'yes' : 'no'} ${object}: ${message}`,
  );

const due = record(R2, { left: NOW - HOUR });

const CASES: readonly (readonly [what: string, over: Partial<PathSight>, told: string[]])[] = [
  ['nothing', {}, []],
  [
    'a route that was deleted',
    { active: table() },
    ['BIP490 yes route 10.244.1.0/24: - route 10.244.1.0/24 via 192.0.2.11 (node n1) is not there'],
  ],
  [
    'a route that the device refuses',
    { active: table(), records: records(record(R1, { refused: 'BIP472' })) },
    [expect.stringMatching(/^BIP490 yes .* because the device refuses it \(BIP472\)$/) as never],
  ],
  [
    'a gateway that was changed',
    { active: table(live({ ...R1, to: '192.0.2.99' })) },
    [
      'BIP491 yes route 10.244.1.0/24: ~ route 10.244.1.0/24 via 192.0.2.11 (node n1) leads to 192.0.2.99',
    ],
  ],
  [
    "another client's route with another target in its place",
    { active: table(live({ ...R1, to: '192.0.2.99' }, 'theirs')) },
    [
      'BIP471 no route 10.244.1.0/24: ~ route 10.244.1.0/24 via 192.0.2.11 (node n1): ' +
        '/sluice-net/10.244.1.0/24 of somebody else leads to 192.0.2.99',
    ],
  ],
  ["another client's route with the same target", { active: table(live(R1, 'theirs')) }, []],
  [
    'an unneeded entry after its grace',
    { records: records(record(R1), due), active: table(live(R1), live(R2)) },
    [
      'BIP492 yes route 10.244.2.0/24: + route 10.244.2.0/24 via 192.0.2.12 is there, and no member needs it',
    ],
  ],
  [
    'an unneeded entry during its grace',
    {
      records: records(record(R1), record(R2, { left: NOW - 1_000 })),
      active: table(live(R1), live(R2)),
    },
    [],
  ],
  [
    'an entry after its grace that a member needs again',
    {
      records: records(record(R1), due),
      active: table(live(R1), live(R2)),
      needed: new Map([['east', new Set([P1, P2])]]),
    },
    [],
  ],
  [
    'an unneeded entry while a partition cannot be read',
    { records: records(record(R1), due), active: table(live(R1), live(R2)), isWhole: false },
    [],
  ],
  ['an unneeded entry that is missing', { records: records(record(R1), due) }, []],
  [
    'an unneeded entry that Sluice found and did not make',
    {
      records: records(record(R1), { ...due, found: true }),
      active: table(live(R1), live(R2, 'theirs')),
    },
    [],
  ],
  [
    'an entry that was removed and has come back',
    {
      records: records(record(R1), record(R2, { gone: NOW - 1_000 })),
      active: table(live(R1), live(R2)),
    },
    [expect.stringMatching(/^BIP492 yes route 10.244.2.0\/24: \+ .* is there again$/) as never],
  ],
  [
    'an entry with the mark that is in no journal',
    { active: table(live(R1), live(R2)) },
    [expect.stringMatching(/^BIP492 yes route 10.244.2.0\/24: \+ .* not in the journal/) as never],
  ],
  [
    'an entry with the mark that is in no journal and needed',
    { active: table(live(R1), live(R2)), needed: new Map([['east', new Set([P1, P2])]]) },
    [],
  ],
  [
    'an entry of another installation',
    {
      records: records(record(R1), record(R2, { owner: 'far/istio-system/gateway' })),
      active: table(live(R1)),
    },
    [],
  ],
  [
    'an entry without the mark',
    { active: table(live(R1), live(route('10.9.0.0/16', '192.0.2.1'), 'theirs')) },
    [],
  ],
];

test.each(CASES)('%s', (_what, over, expected) => {
  expect(told(over)).toEqual(expected);
});

test('many entries without a need wait for an approval, and no repair removes them', () => {
  const list = Array.from({ length: 5 }, (_, i) => route(`10.244.${i + 10}.0/24`, '192.0.2.12'));
  const found = pathDifferences(
    sight({
      records: records(record(R1), ...list.map((one) => record(one, { left: NOW - HOUR }))),
      active: table(live(R1), ...list.map((one) => live(one))),
    }),
  );
  expect(found.map(({ code, repairable }) => [code, repairable])).toEqual(
    list.map(() => ['BIP475', false]),
  );
  expect(found[0]?.message).toContain(`"sluice approve ${OWNER}"`);
});

describe('on the standby unit', () => {
  const tunnel = [fdb(MAC, '192.0.2.11'), arp(P1, MAC)];
  const both = {
    records: records(record(R1), ...tunnel.map((one) => record(one))),
    active: table(live(R1), ...tunnel.map((one) => live(one))),
  };

  test('as many unneeded entries may be removed as on the active unit, of all entries of the cluster', () => {
    const routes = Array.from({ length: 20 }, (_, i) => i + 1);
    const left = routes.slice(0, 4).map((i) => arp(`10.244.${i}.5`, MAC));
    const found = pathDifferences(
      sight({
        records: records(
          ...routes.map((i) => record(route(`10.244.${i}.0/24`, '192.0.2.11'))),
          ...left.map((one) => record(one, { left: NOW - HOUR, version: versionOf(0) })),
        ),
        active: table(...routes.map((i) => live(route(`10.244.${i}.0/24`, '192.0.2.11')))),
        peer: table(...left.map((one) => live(one))),
        needed: new Map([['east', new Set(routes.map((i) => `10.244.${i}.5`))]]),
      }),
    );
    expect(found.map(({ code, repairable }) => [code, repairable])).toEqual(
      left.map(() => ['BIP492', true]),
    );
  });

  test('routes are not missing, because they are synchronised', () => {
    expect(told({ ...both, peer: table(...tunnel.map((one) => live(one))) })).toEqual([]);
  });

  test('a record is missing by itself', () => {
    expect(told({ ...both, peer: table(live(tunnel[1]!)) })).toEqual([
      `BIP490 yes fdb ${TUNNEL} ${MAC} on the standby unit: - fdb ${MAC} at 192.0.2.11 on ${TUNNEL} (node n1) is not there`,
    ]);
  });

  test('a tunnel that is not configured any more is not missed', () => {
    expect(told({ ...both, tunnels: {}, peer: table() })).toEqual([]);
  });
});
