/**
 * How apply brings the changes of one partition to the device: what is read, declared, repeated and
 * reported.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { expectedTime, fullPace } from '../../../functions/apply/pace.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import { applicationName } from '../../../shared/bigip/as3/names.ts';
import type { Declared } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { LeaseLost } from '../../../shared/queue/lease.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { memoryDevice, refusing } from '../../fixtures/device.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { applySlices, countCalls, portsOn, tryToApply } from '../../fixtures/partition.ts';

const OWNER = slice(1, []).owner;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const asking = (counter: number, ports: readonly number[], over?: Partial<Slice>): Slice =>
  slice(
    counter,
    ports.map((port) => exposure({ port })),
    over,
  );
const raced = (): DeviceError =>
  new DeviceError('BIP430', 'transient', 'bigip-1: another client declared');
const withRule = (port: number): ReturnType<typeof exposure> =>
  exposure({ port, settings: { ...SETTINGS, iRules: ['/Common/rule'] } });
const members = (...last: readonly number[]) =>
  last.map((n) => ({ address: `10.1.0.${n}`, port: 80, availability: 'ready' as const }));

let device: MemoryDevice;
beforeEach(() => {
  device = memoryDevice();
});
/** Another client declares this in the partition. */
function overwrite(state: DeclaredState): void {
  const live = device.partitions.get('k8s');
  if (live === undefined) throw new Error('there is no partition');
  live.declared = state;
  device.touch();
}
/** Called before the first, second … declare. */
function before(...steps: readonly ((commit: () => void) => void)[]): void {
  const left = [...steps];
  device.before = (_partition, _next, commit) => left.shift()?.(commit);
}
const fail = (error: Error) => (): never => {
  throw error;
};

describe('another client of the partition', () => {
  test('that takes it over meanwhile ends the run: the messages are retried', async () => {
    await applySlices(device, [asking(1, [1])]);
    before(() => {
      device.read = () =>
        Promise.resolve({ kind: 'refused', code: 'OWN303', reason: 'of another client' });
      throw raced();
    });
    const { error } = await tryToApply(device, [asking(2, [1, 2])]);
    expect(error).toMatchObject({ code: 'BIP430', message: 'of another client' });
  });

  test('that removes what was not to be changed finds it declared again by the same run', async () => {
    await applySlices(device, [asking(1, [1, 2])]);
    before(() => {
      const state = device.state();
      const { '172.16.100.195:2/tcp': _removed, ...exposures } = state.exposures;
      overwrite({ ...state, exposures });
      throw raced();
    });
    const { entries } = await applySlices(device, [asking(2, [1, 2, 3])]);
    expect(portsOn(device)).toEqual([1, 2, 3]);
    expect(entries.get(`${OWNER} 172.16.100.195:2/tcp`)).toMatchObject({ kind: 'create' });
  });

  test('that undoes every declare is named after ten rounds, or what the device refuses, if anything', async () => {
    const wipe = (): void => {
      device.after = () => void Promise.resolve().then(() => overwrite(EMPTY_STATE));
    };
    device.verify = () => Promise.resolve([]);
    before(fail(raced()));
    wipe();
    device.before = ((first) => (partition, next, commit) => {
      first(partition, next, commit);
      refusing(({ port }) => port === 1, `/k8s/${applicationName(exposure({ port: 1 }))}/virtual`)(
        partition,
        next,
        commit,
      );
    })(device.before);
    const { error } = await tryToApply(device, [asking(1, [1, 2])]);
    expect(error).toMatchObject({ code: 'BIP421', fault: 'device' });
    expect(String(error)).toContain('after 10 rounds');
  });

  test('that undoes every declare is named after ten rounds if the device refuses nothing', async () => {
    device.after = () => void Promise.resolve().then(() => overwrite(EMPTY_STATE));
    device.verify = () => Promise.resolve([]);
    let posts = 0;
    device.before = () => {
      posts += 1;
      if (posts % 2 === 1) throw raced();
    };
    const { error } = await tryToApply(device, [asking(1, [1, 2])]);
    expect(error).toMatchObject({ code: 'BIP430' });
    expect(String(error)).toContain('another client keeps changing it');
  });

  test('does not use up the retries of the next declare: each may be overtaken three times', async () => {
    let posts = 0;
    device.before = () => {
      posts += 1;
      if (posts % 4 !== 0) throw raced();
    };
    await applySlices(device, [asking(1, range(300))]);
    expect(portsOn(device)).toEqual(range(300));
    expect(device.declares.map(({ ok }) => ok)).toEqual(range(12).map((n) => n % 4 === 0));
  });

  test('is waited for a little longer each time', async () => {
    before(fail(raced()), fail(raced()), fail(raced()));
    const clock = virtualClock(0);
    const slept: number[] = [];
    const sleep = (ms: number): Promise<void> => {
      slept.push(ms);
      return clock.sleep(ms);
    };
    await applySlices(device, [asking(1, [1])], { clock: { ...clock, sleep } });
    expect(slept).toEqual([500, 1_000, 1_500]);
  });

  test('once seen, makes the loop read before each declare, whatever else goes wrong', async () => {
    const readsWith = async (...steps: readonly (() => void)[]): Promise<number> => {
      device = memoryDevice();
      const left = [...steps];
      device.before = () => left.shift()?.();
      let verified = 0;
      // The first declare that succeeds is not complete.
      device.verify = () => Promise.resolve((verified += 1) === 1 ? ['differs'] : []);
      const calls = countCalls(device);
      await applySlices(device, [asking(1, range(300))]);
      return calls.read;
    };
    const trusting = await readsWith();
    // Declares: one overtaken, one incomplete, and the three parts.
    expect([trusting, await readsWith(fail(raced()))]).toEqual([2, 6]);
  });
});

