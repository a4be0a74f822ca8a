/** Many new ports at once, and the next change after them. */
import type { Figure, Row, RunOptions, Scale } from '../figures.ts';
import { gatewayObjects } from '../cluster.ts';
import { hasPorts, startSite, type Counted } from '../site.ts';
import { openPort } from './ports.ts';

export const burst: Row = {
  id: 'burst',
  title: ({ burst: size }) => `${size} new ports at once`,
  meter: ({ declareMs }) => `declare ${declareMs / 1_000} s, whatever it holds; floor: one declare`,
  seconds: (scale) => secondsOf(scale, 0),
  run: (scale, options) => measure(scale, options, 0),
};

export const burstSlow: Row = {
  id: 'burst-slow',
  title: ({ burst: size }) => `${size} new ports at once, slower with each`,
  meter: ({ declareMs, perServerMs }) =>
    `declare ${declareMs / 1_000} s and ${perServerMs} ms for each posted server; floor: one declare of all`,
  seconds: (scale) => secondsOf(scale, scale.perServerMs),
  run: (scale, options) => measure(scale, options, scale.perServerMs),
};

/** Time for the preparation, and for ten declares of half of the servers. */
function secondsOf({ declareMs, burst: size }: Scale, perServerMs: number): number {
  return 30 + (10 * (declareMs + (perServerMs * size) / 2)) / 1_000;
}

async function measure(
  scale: Scale,
  options: RunOptions,
  perServerMs: number,
): Promise<readonly Figure[]> {
  const [before] = scale.sizes;
  const site = await startSite({ ...options, scale, exposures: before });
  site.bigip.faults.timings.declarePerServer = perServerMs;
  try {
    const counted = site.mark();
    const cpu = site.sluice().cpuSeconds();
    const began = Date.now();
    await Promise.all(
      Array.from({ length: scale.burst }, (_, n) => gatewayObjects(before + n))
        .flat()
        .map((object) => site.client.create(object)),
    );
    const created = Date.now();
    const live = await site.until('all ports', () => hasPorts(site, before, scale.burst));
    const used = site.sluice().cpuSeconds() - cpu;
    const whole = counted();
    const asked = await openPort(site, before + scale.burst);
    const next = await site.until('the next port', () => hasPorts(site, before + scale.burst, 1));
    await site.settle();
    const floor = (scale.declareMs + perServerMs * (before + scale.burst)) / 1_000;
    return [
      { id: 'created', what: 'creating them', value: (created - began) / 1_000, unit: 's' },
      {
        id: 'seconds',
        what: 'last create → all declared',
        value: (live - created) / 1_000,
        unit: 's',
        floor,
      },
      ...counts(whole),
      { id: 'cpu', what: 'processor time until then', value: used, unit: 's' },
      {
        id: 'next',
        what: 'the next change after it',
        value: (next - asked) / 1_000,
        unit: 's',
        floor,
      },
      {
        id: 'after',
        what: 'declares after it, with that of the change',
        value: counted().declares - whole.declares,
        unit: 'declares',
        floor: 1,
      },
    ];
  } finally {
    await site.close();
  }
}

function counts({ declares, empty, bytes }: Counted): readonly Figure[] {
  return [
    { id: 'declares', what: 'declares', value: declares, unit: 'declares', floor: 1 },
    { id: 'empty', what: 'of them empty', value: empty, unit: 'declares' },
    { id: 'mb', what: 'posted', value: bytes / 1e6, unit: 'MB' },
  ];
}
