import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findConfig } from '../../../functions/cli/terminal/found-config.ts';

const text = (...clusters: readonly string[]): string =>
  JSON.stringify({
    devices: [{ name: 'b', url: 'https://b', username: 'u', password: 'env:P', partitions: ['p'] }],
    clusters: clusters.map((id) => ({ id })),
    ingresses: clusters.map((cluster) => ({
      cluster,
      service: 'a/b',
      devices: ['b'],
      virtualAddress: '10.0.0.1',
    })),
  });

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'sluice-found-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));
const write = (name: string, content: string): void => writeFileSync(join(cwd, name), content);
const ids = async (
  options: Parameters<typeof findConfig>[0],
  env: NodeJS.ProcessEnv = {},
): Promise<object> => {
  const { found, note } = await findConfig(options, { env, cwd });
  return { ...(found && { id: found.cluster.id, isNamed: found.isNamed }), ...(note && { note }) };
};

describe('a command that also works without a configuration', () => {
  test('uses none where there is none, or with --no-config', async () => {
    expect(await ids({})).toEqual({});
    write('sluice.yaml', text('east'));
    expect(await ids({ config: false })).toEqual({});
  });

  test('uses ./sluice.yaml, and says so', async () => {
    write('sluice.yaml', text('east'));
    expect(await ids({})).toEqual({
      id: 'east',
      isNamed: false,
      note: 'settings and policy of ./sluice.yaml are applied; --no-config leaves them out',
    });
  });

  test('prefers SLUICE_CONFIG, and what -c names most of all', async () => {
    write('sluice.yaml', text('east'));
    write('other.yaml', text('west'));
    write('named.yaml', text('north'));
    const env = { SLUICE_CONFIG: 'other.yaml' };
    expect(await ids({}, env)).toMatchObject({ id: 'west', isNamed: false });
    expect(await ids({ config: join(cwd, 'named.yaml') }, env)).toEqual({
      id: 'north',
      isNamed: true,
    });
    expect(await ids({}, { SLUICE_CONFIG: '' })).toMatchObject({ id: 'east' });
  });

  test.each([
    [
      'of several clusters',
      text('east', 'west'),
      'cluster is missing: use one of clusters[].id: east, west',
      'cluster is missing: use one of clusters',
    ],
    [
      'that is invalid',
      '{"clusters": 1}',
      'not used: 3 problems: devices: is missing; ',
      'devices: is missing',
    ],
  ])('does without a file %s that was not named, and says why', async (_, content, why, words) => {
    write('sluice.yaml', content);
    expect(await ids({})).toEqual({
      note: expect.stringContaining('./sluice.yaml is not used: '),
    });
    expect(await ids({})).toEqual({ note: expect.stringContaining(why) });
    await expect(ids({ config: join(cwd, 'sluice.yaml') })).rejects.toThrow(words);
  });

  test('names the file of SLUICE_CONFIG that is missing', async () => {
    expect(await ids({}, { SLUICE_CONFIG: 'lost.yaml' })).toEqual({
      note: expect.stringMatching(/^lost\.yaml is not used: .*no such file/),
    });
  });

  test('with --cluster takes that one of several', async () => {
    write('sluice.yaml', text('east', 'west'));
    expect(await ids({ cluster: 'west' })).toMatchObject({ id: 'west' });
  });
});
