/** Which changes do not wait for the answer to the last snapshot. */
import { expect, test } from '@jest/globals';
import type { CacheChange } from '../../../functions/watch/cache/cluster-index.ts';
import { isUrgent } from '../../../functions/watch/emit/urgency.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import { gatewayPod } from '../../fixtures/kubernetes.ts';

type State = 'runs' | 'ends' | undefined;
const pod = (state: State): CacheChange['before'] =>
  state && { of: 'pods', object: gatewayPod({ terminating: state === 'ends' }) };
const change = (what: Change['what'], before: State, now: State): CacheChange =>
  ({ change: { what }, before: pod(before), observed: pod(now) }) as CacheChange;

test.each<[string, CacheChange, boolean, boolean]>([
  ['a pod that begins to terminate', change('updated', 'runs', 'ends'), false, true],
  ['a pod that is first seen while it terminates', change('added', undefined, 'ends'), false, true],
  ['a pod that is still terminating', change('updated', 'ends', 'ends'), false, false],
  [
    'a pod that is deleted without terminating first',
    change('deleted', 'runs', 'runs'),
    true,
    true,
  ],
  ['the deletion of a pod that continues to drain', change('deleted', 'ends', 'ends'), true, false],
  ['the deletion of a pod that does not drain', change('deleted', 'ends', 'ends'), false, true],
  ['a running pod', change('updated', 'runs', 'runs'), false, false],
])('%s', (_, noticed, stays, urgent) => {
  expect(isUrgent(noticed, stays)).toBe(urgent);
});