describe('what is read', () => {
  test('are the holders of addresses, once, if anything is new', async () => {
    await applySlices(device, [asking(1, [1])]);
    const calls = countCalls(device);
    await applySlices(device, [
      slice(2, [exposure({ port: 1, members: members(9) }), exposure({ port: 2 })]),
    ]);
    expect(calls).toMatchObject({ foreign: 1, read: 1 });
    await applySlices(device, [slice(3, [exposure({ port: 1 }), exposure({ port: 2 })])]);
    expect(calls).toMatchObject({ foreign: 1, read: 2 });
  });

  test('are the holders, without reading again, if something is new after all', async () => {
    await applySlices(device, [asking(1, [1])]);
    const calls = countCalls(device);
    before(() => {
      overwrite({ ...device.state(), exposures: {} });
      throw raced();
    });
    await applySlices(device, [slice(2, [exposure({ port: 1, members: members(9) })])]);
    // At first, after the other client, and for the rest: the reading is no longer trusted.
    expect(calls).toMatchObject({ foreign: 1, read: 3 });
  });

  test('is no referenced object, if nothing refers to one', async () => {
    const calls = countCalls(device);
    await applySlices(device, [asking(1, [1])]);
    expect(calls.missing).toBe(0);
  });
});

describe('a declare in two halves', () => {
  const before1 = slice(1, [exposure({ port: 1, members: members(1) })]);
  const after2 = slice(2, [exposure({ port: 1, members: members(1, 2) })]);
  /** Nodes move to /Common, and a member is added: in one declare, AS3 would lose the member. */
  const halves = { shareNodes: true };

  beforeEach(async () => {
    await applySlices(device, [before1], { shareNodes: false });
  });

  test('is one success, without a pause or a difference in between', async () => {
    const clock = virtualClock(0);
    const { tries } = await tryToApply(device, [after2], { ...halves, clock });
    expect(tries.map(({ outcome }) => outcome)).toEqual(['applied']);
    expect(device.declares).toHaveLength(3);
    expect(clock.monotonic()).toBe(0);
  });

  test('is begun again if another client undoes the first half', async () => {
    const old = device.state();
    let posts = 0;
    device.after = () => {
      posts += 1;
      if (posts === 1) void Promise.resolve().then(() => overwrite(old));
    };
    const { tries } = await tryToApply(device, [after2], halves);
    expect(tries.map(({ outcome }) => outcome)).toEqual(['BIP430', 'applied']);
    expect(device.state().shareNodes).toBe(true);
    expect(device.declares).toHaveLength(4);
  });

  test('is finished and compared even if another client did the second half', async () => {
    const whole = memoryDevice();
    await applySlices(whole, [before1], { shareNodes: false });
    await applySlices(whole, [after2], halves);
    let posts = 0;
    device.after = () => {
      posts += 1;
      if (posts === 1) void Promise.resolve().then(() => overwrite(whole.state()));
    };
    const calls = countCalls(device);
    await applySlices(device, [after2], halves);
    expect([posts, calls.verify]).toEqual([2, 1]);
  });
});

