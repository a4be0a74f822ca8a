/** What `sluice up` needs while nothing changes. */
import { processClock } from '../../../../shared/runtime/process.ts';
import type { Row } from '../figures.ts';
import { emptyProcess } from '../process.ts';
import { startSite } from '../site.ts';

export const rest: Row = {
  id: 'rest',
  title: () => 'sluice up at rest, without Gateways',
  meter: ({ restMs }) => `over ${restMs / 1_000} s; floor: an empty Node process`,
  seconds: ({ restMs }) => 15 + (2 * restMs) / 1_000,
  run: async (scale, options) => {
    const site = await startSite({ ...options, scale, exposures: 0 });
    try {
      return await emptyProcess(async (empty) => {
        await processClock.sleep(scale.restMs);
        const [sluice, minutes] = [site.sluice(), scale.restMs / 60_000];
        const [from, floorFrom] = [sluice.cpuSeconds(), empty.cpuSeconds()];
        await processClock.sleep(scale.restMs);
        return [
          {
            id: 'cpu',
            what: 'processor time a minute',
            value: (sluice.cpuSeconds() - from) / minutes,
            unit: 's',
            floor: (empty.cpuSeconds() - floorFrom) / minutes,
          },
          {
            id: 'rss',
            what: 'memory (RSS)',
            value: sluice.residentMebibytes(),
            unit: 'MiB',
            floor: empty.residentMebibytes(),
          },
        ];
      });
    } finally {
      await site.close();
    }
  },
};
