/**
 * A bad night by clicks, from the first page to "500 of 500 closed", by somebody who has never read
 * the documentation; and a cluster drained before maintenance.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { openFailures } from '../../shared/failures/open.ts';
import { startNight, type Night } from '../fixtures/failures/night.ts';
import {
  builtPage,
  describeInBrowser,
  openTab,
  picturePath,
  startBrowser,
  TEST_MS,
} from './support/browser.ts';
import type { Tab } from './support/browser.ts';
import { startConsole } from './support/console.ts';
import type { TestConsole } from './support/console.ts';
import { NO_SECRETS } from '../fixtures/secrets.ts';

describeInBrowser('a bad night', () => {
  let night: Night;
  let server: TestConsole;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    night = await startNight(Date.now(), (clock, config) =>
      openFailures(config, { clock, id: randomUUID, secrets: NO_SECRETS }),
    );
    await night.goWrong();
    await night.work(night.configOf(false));
    const mended = night.configOf(true);
    server = await startConsole(
      {
        runtime: night.runtimeOf(mended),
        failures: night.failures,
        role: 'admin',
        page: builtPage(),
      },
      () => night.worldOf(mended),
    );
    browser = await startBrowser();
    tab = await openTab(browser);
  }, TEST_MS);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await night?.stop();
  });

  /** What apply declares heals a failure, whether or not the job notes it first. */
  const states = async (): Promise<Record<string, number>> => {
    const found = await night.failures.store.list();
    const all = found.map(({ state }) => (state === 'replayed' ? 'healed' : state));
    return Object.fromEntries(
      [...Map.groupBy(all, (state) => state)].map(([state, of]) => [state, of.length]),
    );
  };

  /** The job may show a result a moment before the failure itself is written. */
  const reach = async (expected: Record<string, number>): Promise<void> => {
    for (let tries = 0; tries < 100; tries++) {
      if (isDeepStrictEqual(await states(), expected)) return;
      await setTimeout(100);
    }
    expect(await states()).toEqual(expected);
  };

  test(
    'is seen, understood, replayed with a first event, watched and closed by clicks',
    async () => {
      const { page, errors } = tab;
      const button = (name: string | RegExp) => page.getByRole('button', { name });
      const link = (name: string | RegExp) => page.getByRole('link', { name });

      // What is broken, for whom, and what to do.
      await page.goto(server.url);
      await page
        .getByText(/\/Common\/geo\) was not found/)
        .first()
        .waitFor();
      await page
        .getByText('40 ports of 40 gateways are not on bigip-1 as requested', { exact: false })
        .waitFor();
      await page.screenshot({ path: picturePath('console', { isOfReadme: true }) });

      await link(/^Failures/)
        .first()
        .click();
      await page.getByText('500 open, 0 of 500 closed').waitFor();

      // The causes are corrected meanwhile, and newer events heal 20 failures.
      await night.mend();
      await night.work(night.configOf(true));
      await page.getByText('480 open, 20 of 500 closed').waitFor();

      // What a replay of everything would do now.
      await link('Preview replay …').first().click();
      await page.getByLabel('Reason, for the audit log').fill('the causes are corrected');
      await page.getByLabel('Then per second').fill('100');
      await button('Preview 480 failures').click();
      const panel = page.getByRole('dialog');
      await panel.getByText('180 would apply').waitFor();
      await panel.getByText('300 still invalid').waitFor();

      // One first, then the rest.
      await button(/^Send 1 of \d+ first$/).click();
      await page.getByText('180 of 480 closed').waitFor({ timeout: TEST_MS });
      await page.getByText('180 applied').waitFor();
      await page.getByText('300 failures are not closed by it.').waitFor();
      await page.screenshot({ path: picturePath('job') });
      await reach({ healed: 200, open: 300 });

      // What no replay can heal is archived with a reason.
      await link(/^Failures/)
        .first()
        .click();
      await page.getByText('300 open, 200 of 500 closed').waitFor();
      await link('Archive …').click();
      await page.getByLabel('Reason, for the audit log').fill('test senders, permission revoked');
      await button('Archive 300 failures').click();
      await panel.getByText('300 failures archived.').waitFor();
      await panel.getByRole('button', { name: 'Close' }).last().click();
      await page.getByText('Nothing is open: 500 of 500 closed').waitFor();
      await reach({ healed: 200, archived: 300 });

      // Who did what, and why.
      await link('Audit').click();
      await page.getByText('test senders, permission revoked').waitFor();
      expect(errors).toEqual([]);
      expect(night.falls).toEqual([]);
    },
    2 * TEST_MS,
  );

  test(
    'ends before maintenance: a cluster is drained, and nothing is lost',
    async () => {
      const { page, errors } = tab;
      await page.goto(`${server.url}/fleet`);
      const row = page.getByRole('row').filter({ hasText: 'east' });
      await row.getByText('enabled').waitFor();
      const before = Object.keys(await exposuresOf(night)).length;
      await row.getByRole('link', { name: /^Drain/ }).click();
      const panel = page.getByRole('dialog');
      await panel
        .getByText(/exposures/)
        .first()
        .waitFor();
      await page.getByLabel('Reason, for the audit log').fill('maintenance of east');
      const risk = panel.getByLabel(/I accept this/);
      if ((await risk.count()) > 0) await risk.check();
      await page.getByRole('button', { name: 'Drain east' }).click();
      await panel.getByText(/^Ordered on bigip-1/).waitFor();
      await night.work(night.configOf(true));
      await panel.getByRole('button', { name: 'Close' }).last().click();
      await row.getByText('draining').waitFor();
      await row.getByRole('link', { name: /^Enable/ }).waitFor();
      expect(Object.keys(await exposuresOf(night))).toHaveLength(before);
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );
});

async function exposuresOf({ device }: Night): Promise<object> {
  const reading = await device.read('k8s');
  if (reading.kind !== 'ours') throw new Error(reading.reason);
  return reading.declared.state.exposures;
}
