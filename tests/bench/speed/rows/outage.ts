/** A device that is busy for a while, and a process that restarts. */
import { processClock } from '../../../../shared/runtime/process.ts';
import { median } from '../../measure.ts';
import { portOf } from '../cluster.ts';
import type { Row, RunOptions, Scale } from '../figures.ts';
import { emptyStart } from '../process.ts';
import { hasPorts, startSite } from '../site.ts';
import { openPort } from './ports.ts';

export const outage: Row = {
  id: 'outage',
  title: ({ outage: { ms } }) => `503 for ${ms / 1_000} s`,
  meter: ({ declareMs, outage: { changes } }) =>
    `declare ${declareMs / 1_000} s; ${changes} devices, one change each at different times; floor: one declare`,
  seconds: ({ outage: { ms }, declareMs }) => 60 + (ms + 10 * declareMs) / 1_000,
  run: async (scale, options) => {
    const { ms, changes } = scale.outage;
    const offsets = Array.from({ length: changes }, (_, n) => (n * ms) / (4 * changes));
    const seen = await Promise.all(offsets.map((offset) => oneOutage(scale, options, offset)));
    const after = seen.map(({ seconds }) => seconds);
    const floor = scale.declareMs / 1_000;
    return [
      { id: 'median', what: 'its end → declared, median', value: median(after), unit: 's', floor },
      { id: 'worst', what: 'worst', value: Math.max(...after), unit: 's', floor },
      {
        id: 'tries',
        what: 'most tries a minute',
        value: Math.max(...seen.map(({ tries }) => tries)),
        unit: 'tries',
      },
    ];
  },
};

interface Outage {
  /** Measured from the end of the outage. */
  readonly seconds: number;
  /** Refused declares per minute. */
  readonly tries: number;
}

async function oneOutage(scale: Scale, options: RunOptions, offset: number): Promise<Outage> {
  const [size] = scale.sizes;
  const { ms } = scale.outage;
  const site = await startSite({ ...options, scale, exposures: size });
  try {
    const counted = site.mark();
    const end = Date.now() + ms;
    site.bigip.faults.lockHeldFor(ms);
    await processClock.sleep(offset);
    await openPort(site, size);
    const live = await site.until('the change', () => hasPorts(site, size, 1));
    return {
      seconds: (live - end) / 1_000,
      tries: (counted().refused * 60_000) / (ms - offset),
    };
  } finally {
    await site.close();
  }
}

export const restart: Row = {
  id: 'restart',
  title: () => 'restart, with a change meanwhile',
  meter: () =>
    'from the start of the process to the post that holds the change; floor: an empty Node process',
  seconds: ({ runs, declareMs, quietMs }) => 20 + runs * ((2 * declareMs + quietMs) / 1_000 + 4),
  run: async (scale, options) => {
    const [size] = scale.sizes;
    const site = await startSite({ ...options, scale, exposures: size });
    try {
      const taken: number[] = [];
      const floors: number[] = [];
      const used: number[] = [];
      for (let run = 0; run < scale.runs; run++) {
        const total = size + run + 1;
        // The Service has the port already, so only the declare is missing.
        site.cluster.addServicePort(portOf(size + run));
        await site.settle();
        await site.sluice().stop();
        await openPort(site, size + run);
        floors.push(await emptyStart());
        const before = site.bigip.declares.length;
        const began = Date.now();
        site.start();
        await site.until('it is posted', () => site.bigip.declares.length > before);
        used.push(site.sluice().cpuSeconds());
        await site.until('the change is declared', () => site.servers().size === total);
        const right = site.bigip.declares.slice(before).find(({ servers }) => servers === total);
        taken.push(((right?.began ?? Number.NaN) - began) / 1_000);
        await site.settle();
      }
      const floor = median(floors) / 1_000;
      return [
        {
          id: 'seconds',
          what: 'start → first right post, median',
          value: median(taken),
          unit: 's',
          floor,
        },
        { id: 'worst', what: 'worst', value: Math.max(...taken), unit: 's', floor },
        { id: 'cpu', what: 'processor time until then', value: median(used), unit: 's' },
      ];
    } finally {
      await site.close();
    }
  },
};
