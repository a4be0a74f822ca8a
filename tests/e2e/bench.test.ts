import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runScript, type Ended } from './support/script.ts';
import { PeerFile } from '../bench/peer.ts';

const BENCH = resolve(import.meta.dirname, '../bench/main.ts');
const LIMIT = 240_000;

const bench = (...args: string[]): Promise<Ended> => runScript(BENCH, ...args);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-bench-test-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('npm run bench', () => {
  test(
    'a row is measured with the built sluice up, and its declares are counted',
    async () => {
      const saved = join(dir, 'ours.json');
      const { code, stdout, stderr } = await bench(
        '--quick',
        '--only',
        'new-port',
        '--save',
        saved,
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toMatch(/^new-port +new port, whole job, beside 3 others$/m);
      const { name, figures } = PeerFile.parse(JSON.parse(await readFile(saved, 'utf8')));
      expect(name).toBe('ours');
      expect(figures['new-port.seconds']).toBeGreaterThanOrEqual(0.3);
      expect(figures['new-port.declares']).toBeGreaterThanOrEqual(1);
      expect(figures['new-port.kb']).toBeGreaterThan(1);
    },
    LIMIT,
  );

  test('an unknown row, and a file that holds no figures, end it before anything is measured', async () => {
    const unknown = await bench('--only', 'new-prot');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/^bench: --only new-prot: there are new-port, /);
    const missing = await bench('--quick', '--peer', join(dir, 'none.json'));
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^bench: .*none\.json/);
  });
});
