/** `devices[].shareNodes`: members that another program also has, with its nodes in /Common. */
import { describe, expect, test } from '@jest/globals';
import { applyGroup } from '../../../functions/apply/group.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planDevice } from '../../../shared/domain/plan/device-plan.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const sameFleet = (): boolean => false;
const first = slice(1, [exposure()]);
const second = slice(2, [exposure(), exposure({ port: 9 })]);
const job = (device: ReturnType<typeof memoryDevice>, shareNodes: boolean) => ({
  device,
  partitions: ['k8s'],
  sameFleet,
  clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
  hasTime: () => true,
  ...(shareNodes && { shareNodes }),
});

describe('nodes in /Common by configuration', () => {
  test.each([
    ['a partition without exposures gets shared nodes', true, true],
    ['without the setting, its nodes are its own', false, false],
  ])('%s', async (_, shareNodes, expected) => {
    const device = memoryDevice();
    await applyGroup({ ...job(device, shareNodes), slices: [first] });
    expect(device.state('k8s').shareNodes ?? false).toBe(expected);
    const planned = planDevice([first], {
      states: new Map([['k8s', EMPTY_STATE]]),
      sameFleet,
      pathOf: () => '',
      shareNodes,
    });
    expect(planned.get('k8s')?.next.shareNodes ?? false).toBe(expected);
  });

  test('declared nodes do not move, because that would empty their pools for a moment', async () => {
    const device = memoryDevice();
    await applyGroup({ ...job(device, false), slices: [first] });
    await applyGroup({ ...job(device, true), slices: [second] });
    expect(Object.keys(device.state('k8s').exposures)).toHaveLength(2);
    expect(device.state('k8s').shareNodes ?? false).toBe(false);
  });
});
