/** A short soak: the watcher or `sluice up` is killed once, and everything converges all the same. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runScript, type Ended } from './support/script.ts';
import { FaultNote, Summary } from '../soak/record.ts';

const SOAK = resolve(import.meta.dirname, '../soak/main.ts');
const LIMIT = 240_000;

const soak = (...args: string[]): Promise<Ended> => runScript(SOAK, ...args);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-soak-test-'));
});
afterEach(() => rm(dir, { recursive: true }));

test(
  'after a kill, a soak of ten seconds ends with everything as it is wanted, and draws it; a check that fails fails the run',
  async () => {
    const out = join(dir, 'run');
    const { code, stdout, stderr } = await soak('10s', '--seed', '1', '--out', out);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });

    const [fault] = (await readFile(join(out, 'faults.jsonl'), 'utf8')).split('\n');
    expect(FaultNote.parse(JSON.parse(fault ?? '')).kind).toBe('process killed');
    const file = join(out, 'summary.json');
    const summary = Summary.parse(JSON.parse(await readFile(file, 'utf8')));
    expect(summary.changes).toBeGreaterThan(0);
    expect(await readFile(join(out, 'curves', 'memory.svg'), 'utf8')).toContain('<polyline');
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('everything holds');

    const checks = summary.checks.map((check, i) => ({ ...check, holds: i > 0 }));
    await writeFile(file, JSON.stringify({ ...summary, checks }));
    const drawn = await soak('--report', out);
    expect(drawn.code).toBe(1);
    expect(drawn.stdout).toMatch(/^FAILS {2}it comes to rest/m);
  },
  LIMIT,
);
