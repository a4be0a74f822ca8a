/** The fences that wait in one process, and the clusters whose time must be stored for them. */
import { describe, expect, test } from '@jest/globals';
import { clustersWaiting, createFenceKeeper } from '../../../functions/apply/fences.ts';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { DeferredFences } from '../../../shared/domain/plan/deferred-fence.ts';
import type { Version } from '../../../shared/domain/revision.ts';

const EAST = 'east/istio-system/gw';
const WEST = 'west/istio-system/gw';
const version = (counter: number): Version => ({ epoch: 1, counter, generation: 1 });
/** Both owners at version 1, or the given one. */
const declared = (counter = 1): DeclaredState =>
  declaredState(
    Object.fromEntries(
      [EAST, WEST].map((owner) => [owner, { clusterUid: 'uid', version: version(counter) }]),
    ),
    [],
  );
/** Fences above version 1. */
const fences = (...of: readonly (readonly [string, number])[]): DeferredFences =>
  new Map(
    of.map(([owner, counter]) => [
      owner,
      { clusterUid: 'uid', version: version(counter), above: version(1), seen: '' },
    ]),
  );
const result = (
  deferred?: DeferredFences,
  more: Partial<PartitionResult> = {},
): PartitionResult => ({
  partition: 'k8s',
  entries: new Map(),
  rejections: new Map(),
  approved: [],
  declared: declared(),
  ...(deferred && { deferred }),
  ...more,
});
const REFUSED = { code: 'OWN305', reason: 'not ours' };

describe('the fences that wait for a device', () => {
  /** The waiting fences of the partition after these results, in order. */
  const keptAfter = (...runs: readonly PartitionResult[]): readonly string[] => {
    const keeper = createFenceKeeper();
    for (const one of runs) keeper.note('bigip-1', [one]);
    return [...(keeper.of('bigip-1').get('k8s') ?? [])].map(
      ([owner, fence]) => `${owner.split('/')[0]} ${fence.version.counter}`,
    );
  };
  test.each<[string, readonly PartitionResult[], readonly string[]]>([
    ['are none at first', [], []],
    ['are kept', [result(fences([EAST, 2]))], ['east 2']],
    [
      'are not kept if members drain in these versions, because others would declare the old state',
      [
        result(
          new Map([...fences([EAST, 2])].map(([key, one]) => [key, { ...one, draining: true }])),
        ),
      ],
      [],
    ],
    ['stay after a run that adds none', [result(fences([EAST, 2])), result()], ['east 2']],
    [
      'are those of every owner, the newest of each',
      [result(fences([EAST, 2], [WEST, 2])), result(fences([EAST, 3]))],
      ['east 3', 'west 2'],
    ],
    [
      'are none once their owners are declared at these versions',
      [result(fences([EAST, 2])), result(undefined, { declared: declared(2) })],
      [],
    ],
    [
      'stay while the partition cannot be read, since nothing is known about it',
      [result(fences([EAST, 2])), result(undefined, { refused: REFUSED, declared: EMPTY_STATE })],
      ['east 2'],
    ],
  ])('%s', (_, runs, expected) => {
    expect(keptAfter(...runs)).toEqual(expected);
  });

  test('are kept by device and partition', () => {
    const keeper = createFenceKeeper();
    keeper.note('bigip-1', [
      result(fences([EAST, 2])),
      result(fences([EAST, 3]), { partition: 'edge' }),
    ]);
    keeper.note('bigip-2', [result(fences([WEST, 4]))]);
    const counters = (device: string, partition: string): readonly number[] =>
      [...(keeper.of(device).get(partition)?.values() ?? [])].map((one) => one.version.counter);
    expect([
      counters('bigip-1', 'k8s'),
      counters('bigip-1', 'edge'),
      counters('bigip-2', 'k8s'),
      counters('bigip-2', 'edge'),
    ]).toEqual([[2], [3], [4], []]);
  });
});

describe('the clusters whose fences wait', () => {
  test('are named once, whatever the number of owners and partitions', () => {
    const other = result(fences(['east/a/b', 2], [WEST, 2]), { partition: 'edge' });
    expect(clustersWaiting([result(fences([EAST, 2])), other])).toEqual(['east', 'west']);
  });

  test('are none without fences', () => {
    expect(clustersWaiting([result(), result(new Map())])).toEqual([]);
  });
});
