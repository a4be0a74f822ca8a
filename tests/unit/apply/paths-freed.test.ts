/** Who is asked again when a path that the device refused is there. */
import { expect, test } from '@jest/globals';
import type { PathJob } from '../../../functions/apply/paths/job.ts';
import { startPaths } from '../../../functions/apply/paths/paths.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { pathSlice, podOn } from '../../fixtures/paths.ts';
import { createWorld, ownerOf } from '../../promises/support/world.ts';

test('every ingress of the cluster outside of the run is asked for, because each may have members that wait', async () => {
  const device = memoryDevice();
  const { config } = createWorld({ modes: { east: 'routes' } });
  const [ingress] = config.ingresses;
  const second = { ...ingress!, service: 'istio-system/second' };
  const site = { ...config, ingresses: [...config.ingresses, second] };
  const owners = [ownerOf('east'), 'east/istio-system/second'];
  const job = (over: Partial<PathJob>): PathJob => ({
    device,
    config: config.devices[0]!,
    site,
    slices: [],
    orders: [],
    isAnyCluster: true,
    clock: { now: () => 0 },
    log: createLogger('silent'),
    prove: () => Promise.resolve(),
    hasTime: () => true,
    ...over,
  });
  device.paths.refuse = () =>
    new DeviceError('BIP472', 'content', 'the gateway is in no network', { response: 'no' });
  const slices = owners.map((owner) => pathSlice(1, [podOn(1)], undefined, { owner }));
  const first = await startPaths(job({ slices }));
  expect([...first.waiting.keys()]).toEqual(owners);
  expect([...first.freed]).toEqual([]);
  await first.settle([]);
  expect([...(await startPaths(job({}))).freed]).toEqual([]);
  device.paths.refuse = () => undefined;
  const own = slices.slice(0, 1);
  expect([...(await startPaths(job({ slices: own }))).freed]).toEqual(owners.slice(1));
});
