/** What a field shows is what selects, what is shown is what is selected, and nothing else acts. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Route } from 'playwright-core';
import type { PageFile } from '../../functions/console/page/files.ts';
import { owner, startSite } from '../fixtures/failures/site.ts';
import type { Site } from '../fixtures/failures/site.ts';
import { builtPage, describeInBrowser, openTab, startBrowser, TEST_MS } from './support/browser.ts';
import type { Tab } from './support/browser.ts';
import { startConsole } from './support/console.ts';
import type { TestConsole } from './support/console.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const WEST = 'west/istio-system/istio-ingressgateway';

/** Requests that wait until they are let through. */
function barrier() {
  const waiting: Route[] = [];
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  return {
    arrived,
    hold: (route: Route): void => {
      waiting.push(route);
      arrive();
    },
    open: () => Promise.all(waiting.map((route) => route.continue())),
  };
}

describeInBrowser('what is selected', () => {
  let browser: Browser;
  let built: readonly PageFile[];
  let site: Site;
  let server: TestConsole;
  let tab: Tab;

  beforeAll(async () => {
    built = builtPage();
    browser = await startBrowser();
  }, TEST_MS);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    site = startSite();
    await site.fail(EAST, 2, [3]);
    await site.fail(WEST, 2, [4, 5]);
    const { runtime, failures } = site;
    server = await startConsole({ runtime, failures, role: 'operator', page: built }, () =>
      site.world(),
    );
    tab = await openTab(browser);
  });
  afterEach(async () => {
    await tab?.close();
    await server?.close();
  });

  test(
    'is in the fields, also after a term is taken out, a link, and a step back',
    async () => {
      const { page, errors } = tab;
      const filter = page.getByRole('searchbox', { name: 'Filter of failures' });
      const found = page.getByRole('searchbox', { name: /^Search:/ });
      await page.goto(`${server.url}/failures?view=list`);
      await page.getByText('3 failures, newest first').waitFor();

      await filter.fill('cluster:west 195:5');
      await page.getByText('1 failure, newest first').waitFor();
      await page.getByRole('button', { name: 'Remove cluster:west' }).click();
      expect(await filter.inputValue()).toBe('195:5');
      await page.getByRole('button', { name: 'Remove 195:5' }).click();
      await page.getByText('3 failures, newest first').waitFor();
      expect(await filter.inputValue()).toBe('');

      await page.getByRole('link', { name: /^all/ }).click();
      expect(await filter.inputValue()).toBe('state:all');
      await page.goBack();
      await page.getByText('3 failures, newest first').waitFor();
      expect(await filter.inputValue()).toBe('');

      // The search waits for Enter, and says so; elsewhere nothing is left of it.
      await found.fill('team/gw-3');
      await page.getByText('Enter', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'Ports' }).first().click();
      await page.getByRole('heading', { name: 'Ports', exact: true }).waitFor();
      expect(await found.inputValue()).toBe('');
      await found.fill('team/gw-3');
      await found.press('Enter');
      await page.getByRole('heading', { name: 'team/gw-3' }).first().waitFor();
      await page.goBack();
      await page.getByRole('heading', { name: 'Ports', exact: true }).waitFor();
      expect(await found.inputValue()).toBe('');
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'has no rows of another selection, and those shown until the answer do nothing',
    async () => {
      const { page } = tab;
      const held = barrier();
      const filter = page.getByRole('searchbox', { name: 'Filter of failures' });
      const rows = page.getByRole('link', { name: /^Preview replay … of / });
      await page.goto(`${server.url}/failures`);
      await rows.first().waitFor();
      expect(await rows.count()).toBe(2);

      await page.route(/groups\?filter=cluster/, held.hold);
      await filter.fill('cluster:west');
      await held.arrived;
      await page.locator('.shown[inert]').waitFor();
      expect(await page.locator('.shown:not([inert])').count()).toBe(0);
      await held.open();
      await page.locator('.shown:not([inert])').waitFor();
      expect(await rows.count()).toBe(1);

      await filter.fill('nosuch:1');
      await page.getByText('unknown field nosuch', { exact: false }).first().waitFor();
      expect(await page.getByRole('table', { name: 'Groups of failures' }).count()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'of a group is replayed, and nothing else',
    async () => {
      const { page } = tab;
      await page.goto(`${server.url}/failures?filter=refused`);
      const row = page.getByRole('row').filter({ hasText: 'west' });
      await row.getByRole('link', { name: /^Preview replay/ }).click();
      const panel = page.getByRole('dialog');
      await panel.getByRole('button', { name: 'Preview 2 failures' }).waitFor();
      await panel.getByText('refused code:BIP421 device:bigip-1 cluster:west').first().waitFor();
    },
    TEST_MS,
  );

  test(
    'is previewed by numbers that are typed, and whose panel was closed stays where he is',
    async () => {
      const { page, errors } = tab;
      const held = barrier();
      await page.route('**/api/v1/replay/plans', held.hold);
      await page.goto(`${server.url}/failures?do={"kind":"replay","filter":"code:BIP421"}`);
      const panel = page.getByRole('dialog');
      await panel.getByLabel('Reason, for the audit log').fill('a test');
      const first = panel.getByRole('spinbutton').first();
      const preview = panel.getByRole('button', { name: 'Preview 3 failures' });
      await first.fill('');
      expect([await first.inputValue(), await preview.isDisabled()]).toEqual(['', true]);
      await first.fill('2');
      await preview.click();
      await held.arrived;
      await panel.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('link', { name: 'Audit' }).first().click();
      const answered = page.waitForResponse('**/api/v1/replay/plans');
      await held.open();
      await (await answered).finished();
      await page.getByRole('link', { name: 'Failures' }).first().click();
      await page.getByRole('link', { name: 'Replay jobs' }).click();
      await page.getByText('planned').first().waitFor();
      expect(new URL(page.url()).pathname).toBe('/replay');
      const [job] = await site.failures.jobs.list();
      expect([job?.canary, job?.state]).toEqual([2, 'planned']);
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'of many ports is shown to its end; before devices were seen, a look is offered',
    async () => {
      const { page } = tab;
      await page.goto(`${server.url}/ports`);
      await page.getByText('Devices not seen yet').waitFor();
      await page.getByRole('button', { name: 'Look again' }).waitFor();
      const ports = Array.from({ length: 600 }, (_, i) => 10_000 + i);
      await site.declare(owner(1), 2, ports);
      await page.getByText('600 of 600 ports').waitFor();
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      await page.getByRole('link', { name: '172.16.100.195:10599/tcp' }).waitFor();
    },
    TEST_MS,
  );

  test(
    'of a job that is paused stays in sight of every room',
    async () => {
      const { page } = tab;
      const job = await site.plan('cluster:west');
      await site.failures.jobs.update(job.id, (one) => ({
        ...one,
        state: 'paused',
        reason: 'lunch',
      }));
      await page.goto(`${server.url}/audit`);
      await page.getByText('It is paused: lunch').waitFor();
      await page.getByRole('link', { name: 'Resume …' }).waitFor();
    },
    TEST_MS,
  );
});
