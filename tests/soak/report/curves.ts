/** The curves of a run: what is drawn, and what each may do. */
import { CAN_FAIL } from '../changes.ts';
import type { Recorded, Sample } from '../record.ts';
import { allowedMemory } from '../shipped.ts';
import { lagCurves } from './lag.ts';
import type { Life, Point } from './slope.ts';

/** What a series may do, in the unit of its curve. */
export interface Limits {
  /** Growth per hour. */
  readonly slope?: number;
  /** The largest value at any time. */
  readonly level?: number;
}

export interface Series {
  readonly name: string;
  /** Lives of a process; one for what no restart interrupts. */
  readonly lives: readonly Life[];
  /** Without any, it is only drawn. */
  readonly limits: Limits;
}

export interface Curve {
  /** For its file. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  /** Whether its lives are those of processes, each with its own time to warm up. */
  readonly perProcess: boolean;
  /** Slopes are taken between the smallest values of each interval, not between its medians. */
  readonly floor?: boolean;
  /** One sentence. */
  readonly about: string;
}

/** `bin`: seconds over which counts and quantiles are taken. */
export function curvesOf(recorded: Recorded, bin: number): readonly Curve[] {
  return [
    ...processCurves(recorded),
    ...diskCurves(recorded),
    ...lagCurves(recorded, bin),
    ...workCurves(recorded, bin),
  ];
}

function processCurves({ samples }: Recorded): readonly Curve[] {
  const names = namesOf(samples, ({ processes }) => processes);
  const of = (
    read: (seen: ProcessSample) => number | undefined,
    limits: (name: string) => Limits,
  ): Pick<Curve, 'series' | 'perProcess'> => ({
    series: names.map((name) => ({
      name,
      lives: livesOf(samples, name, read),
      limits: limits(name),
    })),
    perProcess: true,
  });
  const processor = of(
    ({ cpu }) => cpu,
    () => ({ slope: 10 }),
  );
  return [
    {
      id: 'memory',
      title: 'Memory (RSS)',
      unit: 'MiB',
      ...of(
        ({ rss }) => rss,
        (name) => ({ slope: allowedMemory(name) / 4, level: allowedMemory(name) }),
      ),
      about:
        'As the kernel counts it, with garbage that V8 has not collected, so the slope has a wide ' +
        'limit. The level is what the shipped manifests allow.',
    },
    {
      id: 'heap',
      title: 'JavaScript heap in use',
      unit: 'MiB',
      ...of(
        ({ heap }) => heap,
        () => ({ slope: 20 }),
      ),
      floor: true,
      about:
        'From the metrics of the watcher; a process without a watcher has no such metric. Its ' +
        'slope is that of the smallest values, which are those after a collection of garbage.',
    },
    {
      id: 'handles',
      title: 'Open files and sockets',
      unit: 'handles',
      ...of(
        ({ handles }) => handles,
        () => ({ slope: 3, level: 200 }),
      ),
      about: 'In /proc, of each process.',
    },
    {
      id: 'processor',
      title: 'Processor time',
      unit: '% of a core',
      ...processor,
      series: processor.series.map((series) => ({ ...series, lives: series.lives.map(rates) })),
      about: 'Between two samples.',
    },
  ];
}

type Place = Sample['disk'][string];

function diskCurves({ samples }: Recorded): readonly Curve[] {
  const places = namesOf(samples, ({ disk }) => disk);
  const of = (name: string, read: (at: Place) => number, limits: Limits): Series => ({
    name,
    lives: [
      samples.flatMap(({ t, disk }) =>
        disk[name] === undefined ? [] : [{ x: t, y: read(disk[name]) }],
      ),
    ],
    limits,
  });
  const mebibytes = ({ bytes }: Place): number => bytes / 2 ** 20;
  const written = places.filter((name) => name !== 'logs');
  return [
    {
      id: 'disk',
      title: 'Disk: queue and failure store',
      unit: 'MiB',
      series: written.map((name) => of(name, mebibytes, bytesIn(name))),
      perProcess: false,
      about: 'Everything that the product writes, apart from its output.',
    },
    {
      id: 'files',
      title: 'Disk: number of files',
      unit: 'files',
      series: written.map((name) => of(name, ({ files }) => files, filesIn(name))),
      perProcess: false,
      about:
        'The failure store has two files for each failure, and no more failures than there are ' +
        'Gateways that can fail; those that ended are removed after a day of the site.',
    },
    {
      id: 'logs',
      title: 'Output of the processes',
      unit: 'MiB',
      series: [of('logs', mebibytes, { slope: 60 })],
      perProcess: false,
      about: 'It goes to the journal of the host, which bounds it, so only its rate counts here.',
    },
  ];
}

