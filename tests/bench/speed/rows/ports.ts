/** New ports: one, and several one after the other. */
import { processClock } from '../../../../shared/runtime/process.ts';
import { median, percentile } from '../../measure.ts';
import { gatewayObjects } from '../cluster.ts';
import type { Figure, Row, Scale } from '../figures.ts';
import { hasPorts, startSite, type Counted, type SpeedSite } from '../site.ts';

const flat = ({ declareMs }: Scale): string => `declare ${declareMs / 1_000} s`;

/** Creates Gateway `n` and its VirtualService; returns the time of the request. */
export async function openPort({ client }: SpeedSite, n: number): Promise<number> {
  const began = Date.now();
  await Promise.all(gatewayObjects(n).map((object) => client.create(object)));
  return began;
}

/** Seconds of the median declare, as counted by the device itself. */
export function oneDeclare({ each }: Counted): number {
  return median(each);
}

export const newPort: Row = {
  id: 'new-port',
  title: ({ sizes: [size] }) => `new port, whole job, beside ${size} others`,
  meter: (scale) => `${flat(scale)}; floor: one declare`,
  seconds: ({ runs, declareMs, quietMs }) => 20 + (runs * (2 * declareMs + quietMs)) / 1_000,
  run: async (scale, options) => {
    const [size] = scale.sizes;
    const site = await startSite({ ...options, scale, exposures: size });
    try {
      const taken: number[] = [];
      const counted = site.mark();
      for (let run = 0; run < scale.runs; run++) {
        const began = await openPort(site, size + run);
        const live = await site.until('a new port', () => hasPorts(site, size + run, 1));
        taken.push((live - began) / 1_000);
        await site.settle();
      }
      const count = counted();
      const floor = oneDeclare(count);
      const each = (sum: number): number => sum / scale.runs;
      return [
        {
          id: 'seconds',
          what: 'applied → declared, median',
          value: median(taken),
          unit: 's',
          floor,
        },
        { id: 'worst', what: 'worst', value: Math.max(...taken), unit: 's', floor },
        {
          id: 'declares',
          what: 'declares',
          value: each(count.declares),
          unit: 'declares',
          floor: 1,
        },
        { id: 'empty', what: 'of them empty', value: each(count.empty), unit: 'declares' },
        { id: 'kb', what: 'posted', value: each(count.bytes) / 1_000, unit: 'KB' },
      ];
    } finally {
      await site.close();
    }
  },
};

export const newPortEachSecond: Row = {
  id: 'ports-in-turn',
  title: ({ arrivals: { count, everyMs } }) => `${count} new ports, one every ${everyMs} ms`,
  meter: (scale) =>
    `${flat(scale)}; floor: a change waits for half a declare (worst: a whole one) and takes one`,
  seconds: ({ arrivals: { count, everyMs }, declareMs }) =>
    20 + (count * everyMs + 4 * declareMs) / 1_000,
  run: async (scale, options) => {
    const [size] = scale.sizes;
    const { count, everyMs } = scale.arrivals;
    const site = await startSite({ ...options, scale, exposures: size });
    try {
      const counted = site.mark();
      const taken: Promise<number>[] = [];
      for (let n = 0; n < count; n++) {
        taken.push(
          openPort(site, size + n).then(async (began) => {
            const live = await site.until('a new port', () => hasPorts(site, size + n, 1));
            return (live - began) / 1_000;
          }),
        );
        await processClock.sleep(everyMs);
      }
      const seconds = await Promise.all(taken);
      await site.settle();
      const { declares, empty, bytes, ...rest } = counted();
      const one = oneDeclare({ declares, empty, bytes, ...rest });
      return figuresOf(seconds, one, { declares, empty, bytes });
    } finally {
      await site.close();
    }
  },
};

function figuresOf(
  seconds: readonly number[],
  one: number,
  { declares, empty, bytes }: Pick<Counted, 'declares' | 'empty' | 'bytes'>,
): readonly Figure[] {
  return [
    {
      id: 'p50',
      what: 'applied → declared, p50',
      value: percentile(seconds, 0.5),
      unit: 's',
      floor: 1.5 * one,
    },
    { id: 'p99', what: 'p99', value: percentile(seconds, 0.99), unit: 's', floor: 2 * one },
    { id: 'declares', what: 'declares', value: declares, unit: 'declares' },
    { id: 'empty', what: 'of them empty', value: empty, unit: 'declares' },
    { id: 'mb', what: 'posted', value: bytes / 1e6, unit: 'MB' },
  ];
}
