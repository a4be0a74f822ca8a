import { describe, expect, test } from '@jest/globals';
import {
  drainingAddresses,
  nodeReconciliation,
  nodesToEnable,
} from '../../../shared/domain/express/reconcile.ts';
import { formatStamp, parseStamp } from '../../../shared/domain/express/stamp.ts';
import type { Declared } from './fixtures.ts';
import { declared, EAST, INNER, node, version, WEST } from './fixtures.ts';

/** `10.0.0.1 ready east 2` for each write. */
function writes(state: Declared, nodes: readonly string[]): string[] {
  return nodeReconciliation(declared(state), nodes.map(node)).map(
    ({ address, availability, stamp }) =>
      `${address} ${availability} ${stamp.cluster} ${stamp.version.counter}`,
  );
}

describe('nodes are brought to what is declared', () => {
  test.each<[string, Declared, string, string[]]>([
    [
      'a drained node of a ready member is restored',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }] },
      '10.0.0.1 draining east 4',
      ['10.0.0.1 ready east 5'],
    ],
    [
      'a node that was forced out is restored',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }] },
      '10.0.0.1 out east 5',
      ['10.0.0.1 ready east 5'],
    ],
    [
      "a node without Sluice's stamp, too",
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }] },
      '10.0.0.1 draining',
      ['10.0.0.1 ready east 5'],
    ],
    [
      'a draining member is drained',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1 draining'] }] },
      '10.0.0.1',
      ['10.0.0.1 draining east 5'],
    ],
    [
      'a node that is right already is not written',
      { pools: [{ [EAST]: ['10.0.0.1 draining'] }] },
      '10.0.0.1 draining',
      [],
    ],
    [
      'a node ahead of its slice stays',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }] },
      '10.0.0.1 draining east 6',
      [],
    ],
    [
      'even when it was restored ahead',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1 draining'] }] },
      '10.0.0.1 ready east 6',
      [],
    ],
    [
      'the stamp of another cluster delays no member',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }] },
      '10.0.0.1 draining west 9',
      ['10.0.0.1 ready east 5'],
    ],
    ['a node that nothing declared uses stays', { pools: [] }, '10.0.0.1 draining', []],
    [
      'a node drains only if every pool that uses it drains it',
      { pools: [{ [EAST]: ['10.0.0.1 draining'] }, { [EAST]: ['10.0.0.1'] }] },
      '10.0.0.1',
      [],
    ],
    [
      'the members of a drained cluster drain',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }], drained: ['east'] },
      '10.0.0.1',
      ['10.0.0.1 draining east 5'],
    ],
    [
      'those of a cluster that is out are forced out',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1 draining'] }], out: ['east'] },
      '10.0.0.1 draining',
      ['10.0.0.1 out east 5'],
    ],
    [
      'an address that two clusters use is drained as far as both agree',
      {
        at: { [EAST]: 5 },
        pools: [{ [EAST]: ['10.0.0.1'], [WEST]: ['10.0.0.1'] }],
        out: ['east'],
        drained: ['west'],
      },
      '10.0.0.1',
      ['10.0.0.1 draining east 5'],
    ],
    [
      'and not at all if one of them is enabled',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'], [WEST]: ['10.0.0.1'] }], out: ['east'] },
      '10.0.0.1',
      [],
    ],
    [
      'a drain applies to a node that express restored ahead, and keeps its stamp',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }], drained: ['east'] },
      '10.0.0.1 ready east 6',
      ['10.0.0.1 draining east 6'],
    ],
    [
      'but it restores no node that express took out',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }], drained: ['east'] },
      '10.0.0.1 out east 6',
      [],
    ],
  ])('%s', (_name, state, live, expected) => {
    expect(writes(state, [live])).toEqual(expected);
  });

  test('a cordon that one ingress declares already is not undone by the older slice of another', () => {
    const pools = [{ [EAST]: ['10.0.0.1 draining'] }, { [INNER]: ['10.0.0.1'] }];
    expect(writes({ at: { [EAST]: 6, [INNER]: 3 }, pools }, ['10.0.0.1 draining east 6'])).toEqual(
      [],
    );
    // After it declared, and while it still wants the node, it counts.
    expect(writes({ at: { [EAST]: 6, [INNER]: 7 }, pools }, ['10.0.0.1 draining east 6'])).toEqual([
      '10.0.0.1 ready east 6',
    ]);
  });

  test('what is restored for several ingresses can be drained only when each of them wants it', () => {
    const state = {
      at: { [EAST]: 9, [INNER]: 3 },
      pools: [{ [EAST]: ['10.0.0.1 draining'] }, { [INNER]: ['10.0.0.1'] }],
    };
    const [restored = ''] = writes(state, ['10.0.0.1 draining']);
    expect(restored).toBe('10.0.0.1 ready east 3');
    expect(writes({ ...state, at: { [EAST]: 10, [INNER]: 3 } }, [restored])).toEqual([]);
  });

  test('repeating it changes nothing', () => {
    const state = {
      at: { [EAST]: 5, [WEST]: 2 },
      pools: [{ [EAST]: ['10.0.0.1', '10.0.0.2 draining'], [WEST]: ['10.0.0.1'] }],
    };
    const first = writes(state, ['10.0.0.1 out', '10.0.0.2']);
    expect(first).toHaveLength(2);
    expect(writes(state, first)).toEqual([]);
  });

  test('an address drains only if every use of it does', () => {
    const state = declared({
      pools: [
        { [EAST]: ['10.0.0.1 draining', '10.0.0.2 draining', '10.0.0.3'] },
        { [EAST]: ['10.0.0.2'] },
      ],
    });
    expect([...drainingAddresses(state)]).toEqual(['10.0.0.1']);
  });
});

describe('before a declare', () => {
  const enabled = (state: Declared, live: string): string[] =>
    nodesToEnable(declared(state), [node(live)]).map(
      ({ address, availability }) => `${address} ${availability}`,
    );

  test.each<[string, Declared, string, string[]]>([
    [
      'a node is enabled that drained for the pod before, so that the new one is reached at once',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1'] }, { [INNER]: ['10.0.0.1'] }] },
      '10.0.0.1 out east 4',
      ['10.0.0.1 ready'],
    ],
    [
      'a node is not enabled while one of its uses drains',
      { pools: [{ [EAST]: ['10.0.0.1 draining'] }, { [INNER]: ['10.0.0.1'] }] },
      '10.0.0.1 draining',
      [],
    ],
    [
      'a node that is to drain is left until after it',
      { at: { [EAST]: 5 }, pools: [{ [EAST]: ['10.0.0.1 draining'] }] },
      '10.0.0.1 out east 4',
      [],
    ],
  ])('%s', (_name, state, live, expected) => {
    expect(enabled(state, live)).toEqual(expected);
  });
});

describe('a stamp', () => {
  test('comes back as it was written', () => {
    const stamp = {
      cluster: 'east-1',
      version: { epoch: 1_767_225_600_000, counter: 42, generation: 1_767_225_600 },
    };
    expect(parseStamp(formatStamp(stamp))).toEqual(stamp);
  });

  test.each([
    undefined,
    '',
    'put out of service by the night shift',
    'sluice east',
    'sluice east 1.2',
    'sluice east 1.2.3 4',
  ])('is not read from %j', (text) => {
    expect(parseStamp(text)).toBeUndefined();
  });

  test('orders by all of its version', () => {
    expect(parseStamp('sluice east 1.2.3')).toEqual({
      cluster: 'east',
      version: { ...version(2), generation: 3 },
    });
  });
});
