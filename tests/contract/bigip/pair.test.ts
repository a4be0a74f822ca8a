import { afterEach, describe, expect, test } from '@jest/globals';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { isDeclare } from '../../../infra/lab/bigip/index.ts';
import type { FencesBehind } from '../../../shared/device/device.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import {
  closeAll,
  connect,
  declare,
  lab,
  recordRequests,
  stats,
  stepClock,
  wanted,
} from './support.ts';

afterEach(closeAll);

async function pair(): Promise<{ readonly a: LabBigip; readonly b: LabBigip }> {
  const a = await lab({ hostname: 'unit-a' });
  const b = await lab({ hostname: 'unit-b' });
  b.faults.standby();
  return { a, b };
}

function failOver(from: LabBigip, to: LabBigip): void {
  from.faults.standby();
  to.faults.standby(false);
}

/** What config sync copies to the standby. */
async function synced(from: LabBigip, hostname: string): Promise<LabBigip> {
  const unit = await lab({ hostname, state: from.snapshotState() });
  unit.faults.standby();
  return unit;
}

const declares = (unit: LabBigip): number =>
  unit.writes.filter((write) => write.path.includes('/declare')).length;
const logins = (requests: readonly { readonly path: string }[]): number =>
  requests.filter(({ path }) => path.endsWith('/authn/login')).length;

function listener(): { readonly log: Logger; readonly warnings: readonly object[] } {
  const warnings: object[] = [];
  const quiet = (): void => undefined;
  const log: Logger = {
    debug: quiet,
    info: quiet,
    warn: (fields) => void warnings.push(fields),
    error: quiet,
    child: () => log,
  };
  return { log, warnings };
}

describe('a pair of units', () => {
  test('declares on the active unit, whichever of the two URLs leads there', async () => {
    const { a, b } = await pair();
    await declare(connect(a, { peer: b }), wanted());
    await declare(connect(b, { peer: a }), wanted(wanted(), 2));
    expect([declares(a) > 2, declares(b)]).toEqual([true, 0]);
  });

  test('switches to the peer when the unit becomes standby', async () => {
    const { a, b } = await pair();
    const clock = stepClock();
    const device = connect(a, { peer: b, clock });
    await declare(device, wanted());
    const before = declares(a);
    failOver(a, b);
    clock.move(11_000);
    await declare(device, wanted(wanted(), 2));
    expect([declares(a) - before, declares(b) > 0]).toEqual([0, true]);
  });

  test('checks the active unit again after the clock was set back or ahead, as after a suspend', async () => {
    const { a, b } = await pair();
    const clock = stepClock();
    const device = connect(a, { peer: b, clock });
    await declare(device, wanted());
    clock.step(-3_600_000);
    failOver(a, b);
    clock.move(11_000);
    await declare(device, wanted(wanted(), 2));
    failOver(b, a);
    clock.step(11_000);
    const before = declares(b);
    await declare(device, wanted(wanted(), 3));
    expect(declares(b)).toBe(before);
  });

  test('switches to the peer in the same call when the unit is unreachable', async () => {
    const { a, b } = await pair();
    const device = connect(a, { peer: b });
    await device.read('k8s');
    failOver(a, b);
    await a.close();
    expect(await device.read('k8s')).toMatchObject({ kind: 'ours' });
  });

  test('after a 401, checks the active unit again and logs in once', async () => {
    const { a, b } = await pair();
    const device = connect(a, { peer: b });
    await device.read('k8s');
    failOver(a, b);
    a.faults.dropTokens();
    const seen = { a: recordRequests(a), b: recordRequests(b) };
    await device.read('k8s');
    // The standby was logged in to before, when its fences were compared.
    expect([logins(seen.a), logins(seen.b)]).toEqual([1, 0]);
    expect(seen.b.some(({ path }) => path.includes('/declare/k8s'))).toBe(true);
  });

  test('two standby units are a temporary failure with a separate code, not a refusal', async () => {
    const { a, b } = await pair();
    a.faults.standby();
    await expect(connect(a, { peer: b }).read('k8s')).rejects.toMatchObject({
      code: 'BIP507',
      fault: 'transient',
      message: expect.stringContaining('STANDBY'),
    });
    await expect(connect(b).read('k8s')).rejects.toMatchObject({
      code: 'BIP507',
      message: expect.stringContaining('devices[].peer'),
    });
  });

  /**
   * Red if the role of a single unit is read only once (`trackActive` in session.ts).
   */
  test('a single configured unit of a pair is not written to after it became standby', async () => {
    const { a } = await pair();
    const clock = stepClock();
    const device = connect(a, { clock });
    await declare(device, wanted());
    a.faults.standby();
    clock.move(31_000);
    const before = declares(a);
    await expect(device.declare('k8s', wanted(wanted(), 2, [5]), 'any')).rejects.toMatchObject({
      code: 'BIP507',
      fault: 'transient',
    });
    expect(declares(a)).toBe(before);
  });

  test('a declare under way during a failover is in doubt, and is read back on the new unit', async () => {
    const { a, b } = await pair();
    const device = connect(a, { peer: b });
    await declare(device, wanted());
    a.faults.next(1, { kind: 'reset' }, isDeclare);
    failOver(a, b);
    await expect(declare(device, wanted(wanted(), 2))).rejects.toMatchObject({
      fault: 'ambiguous',
    });
    await device.read('k8s');
    expect(recordRequests(a)).toEqual([]);
    expect(await declare(device, wanted(wanted(), 2))).toBe('applied');
  });

  test('one login for each unit and process, regardless of concurrent calls, and a logout at the end', async () => {
    const { a, b } = await pair();
    const seen = recordRequests(a);
    const device = connect(a, { peer: b });
    await Promise.all(Array.from({ length: 20 }, () => device.read('k8s')));
    expect(logins(seen)).toBe(1);
    await device.close();
    expect(seen.at(-1)).toMatchObject({
      method: 'DELETE',
      path: expect.stringContaining('/mgmt/shared/authz/tokens/'),
    });
  });
});

