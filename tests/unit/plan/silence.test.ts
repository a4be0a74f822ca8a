import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type {
  Heard,
  SilentCluster,
  SilencePolicy,
} from '../../../shared/domain/steering/silence.ts';
import {
  describeSilence,
  findSilent,
  silenceNotes,
  silentClusters,
} from '../../../shared/domain/steering/silence.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const T = Date.parse('2026-01-01T00:00:00.000Z');
const minutes = (n: number): number => T + n * 60_000;
const ready = (n: number): Slice['exposures'][number]['members'] => [
  { address: `10.${n}.0.1`, port: 1, availability: 'ready' },
];
const of = (
  cluster: string,
  counter: number,
  ports: readonly number[],
  members = ready(cluster.length),
): Slice =>
  slice(
    counter,
    ports.map((port) => exposure({ port, members })),
    { owner: `${cluster}/istio-system/gateway`, clusterUid: `uid-${cluster}` },
  );

/** Slices with the minute at which they arrived. */
function heard(...slices: readonly (readonly [minute: number, slice: Slice])[]): DeclaredState {
  return slices.reduce<DeclaredState>(
    (state, [minute, one]) =>
      planPartition('k8s', state, [one], { sameFleet: () => true, now: minutes(minute) }).next,
    EMPTY_STATE,
  );
}
const steered = (state: DeclaredState, order: Record<string, unknown>): DeclaredState =>
  planPartition('k8s', state, [], {
    sameFleet: () => true,
    now: minutes(20),
    orders: [{ steering: { device: 'd', ...order } as Steering, at: minutes(20) }],
  }).next;
const policies = (whenSilent: SilencePolicy['whenSilent'] = 'drain'): readonly SilencePolicy[] =>
  ['east', 'west', 'north'].map((cluster) => ({ cluster, silentAfter: 900, whenSilent }));
const at20 = (
  states: readonly DeclaredState[],
  whenSilent?: SilencePolicy['whenSilent'],
): readonly SilentCluster[] => silentClusters(states, policies(whenSilent), minutes(20));

const shared = heard([0, of('east', 1, [1])], [18, of('west', 1, [1])]);

describe('a cluster that is not heard', () => {
  test('for longer than silentAfter is silent; just as long is not', () => {
    expect(silentClusters([shared], policies('report'), minutes(15))).toEqual([]);
    expect(silentClusters([shared], policies('report'), minutes(15) + 1)).toEqual([
      {
        cluster: 'east',
        seen: '2026-01-01T00:00:00.000Z',
        exposures: ['172.16.100.195:1/tcp'],
        alone: [],
      },
    ]);
  });

  test('in one partition of a device is not silent if another partition has newer events', () => {
    expect(at20([shared, heard([10, of('east', 2, [5])])])).toEqual([]);
  });

  test('has nothing to be reported for once nothing of it is left', () => {
    expect(
      at20([heard([0, of('east', 1, [1])], [1, { ...of('east', 2, []), removed: true }])]),
    ).toEqual([]);
  });

  test('is unknown for old records without a time', () => {
    const old = {
      ...shared,
      owners: Object.fromEntries(
        Object.entries(shared.owners).map(([owner, { seen: _seen, ...record }]) => [owner, record]),
      ),
    };
    expect(at20([old])).toEqual([]);
  });

  test('is drained where policy says so and others serve everything', () => {
    const [one] = at20([shared]);
    expect(one?.order).toEqual({
      action: 'drain',
      cluster: 'east',
      mode: 'drain',
      because:
        'silent since 2026-01-01T00:00:00.000Z, which is longer than clusters[].silentAfter (900 s)',
      silent: { seen: '2026-01-01T00:00:00.000Z', speaking: ['west'] },
    });
  });

  /** Red without `alone` in `judge` (silence.ts). */
  test.each<[string, readonly DeclaredState[]]>([
    ['it serves something alone', [heard([0, of('east', 1, [1, 2])], [18, of('west', 1, [1])])]],
    ['it serves something alone in another partition', [shared, heard([0, of('east', 1, [9])])]],
    ['the other one is silent too', [heard([0, of('east', 1, [1])], [1, of('west', 1, [1])])]],
    [
      'the other one is drained',
      [steered(shared, { action: 'drain', cluster: 'west', mode: 'drain', because: 'x' })],
    ],
    [
      'the other one has no member that accepts connections',
      [
        heard(
          [0, of('east', 1, [1])],
          [18, of('west', 1, [1], [{ address: '10.4.0.1', port: 1, availability: 'draining' }])],
        ),
      ],
    ],
  ])('is left in rotation where %s', (_where, states) => {
    const east = at20(states).find(({ cluster }) => cluster === 'east');
    expect(east).toBeDefined();
    expect(east).not.toHaveProperty('order');
  });

  test('is drained only once, and enabled again when its replacements are silent as well', () => {
    const order = {
      action: 'drain',
      cluster: 'east',
      mode: 'drain',
      because: 'silent',
      silent: { seen: '2026-01-01T00:00:00.000Z', speaking: ['west'] },
    };
    const drained = steered(shared, order);
    expect(drained.drains).toMatchObject({ east: { silent: true } });
    expect(at20([drained])[0]).not.toHaveProperty('order');
    const both = silentClusters([drained], policies(), minutes(60));
    expect(both.map(({ cluster, order: given }) => [cluster, given])).toEqual([
      ['east', { action: 'enable', cluster: 'east', silent: true }],
      ['west', undefined],
    ]);
  });

  test('and that people drained stays drained', () => {
    const drained = steered(shared, {
      action: 'drain',
      cluster: 'east',
      mode: 'drain',
      because: 'update',
    });
    for (const now of [20, 60])
      expect(
        silentClusters([drained], policies(), minutes(now)).find(
          ({ cluster }) => cluster === 'east',
        ),
      ).not.toHaveProperty('order');
  });

  test('is noted only in the results of owners that share exposures with it', () => {
    const states = [
      heard([0, of('east', 1, [1])], [18, of('west', 1, [1])], [18, of('north', 1, [7])]),
    ];
    const notes = (cluster: string): readonly object[] =>
      silenceNotes(`${cluster}/istio-system/gateway`, states, at20(states));
    expect(notes('west')).toEqual([
      {
        object: 'Service istio-system/gateway',
        code: 'OWN331',
        message:
          'cluster east, which shares 172.16.100.195:1/tcp, has sent no event since ' +
          '2026-01-01T00:00:00.000Z; its members stay as last declared, and monitors check ' +
          'them',
      },
    ]);
    expect([notes('north'), notes('east')]).toEqual([[], []]);
  });

  test('is described with its consequences', () => {
    const words = (states: readonly DeclaredState[], now = 20): string | undefined =>
      silentClusters(states, policies(), minutes(now)).map(describeSilence)[0];
    expect(words([shared])).toContain('It is drained until it sends events again');
    expect(words([shared])).toContain('with members in 1 exposure;');
    const more = words([heard([0, of('east', 1, [1, 2])], [18, of('west', 1, [1])])]);
    expect(more).toContain('with members in 2 exposures;');
    expect(more).toContain('no other active cluster serves 1 of them (172.16.100.195:2/tcp)');
    expect(
      words([
        steered(shared, { action: 'drain', cluster: 'east', mode: 'out', because: 'update' }),
      ]),
    ).toContain('It has been out since 2026-01-01T00:20:00.000Z: update');
  });
});

