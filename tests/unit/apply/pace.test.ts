import { describe, expect, test } from '@jest/globals';
import type { Measured, Pace } from '../../../functions/apply/pace.ts';
import {
  createPaces,
  expectedTime,
  fullPace,
  measured,
  paceAt,
  slower,
  stepOf,
} from '../../../functions/apply/pace.ts';
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
const FULL_PACE = fullPace(BIGIP.declareSize);
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
 * AS3 aborts a script of more lines than the device can run; `lands`: the device finishes it
 * anyway.
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

  test.each([
    ['3 s', 0, [100, 500, 1_000], 9_000],
    ['3 s and 20 ms for each server that is posted', 20, [100, 500, 1_000], 41_000],
  ])('on a device that takes %s, 1,000 new exposures are three', async (_what, each, sizes, ms) => {
    const device = memoryDevice();
    const servers = ({ exposures }: DeclaredState): number => Object.keys(exposures).length;
    device.time = (next) => 3_000 + each * servers(next);
    const states: DeclaredState[] = [];
    device.after = (_before, next) => void states.push(next);
    await run(device, ingress(1, 1_000, 1));
    expect(states.map(servers)).toEqual(sizes);
    expect(states.reduce((sum, one) => sum + (device.time(one) ?? 0), 0)).toBe(ms);
  });

  test('a small step of such a burst makes no later step smaller: its time is that of all that is posted', async () => {
    const device = memoryDevice();
    const servers = ({ exposures }: DeclaredState): number => Object.keys(exposures).length;
    device.time = (next) => 3_000 + 20 * servers(next);
    const states: DeclaredState[] = [];
    device.after = (_before, next) => void states.push(next);
    const pace = { pace: FULL_PACE };
    await run(device, ingress(1, 10, 1), { pace });
    await run(device, ingress(2, 182, 1), { pace });
    await run(device, ingress(3, 1_000, 1), { pace });
    expect(states.map(servers)).toEqual([10, 110, 182, 582, 1_000]);
  });

  test('after such a burst a pod that comes, one that goes and one more exposure are one each', async () => {
    const device = memoryDevice();
    device.time = () => 3_000;
    const pace = { pace: FULL_PACE };
    await run(device, ingress(1, 1_000, 2), { pace });
    const before = device.declares.length;
    await run(device, ingress(2, 1_000, 3), { pace });
    await run(device, ingress(3, 1_000, 1), { pace });
    await run(device, ingress(4, 1_001, 1), { pace });
    expect(device.declares.length - before).toBe(3);
  });

  test('between its own steps nothing is read, unless one was not a clean success', async () => {
    const reads = async (change: (device: MemoryDevice) => void): Promise<number> => {
      const device = memoryDevice();
      change(device);
      let count = 0;
      const read = device.read.bind(device);
      device.read = (partition) => {
        count += 1;
        return read(partition);
      };
      await run(device, ingress(1, 300, 1));
      expect(Object.keys(device.state().exposures)).toHaveLength(300);
      return count;
    };
    expect(await reads(() => undefined)).toBe(1);
    const differs = await reads((device) => {
      let left = 1;
      device.verify = () => Promise.resolve(left-- > 0 ? ['differs'] : []);
    });
    expect(differs).toBe(2);
    const lost = await reads((device) => {
      let posts = 0;
      device.before = (_partition, _next, commit) => {
        if (++posts !== 2) return;
        commit();
        throw new DeviceError('BIP502', 'ambiguous', 'no answer');
      };
    });
    // To learn the outcome, and for the next step: a reading is used once.
    expect(lost).toBe(3);
    // Another client declared in between: from then on the declaration is read for each step, and
    // at the end.
    const overtaken = await reads((device) => {
      let posts = 0;
      device.after = () => {
        if (++posts === 1) void Promise.resolve().then(() => device.touch());
      };
    });
    expect(overtaken).toBe(4);
  });

  test('is a quarter after a script that took too long, until the device keeps up', async () => {
    const device = memoryDevice();
    const { given } = slow(device, 40, false);
    const pace = { pace: FULL_PACE };
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

  test('one exposure alone that is too slow is retried later, as a fault of the device', async () => {
    const device = memoryDevice();
    slow(device, 1, false);
    await expect(run(device, ingress(1, 3, 1))).rejects.toMatchObject({ hint: 'slow' });
  });

  test('an hour later it is twice as much, never beyond what was measured', () => {
    let now = 0;
    let pace = slower(slower(FULL_PACE, now), now);
    const most = (): number => stepOf((pace = paceAt(pace, now)));
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

describe('the size of a step, in lines of AS3’s script', () => {
  const k8s = 'k8s';
  const after = (...declares: readonly (Omit<Measured, 'partition'> & { at?: string })[]): Pace =>
    declares.reduce(
      (pace, { at = k8s, ...one }) => measured(pace, { partition: at, ...one }),
      FULL_PACE,
    );
  const small = { cost: 5, took: 3_000 };
  /** The first step, and the number of servers in each declare. */
  const firstStep = [
    { ...small, posted: 10 },
    { cost: 500, took: 5_000, posted: 110 },
  ] as const;
  const smallNext = [...firstStep, { cost: 305, took: 6_420, posted: 171 }] as const;

  test.each([
    ['nothing was measured', [], 500],
    [
      'only small declares, from which the time for each line cannot be derived',
      [small, small],
      500,
    ],
    ['a few lines, too few to tell their time from the rest', [{ cost: 240, took: 3_000 }], 500],
    ['3 s for 500 lines, of which an unknown part is fixed', [{ cost: 500, took: 3_000 }], 2_000],
    ['5 s for 500 lines likewise: 10 ms a line', [{ cost: 500, took: 5_000 }], 1_200],
    ['the same with a fixed cost of 3 s: fourfold', [small, { cost: 500, took: 5_000 }], 2_000],
    [
      'a fixed cost of another partition, which does not count',
      [
        { ...small, at: 'other' },
        { cost: 500, took: 5_000 },
      ],
      1_200,
    ],
    [
      'a fixed cost near the limit, which makes nothing smaller',
      [
        { cost: 5, took: 28_000 },
        { cost: 500, took: 29_000 },
      ],
      2_000,
    ],
    [
      'a burst on a device that takes 3 s whatever it is',
      [small, { cost: 500, took: 3_000 }, { cost: 2_000, took: 3_000 }],
      8_000,
    ],
    [
      'a second large step: at most fourfold again',
      [
        small,
        { cost: 500, took: 3_000 },
        { cost: 2_000, took: 3_000 },
        { cost: 8_000, took: 3_000 },
      ],
      8_000,
    ],
    [
      'a burst on a device that takes 20 ms more for each server posted',
      [small, { cost: 500, took: 5_000 }, { cost: 2_000, took: 13_000 }],
      2_666,
    ],
    [
      'much slower lines, which count in full',
      [small, { cost: 500, took: 3_500 }, { cost: 2_000, took: 23_000 }],
      1_200,
    ],
    [
      'slower lines, but not for each server posted',
      [...firstStep, { cost: 410, took: 6_640, posted: 192 }],
      2_000,
    ],
    [
      'the same and one more: lines are known to be a part of the time only',
      [...smallNext, { cost: 2_000, took: 11_200, posted: 410 }],
      5_853,
    ],
    [
      'the same without the small declare in between, so that nothing is known about it',
      [...firstStep, { cost: 2_000, took: 11_200, posted: 410 }],
      3_000,
    ],
    [
      'lines that became slower since, and what is posted with them',
      [...smallNext, { cost: 2_000, took: 15_000, posted: 410 }],
      2_067,
    ],
    [
      'lines more than twice as slow as that explains, which count at least by half',
      [...firstStep, { cost: 2_000, took: 3_000 + 40_000, posted: 2_010 }],
      1_200,
    ],
    [
      'slower lines, and slower for each server posted',
      [...firstStep, { cost: 410, took: 21_200, posted: 192 }],
      500,
    ],
    [
      'fewer servers than posted by a small declare, which explain nothing',
      [
        { ...small, posted: 300 },
        { cost: 500, took: 5_000, posted: 400 },
        { cost: 500, took: 9_000, posted: 200 },
      ],
      1_000,
    ],
    [
      'lines that are too slow even for the first step, unless AS3 says so',
      [small, { cost: 500, took: 28_000 }],
      500,
    ],
    [
      'a script with somewhat fewer lines than planned',
      [small, { cost: 500, done: 409, took: 3_000 }],
      2_000,
    ],
    ['a part that was there already', [small, { cost: 2_000, done: 500, took: 5_000 }], 2_000],
    [
      'more lines than planned, which are no reason for larger steps',
      [small, { cost: 500, done: 5_000, took: 15_000 }],
      500,
    ],
    [
      'a repair of many lines with a small change, which is no fixed cost',
      [
        { cost: 5, done: 900, took: 20_000 },
        { cost: 500, took: 3_000 },
      ],
      2_000,
    ],
    [
      'a new fence only, which runs no script',
      [
        small,
        { cost: 0, done: 0, took: 100 },
        {
          cost: 500,
          took: 5_000,
        },
      ],
      2_000,
    ],
  ] as const)('after %s', (_what, declares, lines) => {
    expect(stepOf(after(...declares))).toBe(lines);
  });

  test('after AS3 gave up it is a quarter of the step, whatever was measured, and grows by the hour', () => {
    const large = after(small, { cost: 500, took: 3_000 }, { cost: 2_000, took: 3_000 });
    const given = slower(large, 0);
    expect(stepOf(given)).toBe(2_000);
    expect(stepOf(measured(given, { partition: k8s, cost: 2_000, took: 3_000 }))).toBe(2_000);
    expect(stepOf(paceAt(given, 3_600_000))).toBe(4_000);
  });

  test.each([
    ['a medium one that alone takes longer than a step may', [{ cost: 100, took: 21_000 }], 500],
    ['a medium one that takes as long as a step may', [{ cost: 100, took: 15_000 }], 2_000],
    [
      'half of what was planned, which counts as all of it',
      [{ cost: 1_000, done: 500, took: 5_000 }],
      4_000,
    ],
  ] as const)('after a fast step and %s', (_what, declares, lines) => {
    expect(stepOf(after(small, { cost: 500, took: 5_000 }, ...declares))).toBe(lines);
  });

  test('the time that a declare will probably take is that of a small one and of its lines', () => {
    const pace = after(small, { cost: 500, took: 5_000 });
    expect(expectedTime(pace, k8s, 0)).toBe(3_000);
    expect(expectedTime(pace, k8s, 1_000)).toBe(7_000);
    expect(expectedTime(pace, 'other', 1_000)).toBe(4_000);
    expect(expectedTime(pace, 'other', 5)).toBeUndefined();
    expect(expectedTime(FULL_PACE, k8s, 1_000)).toBeUndefined();
  });
});

describe('the time that a declare will probably take', () => {
  const k8s = 'k8s';
  const timeOf = (
    lines: number,
    partition: string,
    ...declares: readonly Omit<Measured, 'partition'>[]
  ) =>
    expectedTime(
      declares.reduce((pace, one) => measured(pace, { partition: k8s, ...one }), FULL_PACE),
      partition,
      lines,
    );

  test.each([
    ['that of the largest small one', [{ cost: 50, took: 3_000 }], 3_000],
    [
      'that of the last small one',
      [
        { cost: 5, took: 3_000 },
        { cost: 5, took: 4_000 },
      ],
      4_000,
    ],
    ['that of a fence, as long as nothing else is known', [{ cost: 0, done: 0, took: 100 }], 100],
    [
      'not that of a fence later',
      [
        { cost: 5, took: 3_000 },
        { cost: 0, done: 0, took: 100 },
      ],
      3_000,
    ],
    [
      'no longer than that of a large one',
      [
        { cost: 5, took: 3_000 },
        { cost: 500, took: 2_000 },
      ],
      2_000,
    ],
    ['unknown after a large one only', [{ cost: 500, took: 5_000 }], undefined],
    [
      'unknown after a small change that repaired much',
      [{ cost: 5, done: 900, took: 20_000 }],
      undefined,
    ],
  ] as const)('if it changes next to nothing is %s', (_what, declares, ms) => {
    expect(
      timeOf(5, k8s, ...declares) === undefined ? undefined : timeOf(0, k8s, ...declares),
    ).toBe(ms);
  });

  test.each([
    ['10 ms, which 500 of them took', [{ cost: 500, took: 5_000 }], 10],
    ['12 ms, which half a step took', [{ cost: 250, took: 3_000 }], 12],
    ['130 ms, which few of them took', [{ cost: 100, took: 13_000 }], 130],
    [
      '5 ms now, if it took 10 before',
      [
        { cost: 500, took: 5_000 },
        { cost: 500, took: 2_500 },
      ],
      5,
    ],
    [
      '15 ms, if it took 10 before and twice as long now',
      [
        { cost: 500, took: 5_000 },
        { cost: 500, took: 10_000 },
      ],
      15,
    ],
    ['unknown after few lines within the time of a step', [{ cost: 100, took: 12_000 }], undefined],
    [
      'unknown after a small change that repaired much',
      [{ cost: 50, done: 900, took: 20_000 }],
      undefined,
    ],
  ] as const)('for each line is %s', (_what, declares, ms) => {
    const time = timeOf(250, 'other', ...declares);
    expect(time === undefined ? undefined : time / 250).toBe(ms);
  });

  const small = { cost: 5, took: 3_000, posted: 100 };
  /** 4 ms per line, or 20 ms for each of 100 more exposures. */
  const first = { cost: 500, took: 5_000, posted: 200 };
  test.each([
    [
      'as slow as before, or half of what a line took now',
      [{ cost: 500, took: 13_000, posted: 600 }],
      10,
    ],
    ['a quarter slower, which may be chance', [{ cost: 500, took: 15_500, posted: 600 }], 12.5],
    ['more than that slower, which is the lines', [{ cost: 500, took: 16_000, posted: 600 }], 26],
    [
      'little slower than the last one, although a line took as long as ever',
      [
        { cost: 600, took: 5_400, posted: 200 },
        { cost: 500, took: 8_600, posted: 300 },
      ],
      5.6,
    ],
  ] as const)('for each line, if an exposure that is posted is %s', (_what, declares, ms) => {
    expect(timeOf(250, 'other', small, first, ...declares)).toBe(ms * 250);
  });

  test('is that of a small one, if nothing is known of lines', () => {
    expect(timeOf(100, k8s, { cost: 5, took: 3_000 })).toBe(3_000);
  });
});

describe('what was learnt', () => {
  test('is kept for each device', () => {
    const paceOf = createPaces();
    const keeper = paceOf('bigip-1', BIGIP.declareSize);
    expect(keeper.pace).toEqual(FULL_PACE);
    keeper.pace = slower(keeper.pace, 0);
    expect(stepOf(paceOf('bigip-1', BIGIP.declareSize).pace)).toBe(125);
    expect(stepOf(paceOf('bigip-2', BIGIP.declareSize).pace)).toBe(500);
  });

  test('is not changed by time while AS3 gave up on nothing', () => {
    expect(paceAt(FULL_PACE, 7_200_000)).toEqual(FULL_PACE);
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
