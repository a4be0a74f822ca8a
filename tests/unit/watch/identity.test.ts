/** Which process holds a Lease, and whether it has certainly ended. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isProvenDead, processIdentity } from '../../../functions/watch/leader/identity.ts';

const QUEUE = { kind: 'sqlite', path: 'a' };

let proc: string;

/** As the kernel prints it: the start time is field 22, after a name that may contain anything. */
function run(pid: number, started: number): void {
  mkdirSync(join(proc, `${pid}`), { recursive: true });
  const rest = Array.from({ length: 18 }, () => '0');
  writeFileSync(join(proc, `${pid}`, 'stat'), `${pid} (no) de) S ${rest.join(' ')} ${started} 0\n`);
}

function boot(id: string): void {
  writeFileSync(join(proc, 'sys/kernel/random/boot_id'), `${id}\n`);
}

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'sluice-proc-'));
  mkdirSync(join(proc, 'sys/kernel/random'), { recursive: true });
  mkdirSync(join(proc, 'self/ns'), { recursive: true });
  symlinkSync('pid:[4026531836]', join(proc, 'self/ns/pid'));
  boot('b00t');
  run(process.pid, 100);
});
afterEach(() => rmSync(proc, { recursive: true }));

const own = (queue: object = QUEUE): string => processIdentity({}, queue, proc) ?? '';
/** Another process of this host held it. */
const other = (change: Partial<Record<'host' | 'boot' | 'namespace', string>> = {}): string => {
  const [host, id, namespace, , , queue] = own().split('/');
  const { host: h = host, boot: b = id, namespace: n = namespace } = change;
  return [h, b, n, '77', '500', queue].join('/');
};

describe('the identity of a process', () => {
  test('is the name of its pod where it has one', () => {
    expect(processIdentity({ POD_NAME: 'sluice-0' }, QUEUE, proc)).toBe('sluice-0');
  });

  test('is not that of another one with the same host and another queue', () => {
    expect(own()).toContain(`${hostname()}/b00t/4026531836/${process.pid}/100/`);
    expect(own({ ...QUEUE, path: 'b' })).not.toBe(own());
  });

  test('is unknown where the kernel does not say', () => {
    expect(processIdentity({}, QUEUE, join(proc, 'nowhere'))).toBeUndefined();
  });
});

describe('a holder on this host', () => {
  test('is proven dead when its process is gone, or its id is used again', () => {
    expect(isProvenDead(other(), proc)).toBe(true);
    run(77, 900);
    expect(isProvenDead(other(), proc)).toBe(true);
  });

  test('is proven dead when the host was booted since', () => {
    run(77, 500);
    expect(isProvenDead(other({ boot: 'earlier' }), proc)).toBe(true);
  });

  test('is not dead while it runs', () => {
    run(77, 500);
    expect(isProvenDead(other(), proc)).toBe(false);
  });
});

test.each([
  ['another host', () => other({ host: 'elsewhere' })],
  ['another PID namespace', () => other({ namespace: '1' })],
  ['an older version, which notes only its host', () => hostname()],
  ['a pod', () => 'sluice-0'],
])('a holder of %s is never proven dead', (_, holder) => {
  expect(isProvenDead(holder(), proc)).toBe(false);
});
