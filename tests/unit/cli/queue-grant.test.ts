import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../shared/config/load.ts';
import { grantQueue } from '../../../shared/operations/queue/grant.ts';

const CONFIG = `
devices: [{name: bigip, url: https://192.0.2.1, username: admin, password: env:PW, partitions: [k8s]}]
clusters: [{id: west}]
ingresses: [{cluster: west, service: istio-system/gw, devices: [bigip]}]
queue: {kind: postgres, host: db.example.com, password: env:PW}
`;

test('sluice queue grant prints SQL for psql, line by line, and nothing else beside it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-grant-'));
  const file = join(folder, 'sluice.yaml');
  writeFileSync(file, CONFIG);
  const main = join(import.meta.dirname, '../../../functions/cli/main.ts');
  const args = ['--disable-warning=ExperimentalWarning', main, 'queue', 'grant', '-c', file];
  const printed = execFileSync(process.execPath, [...args, '--cluster', 'west'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  rmSync(folder, { recursive: true });
  const { sql } = grantQueue(parseConfig(CONFIG, 'test', 1), { cluster: 'west' });
  expect(printed).toBe(sql);
});