describe('config sync', () => {
  const config = { syncTo: 'pair-group' };

  test('is also run after properties were written back, and not if there were none', async () => {
    const a = await lab();
    a.faults.inject({
      times: Infinity,
      match: ({ path }) => path.endsWith('/sync-status'),
      response: { kind: 'status', status: 200, body: stats('In Sync') },
    });
    const device = connect(a, { config, clock: stepClock() });
    await declare(device, wanted());
    const node = '/mgmt/tm/ltm/node/~k8s~10.244.1.5';
    expect((await call(a, 'PATCH', node, { body: { connectionLimit: 5 } })).status).toBe(200);
    const seen = recordRequests(a);
    const syncs = (): number => seen.filter(({ path }) => path === '/mgmt/tm/cm').length;
    await device.writeBack('k8s', await device.drift('k8s', wanted()));
    expect(syncs()).toBe(1);
    await device.writeBack('k8s', await device.drift('k8s', wanted()));
    expect(syncs()).toBe(1);
  });

  test('is run after a change and awaited', async () => {
    const a = await lab();
    const { log, warnings } = listener();
    const device = connect(a, { config, log, clock: stepClock() });
    const seen = recordRequests(a);
    a.faults.next(2, { kind: 'status', status: 200, body: stats('Changes Pending') }, ({ path }) =>
      path.endsWith('/sync-status'),
    );
    a.faults.inject({
      times: Infinity,
      match: ({ path }) => path.endsWith('/sync-status'),
      response: { kind: 'status', status: 200, body: stats('In Sync') },
    });
    expect(await declare(device, wanted())).toBe('applied');
    expect(seen.filter(({ path }) => path === '/mgmt/tm/cm')[0]?.body).toEqual({
      command: 'run',
      utilCmdArgs: 'config-sync to-group pair-group',
    });
    expect(seen.filter(({ path }) => path.endsWith('/sync-status')).length).toBeGreaterThan(2);
    expect(warnings).toEqual([]);
  });

  test.each([
    [
      'an unreachable peer',
      { kind: 'status', status: 200, body: stats('Disconnected') },
      '/sync-status',
      'Disconnected',
    ],
    [
      'a sync that stays pending',
      { kind: 'status', status: 200, body: stats('Changes Pending') },
      '/sync-status',
      'not in sync after 15 s',
    ],
    [
      'an unknown group',
      {
        kind: 'status',
        status: 400,
        body: { code: 400, message: '01070734:3: Configuration error: no such group' },
      },
      '/mgmt/tm/cm',
      'no such group',
    ],
  ] as const)(
    '%s is a warning with its reason, and the change stays declared',
    async (_name, response, path, words) => {
      const a = await lab();
      const { log, warnings } = listener();
      a.faults.inject({
        times: Infinity,
        match: (request) => request.path.endsWith(path),
        response,
      });
      expect(await declare(connect(a, { config, log, clock: stepClock() }), wanted())).toBe(
        'applied',
      );
      expect(warnings[0]).toMatchObject({ code: 'BIP441', reason: expect.stringContaining(words) });
    },
  );
});

