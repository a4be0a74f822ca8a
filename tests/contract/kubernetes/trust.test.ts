/** Whom the watcher gives its token. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { kubeconfigText } from '../../../infra/lab/kubernetes/kubeconfig.ts';
import { CONFIG_MAPS, createKubernetesClient } from '../../../shared/kubernetes/index.ts';
import { startStranger, strangers } from '../../fixtures/stranger.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-trust-'));
const { start: stranger, closeAll: closeStrangers } = strangers();
let otherCa: string;
beforeAll(async () => {
  const other = await startStranger();
  otherCa = other.ca;
  await other.close();
});
afterEach(async () => {
  await closeStrangers();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(url: string, ca: string): Promise<unknown> {
  const kubeconfig = `${folder}.yaml`;
  writeFileSync(kubeconfig, kubeconfigText({ name: 'c', url, ca, token: 'canary-token' }));
  const client = createKubernetesClient({ kubeconfig });
  try {
    return await client.get(CONFIG_MAPS, 'x', 'default');
  } finally {
    await client.close();
    rmSync(kubeconfig);
  }
}

test('an API server with a certificate of another authority gets no request', async () => {
  const { url, requests } = await stranger();
  await expect(ask(url, otherCa)).rejects.toThrow(/certificate/);
  expect(requests).toEqual([]);
});

test('an API server with a certificate for another name gets no request', async () => {
  const { port, ca, requests } = await stranger();
  await expect(ask(`https://127.0.0.2:${port}`, ca)).rejects.toThrow(/certificate/);
  expect(requests).toEqual([]);
});

test('a redirect of an API server takes the token nowhere', async () => {
  const target = await stranger();
  const { url, ca, requests } = await stranger(`${target.url}/taken`);
  await expect(ask(url, ca)).rejects.toMatchObject({ status: 307 });
  expect(requests.join()).toContain('canary-token');
  expect(target.requests).toEqual([]);
});
