import { describe, expect, test } from '@jest/globals';
import { fullPace, paceAt, slower } from '../../../functions/apply/pace.ts';
import type { PartitionJob, PartitionResult } from '../../../functions/apply/job.ts';
import { applyPartition } from '../../../functions/apply/loop/run.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const members = (n: number): { address: string; port: number; availability: 'ready' }[] =>
  range(n).map((i) => ({ address: `10.9.0.${i}`, port: 80, availability: 'ready' as const }));
const ingress = (counter: number, exposures: number, pods: number): Slice =>
  slice(
    counter,
    range(exposures).map((port) => exposure({ port, members: members(pods) })),
  );

function run(
  device: MemoryDevice,
  wanted: Slice,
  over: Partial<PartitionJob> = {},
): Promise<PartitionResult> {
  return applyPartition({
    device,
    partition: 'k8s',
    slices: [wanted],
    sameFleet: () => false,
    clock,
    hasTime: () => true,
    ...over,
  });
}

function cost(before: DeclaredState, next: DeclaredState): number {
  return [...new Set([...Object.keys(before.exposures), ...Object.keys(next.exposures)])].reduce(
    (sum, key) => sum + BIGIP.declareSize.cost(before.exposures[key], next.exposures[key]),
    0,
  );
}

/**
 * What takes more lines than the device can do is given up by AS3; `lands`: the device finishes it
 * all the same.
 */
function slow(device: MemoryDevice, can: number, lands: boolean): { readonly given: number[] } {
  const given: number[] = [];
  let live = device.state();
  device.before = (_partition, next) => {
    const lines = cost(live, next);
    if (lines > can) {
      given.push(lines);
      if (lands) live = next;
      throw new DeviceError('BIP505', 'ambiguous', 'the script took longer than 30 s', {
        hint: 'slow',
      });
    }
    live = next;
  };
  device.verify = (_partition, state) =>
    Promise.resolve(cost(live, state) === 0 ? [] : ['not there yet']);
  return { given };
}

describe('how much goes into one declare', () => {
  test('a new pod in every pool of 1,000 exposures is two declares, 1,000 new exposures are ten', async () => {
    const device = memoryDevice();
    await run(device, ingress(1, 1_000, 1));
    expect(device.declares).toHaveLength(10);
    await run(device, ingress(2, 1_000, 2));
    expect(device.declares).toHaveLength(12);
    expect(
      Object.values(device.state().exposures).every(
        (e) => e.contributions[0]?.members.length === 2,
      ),
    ).toBe(true);
  });

  test('is a quarter after a script that took too long, until the device copes', async () => {
    const device = memoryDevice();
    const { given } = slow(device, 40, false);
    const pace = { pace: fullPace(BIGIP.declareSize) };
    const result = await run(device, ingress(1, 120, 1), { pace });
    expect(Object.keys(device.state().exposures)).toHaveLength(120);
    expect(given).toEqual([500, 125]);
    expect(result.rejections.size).toBe(0);
    // The next run starts with what was learned.
    await run(device, ingress(2, 130, 1), { pace });
    expect(given).toHaveLength(2);
  });

  test('a script that landed late is declared again as it was, so that nothing of it is undone', async () => {
    const device = memoryDevice();
    const { given } = slow(device, 40, true);
    const states: number[] = [];
    device.after = (_before, next) => void states.push(Object.keys(next.exposures).length);
    await run(device, ingress(1, 60, 1));
    expect(given).toEqual([300]);
    expect(states).toEqual([60]);
  });

  test('one exposure alone that is too slow comes again later, as a fault of the device', async () => {
    const device = memoryDevice();
    slow(device, 1, false);
    await expect(run(device, ingress(1, 3, 1))).rejects.toMatchObject({ hint: 'slow' });
  });

  test('an hour later it is twice as much, never beyond the first figure', () => {
    let now = 0;
    let pace = slower(slower(fullPace(BIGIP.declareSize), now), now);
    const most = (): number => (pace = paceAt(pace, now)).most;
    const seen = [most()];
    for (let hour = 0; hour < 5; hour++) {
      now += 3_600_000;
      seen.push(most(), most());
    }
    expect(seen).toEqual([
      31,
      62,
      62,
      124,
      124,
      248,
      248,
      496,
      496,
      BIGIP.declareSize.most,
      BIGIP.declareSize.most,
    ]);
  });
});

describe('something changed on the device while AS3 worked', () => {
  const raced = (): DeviceError =>
    new DeviceError('BIP421', 'content', 'refused', {
      hint: 'raced',
      response: '01020066:3: already exists',
    });

  test('the same is tried once more before a change is blamed', async () => {
    const device = memoryDevice();
    let left = 1;
    device.before = () => {
      if (left-- > 0) throw raced();
    };
    expect((await run(device, ingress(1, 5, 1))).rejections.size).toBe(0);
    expect(device.declares).toHaveLength(2);
  });

  test('what is refused again is a refusal like any other', async () => {
    const device = memoryDevice();
    device.before = (_partition, next) => {
      if (Object.values(next.exposures).some((e) => e.port === 3)) throw raced();
    };
    const result = await run(device, ingress(1, 5, 1));
    expect([...result.rejections.keys()]).toEqual([
      'east/istio-system/istio-ingressgateway 172.16.100.195:3/tcp',
    ]);
  });
});
