/** Text to copy stays as it is, however narrow the terminal is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { printFindings } from '../../../functions/cli/commands/doctor.ts';
import { registerNetwork } from '../../../functions/cli/commands/network.ts';
import { badFinding } from '../../../shared/operations/doctor/finding.ts';

const columns = process.env['COLUMNS'];
let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-copied-'));
  printed = '';
  process.env['COLUMNS'] = '40';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  jest.restoreAllMocks();
  if (columns === undefined) delete process.env['COLUMNS'];
  else process.env['COLUMNS'] = columns;
  rmSync(folder, { recursive: true });
});

const LONG = `    flannel.alpha.coreos.com/backend-data: '{"VNI":1,"VtepMAC":"00:00:5e:00:53:01"}'`;

test('text to copy from sluice doctor is not wrapped', () => {
  const checked = { id: 'network-way-back', what: 'way back from east to a.lab' };
  printFindings('table', [{ ...badFinding(checked, 'no Node'), text: `metadata:\n${LONG}` }]);
  expect(printed.split('\n')).toContain(LONG);
});

test('text to copy from sluice network setup is not wrapped', async () => {
  const config = {
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['k8s'],
        networks: { tunnels: { east: '/Common/east' } },
      },
    ],
    clusters: [
      {
        id: 'east',
        network: { mode: 'vxlan', from: 'flannel' },
        podNetworks: ['10.244.0.0/16'],
      },
    ],
    ingresses: [
      { cluster: 'east', service: 'a/b', devices: ['bigip'], virtualAddress: '10.0.0.1' },
    ],
  };
  const file = join(folder, 'sluice.yaml');
  writeFileSync(file, JSON.stringify(config));
  const program = new Command().exitOverride();
  registerNetwork(program);
  const mac = ['--mac', '00:00:5e:00:53:01'];
  const words = ['network', 'setup', '-c', file, '--device', 'bigip', ...mac];
  await program.parseAsync(words, { from: 'user' });
  expect(printed.split('\n')).toContain(LONG);
});
