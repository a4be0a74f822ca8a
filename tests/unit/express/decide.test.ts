import { describe, expect, test } from '@jest/globals';
import type { ExpressDecision } from '../../../shared/domain/express/decide.ts';
import { decideExpress } from '../../../shared/domain/express/decide.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import type { Declared } from './fixtures.ts';
import { declared, EAST, event, INNER, node, version, WEST } from './fixtures.ts';

interface Given extends Declared {
  readonly nodes: readonly string[];
  readonly events: readonly Express[];
}

function decide({ nodes, events, ...rest }: Given): readonly ExpressDecision[] {
  return decideExpress({ events, declared: declared(rest), nodes: nodes.map(node) });
}

/** `10.0.0.1 write` for each decision, in order. */
const verdicts = (given: Given): string[] =>
  decide(given).map(({ change, verdict }) => `${change.address} ${verdict}`);
const reasons = (given: Given): string[] => decide(given).map(({ reason }) => reason);

const two = { pools: [{ [EAST]: ['10.0.0.1', '10.0.0.2'] }], nodes: ['10.0.0.1', '10.0.0.2'] };
const four = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];

describe('a member that leaves', () => {
  test('is written with its revision, and only it', () => {
    const [decision] = decide({ ...two, events: [event(2, ['10.0.0.1 terminating'])] });
    expect(decision).toEqual({
      owner: EAST,
      change: expect.objectContaining({ address: '10.0.0.1' }),
      verdict: 'write',
      reason: 'terminating',
      write: {
        name: '10.0.0.1',
        address: '10.0.0.1',
        availability: 'draining',
        stamp: { cluster: 'east', version: version(2) },
      },
    });
  });

  test.each<[string, Given, string]>([
    [
      'is left to its slice if nothing of its owner is declared yet',
      { pools: [], nodes: ['10.0.0.1'], events: [event(2, ['10.0.0.1'])] },
      'left',
    ],
    [
      'is left if no declared pool has it',
      {
        pools: [{ [EAST]: ['10.0.0.2'] }],
        nodes: ['10.0.0.1', '10.0.0.2'],
        events: [event(2, ['10.0.0.1'])],
      },
      'left',
    ],
    [
      'is left if the partition has no such node, for instance because it is in Common',
      { ...two, nodes: ['10.0.0.2'], events: [event(2, ['10.0.0.1'])] },
      'left',
    ],
    [
      'is left if another cluster is declared under the id',
      { ...two, events: [event(2, ['10.0.0.1'], { clusterUid: 'uid-rebuilt' })] },
      'left',
    ],
    [
      'is superseded if a newer revision is declared',
      { ...two, at: { [EAST]: 3 }, events: [event(2, ['10.0.0.1'])] },
      'superseded',
    ],
    [
      'is written if the same revision is declared',
      { ...two, at: { [EAST]: 2 }, events: [event(2, ['10.0.0.1'])] },
      'write',
    ],
    [
      'is superseded if a newer revision wrote the node',
      { ...two, nodes: ['10.0.0.1 ready east 3', '10.0.0.2'], events: [event(2, ['10.0.0.1'])] },
      'superseded',
    ],
    [
      'is written if an older revision wrote the node',
      { ...two, nodes: ['10.0.0.1 ready east 1', '10.0.0.2'], events: [event(2, ['10.0.0.1'])] },
      'write',
    ],
    [
      'is written if another cluster wrote the node before',
      { ...two, nodes: ['10.0.0.1 ready west 9', '10.0.0.2'], events: [event(2, ['10.0.0.1'])] },
      'write',
    ],
    [
      'is unchanged if the same revision wrote it already',
      { ...two, nodes: ['10.0.0.1 draining east 2', '10.0.0.2'], events: [event(2, ['10.0.0.1'])] },
      'unchanged',
    ],
    [
      'is stamped again if an older revision wrote it, so that revisions in between are late',
      { ...two, nodes: ['10.0.0.1 draining east 1', '10.0.0.2'], events: [event(2, ['10.0.0.1'])] },
      'write',
    ],
    [
      'is unchanged if the declared state says the same',
      {
        pools: [{ [EAST]: ['10.0.0.1 draining', '10.0.0.2'] }],
        nodes: ['10.0.0.1 draining east 1', '10.0.0.2'],
        events: [event(2, ['10.0.0.1'])],
      },
      'unchanged',
    ],
  ])('%s', (_name, given, verdict) => {
    expect(verdicts(given)).toEqual([`10.0.0.1 ${verdict}`]);
  });

  test('comes back with a newer revision, and is not written while its cluster is drained by hand', () => {
    const drained = {
      pools: [{ [EAST]: ['10.0.0.1 draining', '10.0.0.2'] }],
      nodes: ['10.0.0.1 draining east 2', '10.0.0.2'],
      events: [event(3, ['10.0.0.1 back'])],
    };
    expect(decide(drained)[0]?.write).toMatchObject({
      availability: 'ready',
      stamp: { version: version(3) },
    });
    expect(verdicts({ ...drained, drained: ['east'] })).toEqual(['10.0.0.1 left']);
  });
});

