/**
 * One cluster restarts its gateway pods, one after the other: how much does this delay the changes
 * of other clusters?
 */
import { processClock } from '../../../shared/runtime/process.ts';
import { table } from '../measure.ts';
import { bringUp } from './converge.ts';
import { DECLARE, startFleetSite, type FleetSite } from './site.ts';
import { CLUSTERS, firstPods, PODS, snapshotOfCluster } from './world.ts';

/** 1,000 exposures in total. */
const GATEWAYS_EACH = 10;
/** Milliseconds between two changes of other clusters, and the number of changes. */
const PACE = 2_000;
const CHANGES = 20;
/** Milliseconds between two pods of the restart. */
const ROLL = 4_000;

export async function benchRestart(): Promise<void> {
  const site = await startFleetSite({ queue: 'sqlite', clusters: CLUSTERS, declare: 1 });
  await bringUp(site, CLUSTERS, GATEWAYS_EACH);
  site.bigip.faults.timings.declare = DECLARE;
  const alone = await others(site, { counter: 2 });
  const stopping = new AbortController();
  const restarting = restart(site, stopping.signal);
  const beside = await others(site, { counter: 3 });
  stopping.abort();
  const own = await restarting;
  await site.close();
  const row = (name: string, { lags, declares }: Felt): (string | number)[] => [
    name,
    String(lags.length),
    at(lags, 0.5),
    at(lags, 0.99),
    String(declares),
  ];
  table(
    `One pod replaced in another cluster every ${PACE} ms, ${CLUSTERS} clusters × ` +
      `${GATEWAYS_EACH} gateways × ${PODS} pods, one partition (declare ${DECLARE} ms): ` +
      'from the snapshot to live',
    ['', 'changes', 'p50 ms', 'p99 ms', 'declares'],
    [
      row('alone', alone),
      row(`while one cluster restarts ${PODS} pods`, beside),
      [
        'ratio',
        '',
        at(beside.lags, 0.5) / at(alone.lags, 0.5),
        at(beside.lags, 0.99) / at(alone.lags, 0.99),
        beside.declares / alone.declares,
      ],
      ['the restarting cluster itself', String(own.length), at(own, 0.5), at(own, 0.99), ''],
    ],
  );
}

interface Felt {
  readonly lags: readonly number[];
  readonly declares: number;
}

/** Each change is made by another cluster, which replaces its last pod. */
async function others(site: FleetSite, { counter }: { readonly counter: number }): Promise<Felt> {
  const before = site.declares();
  const lags: Promise<number>[] = [];
  for (let change = 1; change <= CHANGES; change++) {
    lags.push(
      site.send(
        snapshotOfCluster({
          index: change,
          gateways: GATEWAYS_EACH,
          pods: [...firstPods(PODS - 1), PODS + counter],
          counter,
        }),
      ),
    );
    await processClock.sleep(PACE);
  }
  return { lags: await Promise.all(lags), declares: site.declares() - before };
}

/** As the watcher does: at most one snapshot is in flight, and the next has the newest content. */
async function restart(site: FleetSite, signal: AbortSignal): Promise<readonly number[]> {
  const begun = performance.now();
  const lags: number[] = [];
  let told = 0;
  let counter = 2;
  while (!signal.aborted && told < PODS) {
    const renewed = Math.min(PODS, 1 + Math.floor((performance.now() - begun) / ROLL));
    if (renewed === told) {
      await processClock.sleep(100);
      continue;
    }
    told = renewed;
    const pods = firstPods().map((pod) => (pod < renewed ? 2 * PODS + pod : pod));
    lags.push(
      await site.send(snapshotOfCluster({ index: 0, gateways: GATEWAYS_EACH, pods, counter })),
    );
    counter += 1;
  }
  return lags;
}

function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
