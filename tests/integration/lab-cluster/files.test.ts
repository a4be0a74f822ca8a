/** Sluice loads the configuration that the lab writes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LabServices, writeLabFiles } from '../../../infra/lab/files.ts';
import { loadConfig } from '../../../shared/config/load.ts';

describe('the lab’s sluice.yaml', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lab-files-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const bundle = { name: 'web', settings: { policyWaf: '/Common/lab-waf' } };

  test.each<[string, LabServices | undefined]>([
    ['no services', undefined],
    ['bundles only', { serviceBundles: [bundle] }],
    ['no bundles', {}],
  ])('is valid with %s', async (_, services) => {
    const files = await writeLabFiles(dir, {
      clusters: [{ id: 'k8s', kubeconfig: '' }],
      device: { url: 'https://127.0.0.1:1', ca: '', username: 'u', password: 'p' },
      virtualAddress: '172.16.100.195',
      members: 'pods',
      queue: { kind: 'sqlite', path: join(dir, 'queue') },
      services,
    });
    const { serviceBundles } = await loadConfig(files.config, {});
    expect(serviceBundles.map(({ name }) => name)).toEqual(
      services?.serviceBundles === undefined ? [] : [bundle.name],
    );
  });
});