describe('newer work', () => {
  beforeEach(() => {
    // Two exposures in each step.
    device = memoryDevice('bigip-1', {
      ...BIGIP,
      declareSize: { ...BIGIP.declareSize, most: 2 * BIGIP.declareSize.exposure },
    });
  });
  const asked = async (...answers: readonly boolean[]) => {
    const left = [...answers];
    const newer = (): Promise<boolean> => Promise.resolve(left.shift() ?? false);
    const { unfinished } = await applySlices(device, [asking(1, range(6))], { newer });
    return { ports: portsOn(device).length, unfinished, unasked: left.length };
  };

  test('ends a run after the step that is under way, and the result names who is not finished', async () => {
    expect(await asked(false, false, true)).toEqual({
      ports: 4,
      unfinished: new Set([OWNER]),
      unasked: 0,
    });
  });

  test('is asked for before a step only, so that a run which did all reconciles the nodes', async () => {
    let reconciled = 0;
    device.reconcileMembers = () => Promise.resolve(((reconciled += 1), []));
    expect(await asked(false, false, false, true)).toEqual({ ports: 6, unasked: 1 });
    expect(reconciled).toBe(1);
  });
});

describe('a partition without an ingress', () => {
  test('is declared again by a repair, if it exists', async () => {
    await device.prepare('k8s');
    await applySlices(device, [], { again: true });
    expect(device.declares).toHaveLength(1);
  });

  test('is not created, not even by a repair', async () => {
    await applySlices(device, [], { again: true });
    expect(device.declares).toEqual([]);
  });
});

describe('AS3 does not find an object that exists', () => {
  const unfound = (): DeviceError =>
    new DeviceError('BIP424', 'content', 'not found', {
      hint: 'unfound',
      response: 'Unable to find /Common/rule for /k8s/x',
    });

  test('every time, so it is a fault of the device, which a declare without changes shows', async () => {
    device.before = fail(unfound());
    const { error } = await tryToApply(device, [slice(1, [withRule(7)])]);
    expect(error).toMatchObject({ code: 'BIP509', fault: 'transient' });
    expect(device.declares.map(({ ports }) => ports)).toEqual([[7], [7], []]);
  });
});

test('a refusal that another process made obsolete is not stored, and the run ends', async () => {
  await applySlices(device, [asking(1, [1])]);
  const other = memoryDevice();
  await applySlices(other, [asking(1, [1])]);
  await applySlices(other, [asking(3, [1])]);
  const posts: (readonly number[])[] = [];
  device.before = (_partition, next) => {
    const ports = Object.values(next.exposures).map(({ port }) => port);
    posts.push(ports);
    if (ports.includes(7)) throw new DeviceError('BIP421', 'content', 'refused');
    overwrite(other.state());
    throw raced();
  };
  const { rejections } = await applySlices(device, [asking(2, [1, 7])]);
  expect(rejections.size).toBe(1);
  expect(posts).toEqual([[1, 7], [1]]);
});

test('a quarantined change that is due is looked up and declared, whatever the declare before it met', async () => {
  device.before = refusing((e) => e.settings.iRules.length > 0);
  await applySlices(device, [slice(1, [withRule(7)])]);
  before(fail(raced()));
  const clock = virtualClock(60_000);
  await applySlices(device, [slice(2, [withRule(7), exposure({ port: 1 })])], { clock });
  expect(portsOn(device)).toEqual([1, 7]);
});

describe('a script that is too slow', () => {
  const slow = (): DeviceError =>
    new DeviceError('BIP505', 'ambiguous', 'longer than 30 s', { hint: 'slow' });

  test('although it is small is not tried at once again: the device is at fault', async () => {
    device.before = fail(slow());
    device.verify = () => Promise.resolve(['not there yet']);
    const { error } = await tryToApply(device, [asking(1, [1, 2, 3])]);
    expect(error).toMatchObject({ hint: 'slow' });
    expect(3 * BIGIP.declareSize.exposure).toBeLessThan(BIGIP.declareSize.most / 4);
    expect(device.declares).toHaveLength(1);
  });
});

