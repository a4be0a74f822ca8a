/** A developer sees what manifests would do, before anybody applies them. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { PageFile } from '../../functions/console/page/files.ts';
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
import { startConsole } from './support/console.ts';
import type { TestConsole } from './support/console.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  namespace: istio-system
  name: istio-ingressgateway
  annotations:
    sluice.io/unheard-of: "on"
spec:
  selector: &gateway {istio: ingressgateway}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata:
  namespace: istio-system
  name: gw-1
  labels: {istio: ingressgateway}
spec: {nodeName: n1, containers: [{name: istio-proxy, image: proxyv2}]}
status:
  podIP: 10.0.0.7
  podIPs: [{ip: 10.0.0.7}]
  conditions: [{type: Ready, status: "True"}]
`;
const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {namespace: team, name: web}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
  - {port: {number: 9999, name: tcp, protocol: TCP}, hosts: ["*"]}
`;

describeInBrowser('a plan of manifests', () => {
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
    await site.failures.views.note({
      device: 'bigip-1',
      partition: 'k8s',
      seen: site.device.state('k8s'),
      seenAt: site.runtime.clock.now(),
    });
    const { runtime, failures } = site;
    server = await startConsole({ runtime, failures, role: 'viewer', page: built }, () =>
      site.world(),
    );
    tab = await openTab(browser);
  });
  afterEach(async () => {
    await tab?.close();
    await server?.close();
  });

  const manifests = (page: Page) => page.getByLabel('Manifests as YAML or JSON');
  const drop = (page: Page, files: Readonly<Record<string, string>>) =>
    page.getByLabel('Files, which can also be dropped here').setInputFiles(
      Object.entries(files).map(([name, text]) => ({
        name,
        mimeType: 'application/yaml',
        buffer: Buffer.from(text, 'latin1'),
      })),
    );

  test(
    'shows changes, what is not exposed and why, and warnings with their objects',
    async () => {
      const { page, errors } = tab;
      const loaded: string[] = [];
      page.on('request', (request) => loaded.push(request.url()));
      await page.goto(`${server.url}/ports`);
      await page.getByRole('link', { name: 'What would manifests do?' }).click();
      await page.getByRole('heading', { name: 'What would these manifests do?' }).waitFor();
      // Who plans nothing does not load the reader of YAML.
      expect(loaded.filter((url) => url.includes('/manifests-'))).toEqual([]);
      await drop(page, { 'ingress.yaml': SERVICE });
      await page.getByRole('button', { name: 'Remove ingress.yaml' }).waitFor();
      await page.getByLabel('Cluster that they are for').selectOption('east');
      await manifests(page).fill(GATEWAY);
      await manifests(page).press('Control+Enter');
      await page.getByText('1 to add, 0 to change, 0 to delete').waitFor();
      const changes = page.getByRole('table', { name: 'Changes' });
      const words = await changes.getByRole('row').nth(1).innerText();
      for (const word of ['+ create', 'bigip-1 k8s', '172.16.100.1:80/tcp', 'team/web'])
        expect(words).toContain(word);
      const refused = page.getByRole('table', { name: 'Servers that are not exposed' });
      expect(await refused.innerText()).toMatch(/team\/web[^]*9999 TCP[^]*VirtualService/);
      const warnings = page.getByRole('table', { name: 'Warnings' });
      expect(await warnings.innerText()).toMatch(
        /Service istio-system\/istio-ingressgateway[^]*GW121 [^]*unheard-of[^]*What to do\s+Correct/,
      );
      await page
        .getByText('sluice plan -f ingress.yaml -f - --cluster east --device', { exact: true })
        .waitFor();
      expect(await seriousIn(page)).toEqual([]);
      await expectNoSideways(page);
      await page.screenshot({ path: picturePath('plan-of-manifests'), fullPage: true });
      // It is there when somebody comes back, and gone when the text changes.
      await page.getByRole('link', { name: 'Audit' }).click();
      await page.goBack();
      await changes.waitFor();
      expect(new URL(page.url()).search).toBe('?cluster=east');
      await manifests(page).fill(`${GATEWAY} `);
      await page.getByRole('heading', { name: 'What would these manifests do?' }).waitFor();
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'is reached by keys and by its address, and names file and line of what is wrong',
    async () => {
      const { page, errors } = tab;
      await page.goto(server.url);
      await page.locator('h1').waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('m');
      await page.waitForURL('**/plan');
      await page.goto(`${server.url}/plan?cluster=east`);
      const plan = page.getByRole('button', { name: 'Show what they would do' });
      const says = async (sentence: string): Promise<void> =>
        page.getByRole('alert').getByText(sentence, { exact: false }).waitFor();
      await plan.click();
      await says('There is no Kubernetes object in it.');
      await drop(page, { 'bad.yaml': `${GATEWAY}---\nkind: [\n` });
      await plan.click();
      await says('these files contain no ingress Service of cluster east');
      await drop(page, { 'only.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: 7}\n' });
      await page.getByRole('button', { name: 'Remove bad.yaml' }).click();
      await plan.click();
      await says('only.yaml:3: metadata.name is a number');
      const good = `${SERVICE}---\n${GATEWAY}---\n`;
      await drop(page, { 'only.yaml': `${good}kind: [\n` });
      await plan.click();
      await says(`only.yaml:${good.split('\n').length + 1}: `);
      await page.getByText('1 to add').waitFor();
      await drop(page, { 'latin.yaml': '# caf\u00e9' });
      await says('latin.yaml is not UTF-8 text');
      await drop(page, { 'large.yaml': '#'.repeat(1_024 * 1_024 + 1) });
      await says('The page reads 1 MiB of manifests');
      await page.getByLabel('Cluster that they are for').selectOption('');
      await plan.click();
      await says('cluster is missing');
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );

  test('costs little: all of the page is less than 150 KB', () => {
    const bytes = built.map(({ gzip }) => Buffer.from(gzip, 'base64').length);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150 * 1_000);
  });
});
