/**
 * From a snapshot in the queue to the declare that is sent to the device, without the device's own
 * time.
 */
import { applyPartition } from '../../functions/apply/loop/run.ts';
import { mapSnapshot } from '../../functions/map/map.ts';
import { renderTenant, wrapTenants } from '../../shared/bigip/as3/render.ts';
import { SluiceConfig } from '../../shared/config/schema.ts';
import { Slice } from '../../shared/domain/exposure/exposure.ts';
import { parseEvent, serialiseEvent } from '../../shared/queue/envelope.ts';
import {
  INGRESS_DESIRED,
  INGRESS_OBSERVED,
  SLICE_EVENTS,
  SNAPSHOT_EVENTS,
} from '../../shared/queue/events.ts';
import { memoryDevice } from '../fixtures/device.ts';
import { table, time } from './measure.ts';
import { snapshotOf } from './world.ts';

const config = SluiceConfig.parse({
  generation: 1,
  devices: [
    {
      name: 'bigip',
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s'],
    },
  ],
  clusters: [{ id: 'east' }],
  ingresses: [
    {
      cluster: 'east',
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip'],
      virtualAddress: '172.16.100.195',
    },
  ],
});

export async function benchPipeline(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const size of [1, 10, 100, 1_000]) rows.push(await measure(size));
  table(
    'Event to declare, without device and queue time',
    ['exposures', 'snapshot KB', 'open+map+seal ms', 'open+plan+render ms', 'declaration KB'],
    rows,
  );
}

async function measure(size: number): Promise<(string | number)[]> {
  const snapshot = snapshotOf(size, 1);
  const meta = {
    id: 'id',
    cluster: 'east',
    subject: 'east/istio-system/istio-ingressgateway',
    time: new Date(0).toISOString(),
  };
  const body = serialiseEvent(INGRESS_OBSERVED, snapshot, meta);
  let slices: string[] = [];
  const mapped = await time(10, () => {
    const opened = parseEvent(body, SNAPSHOT_EVENTS);
    if (!('ok' in opened) || opened.ok.type !== INGRESS_OBSERVED)
      throw new Error(JSON.stringify(opened));
    const result = mapSnapshot({ snapshot: opened.ok.data, sender: undefined, config });
    if (result.kind !== 'slices') throw new Error(result.reason);
    slices = result.slices.map((slice) => serialiseEvent(INGRESS_DESIRED, slice, meta));
  });
  let rendered = '';
  const applied = await time(10, async () => {
    const opened = parseEvent(slices[0] ?? '', SLICE_EVENTS);
    if (!('ok' in opened)) throw new Error(JSON.stringify(opened));
    const device = memoryDevice('bigip');
    device.before = (partition, next) =>
      (rendered = JSON.stringify(
        wrapTenants({ [partition]: renderTenant(next, { shareNodes: false }) }, true),
      ));
    await applyPartition({
      device,
      partition: 'k8s',
      slices: [Slice.parse(opened.ok.data)],
      sameFleet: () => false,
      clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
      hasTime: () => true,
    });
  });
  return [String(size), body.length / 1024, mapped.median, applied.median, rendered.length / 1024];
}
