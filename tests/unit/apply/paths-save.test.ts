/** What was written of paths is saved and synchronised, whatever fails after it. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { PathJob } from '../../../functions/apply/paths/job.ts';
import { type PathRun, startPaths } from '../../../functions/apply/paths/paths.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import type { JournalRecord } from '../../../shared/domain/paths/journal.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { memoryDevice, type MemoryDevice } from '../../fixtures/device.ts';
import { pathSlice, podOn } from '../../fixtures/paths.ts';
import { createWorld } from '../../promises/support/world.ts';

const PODS = Array.from({ length: 6 }, (_, i) => podOn(i + 1));

let device: MemoryDevice;
let saved: number;
beforeEach(() => {
  device = memoryDevice();
  saved = 0;
  device.paths.settle = () => Promise.resolve(void (saved += 1));
});

function start(): Promise<PathRun> {
  const { config } = createWorld({ modes: { east: 'routes' } });
  const job: PathJob = {
    device,
    config: config.devices[0]!,
    site: config,
    slices: [pathSlice(1, PODS)],
    orders: [],
    tries: 1,
    isAnyCluster: false,
    clock: { now: () => 0 },
    log: createLogger('silent'),
    prove: () => Promise.resolve(),
    hasTime: () => true,
  };
  return startPaths(job);
}

/** The device fails from its nth write of an entry on. */
function failAfter(writes: number, error: DeviceError): void {
  let count = 0;
  device.paths.reach = (write) => {
    if (write?.kind === 'put' && (count += 1) > writes) throw error;
  };
}

describe('paths that were written are saved', () => {
  test('although the device does not allow the rest', async () => {
    failAfter(2, new DeviceError('BIP403', 'device', 'permission denied'));
    const run = await start();
    expect(run.hold).toEqual({ code: 'BIP403' });
    await run.settle([]);
    expect(saved).toBe(1);
  });

  test('although the device went away before the last one, and has it all the same', async () => {
    const put = device.paths.put.bind(device.paths);
    const away = new DeviceError('BIP501', 'transient', 'no answer');
    device.paths.put = (write) => put(write).then(() => Promise.reject(away));
    await expect(start()).rejects.toThrow('no answer');
    await expect(start()).rejects.toThrow('no answer');
    device.paths.put = put;
    await (await start()).settle([]);
    expect(saved).toBe(1);
  });

  test('although another writer made the run begin again', async () => {
    const put = device.paths.put.bind(device.paths);
    let calls = 0;
    device.paths.put = async (write) => {
      await put(write);
      if ((calls += 1) <= 6) throw new DeviceError('BIP430', 'transient', 'another client wrote');
    };
    await (await start()).settle([]);
    expect(saved).toBe(1);
  });

  test('although what a late writer undid could be restored only in part', async () => {
    await (await start()).settle([]);
    const { number, records } = device.paths.current();
    const [one] = [...records.values()];
    const gone: JournalRecord = { ...one!, at: '10.9.9.0/24', gone: 0 };
    await device.paths.write({ number, records: new Map([...records, [entryKey(gone), gone]]) });
    const run = await start();
    device.paths.units.active.clear();
    failAfter(2, new DeviceError('BIP501', 'transient', 'no answer'));
    await run.settle([]);
    expect(device.paths.units.active.size).toBe(2);
    expect(saved).toBe(2);
  });

  test('once, and not again with nothing new', async () => {
    await (await start()).settle([]);
    await (await start()).settle([]);
    expect(saved).toBe(1);
  });
});
