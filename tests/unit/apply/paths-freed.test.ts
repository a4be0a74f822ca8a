/** Who is asked again when a path that the device refused is there. */
import { beforeEach, expect, test } from '@jest/globals';
import { askForFreed } from '../../../functions/apply/left-paths.ts';
import type { PathJob } from '../../../functions/apply/paths/job.ts';
import { type PathRun, startPaths } from '../../../functions/apply/paths/paths.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { type MemoryDevice, memoryDevice } from '../../fixtures/device.ts';
import { pathSlice, podOn } from '../../fixtures/paths.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { createWorld, ownerOf } from '../../promises/support/world.ts';

const { config } = createWorld({ modes: { east: 'routes' } });
const owners = [ownerOf('east'), 'east/istio-system/second'];
const site = {
  ...config,
  ingresses: [...config.ingresses, { ...config.ingresses[0]!, service: 'istio-system/second' }],
};
const slices = owners.map((owner) => pathSlice(1, [podOn(1)], undefined, { owner }));
const no = (): DeviceError =>
  new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' });

let device: MemoryDevice;
beforeEach(() => void (device = memoryDevice()));

/** One run with its declares; resolves with who is asked again. */
async function run(
  over: Partial<PathJob> = {},
  between: () => unknown = () => undefined,
): Promise<PathRun> {
  const paths = await startPaths({
    device,
    config: config.devices[0]!,
    site,
    slices: [],
    orders: [],
    tries: 1,
    isAnyCluster: true,
    clock: { now: () => 0 },
    log: createLogger('silent'),
    prove: () => Promise.resolve(),
    hasTime: () => true,
    ...over,
  });
  await between();
  await paths.settle([]);
  return paths;
}

async function refuseBoth(): Promise<void> {
  device.paths.refuse = no;
  const first = await run({ slices });
  expect([...first.waiting.keys()]).toEqual(owners);
  expect([...first.freed]).toEqual([]);
}

test('every ingress of the cluster outside of the run is asked for, because each may have members that wait', async () => {
  await refuseBoth();
  expect([...(await run()).freed]).toEqual([]);
  device.paths.refuse = () => undefined;
  expect([...(await run({ slices: slices.slice(0, 1) })).freed]).toEqual(owners.slice(1));
  expect([...(await run()).freed]).toEqual([]);
});

test('nobody is asked before the journal says that the path is not refused any more', async () => {
  await refuseBoth();
  device.paths.refuse = () => undefined;
  const fail = (): void => {
    device.paths.reach = () => {
      throw new DeviceError('BIP505', 'ambiguous', 'failed inside');
    };
  };
  expect([...(await run({}, fail)).freed]).toEqual([]);
  device.paths.reach = () => undefined;
  expect([...(await run()).freed]).toEqual(owners);
});

test('nobody is asked by a run whose journal another process replaced', async () => {
  await refuseBoth();
  device.paths.refuse = () => undefined;
  const replace = (): Promise<object> => device.paths.write(device.paths.current());
  expect([...(await run({}, replace)).freed]).toEqual([]);
  expect([...(await run()).freed]).toEqual(owners);
});

test('ingresses are asked once although what follows fails', async () => {
  await refuseBoth();
  device.paths.refuse = () => undefined;
  const fail = (): void => {
    device.paths.units.active.clear();
    device.paths.reach = (write) => {
      if (write?.kind === 'put') throw new DeviceError('BIP501', 'transient', 'no answer');
    };
  };
  expect([...(await run({}, fail)).freed]).toEqual(owners);
});

test('what is declared in other partitions delays removals only, if it cannot be read', async () => {
  await refuseBoth();
  device.paths.refuse = () => undefined;
  const abandoned = device.abandoned.bind(device);
  device.abandoned = () => Promise.reject(new DeviceError('BIP509', 'ambiguous', 'failed inside'));
  expect([...(await run()).freed]).toEqual(owners);
  const ofJournal = (): readonly object[] => [...device.paths.current().records.values()];
  expect(ofJournal()).toHaveLength(1);
  expect(ofJournal()[0]).not.toHaveProperty('left');
  device.abandoned = abandoned;
  await run();
  expect(ofJournal()[0]).toHaveProperty('left');
});

test.each([
  [true, 0],
  [false, 2],
])(
  'a dry run asks nobody, because it frees nothing (dry run: %s; asked: %d)',
  async (dryRun, count) => {
    const { queues } = createWorld();
    const scope = { runtime: runtimeWith({ config, queues, dryRun }) };
    await askForFreed({ scope, config: config.devices[0]! }, { freed: new Set(owners) });
    expect(queues.sent('settled-east')).toHaveLength(count);
  },
);
