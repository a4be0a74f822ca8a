/** The member guard of Kubernetes nodes, member by member. */
import { describe, expect, test } from '@jest/globals';
import { drainCordoned } from '../../../shared/domain/express/cordon.ts';
import type { Node } from '../../../shared/domain/snapshot/objects.ts';
import { ingressOf } from '../../bench/world.ts';
import { exposure } from '../../fixtures/exposures.ts';
import { members } from './fixtures.ts';

const { objects } = ingressOf(1);

/** `10.0.0.1`, `10.0.0.1 cordoned`, `10.0.0.1 not-ready` */
function node(text: string): Node {
  const [address = '', state] = text.split(' ');
  return {
    meta: { ...objects.pods[0]!.meta, namespace: '', name: address },
    addresses: [{ type: 'InternalIP', address }],
    ready: state !== 'not-ready',
    unschedulable: state === 'cordoned',
  };
}

function judged(
  texts: readonly string[],
  nodes: readonly string[],
): { readonly members: readonly string[]; readonly stayed: readonly string[] } {
  const { exposures, stayed } = drainCordoned(
    [exposure({ members: members(texts) })],
    nodes.map(node),
  );
  return {
    members: exposures.flatMap((e) =>
      e.members.map(({ address, availability }) => `${address} ${availability}`),
    ),
    stayed,
  };
}

const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

describe('of the members of a pool', () => {
  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    [
      'one whose node is cordoned drains',
      [a, b],
      [`${a} cordoned`, b],
      [`${a} draining`, `${b} ready`],
    ],
    [
      'one that is out already stays out when its node is cordoned',
      [`${a} out`, b, c],
      [`${a} cordoned`, b, c],
      [`${a} out`, `${b} ready`, `${c} ready`],
    ],
    [
      'those that drain because their pods end are not counted for their nodes, however many they are',
      [`${a} draining`, `${b} draining`, c],
      [a, b, c, '10.0.0.9 cordoned'],
      [`${a} draining`, `${b} draining`, `${c} ready`],
    ],
    [
      'one that is ready on a node that is not counts as one that stays',
      [a, b],
      [`${a} cordoned`, `${b} not-ready`],
      [`${a} draining`, `${b} ready`],
    ],
  ])('%s', (_what, given, nodes, expected) => {
    expect(judged(given, nodes)).toEqual({ members: expected, stayed: [] });
  });

  test('where too many would go, only those stay whose nodes are in doubt', () => {
    expect(judged([a, `${b} draining`], [`${a} cordoned`, b])).toEqual({
      members: [`${a} ready`, `${b} draining`],
      stayed: [a],
    });
  });

  test('members that stay are reported in order', () => {
    expect(judged([b, a], [`${a} cordoned`, `${b} cordoned`]).stayed).toEqual([a, b]);
  });
});
