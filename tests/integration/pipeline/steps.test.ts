/** How many declares a burst costs on the lab's BIG-IP, and what they contain. */
import { afterEach, expect, test } from '@jest/globals';
import { isDeclare } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { PaceKeeper } from '../../../functions/apply/pace.ts';
import { fullPace } from '../../../functions/apply/pace.ts';
import { applyPartition } from '../../../functions/apply/loop/run.ts';
import type { Device } from '../../../shared/device/device.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { closeAll, connect, lab, recordRequests } from '../../contract/bigip/support.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

afterEach(closeAll);

/** Time does not advance, so only the line counts matter. */
const clock = { ...processClock, monotonic: () => 0 };

function ingress(counter: number, exposures: number, pods: number): Slice {
  const members = Array.from({ length: pods }, (_, i) => ({
    address: `10.9.0.${i + 1}`,
    port: 80,
    availability: 'ready' as const,
  }));
  return slice(
    counter,
    Array.from({ length: exposures }, (_, i) => exposure({ port: i + 1, members })),
  );
}

async function apply(device: Device, wanted: Slice, pace: PaceKeeper): Promise<void> {
  const { rejections } = await applyPartition({
    device,
    partition: 'k8s',
    slices: [wanted],
    sameFleet: () => false,
    clock,
    hasTime: () => true,
    pace,
  });
  expect(rejections.size).toBe(0);
}

/**
 * Exposures in each declare of this work, and the number of times that the declaration was read.
 */
async function count(
  bigip: LabBigip,
  work: () => Promise<void>,
): Promise<{ readonly posted: readonly number[]; readonly reads: number }> {
  const requests = recordRequests(bigip);
  await work();
  const seen = [...requests];
  bigip.faults.clear();
  const reads = seen.filter(
    ({ method, path }) => method === 'GET' && path.endsWith('/declare/k8s'),
  );
  return { posted: seen.filter(isDeclare).map(exposuresIn), reads: reads.length };
}

function exposuresIn({ body }: { readonly body?: unknown }): number {
  return JSON.stringify(body).match(/"class":"Service_/g)?.length ?? 0;
}

test('1,000 new exposures need three declares, and each later change one', async () => {
  const bigip = await lab();
  const device = connect(bigip, { clock, config: { requestTimeout: 60 } });
  const pace: PaceKeeper = { pace: fullPace(BIGIP.declareSize) };
  const burst = await count(bigip, () => apply(device, ingress(1, 1_000, 2), pace));
  // The first one creates the partition; then it is read for its key.
  expect(burst).toEqual({ posted: [0, 100, 500, 1_000], reads: 2 });
  const changes = [ingress(2, 1_000, 3), ingress(3, 1_000, 2), ingress(4, 1_001, 2)];
  for (const change of changes) {
    const { posted, reads } = await count(bigip, () => apply(device, change, pace));
    expect([posted.length, reads]).toEqual([1, 1]);
  }
}, 180_000);
