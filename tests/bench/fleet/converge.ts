/** All clusters send their snapshots at once, as after a new configuration or on a wiped device. */
import { processClock } from '../../../shared/runtime/process.ts';
import { table } from '../measure.ts';
import { startFleetSite, DECLARE, type FleetSite, type SiteOptions } from './site.ts';
import { CLUSTERS, firstPods, GATEWAYS, PODS, snapshotOfCluster } from './world.ts';

/** Milliseconds between two checks of the queues. */
const LOOK = 15_000;
/** Time limit of the measurement in milliseconds. */
const ENOUGH = 180_000;
/**
 * Milliseconds of one declare. Declares run one after the other, so the time on a slower device
 * follows from their number.
 */
const QUICK = 500;

interface Sample {
  readonly seconds: number;
  readonly snapshots: number;
  readonly slices: number;
  readonly settled: number;
  readonly declares: number;
}

export async function benchConverge(): Promise<void> {
  const { samples, first, last, declares, settled, units } = await converge(
    { queue: 'sqlite', clusters: CLUSTERS, declare: QUICK },
    GATEWAYS,
  );
  table(
    `${CLUSTERS} clusters × ${GATEWAYS} gateways × ${PODS} pods at once on an empty ` +
      `device, one partition, queue sqlite (declare ${QUICK} ms)`,
    ['after s', 'waiting in snapshots', 'in slices', 'clusters settled', 'declares'],
    samples.map((one) => [
      one.seconds,
      String(one.snapshots),
      String(one.slices),
      String(one.settled),
      String(one.declares),
    ]),
  );
  table(
    '',
    [
      'clusters live',
      'the first after s',
      'the last after s',
      'declares',
      `the last, with declares of ${DECLARE / 1_000} s`,
      'queue requests for each',
    ],
    [
      [
        `${settled} of ${CLUSTERS}`,
        first / 1_000,
        last / 1_000,
        String(declares),
        (last + declares * (DECLARE - QUICK)) / 1_000,
        units / settled,
      ],
    ],
  );
}

export interface Converged {
  readonly samples: readonly Sample[];
  readonly first: number;
  readonly last: number;
  readonly settled: number;
  readonly declares: number;
  /** Billing units of the queue. */
  readonly units: number;
}

/** Sends the snapshots of all clusters, and waits until each is confirmed. */
export async function bringUp(
  site: FleetSite,
  clusters: number,
  gateways: number,
  onSettled: (milliseconds: number) => void = () => undefined,
): Promise<readonly number[]> {
  const indices = Array.from({ length: clusters }, (_, index) => index);
  return Promise.all(
    indices.map(async (index) => {
      const taken = await site.send(
        snapshotOfCluster({ index, gateways, pods: firstPods(), counter: 1 }),
      );
      onSettled(taken);
      return taken;
    }),
  );
}

async function converge(options: SiteOptions, gateways: number): Promise<Converged> {
  const site = await startFleetSite(options);
  const started = performance.now();
  let settled = 0;
  const samples: Sample[] = [];
  const look = async (): Promise<void> => {
    const [snapshots, slices] = await Promise.all(
      (['snapshots', 'slices'] as const).map((name) => site.queues.queue(name).depth()),
    );
    samples.push({
      seconds: (performance.now() - started) / 1_000,
      snapshots: total(snapshots),
      slices: total(slices),
      settled,
      declares: site.declares(),
    });
  };
  const over = new AbortController();
  const looking = (async () => {
    for (; !over.signal.aborted; await processClock.sleep(LOOK, over.signal)) await look();
  })();
  const taken: number[] = [];
  const all = bringUp(site, options.clusters, gateways, (milliseconds) => {
    settled += 1;
    taken.push(milliseconds);
  });
  await Promise.race([all, processClock.sleep(ENOUGH, over.signal)]);
  over.abort();
  await looking;
  await look();
  const result = {
    samples,
    first: Math.min(...taken),
    last: Math.max(...taken),
    declares: site.declares(),
    settled,
    units: billed(site),
  };
  // Messages in flight are not waited for.
  site.bigip.faults.timings.declare = 1;
  await site.close();
  return result;
}

function total(depth: { readonly waiting: number; readonly inFlight: number } | undefined): number {
  return (depth?.waiting ?? 0) + (depth?.inFlight ?? 0);
}

function billed({ counts }: FleetSite): number {
  return (['send', 'receive', 'delete', 'other'] as const).reduce(
    (sum, operation) => sum + counts.of(operation).units,
    0,
  );
}
