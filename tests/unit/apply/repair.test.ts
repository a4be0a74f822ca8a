import { describe, expect, test } from '@jest/globals';
import { startRepair } from '../../../functions/apply/repair.ts';
import type { RepairScope } from '../../../functions/apply/repair.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { Difference } from '../../../shared/device/difference.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { createRepairMemory } from '../../../shared/failures/repairs.ts';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Audit } from '../../../shared/queue/events.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';

const declared: Difference = {
  kind: 'differs',
  path: '/k8s/a/virtual',
  message: 'has snat none instead of automap',
  heal: 'declare',
};
const patched: Difference = {
  ...declared,
  path: '/k8s/10.0.0.1',
  message: 'has enabled no instead of yes',
  heal: 'patch',
  write: {},
};
const told: Difference = { ...declared, path: '/Common/10.0.0.1', heal: 'told' };

const kept = (partition: string): NonNullable<Audit['adopt']>[number] =>
  ({ partition }) as unknown as NonNullable<Audit['adopt']>[number];

interface World {
  readonly scope: RepairScope;
  readonly mended: string[];
  readonly warnings: unknown[];
  /** Results of the comparisons, in order; the last one repeats. */
  readonly looks: (readonly Difference[] | Error)[];
}

async function world(...looks: World['looks']): Promise<World> {
  const mended: string[] = [];
  const warnings: unknown[] = [];
  const memory = memoryDevice();
  await memory.declare('k8s', { owners: {}, exposures: {} }, undefined);
  const device: Device = {
    ...memory,
    drift: () => {
      const look = (looks.length > 1 ? looks.shift() : looks[0]) ?? [];
      return look instanceof Error ? Promise.reject(look) : Promise.resolve(look);
    },
    writeBack: (_partition, found) => {
      const paths = found.flatMap(({ path, write }) => (write ? [path] : []));
      mended.push(...paths);
      return Promise.resolve(paths);
    },
  };
  const quiet = (): void => undefined;
  const log: Logger = {
    debug: quiet,
    info: quiet,
    warn: (fields: unknown) => void warnings.push(fields),
    error: quiet,
    child: () => log,
  };
  const blobs = new Map<string, string>();
  const store = {
    get: (key: string) =>
      Promise.resolve(blobs.has(key) ? { text: blobs.get(key)!, tag: '1' } : undefined),
    put: (key: string, text: string) => Promise.resolve(String(blobs.set(key, text).size)),
    delete: (key: string) => Promise.resolve(void blobs.delete(key)),
  } as unknown as Blobs;
  const repairs = createRepairMemory(store);
  return {
    scope: {
      runtime: { log },
      device,
      memory: () => Promise.resolve(repairs),
      preparation: { create: (one, partition) => one.prepare(partition) },
    },
    mended,
    warnings,
    looks,
  };
}

async function repair(scope: RepairScope, forced = false): Promise<readonly string[]> {
  const begun = await startRepair(scope, [{ partitions: ['k8s'], ...(forced && { forced }) }]);
  await begun.settle();
  return [...begun.again];
}

