/** Whose members wait while paths cannot be written, and how often watchers are asked for them. */
import { beforeEach, expect, test } from '@jest/globals';
import { followPaths } from '../../../functions/audit/paths.ts';
import type { DeviceErrorCode } from '../../../shared/device/errors.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { PathFigures } from '../../../shared/device/path-figures.ts';
import { createRepairMemory } from '../../../shared/failures/repairs.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { pathSlice, podOn } from '../../fixtures/paths.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { killAt } from '../../promises/support/gate.ts';
import { createWorld, type World } from '../../promises/support/world.ts';

const FIGURES: PathFigures = { wanted: 0, refused: 0, stale: 0, held: 0, oldestStaleSeconds: 0 };

let world: World;
let blobs: ReturnType<typeof memoryBlobs>;
let counter: number;
beforeEach(() => {
  blobs = memoryBlobs();
  world = createWorld({ modes: { east: 'routes' }, blobs });
  counter = 0;
});

/** The device answers writes of the journal with this code, or takes them. */
function answer(code?: DeviceErrorCode): void {
  world.device.paths.reach = (write) => {
    if (code !== undefined && write?.kind === 'journal')
      throw new DeviceError(code, 'device', `no: ${counter}`);
  };
}

/** The watcher sends the ingress, with one more pod. */
async function send(): Promise<void> {
  counter += 1;
  const pods = Array.from({ length: counter }, (_, i) => podOn(i + 1));
  await world.send(pathSlice(counter, pods));
  await world.step();
}

const asked = (): number =>
  world.queues.sent('settled-east').filter(({ body }) => body.includes('are tried again')).length;

/** One audit that can read the paths; resolves with how often watchers were asked because of it. */
async function audit(): Promise<number> {
  const before = asked();
  const { config, queues } = world;
  const repairs = createRepairMemory(blobs);
  const scope = { runtime: runtimeWith({ config, queues }), repairs: async () => repairs };
  await followPaths(scope, config.devices[0]!, { paths: FIGURES });
  return asked() - before;
}

test('a fault that stays is asked about once, however often it is met', async () => {
  answer('BIP403');
  await send();
  expect([await audit(), await audit()]).toEqual([1, 0]);
  for (let round = 0; round < 3; round += 1) {
    await send();
    expect(await audit()).toBe(0);
  }
});

test('so it is by a process that does not know what the last one noted', async () => {
  answer('BIP403');
  await send();
  expect(await audit()).toBe(1);
  counter += 1;
  await world.send(pathSlice(counter, [podOn(1), podOn(9)]));
  await world.step(killAt(Number.MAX_SAFE_INTEGER, 'before'));
  expect(await audit()).toBe(0);
});

test('another fault, and the same one after paths could be written, is a new one', async () => {
  answer('BIP403');
  await send();
  expect(await audit()).toBe(1);
  answer('BIP476');
  await send();
  expect([await audit(), await audit()]).toEqual([1, 0]);
  answer();
  await send();
  expect(await audit()).toBe(0);
  answer('BIP476');
  await send();
  expect([await audit(), await audit()]).toEqual([1, 0]);
});

test('what apply notes about the answers while audit asks is not lost', async () => {
  answer('BIP403');
  await send();
  answer('BIP476');
  const queue = world.queues.queue.bind(world.queues);
  let isFirst = true;
  world.queues.queue = (name) => {
    const one = queue(name);
    return {
      ...one,
      send: async (message) => {
        await one.send(message);
        if (!name.startsWith('settled-') || !isFirst) return;
        isFirst = false;
        await send();
      },
    };
  };
  expect([await audit(), await audit()]).toEqual([1, 1]);
});