/** The server adds and removes segments of 16 MiB, so a slope of its log says nothing. */
function bytesIn(place: string): Limits {
  return place === 'write-ahead log' ? { level: 200 } : { slope: 5, level: 200 };
}

/** Besides those of failures, the store has some for each owner, device and schedule. */
function filesIn(place: string): Limits {
  if (place === 'failure store') return { level: 2 * CAN_FAIL + 50 };
  return place === 'write-ahead log' ? { level: 20 } : { slope: 10 };
}

function workCurves({ samples }: Recorded, bin: number): readonly Curve[] {
  const site = (
    name: string,
    limits: Limits,
    read: (sample: Sample) => number | undefined,
  ): Series => ({ name, lives: [pointsOf(samples, read)], limits });
  const queue: Limits = { slope: 20, level: 500 };
  return [
    {
      id: 'queue',
      title: 'Messages in the queues',
      unit: 'messages',
      series: [
        site('not finished', queue, (sample) => sample.queue && unfinished(sample.queue)),
        site('dead letters', queue, (sample) => sample.queue?.dead),
      ],
      perProcess: false,
      about: 'All queues together; there are no values while the queue is away.',
    },
    {
      id: 'declares',
      title: 'Declares',
      unit: 'a minute',
      series: (['changed', 'unchanged', 'refused'] as const).map((outcome) => ({
        name: outcome,
        lives: [perMinute(samples, ({ declares }) => declares[outcome], bin)],
        limits: { slope: 30, level: 120 },
      })),
      perProcess: false,
      about: 'As the device counts them: with changes, without, and refused.',
    },
    {
      id: 'failures',
      title: 'Failures',
      unit: 'failures',
      series: [
        site('open', {}, ({ failures }) => failures?.open),
        site('stored', { level: CAN_FAIL }, ({ failures }) => failures?.stored),
      ],
      perProcess: false,
      about:
        'Gateways that refer to an iRule that is missing make failures; people repair them. None ' +
        'may be open at the end.',
    },
    {
      id: 'context',
      title: 'The load that it had',
      unit: 'number',
      series: [
        site('virtual servers', {}, ({ servers }) => servers),
        site('changes on their way', {}, ({ pending }) => pending),
        site('load of the machine', {}, ({ load }) => load),
      ],
      perProcess: false,
      about: 'For reading the other curves; no verdict.',
    },
  ];
}

function unfinished({ waiting, inFlight }: NonNullable<Sample['queue']>): number {
  return waiting + inFlight;
}

type ProcessSample = NonNullable<Sample['processes'][string]>;

function namesOf(
  samples: readonly Sample[],
  of: (sample: Sample) => Readonly<Record<string, unknown>>,
): readonly string[] {
  return [...new Set(samples.flatMap((sample) => Object.keys(of(sample))))].toSorted();
}

function livesOf(
  samples: readonly Sample[],
  name: string,
  read: (seen: ProcessSample) => number | undefined,
): readonly Life[] {
  const seen = samples.flatMap(({ t, processes }) => {
    const one = processes[name];
    const y = one === undefined ? undefined : read(one);
    return one === undefined || y === undefined ? [] : [{ pid: one.pid, x: t, y }];
  });
  return [...Map.groupBy(seen, ({ pid }) => pid).values()].map((life) =>
    life.map(({ x, y }) => ({ x, y })),
  );
}

/** Percent, from seconds of processor time. */
function rates(life: Life): Life {
  return life.slice(1).map(({ x, y }, i) => {
    const before = life[i] as Point;
    return { x, y: (100 * (y - before.y)) / (x - before.x) };
  });
}

function pointsOf(samples: readonly Sample[], read: (sample: Sample) => number | undefined): Life {
  return samples.flatMap((sample) => {
    const y = read(sample);
    return y === undefined ? [] : [{ x: sample.t, y }];
  });
}

function perMinute(
  samples: readonly Sample[],
  read: (sample: Sample) => number,
  bin: number,
): Life {
  const bins = [...Map.groupBy(samples, ({ t }) => Math.floor(t / bin)).values()];
  return bins.slice(1).flatMap((seen, i) => {
    const [last, before] = [seen.at(-1), bins[i]?.at(-1)];
    if (last === undefined || before === undefined) return [];
    return [{ x: last.t, y: ((read(last) - read(before)) * 60) / (last.t - before.t) }];
  });
}