describe('what was heard outside of the declaration', () => {
  const at = (minute: number): string => new Date(minutes(minute)).toISOString();
  const drained = (heardNow: Heard): DeclaredState => {
    const silent = { seen: at(0), speaking: ['west'] };
    const order = { action: 'drain', device: 'd', cluster: 'east', mode: 'drain', because: 's' };
    return planPartition('k8s', shared, [], {
      sameFleet: () => true,
      now: minutes(20),
      heard: heardNow,
      orders: [{ steering: { ...order, silent } as Steering, at: minutes(20) }],
    }).next;
  };

  test('ends the silence if it is newer, and changes nothing if it is older', () => {
    const silentWith = (minute: number): readonly SilentCluster[] =>
      silentClusters([shared], policies(), minutes(20), new Map([['east', at(minute)]]));
    expect(silentWith(5)).toEqual([]);
    expect(silentWith(4)).toMatchObject([{ cluster: 'east', seen: at(4) }]);
    const [older] = silentClusters([shared], policies(), minutes(20), new Map([['east', at(-1)]]));
    expect(older?.seen).toBe(at(0));
  });

  test('is asked for only if a cluster would be silent without it', async () => {
    let asked = 0;
    const ask = (): Promise<Heard> => Promise.resolve(((asked += 1), new Map()));
    expect(await findSilent([shared], policies(), minutes(15), ask)).toEqual([]);
    expect(asked).toBe(0);
    expect(await findSilent([shared], policies(), minutes(20), ask)).toHaveLength(1);
    expect(asked).toBe(1);
  });

  test('makes the silence unknown if it cannot be read, which is reported without an order or a note', () => {
    const all = silentClusters([shared], policies(), minutes(20), 'unknown');
    expect(all).toEqual([expect.objectContaining({ cluster: 'east', unknown: true })]);
    expect(all[0]).not.toHaveProperty('order');
    expect(all.map(describeSilence)[0]).toMatch(/^it is unknown whether it is silent/);
    expect(silenceNotes('west/istio-system/gateway', [shared], all)).toEqual([]);
  });

  test('also voids an order to drain that is carried out later', () => {
    expect(drained(new Map()).drains).toMatchObject({ east: { silent: true } });
    expect(drained(new Map([['east', at(0)]])).drains).toMatchObject({ east: { silent: true } });
    expect(drained(new Map([['east', at(1)]])).drains).toBeUndefined();
    expect(drained('unknown').drains).toBeUndefined();
  });
});
