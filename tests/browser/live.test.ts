/** What is shown follows what happens: told by the console, through its ends, and with its store away. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { PageFile } from '../../functions/console/page/files.ts';
import { ReplayError } from '../../shared/failures/error.ts';
import type { FailureStore } from '../../shared/failures/port.ts';
import { startSite } from '../fixtures/failures/site.ts';
import type { Site } from '../fixtures/failures/site.ts';
import { builtPage, describeInBrowser, openTab, startBrowser, TEST_MS } from './support/browser.ts';
import type { Tab } from './support/browser.ts';
import { startConsole, startConsoleWithLogin } from './support/console.ts';
import type { TestConsole } from './support/console.ts';

const EAST = 'east/istio-system/istio-ingressgateway';

/** No timer of a second or more ends in this tab, so it never asks by itself. */
const NO_POLLING = `{
  const set = globalThis.setTimeout;
  globalThis.setTimeout = (work, ms, ...rest) => (ms >= 1000 ? 0 : set(work, ms, ...rest));
}`;

describeInBrowser('an open page', () => {
  let browser: Browser;
  let built: readonly PageFile[];
  let site: Site;
  let server: TestConsole;
  let tab: Tab;
  /** Whether the failure store answers. */
  let isAway: boolean;

  beforeAll(async () => {
    built = builtPage();
    browser = await startBrowser();
  }, TEST_MS);
  afterAll(() => browser?.close());

  /** A store that can be away. */
  const fragile = (store: FailureStore): FailureStore => ({
    ...store,
    list: async () => {
      if (isAway) throw new ReplayError('RPL700', 'The failure store does not answer.');
      return store.list();
    },
  });
  const given = () => {
    const { runtime, failures } = site;
    const fragileFailures = { ...failures, store: fragile(failures.store) };
    return { runtime, failures: fragileFailures, role: 'operator', page: built } as const;
  };
  const start = async (port?: number): Promise<void> => {
    server = await startConsole(given(), () => site.world(), port);
  };
  /** Something that every page is told of. */
  const happen = () =>
    site.failures.audit.append({ who: 'bob', action: 'a', selection: 's', why: 'w', result: 'r' });

  beforeEach(async () => {
    isAway = false;
    site = startSite();
    await site.fail(EAST, 2, [3]);
    tab = await openTab(browser);
  });
  afterEach(async () => {
    await tab?.close();
    await server?.close();
  });

  test(
    'is told what changes elsewhere, and asks for it without waiting for its next turn',
    async () => {
      await start();
      const { page, errors } = tab;
      await page.addInitScript(NO_POLLING);
      await page.goto(`${server.url}/failures?view=list`);
      await page.getByText('1 failure, newest first').waitFor();
      await site.fail('west/istio-system/gateway-9', 2, [3]);
      await page.getByText('2 failures, newest first').waitFor();
      await site.fail('west/istio-system/gateway-8', 2, [3]);
      await page.getByText('3 failures, newest first').waitFor();
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'shows what changed while the console was away, as soon as it is back',
    async () => {
      await start();
      const { page } = tab;
      await page.addInitScript(NO_POLLING);
      await page.goto(`${server.url}/failures?view=list`);
      await page.getByText('1 failure, newest first').waitFor();
      const port = Number(new URL(server.url).port);
      await server.close();
      await page.getByText('The console does not answer', { exact: false }).first().waitFor();
      await site.fail('west/istio-system/gateway-9', 2, [3]);
      await start(port);
      await page.getByText('2 failures, newest first').waitFor();
      await page.getByText('The console does not answer').first().waitFor({ state: 'detached' });
    },
    TEST_MS,
  );

  test(
    'asks from time to time where nothing is told',
    async () => {
      await start();
      const { page } = tab;
      await page.route('**/api/v1/events', (route) =>
        route.fulfill({ status: 503, json: { error: { message: 'too many' } } }),
      );
      await page.goto(`${server.url}/failures?view=list`);
      await page.getByText('1 failure, newest first').waitFor();
      await site.fail('west/istio-system/gateway-9', 2, [3]);
      await page.getByText('2 failures, newest first').waitFor();
    },
    TEST_MS,
  );

  test(
    'keeps what is known while the store is away, with its age, and comes back',
    async () => {
      await start();
      const { page } = tab;
      await page.goto(`${server.url}/failures?view=list`);
      await page.getByText('1 failure, newest first').waitFor();
      isAway = true;
      await happen();
      await page.getByText('The failure store does not answer.').first().waitFor();
      await page.getByText('What is shown is of', { exact: false }).first().waitFor();
      await page.getByText('1 failure, newest first').waitFor();
      isAway = false;
      await page.getByRole('button', { name: 'Try again' }).first().click();
      const away = page.getByText('The failure store does not answer.');
      await away.first().waitFor({ state: 'detached' });
    },
    TEST_MS,
  );

  test(
    'of a login that has ended leads to the login, and from there back; who logs out sees nothing',
    async () => {
      server = await startConsoleWithLogin(given(), () => site.world());
      const { page, errors } = tab;
      await page.route('https://**', (route) => route.abort());
      const logIn = async (): Promise<void> => {
        await page.getByPlaceholder('Enter any login').fill('ada');
        await page.getByPlaceholder('and password').fill('x');
        await page.getByRole('button', { name: 'Sign-in' }).click();
        await page.getByRole('button', { name: 'Continue' }).click();
      };
      await page.goto(`${server.url}/audit`, { waitUntil: 'commit' });
      await logIn();
      await page.waitForURL(`${server.url}/audit`);
      await page.getByText('ada@example.com').first().waitFor();
      await page.getByText('console login').first().waitFor();

      // Eight hours later.
      site.runtime.advance(8 * 3_600_000);
      await happen();
      const ended = page.getByText('your login has ended').first();
      await ended.waitFor();
      await page.getByText('console login').first().waitFor();

      // Logged in again in another tab: this one asks when somebody comes back to it.
      const other = await page.context().newPage();
      await other.goto(`${server.url}/audit`);
      await other.getByText('console login').first().waitFor();
      await page.evaluate("dispatchEvent(new Event('focus'))");
      await ended.waitFor({ state: 'detached' });
      await happen();
      await page.getByRole('cell', { name: 'bob' }).nth(1).waitFor();

      site.runtime.advance(8 * 3_600_000);
      await happen();
      await page.getByRole('link', { name: 'Log in again' }).click();
      await ended.waitFor({ state: 'detached' });
      await page.waitForURL(`${server.url}/audit`);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByText('You are logged out here.').waitFor();
      expect(await page.getByText('console login').count()).toBe(0);
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );
});
