/** Which fields of a job affect the plan of a partition, its declares and its result. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { PartitionJob } from '../../../functions/apply/job.ts';
import type { Order, Steering } from '../../../shared/domain/steering/steering.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { memoryDevice, refusing } from '../../fixtures/device.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { fleet, offer, ownerOf, under } from '../../fixtures/fleets.ts';
import { applySlices, countCalls, portsOn } from '../../fixtures/partition.ts';

const EAST = ownerOf('east');
const WEST = { owner: ownerOf('west'), clusterUid: 'uid-west' };
const KEY = '172.16.100.195:1/tcp';
const one = exposure({ port: 1 });
const order = (steering: Steering, at = 0): Order => ({ steering, at });

let device: MemoryDevice;
beforeEach(() => {
  device = memoryDevice();
});

describe('the plan', () => {
  test('places clusters as their fleet says', async () => {
    const rules = under(fleet({ mode: 'active-standby', clusters: ['west', 'east'] }));
    const { sameFleet, fleetOf } = rules;
    const slices = ['east', 'west'].map((cluster) => offer(cluster));
    await applySlices(device, slices, { sameFleet, ...(fleetOf && { fleetOf }) });
    const [shared] = Object.values(device.state().exposures);
    expect(shared?.contributions.map(({ owner, priority }) => [owner, priority])).toEqual([
      [EAST, 999],
      [WEST.owner, 1_000],
    ]);
  });

  test('says from which partition an exposure moves', async () => {
    const movedFrom = new Map([[`${EAST} ${KEY}`, 'edge']]);
    const { entries } = await applySlices(device, [slice(1, [one])], { movedFrom });
    expect(entries.get(`${EAST} ${KEY}`)?.reason).toContain('edge');
  });

  test('keeps a manual change that a person wants to keep', async () => {
    await applySlices(device, [slice(1, [one])]);
    const adopt = [
      {
        key: KEY,
        values: { balance: 'ratio-member' as const },
        instead: { balance: 'round-robin' as const },
      },
    ];
    await applySlices(device, [slice(1, [one])], { overrides: { adopt }, again: true });
    expect(device.state().overrides?.[KEY]?.values).toEqual({ balance: 'ratio-member' });
  });

  test('does not drain a silent cluster that was heard since, outside of the declaration', async () => {
    const drained = async (heard: PartitionJob['heard']): Promise<boolean> => {
      const { sameFleet, fleetOf } = under(fleet());
      const rules = { sameFleet, ...(fleetOf && { fleetOf }), ...(heard && { heard }) };
      device = memoryDevice();
      await applySlices(
        device,
        ['east', 'west'].map((cluster) => offer(cluster)),
        rules,
      );
      const silent = { seen: '2026-01-01T00:00:00.000Z', speaking: ['west'] };
      const drain = { action: 'drain', device: 'bigip-1', cluster: 'east', mode: 'drain' } as const;
      const orders = [order({ ...drain, because: 'silent', silent })];
      await applySlices(device, [], { ...rules, orders });
      return device.state().drains?.['east'] !== undefined;
    };
    expect(await drained(undefined)).toBe(true);
    expect(await drained(new Map([['east', '2026-01-01T00:00:01.000Z']]))).toBe(false);
    expect(await drained('unknown')).toBe(false);
  });

  test('lets a version wait that changes nothing, where that is permitted, and says so', async () => {
    await applySlices(device, [slice(1, [one])]);
    const { version } = slice(1, []);
    const later = slice(2, [one], { settledSince: version });
    const waiting = await applySlices(device, [later], { deferred: new Map() });
    expect(device.declares).toHaveLength(1);
    expect([...(waiting.deferred?.keys() ?? [])]).toEqual([EAST]);
    const declared = await applySlices(device, [later]);
    expect(device.declares).toHaveLength(2);
    expect(declared).not.toHaveProperty('deferred');
  });
});

describe('a change in quarantine', () => {
  const bad = exposure({ port: 7, settings: { ...SETTINGS, iRules: ['/Common/rule'] } });
  const failed = (): number => device.declares.filter(({ ok }) => !ok).length;
  const other = slice(1, [exposure({ port: 2 })], WEST);

  beforeEach(async () => {
    device.before = refusing((e) => e.settings.iRules.length > 0);
    await applySlices(device, [slice(1, [bad])]);
    await applySlices(device, [other]);
  });

  test('is tried when its message is replayed, and counts as refused anew', async () => {
    const { rejections } = await applySlices(device, [slice(1, [bad]), other], {
      firstReceived: new Set([EAST, WEST.owner]),
    });
    expect(failed()).toBe(2);
    expect([...rejections.values()]).toMatchObject([{ news: true }]);
  });

  test.each([
    ['its message is only redelivered', slice(1, [bad]), new Set<string>()],
    ['a newer version comes', slice(2, [bad]), new Set([EAST])],
    ['that of another ingress is replayed', slice(2, [bad]), new Set([EAST, WEST.owner])],
  ])('is not tried when %s', async (_what, wanted, firstReceived) => {
    await applySlices(device, [wanted, other], { firstReceived });
    expect(failed()).toBe(1);
  });

  test('is not tried while its address is taken by another object, although it is due', async () => {
    device.holders.push({ path: '/Common/x', partition: 'Common', address: bad.address, port: 7 });
    const calls = countCalls(device);
    const clock = { now: () => 60_000, monotonic: () => 0, sleep: () => Promise.resolve() };
    const { entries } = await applySlices(device, [slice(2, [bad])], { clock });
    expect(entries.get(`${EAST} 172.16.100.195:7/tcp`)).toMatchObject({ kind: 'conflict' });
    expect([failed(), calls.read]).toEqual([1, 1]);
  });
});

test('a change that is left out before any declare lists no declares', async () => {
  device.absent.add('/Common/rule');
  const { rejections } = await applySlices(device, [
    slice(1, [exposure({ settings: { ...SETTINGS, iRules: ['/Common/rule'] } })]),
  ]);
  expect([...rejections.values()]).toMatchObject([{ attempts: [], error: { code: 'BIP424' } }]);
});

test('of several objects that are missing the first is named', async () => {
  device.absent.add('/Common/a').add('/Common/b');
  const { rejections } = await applySlices(device, [
    slice(1, [exposure({ settings: { ...SETTINGS, iRules: ['/Common/a', '/Common/b'] } })]),
  ]);
  expect([...rejections.values()][0]?.error.response).toContain('/Common/a');
});

test('an exposure that moves to another partition leaves this one, whatever its new content lacks', async () => {
  await applySlices(device, [slice(1, [one, exposure({ port: 2 })])]);
  device.absent.add('/Common/rule');
  const calls = countCalls(device);
  const settings = { ...SETTINGS, iRules: ['/Common/rule'] };
  const moved = exposure({ port: 1, partition: 'edge', settings });
  const { rejections } = await applySlices(device, [slice(2, [moved, exposure({ port: 2 })])]);
  expect([portsOn(device), rejections.size, calls.missing]).toEqual([[2], 0, 0]);
});

test('a module that is missing is named as such', async () => {
  device.missing = (references) =>
    Promise.resolve(
      references
        .filter(({ kind }) => kind === 'module')
        .map((wanted) => ({ ...wanted, response: 'asm is not provisioned' })),
    );
  const settings = { ...SETTINGS, mode: 'http' as const, policyWaf: '/Common/waf' };
  const { rejections } = await applySlices(device, [slice(1, [exposure({ settings })])]);
  expect([...rejections.values()]).toMatchObject([{ error: { code: 'BIP425' } }]);
});

describe('the live objects are compared', () => {
  const drain = order({
    action: 'drain',
    device: 'bigip-1',
    cluster: 'east',
    mode: 'drain',
    because: 'maintenance',
  });
  const compared = async (
    first: Partial<PartitionJob>,
    second: Partial<PartitionJob>,
    wanted = one,
  ): Promise<number> => {
    device = memoryDevice();
    await applySlices(device, [slice(1, [one])], first);
    const calls = countCalls(device);
    await applySlices(device, [slice(2, [wanted])], second);
    expect(device.declares).toHaveLength(2);
    return calls.verify;
  };
  const ratio = exposure({ port: 1, settings: { ...SETTINGS, balance: 'ratio-member' } });

  test.each([
    ['not after a new version alone', {}, {}, one, 0],
    ['after another setting', {}, {}, ratio, 1],
    ['after another setting with shared nodes', { shareNodes: true }, {}, ratio, 1],
    ['not after a new version with shared nodes', { shareNodes: true }, {}, one, 0],
    ['after nodes moved to /Common', { shareNodes: false }, { shareNodes: true }, one, 1],
    ['not when it is first known that they exist', {}, { shareNodes: true }, one, 0],
    ['not when that is no longer known', { shareNodes: true }, {}, one, 0],
    ['not after a drain at the nodes', { shareNodes: false }, { orders: [drain] }, one, 0],
    ['after a drain at the members', { shareNodes: true }, { orders: [drain] }, one, 1],
  ] as const)('%s', async (_what, first, second, wanted, times) => {
    expect(await compared(first, second, wanted)).toBe(times);
  });
});

describe('manual changes', () => {
  const change = slice(2, [exposure({ port: 1, members: [] })]);
  const disable = (): void => {
    const servers = device.partitions.get('k8s')?.servers;
    const live = servers?.get(KEY);
    if (live !== undefined) servers?.set(KEY, { ...live, enabled: false });
  };

  beforeEach(async () => {
    await applySlices(device, [slice(1, [one])]);
    disable();
  });

  test.each([
    ['before a change', change, { adopting: true }, 1],
    ['before a repair', slice(1, [one]), { adopting: true, again: true }, 1],
    ['not if nothing is declared', slice(1, [one]), { adopting: true }, 0],
    ['not if they are undone', change, {}, 0],
    ['not if they are undone by a policy', change, { adopting: false }, 0],
    ['not if a person undoes them', change, { adopting: true, overrides: { lift: true } }, 0],
    ['even if others are kept', change, { adopting: true, overrides: { lift: false } }, 1],
  ] as const)('are looked for %s', async (_what, wanted, over, times) => {
    const calls = countCalls(device);
    await applySlices(device, [wanted], over);
    expect(calls.drift).toBe(times);
  });

  test('are not looked for where nothing is declared yet', async () => {
    device = memoryDevice();
    const calls = countCalls(device);
    await applySlices(device, [change], { adopting: true });
    expect(calls.drift).toBe(0);
  });

  test('are looked for once, whatever is refused afterwards', async () => {
    device.before = refusing((e) => e.port === 2);
    const calls = countCalls(device);
    await applySlices(device, [slice(2, [one, exposure({ port: 2 }), exposure({ port: 3 })])], {
      adopting: true,
    });
    expect(portsOn(device)).toEqual([1, 3]);
    expect(calls.drift).toBe(1);
  });

  test('are looked for once, even if another client makes a second round necessary', async () => {
    const calls = countCalls(device);
    let left = 1;
    device.before = () => {
      if (left-- <= 0) return;
      const live = device.partitions.get('k8s');
      if (live !== undefined) live.declared = { ...device.state(), exposures: {} };
      device.touch();
      throw new DeviceError('BIP430', 'transient', 'another client declared');
    };
    await applySlices(device, [slice(2, [one, exposure({ port: 2 })])], { adopting: true });
    expect(portsOn(device)).toEqual([1, 2]);
    expect(calls.drift).toBe(1);
  });

  test('are kept by the declare that would have undone them', async () => {
    await applySlices(device, [change], { adopting: true });
    expect(device.state().overrides?.[KEY]?.values).toEqual({ enabled: false });
    expect(device.declares).toHaveLength(2);
  });

  test('are not kept where the device says nothing about how', async () => {
    device.drift = () =>
      Promise.resolve([{ kind: 'differs', path: '/k8s/x', message: 'differs', heal: 'declare' }]);
    await applySlices(device, [change], { adopting: true });
    expect(device.state()).not.toHaveProperty('overrides');
  });

  test('do not delay the change while another client declares elsewhere', async () => {
    device.drift = () => Promise.reject(new DeviceError('BIP503', 'transient', 'busy'));
    await applySlices(device, [change], { adopting: true });
    expect(device.declares).toHaveLength(2);
  });

  test('that cannot be checked for delay the change', async () => {
    device.drift = () => Promise.reject(new DeviceError('BIP501', 'transient', 'no connection'));
    await expect(applySlices(device, [change], { adopting: true })).rejects.toMatchObject({
      code: 'BIP501',
    });
    expect(device.declares).toHaveLength(1);
  });
});

describe('what an approval allowed', () => {
  const { version } = slice(1, []);
  const approve = order({
    action: 'approve',
    device: 'bigip-1',
    owner: EAST,
    version,
    keys: [KEY],
  });

  test('is reported from what was declared before, even if the answer to the removal was lost', async () => {
    await applySlices(device, [slice(1, [one, exposure({ port: 2 })])]);
    let left = 1;
    device.before = (_partition, _next, commit) => {
      if (left-- <= 0) return;
      commit();
      throw new DeviceError('BIP505', 'ambiguous', 'no answer');
    };
    const wanted = slice(2, [exposure({ port: 2 })]);
    const { approved } = await applySlices(device, [wanted], { orders: [approve] });
    expect(portsOn(device)).toEqual([2]);
    expect(approved).toEqual([{ owner: EAST, key: KEY }]);
  });

  test('is nothing, if the order is another one about the same exposures', async () => {
    await applySlices(device, [slice(1, [one])]);
    const retry = order({ action: 'retry', device: 'bigip-1', owner: EAST, keys: [KEY] });
    const { approved } = await applySlices(device, [slice(1, [one])], { orders: [retry] });
    expect(approved).toEqual([]);
  });
});
