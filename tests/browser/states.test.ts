/** What a room says when there is nothing, and while a change is made: for everybody, on every screen. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import type { Role } from '../../functions/console/http/rights.ts';
import type { PageFile } from '../../functions/console/page/files.ts';
import { tellVerdict } from '../fixtures/console/desk.ts';
import { startSite } from '../fixtures/failures/site.ts';
import type { Site } from '../fixtures/failures/site.ts';
import {
  builtPage,
  describeInBrowser,
  expectNoSideways,
  openTab,
  picturePath,
  seriousIn,
  startBrowser,
  TEST_MS,
} from './support/browser.ts';
import type { Tab } from './support/browser.ts';
import { busyConfig, makeBusy } from './support/busy.ts';
import { startConsole } from './support/console.ts';
import type { TestConsole } from './support/console.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const SCREENS = [
  ['light', 1_440],
  ['dark', 390],
] as const;

describeInBrowser('in every state', () => {
  let browser: Browser;
  let built: readonly PageFile[];
  let server: TestConsole | undefined;
  let tab: Tab | undefined;
  /** Whether a replay stays where it waits the next time. */
  const held = { is: false };

  beforeAll(async () => {
    built = builtPage();
    browser = await startBrowser();
  }, TEST_MS);
  afterAll(() => browser?.close());
  afterEach(async () => {
    held.is = false;
    await tab?.close();
    await server?.close();
  });

  const open = async (
    site: Site,
    role: Role,
    [colorScheme, width]: readonly ['light' | 'dark', number],
  ): Promise<Page> => {
    const { runtime, failures } = site;
    const { clock } = runtime;
    const sleep = async (ms: number): Promise<void> => {
      while (held.is) await pause(20);
      await clock.sleep(ms);
    };
    server = await startConsole(
      { runtime: { ...runtime, config: busyConfig(site) }, failures, role, page: built },
      () => ({ ...site.world(), clock: { ...clock, sleep } }),
    );
    tab = await openTab(browser, { colorScheme, viewport: { width, height: 844 } });
    return tab.page;
  };
  const look = async (page: Page, name: string, screen: (typeof SCREENS)[number]) => {
    await page.locator('.loading').first().waitFor({ state: 'detached' });
    await page.screenshot({
      path: picturePath(`state-${name}-${screen[1]}-${screen[0]}`),
      fullPage: true,
    });
    expect([name, await seriousIn(page)]).toEqual([name, []]);
    await expectNoSideways(page);
  };

  const EMPTY = [
    ['/', 'calm'],
    ['/failures', 'no-groups'],
    ['/failures?view=list&filter=geo', 'no-match'],
    ['/replay', 'no-jobs'],
    ['/ports', 'no-ports'],
    ['/ports?q=geo', 'no-port-match'],
    ['/search', 'no-search'],
    ['/search?q=shop.example.com', 'nothing-found'],
    ['/fleet', 'no-clusters'],
    ['/fleet/devices', 'new-devices'],
    ['/fleet/drift', 'no-drift'],
    ['/fleet/waiting', 'nothing-waits'],
    ['/fleet/setup', 'not-checked'],
    ['/audit', 'no-audit'],
    ['/ports/east%2Fteam%2Fweb', 'no-gateway'],
    ['/failures/abcdef', 'no-failure'],
    ['/nowhere', 'nowhere'],
  ] as const;

  test.each(SCREENS)(
    'of a new site, in %s, %i pixels wide',
    async (...screen) => {
      const page = await open(startSite(Date.now()), 'operator', screen);
      for (const [path, name] of EMPTY) {
        await page.goto(server!.url + path);
        await page.locator('h1').first().waitFor();
        await look(page, name, screen);
      }
    },
    TEST_MS,
  );

  test.each(SCREENS)(
    'of a change, in %s, %i pixels wide',
    async (...screen) => {
      const site = startSite(Date.now());
      await site.fail(EAST, 2, [3]);
      await site.declare(EAST, 3, [443]);
      await tellVerdict({ site }, 3);
      await makeBusy(site);
      await site.fail('south/istio-system/istio-ingressgateway', 2, [7]);
      const page = await open(site, 'admin', screen);
      const [paused] = await site.failures.jobs.list();
      const [newest] = await site.failures.store.list();
      const cluster = { kind: 'cluster', cluster: 'east', device: 'bigip-1' };
      const change = async (name: string, path: string, request: object): Promise<void> => {
        const text = encodeURIComponent(JSON.stringify(request));
        await page.goto(`${server!.url}${path}${path.includes('?') ? '&' : '?'}do=${text}`);
        await page.getByRole('dialog').locator('form, .notice').first().waitFor();
        await look(page, name, screen);
      };
      await change('drain', '/fleet', { ...cluster, action: 'drain' });
      await change('out', '/fleet', { ...cluster, action: 'out' });
      await change('forget-refused', '/fleet', { ...cluster, action: 'forget' });
      await change('repair', '/fleet/drift', { kind: 'repair', device: 'bigip-1' });
      await change('resume', '/replay', { kind: 'resume', job: paused!.id });
      await change('archive', `/failures/${newest!.id}`, {
        kind: 'archive',
        words: [`id:${newest!.id}`],
      });
      await change('sync', '/search?q=team/gw-3', {
        kind: 'sync',
        cluster: 'east',
        gateway: 'team/gw-3',
      });
      await change('replay', '/failures', { kind: 'replay', filter: 'cluster:south' });

      const panel = page.getByRole('dialog');
      await panel.getByLabel('Reason, for the audit log').fill('iRule geo exists now');
      await panel.getByRole('button', { name: /^Preview \d/ }).click();
      const start = panel.getByRole('button', { name: 'Send 1 event' });
      await start.waitFor();
      await look(page, 'start', screen);
      held.is = true;
      await start.click();
      await page
        .getByText(/decided/)
        .last()
        .waitFor();
      await look(page, 'running', screen);
      held.is = false;
      await page
        .getByText(/1 of 1 closed/)
        .first()
        .waitFor();
      await look(page, 'done', screen);
    },
    TEST_MS,
  );
});
