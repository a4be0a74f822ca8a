/** Every room: for everybody, on every screen; and what it says when something is not right. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { PageFile } from '../../functions/console/page/files.ts';
import type { Role } from '../../functions/console/http/rights.ts';
import { isVisible } from '../../shared/telemetry/visible.ts';
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

describeInBrowser('the page', () => {
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

  const open = async (role: Role, config: object = {}): Promise<void> => {
    const { runtime, failures } = site;
    server = await startConsole(
      {
        runtime: { ...runtime, config: { ...runtime.config, ...config } },
        failures,
        role,
        page: built,
      },
      () => site.world(),
    );
    tab = await openTab(browser);
  };

  beforeEach(async () => {
    site = startSite(Date.now());
    await site.fail(EAST, 2, [3]);
    await site.declare(EAST, 3, [443]);
    await tellVerdict({ site }, 3);
  });
  afterEach(async () => {
    await tab?.close();
    await server?.close();
  });

  const ROOMS = [
    '/',
    '/failures',
    '/failures?view=list',
    '/failures/ID',
    '/replay',
    '/replay/JOB',
    '/ports',
    '/ports/east%2Fteam%2Fgw-3',
    '/plan',
    '/search?q=team/gw-3',
    '/fleet',
    '/fleet/devices',
    '/fleet/drift',
    '/fleet/addresses',
    '/fleet/waiting',
    '/fleet/setup',
    '/audit',
    '/failures?do={"kind":"archive","words":["code:BIP421"]}',
  ];

  test.each([
    ['light', 1_440],
    ['dark', 1_440],
    ['light', 390],
    ['dark', 390],
    ['light', 2_560],
  ] as const)(
    'in %s, %i pixels wide, has no serious fault of accessibility, and fits',
    async (colorScheme, width) => {
      await makeBusy(site);
      await open('admin', busyConfig(site));
      await tab.close();
      tab = await openTab(browser, { colorScheme, viewport: { width, height: 844 } });
      const { page, errors } = tab;
      const [[failure], [job]] = await Promise.all([
        site.failures.store.list(),
        site.failures.jobs.list(),
      ]);
      for (const path of ROOMS) {
        await page.goto(server.url + path.replace('ID', failure!.id).replace('JOB', job!.id));
        await page.locator('h1').first().waitFor();
        await page.locator('.loading').first().waitFor({ state: 'detached' });
        if (path === '/fleet/setup') {
          await page.getByRole('button', { name: 'Check the setup' }).click();
          await page.getByRole('table', { name: 'Findings' }).waitFor();
        }
        const name = path.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '') || 'now';
        await page.screenshot({
          path: picturePath(`${name.slice(0, 30)}-${width}-${colorScheme}`),
        });
        expect([path, await seriousIn(page)]).toEqual([path, []]);
        await expectNoSideways(page);
      }
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'explains a port: the way from the Gateway, with the first broken link open',
    async () => {
      await open('viewer');
      const { page, errors } = tab;
      await page.goto(server.url);
      await page.keyboard.press('/');
      await page.keyboard.type('team/gw-3');
      await page.keyboard.press('Enter');
      await page.getByText('the way breaks at BIG-IP', { exact: false }).waitFor();
      const broken = page.getByRole('button', { name: /BIG-IP broken/ });
      expect(await broken.getAttribute('aria-expanded')).toBe('true');
      await page.locator('.says.broken').getByText('What to do').waitFor();
      await page.getByRole('button', { name: /Envoy fine/ }).click();
      await page.getByText('Envoy listens on port 3.').waitFor();
      await page.getByRole('link', { name: /^Failure / }).click();
      await page.getByRole('heading', { name: 'Course' }).waitFor();
      expect(new URL(page.url()).pathname).toMatch(/^\/failures\/[0-9a-f]+$/);
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'goes to rooms by keys, and leaves what is typed into fields alone',
    async () => {
      await open('viewer');
      const { page } = tab;
      await page.goto(server.url);
      await page.locator('h1').waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('a');
      await page.waitForURL('**/audit');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('/');
      await page.keyboard.type('g f?');
      expect(await page.getByRole('searchbox').first().inputValue()).toBe('g f?');
      expect(page.url()).toContain('/audit');
    },
    TEST_MS,
  );

  test(
    'offers nothing that the role may not do',
    async () => {
      await open('viewer');
      const { page } = tab;
      await page.goto(server.url);
      await page.getByText('1 thing is broken').waitFor();
      await page.getByText('ada viewer').waitFor();
      for (const name of ['Preview replay …', 'Look again'])
        expect(await page.getByText(name).count()).toBe(0);
      await page.goto(`${server.url}/fleet`);
      await page.getByRole('cell', { name: 'east' }).first().waitFor();
      expect(await page.getByText('Drain …').count()).toBe(0);
      expect(await page.getByRole('columnheader', { name: 'orders' }).count()).toBe(0);
      await page.getByText('the role admin is required', { exact: false }).waitFor();
      await page.goto(`${server.url}/?do={"kind":"archive","words":["code:BIP421"]}`);
      await page.getByText('This requires the role operator', { exact: false }).waitFor();
      expect(await page.getByRole('button', { name: /^Archive/ }).count()).toBe(0);
    },
    TEST_MS,
  );

  describe('says what is not right, and the way on', () => {
    test(
      'the world moved since the preview: nothing is done, and the difference is shown',
      async () => {
        await open('operator');
        const { page } = tab;
        await page.goto(`${server.url}/failures?do={"kind":"archive","words":["code:BIP421"]}`);
        const panel = page.getByRole('dialog');
        await panel.getByText('Archive 1 failure (', { exact: false }).waitFor();
        await site.fail('west/istio-system/gateway-9', 2, [3]);
        await panel.getByLabel('Reason, for the audit log').fill('a test');
        await panel.getByRole('button', { name: 'Archive 1 failure' }).click();
        await panel.getByText('failures: 1 before, 2 now').waitFor();
        const states = (await site.failures.store.list()).map(({ state }) => state);
        expect(states).toEqual(['open', 'open']);
        await panel.getByRole('button', { name: 'Archive 2 failures' }).click();
        await panel.getByText('2 failures archived.').waitFor();
        await panel.getByRole('button', { name: 'Undo …' }).click();
        await panel.getByRole('button', { name: 'Reopen 2 failures' }).click();
        await panel.getByText('2 failures reopened.').waitFor();
      },
      TEST_MS,
    );

    test.each([
      ['/failures/ffffffffffff', 'No failure ffffffffffff in '],
      ['/failures?filter=nosuch:1', 'unknown field nosuch'],
      ['/failures?filter=since:soon&view=list', 'must be a time such as'],
      ['/replay/none', 'No replay job none in '],
      ['/nowhere/at/all', 'There is nothing here'],
      ['/failures/a/b', 'There is nothing here'],
      ['/fleet/nothing', 'There is nothing here'],
      ['/?do={', 'a change that the console does not know'],
      ['/?do={"kind":"pause","job":"none"}', 'No replay job none in '],
    ])(
      '%s',
      async (path, sentence) => {
        await open('admin');
        const { page } = tab;
        await page.goto(server.url + path);
        await page.getByText(sentence, { exact: false }).last().waitFor();
      },
      TEST_MS,
    );

    test(
      'a name with control and right-to-left characters, or very long, harms nothing',
      async () => {
        const odd = `\u202Egw\u0007${'x'.repeat(400)}`;
        await site.failures.views.note({
          device: 'bigip-1',
          partition: 'k8s',
          seen: {
            ...site.device.state('k8s'),
            exposures: Object.fromEntries(
              Object.entries(site.device.state('k8s').exposures).map(([key, value]) => [
                key,
                {
                  ...value,
                  contributions: value.contributions.map((one) => ({
                    ...one,
                    gateways: [`team/${odd}`],
                  })),
                },
              ]),
            ),
          },
          seenAt: site.runtime.clock.now() + 11_000,
        });
        await open('viewer');
        await tab.close();
        tab = await openTab(browser, { viewport: { width: 390, height: 844 } });
        const { page, errors } = tab;
        await page.goto(`${server.url}/ports`);
        await page.locator('h1').waitFor();
        await page.locator('.loading').first().waitFor({ state: 'detached' });
        await expectNoSideways(page);
        const shown = await page.locator('main').innerText();
        expect(shown).toContain('x'.repeat(400));
        expect(shown.split('\n').filter((line) => !isVisible(line))).toEqual([]);
        expect(errors).toEqual([]);
      },
      TEST_MS,
    );
  });
});
