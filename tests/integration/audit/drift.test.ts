import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { build } from '../../../infra/build/bundle.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { AUDIT_EVENTS } from '../../../shared/queue/events.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { closeAll, connect, declare, lab, wanted } from '../../contract/bigip/support.ts';
import { NO_JOURNAL } from '../../../shared/domain/paths/journal.ts';
import { record, records, route } from '../../unit/paths/support.ts';
import { call } from '../lab-bigip/client.ts';

const root = resolve(import.meta.dirname, '../../..');
const MAIN = join(root, 'dist', 'cli', 'sluice.mjs');
beforeAll(() => build({ root, out: join(root, 'dist'), say: () => undefined }), 120_000);
const dirs: string[] = [];
afterEach(async () => {
  await closeAll();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly queue: string;
}

const drift = (bigip: LabBigip, ...args: readonly string[]): Promise<Ran> =>
  sluice('drift', bigip, args);

async function sluice(
  command: 'drift' | 'doctor',
  bigip: LabBigip,
  args: readonly string[],
  { queue = true, network = {} }: { queue?: boolean; network?: object } = {},
): Promise<Ran> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-drift-'));
  dirs.push(dir);
  writeFileSync(join(dir, 'ca.pem'), bigip.ca);
  if (queue) writeFileSync(join(dir, 'queue.sqlite'), '');
  const config = {
    queue: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
    devices: [
      {
        name: 'bigip-1',
        url: bigip.url,
        username: bigip.username,
        password: 'env:BIGIP_PASSWORD',
        tls: { ca: `file:${join(dir, 'ca.pem')}` },
        partitions: ['k8s'],
        requestTimeout: 5,
      },
    ],
    clusters: [{ id: 'east', network }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip-1'],
        virtualAddress: '172.16.100.195',
      },
    ],
    failures: { kind: 'fs', path: join(dir, 'failures') },
  };
  writeFileSync(join(dir, 'sluice.yaml'), JSON.stringify(config));
  return new Promise((done) => {
    execFile(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        MAIN,
        command,
        '--config',
        join(dir, 'sluice.yaml'),
        ...args,
      ],
      { env: { BIGIP_PASSWORD: bigip.password } },
      (error, out, err) =>
        done({
          code: typeof error?.code === 'number' ? error.code : 0,
          out,
          err,
          queue: join(dir, 'queue.sqlite'),
        }),
    );
  });
}