describe('an address that others use too', () => {
  const shared = (owner: string): Given => ({
    pools: [{ [EAST]: ['10.0.0.1', '10.0.0.2'] }, { [owner]: ['10.0.0.1', '10.0.0.3'] }],
    nodes: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    events: [],
  });

  test.each([
    [INNER, 'terminating', 'left'],
    [INNER, 'unready', 'left'],
    [INNER, 'cordoned', 'write'],
    [INNER, 'node-not-ready', 'write'],
    [INNER, 'back', 'unchanged'],
    [WEST, 'terminating', 'left'],
    [WEST, 'cordoned', 'left'],
    [WEST, 'back', 'left'],
  ])('used by %s and %s here: %s', (owner, because, verdict) => {
    expect(verdicts({ ...shared(owner), events: [event(2, [`10.0.0.1 ${because}`])] })).toEqual([
      `10.0.0.1 ${verdict}`,
    ]);
  });

  test('identifies itself', () => {
    expect(reasons({ ...shared(WEST), events: [event(2, ['10.0.0.1'])] })).toEqual([
      `${WEST} uses 10.0.0.1 too`,
    ]);
  });

  test('is written once, by the newest of several ingresses of its cluster, whatever their order', () => {
    const events = [event(3, ['10.0.0.1 back']), event(2, ['10.0.0.1 cordoned'], { owner: INNER })];
    const given = { ...shared(INNER), nodes: ['10.0.0.1 draining east 1', '10.0.0.2', '10.0.0.3'] };
    for (const order of [events, events.toReversed()]) {
      const writes = decide({ ...given, events: order }).flatMap(({ write }) => write ?? []);
      expect(writes).toMatchObject([
        { address: '10.0.0.1', availability: 'ready', stamp: { version: version(3) } },
      ]);
    }
  });
});

describe('the newest event for a node', () => {
  test('is not that of an ingress outside of these pools', () => {
    const events = [event(2, ['10.0.0.1 cordoned']), event(3, ['10.0.0.1 back'], { owner: INNER })];
    expect(verdicts({ pools: [{ [EAST]: four }], nodes: four, events })).toEqual([
      '10.0.0.1 write',
      '10.0.0.1 left',
    ]);
  });

  test('takes the place of older ones even where the guard keeps the node', () => {
    const events = [
      event(2, ['10.0.0.1 cordoned']),
      event(3, ['10.0.0.1 cordoned'], { owner: INNER }),
    ];
    expect(
      verdicts({
        pools: [{ [EAST]: ['10.0.0.1'] }, { [INNER]: ['10.0.0.1'] }],
        nodes: ['10.0.0.1'],
        events,
      }),
    ).toEqual(['10.0.0.1 superseded', '10.0.0.1 left']);
  });

  test('leaves the mark that the ratio of the node is ours', () => {
    const stamped = {
      ...node('10.0.0.1'),
      stamp: { cluster: 'east', version: version(1), ratio: 40 },
    };
    const [decision] = decideExpress({
      events: [event(2, ['10.0.0.1'])],
      declared: declared(two),
      nodes: [stamped, node('10.0.0.2')],
    });
    expect(decision?.write?.stamp).toEqual({ cluster: 'east', version: version(2), ratio: 40 });
  });
});

