/**
 * What a change costs in requests to SQS, by the function that makes them; over fauxqs, with the
 * real AWS client.
 */
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SETTLED_EVENTS } from '../../../shared/queue/events.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { table } from '../measure.ts';
import { bringUp } from './converge.ts';
import type { Operation } from './counting.ts';
import { startFleetSite, type FleetSite } from './site.ts';
import { clusterId, firstPods, PODS, snapshotOfCluster } from './world.ts';

const CLUSTERS = 10;
const GATEWAYS_EACH = 50;
const OPERATIONS = ['send', 'receive', 'delete', 'other'] as const satisfies readonly Operation[];

export async function benchCost(): Promise<void> {
  const site = await startFleetSite({ queue: 'sqs', clusters: CLUSTERS, declare: 300 });
  await bringUp(site, CLUSTERS, GATEWAYS_EACH);
  await results(site);
  const rows: (string | number)[][] = [];
  site.counts.reset();
  for (let index = 0; index < CLUSTERS; index++) await change(site, index, 2);
  rows.push(await row(site, 'one after the other'));
  site.counts.reset();
  await Promise.all(Array.from({ length: CLUSTERS }, (_, index) => change(site, index, 3)));
  rows.push(await row(site, 'all at once'));
  await site.close();
  table(
    `Queue requests for one change (a pod replaced, ${GATEWAYS_EACH} gateways × ` +
      `${PODS} pods), as SQS bills them: each call, or each 64 KB of it; the watcher's ` +
      'included, polls that found nothing not',
    [`${CLUSTERS} changes`, ...OPERATIONS, 'requests for each change', 'calls for each change'],
    rows,
  );
}

function change(site: FleetSite, index: number, counter: number): Promise<number> {
  return site.send(
    snapshotOfCluster({
      index,
      gateways: GATEWAYS_EACH,
      pods: [...firstPods(PODS - 1), PODS + counter],
      counter,
    }),
  );
}

/** Consumes the results, as the watchers do. */
async function results({ queues }: FleetSite): Promise<void> {
  await processClock.sleep(1_000);
  for (let index = 0; index < CLUSTERS; index++) {
    const queue = queues.queue(`settled-${clusterId(index)}`);
    for (const { body, receipt } of await queue.receive({
      max: 10,
      waitMs: 0,
      visibilityMs: 60_000,
    })) {
      if ('refused' in parseEvent(body, SETTLED_EVENTS))
        throw new Error(`queue ${queue.name} holds what is no result`);
      await queue.delete(receipt);
    }
  }
}

async function row(site: FleetSite, name: string): Promise<(string | number)[]> {
  await results(site);
  const counted = OPERATIONS.map((operation) => site.counts.of(operation));
  const sum = (of: (one: { readonly calls: number; readonly units: number }) => number): number =>
    counted.reduce((total, one) => total + of(one), 0) / CLUSTERS;
  return [
    name,
    ...counted.map(({ units }) => String(units)),
    sum(({ units }) => units),
    sum(({ calls }) => calls),
  ];
}
