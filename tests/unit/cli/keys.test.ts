import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { parse } from 'yaml';
import { registerKeys } from '../../../functions/cli/commands/keys.ts';
import { networkChecks } from '../../../shared/operations/doctor/checks.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import { keyChecks } from '../../../shared/operations/doctor/key-checks.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';

let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

async function keys(...args: readonly string[]): Promise<void> {
  const program = new Command().exitOverride();
  registerKeys(program);
  await program.parseAsync(['keys', 'new', ...args, '--dir', folder], { from: 'user' });
}

const mode = (name: string): number => statSync(join(folder, name)).mode & 0o777;

describe('sluice keys new', () => {
  test('writes a key pair that only the owner can read, and prints the two lines for sluice.yaml', async () => {
    await keys('east');
    expect([mode('east.key'), mode('east.pub')]).toEqual([0o600, 0o600]);
    expect(readFileSync(join(folder, 'east.key'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(readFileSync(join(folder, 'east.pub'), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(printed.trimEnd().split('\n')).toHaveLength(2);
    expect(parse(printed)).toEqual({
      verifyKeys: [`file:${folder}/east.pub`],
      signKey: `file:${folder}/east.key`,
    });
  });

  test('overwrites nothing', async () => {
    writeFileSync(join(folder, 'east.key'), 'in use');
    await expect(keys('east')).rejects.toThrow(
      `${folder}/east.key already exists; move it away, or choose another directory with --dir`,
    );
    expect(readFileSync(join(folder, 'east.key'), 'utf8')).toBe('in use');
  });

  test.each(['../east', 'East', ''])('refuses %j, which is no cluster id', async (id) => {
    await expect(keys(id)).rejects.toThrow('must be a DNS label');
  });
});

describe('sluice doctor', () => {
  const config = (cluster: object): SluiceConfig =>
    SluiceConfig.parse({
      generation: 1,
      devices: [
        {
          name: 'bigip',
          url: 'https://192.0.2.1',
          username: 'u',
          password: 'env:P',
          partitions: ['k8s'],
        },
      ],
      clusters: [{ id: 'east', ...cluster }],
      ingresses: [{ cluster: 'east', service: 'a/b', devices: ['bigip'] }],
    });
  const checked = async (cluster: object): Promise<readonly string[]> =>
    (await keyChecks({ config: config(cluster), secrets: createSecrets({ env: {} }) })).map(
      (finding) =>
        `${finding.ok ? 'ok' : 'BAD'} ${finding.what}: ${describeFinding(finding)}`
          .replaceAll(folder, '')
          .replaceAll(/[0-9a-f]{16}/g, 'ID'),
    );
  const at = (name: string): string => `file:${folder}/${name}`;

  test('finds a pair that belongs together, and one that does not', async () => {
    await keys('east');
    await keys('west');
    expect(await checked({ verifyKeys: [at('east.pub')], signKey: at('east.key') })).toEqual([
      'ok verify key file:/east.pub of east: key ID',
      'ok sign key of east: key ID, one of its verify keys',
    ]);
    expect(await checked({ verifyKeys: [at('west.pub')], signKey: at('east.key') })).toEqual([
      'ok verify key file:/west.pub of east: key ID',
      'BAD sign key of east: key ID is not in clusters[].verifyKeys of east (ID), so ' +
        'every event of its watcher is refused (GW152); add the public half of this key ' +
        'there',
    ]);
  });

  test('reports unusable keys, and only the watcher needs the private key', async () => {
    await keys('east');
    expect(
      await checked({ verifyKeys: [at('east.key'), at('gone.pub')], signKey: at('gone.key') }),
    ).toEqual([
      'BAD verify key file:/east.key of east: clusters[].verifyKeys file:/east.key: ' +
        'holds a private key, which only the watcher may have; put the public key here ' +
        '(GW150)',
      expect.stringMatching(
        /^BAD verify key file:\/gone\.pub of east: secret file:\/gone\.pub: cannot be read \(no such file, ENOENT\).*\(GW102\)$/,
      ),
      'ok sign key of east: not readable here, so not compared; only the watcher of east needs it',
    ]);
    expect(await checked({ signKey: at('east.pub') })).toEqual([
      expect.stringMatching(/^BAD sign key of east: .*no Ed25519 private key.*\(GW151\)$/),
    ]);
    expect(await checked({})).toEqual([]);
  });
});

describe('sluice doctor on networks', () => {
  const said = async (
    east: object,
    west: object,
    members: readonly ['pods' | 'nodes', 'pods' | 'nodes'] = ['pods', 'nodes'],
  ): Promise<readonly string[]> => {
    const config = SluiceConfig.parse({
      generation: 1,
      devices: [
        {
          name: 'bigip',
          url: 'https://192.0.2.1',
          username: 'u',
          password: 'env:P',
          partitions: ['k8s'],
        },
      ],
      clusters: [
        { id: 'east', ...east },
        { id: 'west', ...west },
      ],
      ingresses: ['east', 'west'].map((cluster, i) => ({
        cluster,
        service: 'a/b',
        devices: ['bigip'],
        members: members[i],
      })),
    });
    return (await networkChecks({ config })).map(
      (finding) => `${finding.ok ? 'ok' : 'BAD'} ${finding.what}: ${describeFinding(finding)}`,
    );
  };

  test('asks for pod networks as soon as another cluster is behind the same device', async () => {
    expect(await said({}, {})).toEqual([
      expect.stringMatching(
        /^BAD pod networks of east: clusters\[\]\.podNetworks of east is empty.*device bigip,/,
      ),
    ]);
    expect(await said({ podNetworks: ['10.244.0.0/16'] }, {})).toEqual([
      'ok pod networks of east: 10.244.0.0/16',
    ]);
    expect(await said({ routeDomain: 2 }, {})).toEqual([]);
    expect(await said({}, {}, ['nodes', 'nodes'])).toEqual([]);
  });
});