describe('a repair', () => {
  test('declares again what a declare restores', async () => {
    const { scope, mended, warnings } = await world([declared], []);
    expect(await repair(scope)).toEqual(['k8s']);
    expect([mended, warnings]).toEqual([[], []]);
  });

  test('writes back what a declare would not, and declares nothing', async () => {
    const { scope, mended, warnings } = await world([patched, told], [told]);
    expect(await repair(scope)).toEqual([]);
    expect(mended).toEqual(['/k8s/10.0.0.1']);
    expect(warnings).toEqual([]);
  });

  test('that leaves a difference is reported once, and not repeated', async () => {
    const { scope, warnings } = await world([declared]);
    expect(await repair(scope)).toEqual(['k8s']);
    expect(warnings).toEqual([
      expect.objectContaining({ code: 'BIP457', object: '/k8s/a/virtual', left: 1 }),
    ]);
    expect(await repair(scope)).toEqual([]);
    expect(await repair(scope)).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  test('is repeated for another difference, and after the first one was gone', async () => {
    const { scope, looks } = await world([declared]);
    await repair(scope);
    looks.splice(0, 1, [declared, patched], []);
    expect(await repair(scope)).toEqual(['k8s']);
    looks.splice(0, 1, [declared]);
    expect(await repair(scope)).toEqual(['k8s']);
  });

  test('is repeated when a person asks', async () => {
    const { scope, warnings } = await world([declared]);
    await repair(scope);
    expect(await repair(scope, true)).toEqual(['k8s']);
    expect(warnings).toHaveLength(2);
  });

  test.each<[string, Omit<Parameters<typeof startRepair>[1][number], 'partitions'>, boolean]>([
    ['is not repeated', {}, false],
    ['is repeated, if a person asks', { forced: true }, true],
    ['is repeated, if kept changes are undone', { lift: true }, true],
    ['is repeated, if a change of the partition is kept', { adopt: [kept('k8s')] }, true],
    ['is not repeated for a change of another one', { adopt: [kept('edge')] }, false],
  ])('of what an earlier one left %s', async (_, more, again) => {
    const { scope } = await world([declared]);
    await repair(scope);
    const [plain, request] = [{ partitions: ['k8s'] }, { partitions: ['k8s'], ...more }];
    for (const requests of [[request], [request, plain], [plain, request]])
      expect([...(await startRepair(scope, requests)).again]).toEqual(again ? ['k8s'] : []);
  });

  test('is the same whatever the order of its differences', async () => {
    const { scope, looks, warnings } = await world([declared, patched]);
    await repair(scope);
    looks.splice(0, 2, [patched, declared]);
    expect(await repair(scope)).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  test('of what is only patched declares nothing, unless a person asks', async () => {
    const { scope } = await world([patched]);
    expect(await repair(scope)).toEqual([]);
    expect(await repair(scope, true)).toEqual(['k8s']);
  });

  test('of a difference that has disappeared declares once to make sure', async () => {
    const { scope, mended } = await world([]);
    expect(await repair(scope)).toEqual(['k8s']);
    expect(mended).toEqual([]);
  });

  test('of a partition that Sluice may not write, or never wrote, only declares', async () => {
    const { scope, warnings } = await world([declared]);
    const of = async (read: Device['read']): Promise<readonly string[]> => {
      const begun = await startRepair({ ...scope, device: { ...scope.device, read } }, [
        { partitions: ['k8s'] },
      ]);
      await begun.settle();
      return [...begun.again];
    };
    expect(
      await of(() => Promise.resolve({ kind: 'refused', code: 'OWN305', reason: 'r' })),
    ).toEqual(['k8s']);
    const empty = { kind: 'ours', declared: { state: EMPTY_STATE } } as const;
    expect(await of(() => Promise.resolve(empty))).toEqual(['k8s']);
    expect(warnings).toEqual([]);
  });

  test('in a dry run notes nothing', async () => {
    const { scope, warnings } = await world([declared]);
    expect(await repair({ ...scope, runtime: { ...scope.runtime, dryRun: true } })).toEqual([
      'k8s',
    ]);
    expect(await repair(scope)).toEqual(['k8s']);
    expect(warnings).toHaveLength(1);
  });

  test('fails with any other error of the device', async () => {
    const { scope } = await world(new DeviceError('BIP501', 'transient', 'away'));
    await expect(repair(scope)).rejects.toMatchObject({ code: 'BIP501' });
    const broken = await world(new Error('broken'));
    await expect(repair(broken.scope)).rejects.toThrow('broken');
  });

  test('that cannot be compared afterwards says so, and is repeated', async () => {
    const { scope, warnings } = await world(
      [declared],
      new DeviceError('BIP501', 'transient', 'away'),
      [declared],
    );
    expect(await repair(scope)).toEqual(['k8s']);
    expect(warnings).toEqual([expect.objectContaining({ code: 'BIP501' })]);
    expect(await repair(scope)).toEqual(['k8s']);
  });

  test('that cannot be compared yet afterwards says nothing', async () => {
    const declaring = new DeviceError('BIP503', 'transient', 'declaring');
    const { scope, warnings } = await world([declared], declaring, [declared]);
    expect(await repair(scope)).toEqual(['k8s']);
    expect(warnings).toEqual([]);
  });

  test('reads nothing from the store if nothing differs', async () => {
    const { scope } = await world([]);
    let opened = 0;
    const memory = (): ReturnType<RepairScope['memory']> => {
      opened += 1;
      return scope.memory();
    };
    const { again } = await startRepair({ ...scope, memory }, [{ partitions: ['k8s'] }]);
    expect([[...again], opened]).toEqual([['k8s'], 0]);
  });

  test('declares where the device cannot be compared now', async () => {
    const { scope, warnings } = await world(new DeviceError('BIP503', 'transient', 'declaring'));
    expect(await repair(scope)).toEqual(['k8s']);
    expect(warnings).toEqual([]);
  });

  test('is only repeated without the failure store', async () => {
    const { scope } = await world([declared]);
    const lost = { ...scope, memory: () => Promise.reject(new Error('no store')) };
    expect(await repair(lost)).toEqual(['k8s']);
    expect(await repair(lost)).toEqual(['k8s']);
  });
});
