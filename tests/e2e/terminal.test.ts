/**
 * The command in a shell: closed pipes, full disks, and the sources of the configuration.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';

const SLUICE = fileURLToPath(new URL('../../dist/cli/sluice.mjs', import.meta.url));
const CONFIG = {
  generation: 1,
  devices: [
    {
      name: 'bigip',
      url: 'https://127.0.0.1:1',
      username: 'admin',
      password: 'env:PATH',
      partitions: ['k8s'],
    },
  ],
  clusters: [{ id: 'east' }],
  ingresses: [
    {
      cluster: 'east',
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip'],
      virtualAddress: '172.16.100.195',
    },
  ],
  queue: { kind: 'sqlite', path: 'queue.sqlite' },
  failures: { kind: 'fs', path: 'failures' },
};

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-terminal-'));
  writeFileSync(join(dir, 'sluice.yaml'), stringify(CONFIG));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** In a shell, with a function `sluice`. */
function shell(script: string, env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  const sluice = `sluice() { "${process.execPath}" --disable-warning=ExperimentalWarning "${SLUICE}" "$@"; }`;
  return spawnSync('bash', ['-c', `${sluice}\n${script}`], {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: dir, ...env },
  });
}

describe('standard output', () => {
  test('a closed pipe causes no message and does not change the exit code', () => {
    // The reader exits before there is any output.
    const script = 'exec 3> >(true); wait $!; sluice completion bash >&3';
    expect(shell(script)).toMatchObject({ stderr: '', status: 0 });
  });

  test('a full disk is reported once, and the exit code is 1', () => {
    expect(shell('sluice completion bash > /dev/full')).toMatchObject({
      stderr: 'sluice: cannot write to standard output: no space left on the device (ENOSPC)\n',
      status: 1,
    });
  });
});

describe('the configuration', () => {
  test('is ./sluice.yaml by default', () => {
    expect(shell('sluice failures list')).toMatchObject({ stdout: 'No failures.\n', status: 0 });
  });

  test('is SLUICE_CONFIG if set, and -c takes precedence', () => {
    expect(shell('sluice failures list', { SLUICE_CONFIG: 'other.yaml' })).toMatchObject({
      stderr: expect.stringMatching(/^sluice: GW100: other\.yaml: cannot be read \(no such file/),
      status: 1,
    });
    expect(
      shell('sluice failures list -c sluice.yaml', { SLUICE_CONFIG: 'other.yaml' }),
    ).toMatchObject({ status: 0 });
  });
});

describe('help', () => {
  test('sluice help COMMAND is sluice COMMAND --help', () => {
    const help = shell('sluice help failures');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toBe(shell('sluice failures --help').stdout);
    expect(shell('sluice help cluster drain').stdout).toBe(
      shell('sluice cluster drain --help').stdout,
    );
  });

  test('of an unknown command is an error', () => {
    expect(shell('sluice help cluster drian')).toMatchObject({
      stderr: expect.stringContaining("error: unknown command 'cluster drian'"),
      stdout: '',
      status: 1,
    });
  });
});

describe('errors of the system', () => {
  test('a missing file is reported in words', () => {
    expect(shell('sluice failures import none.jsonl --yes')).toMatchObject({
      stderr: 'sluice: none.jsonl: no such file (ENOENT)\n',
      status: 1,
    });
  });

  test('a device that refuses connections is reported in words', () => {
    expect(shell('sluice ports').stderr).toContain('(connection refused, ECONNREFUSED)');
  });

  test('a list of clusters without any answer is not an empty one', () => {
    expect(shell('sluice cluster list')).toMatchObject({
      stdout: 'No device answered, so it is not known which clusters are declared.\n',
      status: 1,
    });
  });

  test('a missing kubeconfig, or one with an unreachable server, is reported in words', () => {
    expect(shell('sluice why a/b -k none --no-config')).toMatchObject({
      stderr: 'sluice: --kubeconfig none cannot be used: none: no such file (ENOENT)\n',
      status: 1,
    });
    const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:1' } };
    const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
    writeFileSync(
      join(dir, 'kubeconfig'),
      stringify({
        clusters: [cluster],
        contexts: [context],
        users: [{ name: 'u', user: {} }],
        'current-context': 'c',
      }),
    );
    expect(shell('sluice why a/b -k kubeconfig --no-config').stderr).toContain(
      '(connection refused, ECONNREFUSED, 127.0.0.1:1)',
    );
  });
});
