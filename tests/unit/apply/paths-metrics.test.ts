import { expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import { networkOf, pathSlice, podOn } from '../../fixtures/paths.ts';
import { createWorld } from '../../promises/support/world.ts';

const MINUTE = 60_000;
const [P1, P2] = [podOn(1), podOn(2)];

test('metrics count writes by outcome, entries by state, and members that wait', async () => {
  const world = createWorld({ modes: { east: 'routes' } });
  const send = async (counter: number, pods: readonly string[]): Promise<void> => {
    await world.send(pathSlice(counter, pods));
    await world.drain();
  };
  const later = async (): Promise<void> => {
    world.clock.advance(10 * MINUTE);
    await world.audit(['k8s']);
    await world.drain();
  };
  expect(world.pathMeter.read()).toEqual([]);
  world.device.paths.refuse = ({ entry }) =>
    entry.at === networkOf(2)
      ? new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' })
      : undefined;
  await send(1, [P1, P2]);
  const states = { wanted: 2, refused: 1, stale: 0, held: 0, oldestStaleSeconds: 0 };
  expect(world.pathMeter.read()).toEqual([
    {
      device: 'bigip-1',
      states,
      writes: { written: 1, removed: 0, refused: 1, failed: 0 },
      waiting: 1,
    },
  ]);
  world.device.paths.refuse = () => undefined;
  await send(2, [P1, P2]);
  expect(world.pathMeter.read()).toMatchObject([
    { states: { refused: 0 }, writes: { written: 2 }, waiting: 0 },
  ]);
  await send(3, [P1]);
  expect(world.pathMeter.read()).toMatchObject([{ states: { wanted: 1, stale: 1 } }]);
  await later();
  expect(world.pathMeter.read()).toMatchObject([
    { states: { wanted: 1, stale: 0 }, writes: { removed: 1 } },
  ]);
});
