/**
 * The size of a partition with a given number of exposures, and the time of each step in our own
 * code and against the lab's device.
 */
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import { readTenant } from '../../../shared/bigip/as3/read.ts';
import { renderTenant, wrapTenants } from '../../../shared/bigip/as3/render.ts';
import type { As3Tenant } from '../../../shared/bigip/as3/types.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { movesBetween } from '../../../shared/domain/plan/moves.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { firstStep } from '../../../shared/bigip/as3/steps.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { table, time } from '../measure.ts';
import { firstPods, fleetConfig, GATEWAYS, PODS, sliceOf, snapshotOfCluster } from './world.ts';

const ONE = ['k8s'];
const SEVERAL = ['k8s-1', 'k8s-2', 'k8s-3', 'k8s-4'];

interface Size {
  readonly exposures: number;
  readonly members: number;
  readonly partitions: readonly string[];
}

const SIZES: readonly Size[] = [
  { exposures: 100, members: PODS, partitions: ONE },
  { exposures: 100, members: 100, partitions: ONE },
  { exposures: 1_000, members: PODS, partitions: ONE },
  { exposures: 5_000, members: PODS, partitions: ONE },
  { exposures: 5_000, members: PODS, partitions: SEVERAL },
];

export async function benchSizes(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const size of SIZES) rows.push(await measure(size));
  table(
    `A partition of so many exposures, one owner's pod replaced (${GATEWAYS} exposures ` +
      `change): KB and ms (the lab's device declares in no time)`,
    [
      'exposures',
      'members',
      'partitions',
      'largest KB',
      'plan',
      'render',
      'parse+read',
      'GET+read',
      'post',
      'verify',
      'nodes',
      'heap MB',
    ],
    rows,
  );
}

async function measure({
  exposures: size,
  members,
  partitions,
}: Size): Promise<(string | number)[]> {
  const bigip = await startBigip({
    dataPath: false,
    timings: { declare: 1, memberWrite: 1, syncLimit: 600_000, scriptLimit: 600_000 },
  });
  const clusters = size / GATEWAYS;
  const config = fleetConfig(clusters, bigip, partitions);
  const [deviceConfig] = config.devices;
  if (deviceConfig === undefined) throw new Error('no device');
  const device = createDevice(
    deviceConfig,
    { password: () => Promise.resolve(bigip.password), ca: bigip.ca },
    processClock,
  );
  const rules = { sameFleet: () => false, shareNodes: partitions.length > 1 };
  const slices = Array.from({ length: clusters }, (_, index) =>
    sliceOf(
      snapshotOfCluster({ index, gateways: GATEWAYS, pods: firstPods(members), counter: 1 }),
      config,
    ),
  );
  const states = new Map(
    partitions.map((partition): [string, DeclaredState] => [
      partition,
      planPartition(partition, EMPTY_STATE, slices, rules).next,
    ]),
  );
  for (const [partition, state] of states) await device.declare(partition, state, undefined);
  const [partition = '', state = EMPTY_STATE] =
    [...states].toSorted(
      ([, a], [, b]) => Object.keys(b.exposures).length - Object.keys(a.exposures).length,
    )[0] ?? [];
  const owner = slices.find((slice) => slice.exposures[0]?.partition === partition);
  const index = slices.findIndex((slice) => slice === owner);
  const changed = sliceOf(
    snapshotOfCluster({
      index,
      gateways: GATEWAYS,
      pods: [...firstPods(members - 1), members],
      counter: 2,
    }),
    config,
  );

  const plan = (): DeclaredState => {
    movesBetween(states, [changed]);
    const { next } = planPartition(partition, state, [changed], rules);
    firstStep(state, next);
    return next;
  };
  const render = (): string =>
    JSON.stringify(wrapTenants({ [partition]: renderTenant(state, rules) }, true));
  const text = render();
  const parse = (): void => {
    const { declaration } = JSON.parse(text) as { declaration: Record<string, As3Tenant> };
    const reading = readTenant(partition, declaration[partition] as As3Tenant);
    if (reading.kind === 'refused') throw new Error(reading.reason);
  };
  const read = async (): Promise<string | undefined> => {
    const reading = await device.read(partition);
    return reading.kind === 'ours' ? reading.declared.lockKey : undefined;
  };
  const runs = size > 1_000 ? 1 : 3;
  const planned = await time(runs, plan);
  const rendered = await time(runs, render);
  const parsed = await time(runs, parse);
  const gotten = await time(runs, read);
  const posted = await time(1, async () => device.declare(partition, state, await read()));
  const verified = await time(runs, () => device.verify(partition, state));
  const nodes = await time(runs, () => device.reconcileMembers(partition, state));
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed / 1024 ** 2;
  await device.close();
  await bigip.close();
  return [
    String(size),
    String(members),
    String(partitions.length),
    text.length / 1024,
    planned.median,
    rendered.median,
    parsed.median,
    gotten.median,
    posted.median - gotten.median,
    verified.median,
    nodes.median,
    heap,
  ];
}