describe('sluice drift', () => {
  test('reports no difference, and ends with 0', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    expect(await drift(bigip)).toMatchObject({
      code: 0,
      out: 'No difference on bigip-1.\n',
      err: '',
    });
  });

  test('lists what differs, in a table and as data, and ends with 2', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    await call(bigip, 'DELETE', '/mgmt/tm/ltm/virtual/~k8s~gw-172_16_100_195-32400-tcp~virtual');
    const table = await drift(bigip);
    expect(table).toMatchObject({
      code: 2,
      out: expect.stringMatching(
        /bigip-1 +k8s +missing +BIP450 +yes +\/k8s\/gw-172_16_100_195-32400-tcp\/virtual +is a declared virtual server that does not exist/,
      ),
    });
    const data = await drift(bigip, '-o', 'json', '--device', 'bigip-1');
    expect(data.code).toBe(2);
    expect(JSON.parse(data.out)).toMatchObject({
      findings: [{ device: 'bigip-1', code: 'BIP450' }],
    });
  });

  test('reports a pool with more members than recommended, even without differences', async () => {
    const bigip = await lab();
    const members = Array.from({ length: 101 }, (_, i) => ({
      address: `10.244.1.${i + 1}`,
      port: 1,
      availability: 'ready' as const,
    }));
    const state = planPartition('k8s', EMPTY_STATE, [slice(1, [exposure({ members })])], {
      sameFleet: () => false,
    }).next;
    await declare(connect(bigip), state);
    expect(await drift(bigip)).toMatchObject({
      code: 2,
      out: expect.stringMatching(
        /bigip-1 +k8s +size +BIP461 +\/k8s +has pools of more than 100 members: 172\.16\.100\.195:32400\/tcp \(101\)/,
      ),
    });
    const doctor = await sluice('doctor', bigip, []);
    expect(doctor).toMatchObject({
      code: 2,
      out: expect.stringMatching(
        /warn +size of device bigip-1, partition k8s +has pools .* \(BIP461\)/,
      ),
    });
  });

  test('with --repair, asks apply by message to declare again, and writes nothing itself', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    await call(bigip, 'PATCH', '/mgmt/tm/ltm/virtual/~k8s~gw-172_16_100_195-32400-tcp~virtual', {
      body: { disabled: true },
    });
    const before = bigip.writes.length;
    const { code, err, queue } = await drift(bigip, '--repair', '--yes', '--why', 'by hand');
    expect([code, err, bigip.writes.length]).toEqual([
      2,
      'bigip-1: asked apply to declare k8s again\n',
      before,
    ]);
    const log = join(queue, '../failures/audit');
    const [entry = ''] = readdirSync(log);
    expect(JSON.parse(readFileSync(join(log, entry), 'utf8'))).toMatchObject({
      action: 'repair',
      why: 'by hand',
      selection: 'k8s on bigip-1',
    });
    const queues = createSqliteQueues({ path: queue, clock: processClock, id: processId });
    const [message] = await queues
      .queue('slices')
      .receive({ max: 10, waitMs: 0, visibilityMs: 1_000 });
    await queues.close();
    expect(message?.group).toBe('bigip-1');
    expect(parseEvent(message?.body ?? '', AUDIT_EVENTS)).toMatchObject({
      ok: {
        data: {
          device: 'bigip-1',
          partitions: ['k8s'],
          reason: expect.stringContaining('is disabled'),
        },
      },
    });
  });

  test('shows paths that were changed, and asks to restore them without a declare', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    const net = (method: string, path: string, body?: object): Promise<unknown> =>
      call(bigip, method, `/mgmt/tm/net/${path}`, { body });
    await net('POST', 'self', { name: 'nodes', address: '192.0.2.1/24', vlan: 'internal' });
    const { paths } = connect(bigip);
    const owner = 'east/istio-system/istio-ingressgateway';
    const version = { epoch: 1, counter: 1, generation: 1 };
    const entries = [route('10.244.1.0/24', '192.0.2.11'), route('10.244.2.0/24', '192.0.2.12')];
    const about = { owner, node: 'n1', version };
    await paths.write({
      ...NO_JOURNAL,
      records: records(...entries.map((one) => record(one, about))),
    });
    for (const entry of entries) await paths.put({ entry, mark: about, unit: 'active' });
    await net('DELETE', 'route/~sluice-net~sluice-0-10.244.1.0-24');
    await net('PATCH', 'route/~sluice-net~sluice-0-10.244.2.0-24', { gw: '192.0.2.99' });
    const args = ['--repair', '--yes', '--why', 'by hand'];
    const { code, out, err } = await sluice('drift', bigip, args, { network: { mode: 'routes' } });
    expect([code, err]).toEqual([2, 'bigip-1: asked apply to restore the paths to pods\n']);
    expect(out).toMatch(
      /bigip-1 +sluice-net +missing +BIP490 +yes +route 10\.244\.1\.0\/24 +- route 10\.244\.1\.0\/24 via 192\.0\.2\.11 /,
    );
    expect(out).toMatch(
      /differs +BIP491 +yes .* ~ route 10\.244\.2\.0\/24 .* leads to 192\.0\.2\.99/,
    );
  });

  const disabled = async (): Promise<LabBigip> => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    await call(bigip, 'PATCH', '/mgmt/tm/ltm/virtual/~k8s~gw-172_16_100_195-32400-tcp~virtual', {
      body: { disabled: true },
    });
    return bigip;
  };
  const messages = async (path: string): Promise<number> => {
    const queues = createSqliteQueues({ path, clock: processClock, id: processId });
    const all = await queues.queue('slices').receive({ max: 10, waitMs: 0, visibilityMs: 1_000 });
    await queues.close();
    return all.length;
  };

  test('with --repair and no terminal asks for --yes in a note, and repairs as 0.1.0 did', async () => {
    const { code, err, queue } = await drift(await disabled(), '--repair');
    expect(code).toBe(2);
    expect(err).toMatch(/^note: not confirmed, because there is no terminal; add --yes/);
    expect(await messages(queue)).toBe(1);
  });

  test('with --repair --dry-run only says what it would repair', async () => {
    const { code, err, queue } = await drift(await disabled(), '--repair', '--dry-run');
    expect([code, err]).toEqual([2, 'Dry run, nothing was done: Declare again k8s on bigip-1.\n']);
    expect(await messages(queue)).toBe(0);
  });

  test('with --repair refuses an order that no process would read', async () => {
    const { code, err } = await sluice('drift', await disabled(), ['--repair', '--yes'], {
      queue: false,
    });
    expect([code, err]).toEqual([1, expect.stringContaining('does not exist, so nothing would')]);
  });

  test('ends with 1 if a device does not answer or does not exist', async () => {
    const bigip = await lab();
    bigip.faults.inject({ times: Infinity, response: { kind: 'html', status: 503 } });
    expect(await drift(bigip)).toMatchObject({
      code: 1,
      out: 'No device answered.\n',
      err: expect.stringContaining('bigip-1: BIP504'),
    });
    expect(await drift(bigip, '--device', 'other')).toMatchObject({
      code: 1,
      err: expect.stringContaining('devices[].name: bigip-1'),
    });
  });
});
