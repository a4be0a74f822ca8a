/**
 * `sluice up` on a machine whose clock is wrong and is then corrected: what was declared in the
 * meantime delays nothing.
 */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { converged, deadLetters, openPorts } from './support/looks.ts';
import { startSite, type Site, type SiteOptions } from './support/site.ts';
import type { Sluice } from './support/sluice.ts';
import { until } from './support/until.ts';

const LIMIT = 240_000;
const DAY = 86_400_000;
const PRELOAD = fileURLToPath(new URL('support/clock.mjs', import.meta.url));
const wrong = (ahead: number): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import ${PRELOAD}`,
  CLOCK_AHEAD: String(ahead),
});

let site: Site;
afterEach(() => site.stop());

const epochOf = (sluice: Sluice): number =>
  Number(sluice.log().find(({ msg }) => msg === 'leading')?.['epoch']);

async function opens(name: string, port: number, sluice: Sluice): Promise<void> {
  await openPorts(site, name, [{ port }]);
  await converged(site, name, port, sluice);
}

async function start(options?: SiteOptions): Promise<void> {
  site = await startSite(options);
}

test(
  'a day ahead, like the API server: changes are applied then, and after each correction',
  async () => {
    let server = DAY;
    await start({ date: () => Date.now() + server });
    const ahead = await site.up(wrong(DAY));
    await opens('ahead', 32_400, ahead);
    expect(epochOf(ahead)).toBeGreaterThan(Date.now() + DAY / 2);
    // As after a power failure, with messages in flight.
    await ahead.kill('SIGKILL');
    server = 0;

    const right = await site.up();
    await opens('right', 32_500, right);
    expect(epochOf(right)).toBe(epochOf(ahead) + 1);
    expect(await right.kill('SIGTERM')).toBe(0);

    const behind = await site.up(wrong(-DAY));
    await opens('behind', 32_600, behind);
    expect(epochOf(behind)).toBe(epochOf(ahead) + 2);
    expect(await deadLetters(site, 'snapshots', 0, behind)).toEqual([]);
    expect(await behind.kill('SIGTERM')).toBe(0);
  },
  LIMIT,
);

test.each([
  ['ahead', DAY],
  ['behind', -DAY],
])(
  "a day %s: the epoch is the API server's time, an Event reports the clock, a correction is harmless",
  async (_way, step) => {
    await start();
    const sluice = await site.up(wrong(step));
    await opens('wrong', 32_400, sluice);
    expect(Math.abs(epochOf(sluice) - Date.now())).toBeLessThan(LIMIT);
    await until(
      'an Event tells of the clock',
      async () =>
        (await site.api.list('/api/v1/namespaces/istio-system/events')).some(
          (event) => event['reason'] === 'ClockWrong',
        ),
      () => sluice.stdout(),
    );
    process.kill(sluice.pid, 'SIGUSR2');
    await opens('right', 32_500, sluice);
    expect(await sluice.kill('SIGTERM')).toBe(0);
  },
  LIMIT,
);
