/**
 * Foreign text is escaped before it reaches a terminal, and a bundle can write only failures. Runs
 * the built command on malicious files.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFailures } from '../../shared/failures/open.ts';
import { openDatabase } from '../../shared/queue/sqlite/database.ts';
import { sighting } from '../fixtures/failures/sighting.ts';
import { NO_SECRETS } from '../fixtures/secrets.ts';

const SLUICE = fileURLToPath(new URL('../../dist/cli/sluice.mjs', import.meta.url));
const ESC = '\u001B]0;owned\u0007\u001B[2J\u009B31m';
const HOSTILE = `evil${ESC}\u202Egnp\u200B\u2028\r\nFORGED  line`;
/** Everything except the line breaks of the layout. */
const OBEYED = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

let folder: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'));
  config = join(folder, 'sluice.yaml');
  write({});
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(east: object): void {
  const devices = [
    {
      name: 'bigip-1',
      url: 'https://127.0.0.1:1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s'],
    },
  ];
  const ingresses = [
    {
      cluster: 'east',
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip-1'],
      virtualAddress: '172.16.100.195',
    },
  ];
  const paths = {
    queue: { kind: 'sqlite', path: join(folder, 'queue.sqlite') },
    failures: { kind: 'fs', path: join(folder, 'failures') },
  };
  writeFileSync(
    config,
    JSON.stringify({ devices, clusters: [{ id: 'east', ...east }], ingresses, ...paths }),
  );
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function sluice(...args: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [SLUICE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

async function parked(): Promise<string> {
  const failures = openFailures(
    { kind: 'fs', path: join(folder, 'failures'), retentionDays: 30, replayers: [], replay: [] },
    {
      clock: { now: () => 1, monotonic: () => 1, sleep: () => Promise.resolve() },
      id: randomUUID,
      secrets: NO_SECRETS,
    },
  );
  const { head, details, ...rest } = sighting(1);
  const { id } = await failures.store.record({
    ...rest,
    head: { ...head, sentence: HOSTILE, owner: `east/${HOSTILE}/gw`, gateways: [HOSTILE] },
    details: {
      ...details,
      reason: HOSTILE,
      response: HOSTILE,
      attempts: [{ at: '2026-11-23T03:00:00Z', code: 'Q613', reason: HOSTILE }],
    },
  });
  await failures.audit.append({
    who: HOSTILE,
    action: 'failures archive',
    selection: HOSTILE,
    why: HOSTILE,
    result: '1 of 1',
  });
  await failures.close();
  return id;
}

function manifests(): string {
  const file = join(folder, 'manifests.json');
  const labels = { istio: 'ingressgateway' };
  const servers = [{ port: { number: 32_400, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }];
  const items = [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { namespace: 'team', name: HOSTILE },
      spec: { selector: labels, servers },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'istio-system', name: 'istio-ingressgateway' },
      spec: { selector: labels, ports: [{ name: 'tcp', port: 32_400, targetPort: 32_400 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'istio-system', name: HOSTILE, labels },
      status: { podIP: '10.1.1.1' },
    },
    {
      apiVersion: 'cis.f5.com/v1',
      kind: 'TransportServer',
      metadata: { namespace: 'team', name: HOSTILE },
      spec: {
        virtualServerAddress: HOSTILE,
        virtualServerPort: 32_400,
        iRules: [HOSTILE],
        pool: { service: HOSTILE, servicePort: 32_400 },
      },
    },
  ];
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  return file;
}

function harmless({ out, err }: Said): void {
  for (const text of [out, err]) {
    expect(OBEYED.exec(text)).toBeNull();
    expect(text.split('\n').filter((line) => line.startsWith('FORGED'))).toEqual([]);
  }
}

describe('foreign text is shown on a terminal without effect', () => {
  test.each([
    ['failures list', []],
    ['failures list', ['-o', 'json']],
    ['failures list', ['-o', 'yaml']],
    ['failures groups', ['--by', 'owner,gateway']],
    ['failures show', ['ID']],
    ['failures show', ['ID', '-o', 'json']],
    ['failures audit', []],
    ['failures audit', ['-o', 'yaml']],
    ['replay plan', ['--dry-run']],
  ] as const)('sluice %s %j', async (command, more) => {
    const id = await parked();
    const said = await sluice(
      ...command.split(' '),
      ...more.map((word) => (word === 'ID' ? id : word)),
      '-c',
      config,
    );
    harmless(said);
    expect(said.out).toContain('evil');
    if ((more as readonly string[]).includes('json'))
      expect(JSON.stringify(JSON.parse(said.out))).toContain(JSON.stringify(HOSTILE).slice(1, -1));
  });

  test.each([
    ['map', []],
    ['map', ['-o', 'json']],
    ['map', ['-o', 'yaml']],
    ['plan', []],
    ['plan', ['-o', 'yaml']],
    ['import', ['cis']],
  ] as const)('sluice %s %j of hostile manifests', async (command, more) => {
    const said = await sluice(
      command,
      ...more,
      '-f',
      manifests(),
      ...(command === 'import' ? [] : ['-c', config]),
    );
    harmless(said);
    expect(`${said.out}${said.err}`).toContain('evil');
  });

  test('errors too, however many lines they claim to have', async () => {
    const bundle = join(folder, 'b.jsonl');
    writeFileSync(bundle, `${JSON.stringify({ format: HOSTILE, [HOSTILE]: 1 })}\n`);
    for (const said of [
      await sluice('failures', 'import', '-c', config, bundle, '--yes'),
      await sluice('failures', 'show', '-c', config, HOSTILE),
      await sluice(HOSTILE),
      await sluice('why', `team/${HOSTILE}`, '-f', manifests()),
    ]) {
      expect(said.code).not.toBe(0);
      harmless(said);
    }
  });

  test('the original event is unchanged byte by byte in a pipe', async () => {
    const id = await parked();
    expect((await sluice('failures', 'show', id, '--event', '-c', config)).out).toBe(
      sighting(1).details.event.body,
    );
  });
});

describe('a hostile bundle', () => {
  const line = (over: object): string => {
    const { head, details } = sighting(2);
    return JSON.stringify({
      ...head,
      state: 'open',
      count: 1,
      first: 1,
      last: 1,
      changed: 1,
      seen: [],
      evidence: 'evidence/aa/x.json',
      ...over,
      details,
    });
  };
  const bundleOf = (...lines: readonly string[]): string => {
    const file = join(folder, 'bundle.jsonl');
    writeFileSync(
      file,
      [
        JSON.stringify({
          format: 'sluice.failures.v1',
          exported: '2026-11-23T03:00:00.000Z',
          failures: lines.length,
        }),
        ...lines,
      ]
        .map((each) => `${each}\n`)
        .join(''),
    );
    return file;
  };

  test('overwrites no file, whatever paths it contains', async () => {
    mkdirSync(join(folder, 'victim'));
    const victim = join(folder, 'victim', 'x.json');
    writeFileSync(victim, 'theirs');
    const named = await sluice(
      'failures',
      'import',
      '-c',
      config,
      bundleOf(line({ evidence: '../victim/x.json' })),
      '--yes',
    );
    expect(named).toMatchObject({ code: 0, err: expect.stringContaining('1 failure imported') });
    const asId = await sluice(
      'failures',
      'import',
      '-c',
      config,
      bundleOf(line({ id: '../../victim/x' })),
      '--yes',
    );
    expect(asId).toMatchObject({ code: 1, err: expect.stringContaining('RPL709') });
    expect(readFileSync(victim, 'utf8')).toBe('theirs');
    expect(readdirSync(join(folder, 'victim'))).toEqual(['x.json']);
  });

  test('replaces nothing in a known failure', async () => {
    const id = await parked();
    const before = await sluice('failures', 'show', id, '--event', '-c', config);
    const { evidence } = JSON.parse(
      (await sluice('failures', 'show', id, '-o', 'json', '-c', config)).out,
    ) as { evidence: string };
    await sluice(
      'failures',
      'import',
      '-c',
      config,
      bundleOf(line({ id, evidence }), line({ evidence })),
      '--yes',
    );
    expect((await sluice('failures', 'show', id, '--event', '-c', config)).out).toBe(before.out);
  });

  test('is reported at once with the remedy if it is too large to send', async () => {
    write({ senders: ['AROAEAST'] });
    const { err } = await sluice('failures', 'import', '-c', config, bundleOf(line({})), '--yes');
    expect(err).toMatch(
      /1 of them can be inspected and planned, but not replayed here.*RPL715.*npm run lab -- --like/,
    );
  });
});

test('only the owner can read written files, even if the replaced file was readable for all', async () => {
  await parked();
  const out = join(folder, 'out.jsonl');
  writeFileSync(out, '');
  chmodSync(out, 0o666);
  await sluice('failures', 'export', '-c', config, '--out', out);
  openDatabase(join(folder, 'queue.sqlite')).close();
  const keys = join(folder, 'keys');
  await sluice('keys', 'new', 'east', '--dir', keys);
  const modes = [
    out,
    join(folder, 'queue.sqlite'),
    join(folder, 'failures'),
    keys,
    join(keys, 'east.key'),
  ].map((path) => (statSync(path).mode & 0o777).toString(8));
  expect(modes).toEqual(['600', '600', '700', '700', '600']);
});
