/** Pods that join and leave, at three sizes of the ingress. */
import { processClock } from '../../../../shared/runtime/process.ts';
import { median } from '../../measure.ts';
import { podAddress } from '../cluster.ts';
import type { Figure, Row, RunOptions, Scale } from '../figures.ts';
import { startSite, type SpeedSite } from '../site.ts';

export const pods: readonly Row[] = ([0, 1, 2] as const).map((index) => ({
  id: `pods-${['few', 'more', 'many'][index]}`,
  title: ({ sizes }) => `a pod joins and leaves, ${sizes[index]} exposures`,
  meter: ({ declareMs, writeMs }) =>
    `declare ${declareMs / 1_000} s, write to a member ${writeMs} ms; floors: one of each`,
  seconds: ({ sizes, runs, quietMs, declareMs, graceMs, drainSeconds }) =>
    25 +
    sizes[index] / 40 +
    runsAt(index, runs) * ((3 * declareMs + 2 * quietMs + graceMs) / 1_000 + 15 + drainSeconds),
  run: (scale, options) => measure(scale, options, index),
}));

function runsAt(index: 0 | 1 | 2, runs: number): number {
  return Math.min(runs, index === 0 ? 3 : 2);
}

interface Cycle {
  readonly joined: number;
  readonly joinDeclares: number;
  readonly left: number;
  readonly declares: number;
  readonly gone: number;
  readonly empty: number;
  readonly bytes: number;
  readonly each: readonly number[];
}

async function measure(
  scale: Scale,
  options: RunOptions,
  index: 0 | 1 | 2,
): Promise<readonly Figure[]> {
  const site = await startSite({ ...options, scale, exposures: scale.sizes[index] });
  try {
    const cycles: Cycle[] = [];
    for (let run = 0; run < runsAt(index, scale.runs); run++)
      cycles.push(await cycle(site, scale.sizes[index]));
    return figuresOf(scale, cycles);
  } finally {
    await site.close();
  }
}

/** A pod is created, becomes ready, terminates, and is removed. */
async function cycle(site: SpeedSite, exposures: number): Promise<Cycle> {
  const { cluster, scale } = site;
  const whole = site.mark();
  const pod = cluster.addPod();
  const address = podAddress(pod);
  await processClock.sleep(1_000);
  const ready = Date.now();
  cluster.setReady(pod, true);
  const joined = await site.until(
    'the pod is a member of every pool',
    () => site.poolsWith(address) === exposures,
  );
  await site.settle();
  const joining = whole();
  const leaving = site.mark();
  const ending = Date.now();
  cluster.terminate(pod, scale.graceMs);
  const left = await site.until('no pool uses the pod', () => site.poolsWith(address) === 0);
  await processClock.sleep(Math.max(0, ending + scale.graceMs - Date.now()));
  cluster.remove(pod);
  await site.until('the pod is no member', () => !site.hasMember(address));
  await site.settle();
  const { declares, empty, bytes, each } = whole();
  return {
    joined: (joined - ready) / 1_000,
    joinDeclares: joining.declares,
    left: (left - ending) / 1_000,
    gone: leaving().declares,
    declares,
    empty,
    bytes,
    each,
  };
}

function figuresOf(scale: Scale, cycles: readonly Cycle[]): readonly Figure[] {
  const of = (what: (cycle: Cycle) => number): number => median(cycles.map(what));
  const declare = median(cycles.flatMap(({ each }) => each));
  const write = scale.writeMs / 1_000;
  return [
    {
      id: 'joins',
      what: 'ready → in every pool',
      value: of((c) => c.joined),
      unit: 's',
      floor: declare,
    },
    {
      id: 'leaves',
      what: 'terminating → takes no connection',
      value: of((c) => c.left),
      unit: 's',
      floor: write,
    },
    {
      id: 'leaves-worst',
      what: 'the same, worst',
      value: Math.max(...cycles.map((c) => c.left)),
      unit: 's',
      floor: write,
    },
    {
      id: 'cycle',
      what: 'declares for its whole life',
      value: of((c) => c.declares),
      unit: 'declares',
      floor: 2,
    },
    {
      id: 'gone',
      what: 'of them from its end on',
      value: of((c) => c.gone),
      unit: 'declares',
      floor: 1,
    },
    { id: 'empty', what: 'of all empty', value: of((c) => c.empty), unit: 'declares' },
    { id: 'mb', what: 'posted for its whole life', value: of((c) => c.bytes) / 1e6, unit: 'MB' },
  ];
}