describe('the nodes', () => {
  const reconciled = async (wanted: Slice): Promise<number> => {
    let times = 0;
    const real = { ...device };
    device.reconcileMembers = (partition, state) => {
      times += 1;
      return real.reconcileMembers(partition, state);
    };
    await applySlices(device, [wanted]);
    return times;
  };

  test('are drained and restored at the end, if there are any', async () => {
    expect(await reconciled(asking(1, [1]))).toBe(1);
    expect(await reconciled(asking(2, [1]))).toBe(1);
    device = memoryDevice();
    expect(await reconciled(asking(1, []))).toBe(0);
  });

  test('stay as they are if the message is not held any more', async () => {
    let proofs = 0;
    const prove = (): Promise<void> =>
      (proofs += 1) === 1 ? Promise.resolve() : Promise.reject(new LeaseLost());
    const written: string[] = [];
    device.reconcileMembers = (partition) => Promise.resolve((written.push(partition), []));
    const { error } = await tryToApply(device, [asking(1, [1])], { prove });
    expect(error).toBeInstanceOf(LeaseLost);
    expect([device.declares.length, written]).toEqual([1, []]);
  });

  test('that cannot be reached return the messages to the queue: nothing is declared twice', async () => {
    device.reconcileMembers = () =>
      Promise.reject(new DeviceError('BIP505', 'ambiguous', 'no answer'));
    const { error, tries } = await tryToApply(device, [asking(1, [1])]);
    expect(error).toMatchObject({ code: 'BIP505' });
    expect(tries).toHaveLength(1);
  });
});

describe('what a device reports about a declare', () => {
  const declareWith = (change: (declared: Declared) => Declared): void => {
    const real = { ...device };
    device.declare = async (...args) => change(await real.declare(...args));
  };

  test('predicts how long the next one will take, which is passed to it', async () => {
    const pace = { pace: fullPace(BIGIP.declareSize) };
    const asked: (number | undefined)[] = [];
    const real = { ...device };
    device.declare = (partition, state, lockKey, expected) => {
      asked.push(expected);
      return real.declare(partition, state, lockKey, expected);
    };
    device.time = () => 3_000;
    await applySlices(device, [asking(1, [1])], { pace });
    await applySlices(device, [asking(2, [1, 2])], { pace });
    expect(asked).toEqual([undefined, 3_000]);
  });

  test('does not count for small declares if it was one of two halves', async () => {
    const pace = { pace: fullPace(BIGIP.declareSize) };
    device.time = () => 3_000;
    const first = slice(1, [exposure({ port: 1, members: members(1) })]);
    await applySlices(device, [first], { pace, shareNodes: false });
    device.time = () => 20_000;
    const second = slice(2, [exposure({ port: 1, members: members(1, 2) })]);
    await applySlices(device, [second], { pace, shareNodes: true });
    expect(device.declares).toHaveLength(3);
    expect(expectedTime(pace.pace, 'k8s', 0)).toBe(3_000);
  });

  test('includes its new key: without one, the partition is read before the next declare', async () => {
    declareWith(({ lockKey: _lockKey, ...declared }) => declared);
    const calls = countCalls(device);
    await applySlices(device, [asking(1, range(300))]);
    expect(portsOn(device)).toEqual(range(300));
    expect(device.declares.map(({ ok }) => ok)).toEqual([true, true, true]);
    // Before each of the three, and whether any change is left.
    expect(calls.read).toBe(4);
  });
});

describe('for the log', () => {
  test('each declare has its partition, the number of its changes, its outcome and how long it took', async () => {
    const clock = virtualClock(0);
    clock.advance(1_000);
    let posts = 0;
    device.before = () => {
      posts += 1;
      clock.advance(200);
      if (posts === 1) throw raced();
    };
    device.verify = () =>
      Promise.resolve(posts === 2 ? ['pool is missing', 'node is missing'] : []);
    const { tries } = await tryToApply(device, [asking(1, [1, 2])], { clock });
    expect(tries).toEqual([
      {
        partition: 'k8s',
        changes: 2,
        outcome: 'BIP430',
        took: 200,
        reason: 'DeviceError: bigip-1: another client declared',
      },
      {
        partition: 'k8s',
        changes: 2,
        outcome: 'incomplete',
        took: 200,
        reason: 'pool is missing',
      },
      { partition: 'k8s', changes: 2, outcome: 'applied', took: 200 },
    ]);
  });

  test('a declare that was dropped, because the message is not held any more, is called so', async () => {
    const prove = (): Promise<never> => Promise.reject(new LeaseLost());
    const { tries, error } = await tryToApply(device, [asking(1, [1])], { prove });
    expect(error).toBeInstanceOf(LeaseLost);
    expect(tries).toMatchObject([{ outcome: 'dropped' }]);
    expect(device.declares).toEqual([]);
  });

  test('an error that is none of the device is only called failed', async () => {
    device.before = fail(new TypeError('a bug'));
    const { tries, error } = await tryToApply(device, [asking(1, [1])]);
    expect(error).toBeInstanceOf(TypeError);
    expect(tries).toMatchObject([{ outcome: 'failed', reason: 'TypeError: a bug' }]);
  });
});