describe('fences older than those already written', () => {
  const watch = (): {
    readonly reports: FencesBehind[];
    readonly onFencesBehind: (behind: FencesBehind) => Promise<void>;
  } => {
    const reports: FencesBehind[] = [];
    return { reports, onFencesBehind: (behind) => Promise.resolve(void reports.push(behind)) };
  };

  test('a new process after a failover detects once that another unit declared last', async () => {
    const { a } = await pair();
    await declare(connect(a), wanted());
    const b = await synced(a, 'unit-b');
    failOver(a, b);
    const { reports, onFencesBehind } = watch();
    const device = connect(a, { peer: b, onFencesBehind });
    await device.read('k8s');
    await device.read('k8s');
    expect(reports).toEqual([
      {
        device: 'bigip-1',
        partition: 'k8s',
        code: 'BIP442',
        reason: 'unit-b is active now, but unit-a made the last declaration',
      },
    ]);
    await declare(device, wanted(wanted(), 2));
    await connect(a, { peer: b, onFencesBehind }).read('k8s');
    expect(reports).toHaveLength(1);
  });

  test('a running process remembers the state of the other unit', async () => {
    const { a, b } = await pair();
    const { reports, onFencesBehind } = watch();
    const clock = stepClock();
    const device = connect(a, { peer: b, clock, onFencesBehind });
    await declare(device, wanted());
    failOver(a, b);
    clock.move(11_000);
    await device.read('k8s');
    expect(reports.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('is declared at no version, but 1.1 was seen earlier'),
    ]);
  });

  test('after a failback, the newer state of the standby counts', async () => {
    const a = await lab({ hostname: 'unit-a' });
    await declare(connect(a), wanted());
    const b = await synced(a, 'unit-b');
    failOver(a, b);
    await declare(connect(b), wanted(wanted(), 7));
    failOver(b, a);
    const { reports, onFencesBehind } = watch();
    await connect(a, { peer: b, onFencesBehind }).read('k8s');
    expect(reports.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('is declared at 1.1, but 1.7 is declared on its peer'),
    ]);
  });

  test('a device restored from a backup is detected as well', async () => {
    const a = await lab();
    const { reports, onFencesBehind } = watch();
    const device = connect(a, { onFencesBehind });
    await declare(device, wanted());
    const behind = await lab({ state: a.snapshotState() });
    await declare(device, wanted(wanted(), 3));
    const old = behind.snapshotState().history[0];
    a.faults.inject({
      match: ({ path, method }) => method === 'GET' && path.endsWith('/declare/k8s'),
      response: { kind: 'status', status: 200, body: old },
    });
    await device.read('k8s');
    expect(reports.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('is declared at 1.1, but 1.3 was seen earlier'),
    ]);
  });

  test('a report that could not be sent is repeated', async () => {
    const { a, b } = await pair();
    const clock = stepClock();
    let refuse = true;
    let passed = 0;
    const device = connect(a, {
      peer: b,
      clock,
      onFencesBehind: () =>
        refuse
          ? Promise.reject(new Error('the queue is away'))
          : Promise.resolve(void (passed += 1)),
    });
    await declare(device, wanted());
    failOver(a, b);
    clock.move(11_000);
    await expect(device.read('k8s')).rejects.toThrow('the queue is away');
    refuse = false;
    await device.read('k8s');
    expect(passed).toBe(1);
  });

  /** Red without `underOlder`. */
  test('with a newer configuration, every process asks once for a resync of known owners', async () => {
    const { a } = await pair();
    await declare(connect(a), wanted());
    const [owner = ''] = Object.keys(wanted().owners);
    const { reports, onFencesBehind } = watch();
    const device = connect(a, {
      onFencesBehind,
      configured: { generation: 7, owners: new Set([owner]) },
    });
    await device.read('k8s');
    await device.read('k8s');
    expect(reports).toEqual([
      {
        device: 'bigip-1',
        partition: 'k8s',
        code: 'GW162',
        reason: `${owner} is declared with configuration generation 1, but generation 7 is in use`,
      },
    ]);
    for (const configured of [
      { generation: 1, owners: new Set([owner]) },
      { generation: 7, owners: new Set<string>() },
    ])
      await connect(a, { onFencesBehind, configured }).read('k8s');
    expect(reports).toHaveLength(1);
  });

  test('no failover, no report', async () => {
    const { a, b } = await pair();
    const { reports, onFencesBehind } = watch();
    const device = connect(a, { peer: b, onFencesBehind });
    await declare(device, wanted());
    await declare(device, wanted(wanted(), 2));
    await connect(a, { peer: b, onFencesBehind }).read('k8s');
    expect(reports).toEqual([]);
  });
});