describe('the member guard', () => {
  test.each<[string, Given, readonly string[]]>([
    [
      'one that returns is never held, even as the only one',
      {
        pools: [{ [EAST]: ['10.0.0.1 draining'] }],
        nodes: ['10.0.0.1 draining east 1'],
        events: [event(2, ['10.0.0.1 back'])],
      },
      ['10.0.0.1 write'],
    ],
    [
      'one that is out already does not allow another to go',
      {
        pools: [{ [EAST]: ['10.0.0.1', '10.0.0.2'] }],
        nodes: ['10.0.0.1 out east 2', '10.0.0.2'],
        events: [event(2, ['10.0.0.1 unready', '10.0.0.2 terminating'])],
      },
      ['10.0.0.1 unchanged', '10.0.0.2 left'],
    ],
    [
      'one that the declaration drains does not allow another to go',
      {
        pools: [{ [EAST]: ['10.0.0.1', '10.0.0.2 draining'] }],
        nodes: ['10.0.0.1', '10.0.0.2'],
        events: [event(2, ['10.0.0.1 terminating'])],
      },
      ['10.0.0.1 left'],
    ],
    [
      'pods that ended before are not counted as in doubt',
      {
        pools: [{ [EAST]: ['10.0.0.2', '10.0.0.3'] }],
        nodes: ['10.0.0.2', '10.0.0.3'],
        events: [event(2, ['10.0.0.1 terminating', '10.0.0.2 unready'])],
      },
      ['10.0.0.1 left', '10.0.0.2 write'],
    ],
  ])('%s', (_what, given, expected) => {
    expect(verdicts(given)).toEqual(expected);
  });

  test('names the first of the pools that would lose too many', () => {
    expect(
      reasons({
        pools: [{ [EAST]: ['10.0.0.1'] }, { [EAST]: ['10.0.0.1'] }],
        nodes: ['10.0.0.1'],
        events: [event(2, ['10.0.0.1 cordoned'])],
      }),
    ).toEqual([expect.stringContaining('172.16.0.1:1000/tcp')]);
  });

  const pool = (size: number): Pick<Given, 'pools' | 'nodes'> => ({
    pools: [{ [EAST]: four.slice(0, size) }],
    nodes: four.slice(0, size),
  });
  const leaving = (because: string, count: number): Express =>
    event(
      2,
      four.slice(0, count).map((address) => `${address} ${because}`),
    );
  const written = (given: Given): number =>
    decide(given).filter(({ verdict }) => verdict === 'write').length;

  test.each([
    // Up to half of a pool of four, if Kubernetes reports them.
    ['unready', 4, 1, 1],
    ['unready', 4, 2, 2],
    ['unready', 4, 3, 0],
    ['cordoned', 4, 2, 2],
    ['node-not-ready', 4, 3, 0],
    ['cordoned', 1, 1, 0],
    ['unready', 2, 2, 0],
    // All terminating members leave, except the last one.
    ['terminating', 4, 3, 3],
    ['terminating', 4, 4, 0],
    ['terminating', 1, 1, 0],
  ])('%s, in a pool of %i: of %i that would leave, %i do', (because, size, count, expected) => {
    expect(written({ ...pool(size), events: [leaving(because, count)] })).toBe(expected);
  });

  test('counts those that left before, so that a pool does not melt one by one', () => {
    const events = [event(5, ['10.0.0.1 unready', '10.0.0.2 unready', '10.0.0.3 unready'])];
    // The first two are no longer declared as ready.
    expect(
      verdicts({
        pools: [{ [EAST]: ['10.0.0.3', '10.0.0.4'] }],
        nodes: ['10.0.0.3', '10.0.0.4'],
        events,
      }),
    ).toEqual(['10.0.0.1 left', '10.0.0.2 left', '10.0.0.3 left']);
  });

  test('counts them too if terminating pods were reported ahead of the next snapshot', () => {
    const stillThere = [...four.slice(2), '10.0.0.5', '10.0.0.6'];
    const events = [
      event(5, ['10.0.0.1 unready', '10.0.0.2 unready', '10.0.0.3 unready']),
      event(6, ['10.0.0.6 terminating'], { ahead: true }),
    ];
    expect(verdicts({ pools: [{ [EAST]: stillThere }], nodes: stillThere, events })).toEqual([
      '10.0.0.1 left',
      '10.0.0.2 left',
      '10.0.0.3 left',
      '10.0.0.6 write',
    ]);
  });

  test('counts only members that take connections now as staying', () => {
    expect(
      verdicts({
        pools: [{ [EAST]: ['10.0.0.1', '10.0.0.2'] }],
        nodes: ['10.0.0.1', '10.0.0.2 draining east 1'],
        events: [event(2, ['10.0.0.1 terminating'])],
      }),
    ).toEqual(['10.0.0.1 left']);
  });

  test('checks every pool: if one would lose too many, all keep the member', () => {
    const given = {
      pools: [{ [EAST]: four }, { [EAST]: ['10.0.0.1'] }],
      nodes: four,
      events: [leaving('cordoned', 1)],
    };
    expect(verdicts(given)).toEqual(['10.0.0.1 left']);
    expect(reasons(given)).toEqual([
      expect.stringMatching(
        /172\.16\.0\.1:1001\/tcp.*more than half of it, or its last member.*monitors judge/,
      ),
    ]);
  });

  test('checks the pools of other ingresses too', () => {
    expect(
      verdicts({
        pools: [{ [EAST]: four }, { [INNER]: ['10.0.0.1'] }],
        nodes: four,
        events: [leaving('cordoned', 1)],
      }),
    ).toEqual(['10.0.0.1 left']);
  });

  test("another cluster's members in the same pool keep it going", () => {
    expect(
      verdicts({
        pools: [{ [EAST]: ['10.0.0.1'], [WEST]: ['10.9.0.1'] }],
        nodes: ['10.0.0.1', '10.9.0.1'],
        events: [leaving('terminating', 1)],
      }),
    ).toEqual(['10.0.0.1 write']);
  });

  test('keeps a terminating pod until its successor is declared, so that the pool is not empty in between', () => {
    const alone = {
      pools: [{ [EAST]: ['10.0.0.1'] }],
      nodes: ['10.0.0.1'],
      events: [event(2, ['10.0.0.1 terminating', '10.0.0.2 back'])],
    };
    expect(verdicts(alone)).toEqual(['10.0.0.1 left', '10.0.0.2 left']);
    expect(
      verdicts({
        ...alone,
        pools: [{ [EAST]: ['10.0.0.1', '10.0.0.2'] }],
        nodes: ['10.0.0.1', '10.0.0.2'],
      }),
    ).toEqual(['10.0.0.1 write', '10.0.0.2 unchanged']);
  });

  test('an unready pod that stays counts as a member, so a terminating one may leave', () => {
    expect(
      verdicts({ ...pool(2), events: [event(2, ['10.0.0.1 unready', '10.0.0.2 terminating'])] }),
    ).toEqual(['10.0.0.1 left', '10.0.0.2 write']);
  });
});
