/** Which members are out of rotation, so that their removal may wait a little (decision 79). */
import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import type { Availability, Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { outOfRotation } from '../../../shared/domain/plan/out-of-rotation.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const [STAYS, GOES, GOES_TOO] = ['10.244.1.5', '10.244.1.6', '10.244.1.7'];
const WEST = 'west/istio-system/istio-ingressgateway';

const member = (address: string, availability: Availability): Exposure['members'][number] => ({
  address,
  port: 80,
  availability,
});
const pools = (leaving: Availability, over: Partial<Exposure> = {}): Exposure =>
  exposure({ members: [member(STAYS, 'ready'), member(GOES, leaving)], ...over });
const at = (exposures: readonly Exposure[], over: Partial<Slice> = {}): Slice =>
  slice(7, exposures, { settledSince: { epoch: 1, counter: 0 }, ...over });
const declare = (...slices: readonly Slice[]): DeclaredState =>
  planPartition('k8s', EMPTY_STATE, slices, { sameFleet: () => true, shareNodes: false }).next;
const node = (address: string, over: Partial<LiveNode> = {}): LiveNode => ({
  name: address,
  address,
  availability: 'draining',
  stamp: { cluster: 'east', version: { epoch: 1, counter: 7, generation: 1 } },
  ...over,
});
const ready = declare(at([pools('ready')]));
const leaves = at([pools('draining')]);
const out = [node(STAYS, { availability: 'ready' }), node(GOES)];

describe('a member that drains', () => {
  test('is out of rotation once its node is, whether or not its drain is declared', () => {
    expect(outOfRotation(leaves, ready, out)).toEqual([GOES]);
    expect(outOfRotation(leaves, declare(leaves), out)).toEqual([GOES]);
    expect(outOfRotation(leaves, ready, [node(GOES, { availability: 'out' })])).toEqual([GOES]);
  });

  test('is not while its node takes connections, is unknown, or was taken out by others', () => {
    for (const nodes of [
      [],
      [node(GOES, { availability: 'ready' })],
      [node(GOES, { stamp: undefined })],
      [node(GOES, { stamp: { cluster: 'west', version: node(GOES).stamp!.version } })],
    ])
      expect(outOfRotation(leaves, ready, nodes)).toEqual([]);
  });

  test('is not while it stays in the pool of another exposure', () => {
    const stays = pools('ready', { port: 9 });
    const both = at([pools('draining'), stays]);
    expect(outOfRotation(both, declare(at([pools('ready'), stays])), out)).toEqual([]);
  });

  test.each<[string, Partial<Exposure>]>([
    ['by persistence', { settings: { ...SETTINGS, persistence: ['cookie'] } }],
    ['by an LTM policy', { settings: { ...SETTINGS, policyEndpoint: ['/Common/sticky'] } }],
    ['by an iRule', { settings: { ...SETTINGS, iRules: ['/Common/sticky'] } }],
  ])('is not while clients can reach it %s', (_, over) => {
    const state = declare(at([pools('ready', over)]));
    expect(outOfRotation(at([pools('draining', over)]), state, out)).toEqual([]);
  });

  test('is not where a manual change of its exposure is kept', () => {
    const [key] = Object.keys(ready.exposures);
    const kept = { ...ready, overrides: { [key!]: {} } } as unknown as DeclaredState;
    expect(outOfRotation(leaves, kept, out)).toEqual([]);
  });

  test('is not where another owner has a member with its address', () => {
    const other = at([exposure({ port: 9, members: [member(GOES, 'draining')] })], {
      owner: WEST,
      clusterUid: 'uid-west',
    });
    const state = declare(at([pools('ready')]), other);
    expect(outOfRotation(leaves, state, out)).toEqual([]);
  });

  test('is not where nodes are shared', () => {
    expect(outOfRotation(leaves, { ...ready, shareNodes: true }, out)).toEqual([]);
  });

  test('is not reported to a watcher that does not expect it', () => {
    const old = slice(7, [pools('draining')]);
    expect(outOfRotation(old, ready, out)).toEqual([]);
  });
});

test('of two members that drain, none is reported before both are out', () => {
  const two = (availability: Availability): Exposure =>
    exposure({
      members: [member(STAYS, 'ready'), member(GOES, availability), member(GOES_TOO, availability)],
    });
  const state = declare(at([two('ready')]));
  const half = [...out, node(GOES_TOO, { availability: 'ready' })];
  expect(outOfRotation(at([two('draining')]), state, half)).toEqual([]);
  expect(outOfRotation(at([two('draining')]), state, [...out, node(GOES_TOO)])).toEqual([
    GOES,
    GOES_TOO,
  ]);
});
