import { afterEach, describe, expect, test } from '@jest/globals';
import type { BigipOptions, LabBigip } from '../../../infra/lab/bigip/index.ts';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { openNodeAccess } from '../../../shared/bigip/node-access.ts';
import type { Member } from '../../../shared/domain/exposure/exposure.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { fetchAs } from './support.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close();
});

async function lab(options: BigipOptions = {}): Promise<LabBigip> {
  const bigip = await startBigip({
    dataPath: false,
    timings: { declare: 1, memberWrite: 1 },
    ...options,
  });
  open.push(bigip);
  return bigip;
}

function connect(
  bigip: LabBigip,
  over: Partial<DeviceConfig> = {},
  secret: { password?: string; ca?: string | undefined } = {},
): Device {
  return opened(bigip, configOf(bigip, over), secret);
}

function configOf(bigip: LabBigip, over: Partial<DeviceConfig> = {}): DeviceConfig {
  return DeviceConfig.parse({
    name: 'bigip-1',
    url: bigip.url,
    username: bigip.username,
    password: 'env:X',
    partitions: ['k8s'],
    requestTimeout: 5,
    ...over,
  });
}

function opened(
  bigip: LabBigip,
  config: DeviceConfig,
  secret: { password?: string; ca?: string | undefined } = {},
): Device {
  const device = createDevice(
    config,
    {
      password: () => Promise.resolve(secret.password ?? bigip.password),
      ca: 'ca' in secret ? secret.ca : bigip.ca,
    },
    processClock,
  );
  open.push(device);
  return device;
}

const wanted = (
  declared: DeclaredState = EMPTY_STATE,
  counter = 1,
  ports: readonly number[] = [32_400, 9_000],
): DeclaredState =>
  planPartition(
    'k8s',
    declared,
    [
      slice(
        counter,
        ports.map((port) => exposure({ port })),
      ),
    ],
    { sameFleet: () => false },
  ).next;

async function declare(device: Device, state: DeclaredState): Promise<'applied' | 'unchanged'> {
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return (await device.declare('k8s', state, reading.declared.lockKey)).outcome;
}

describe('a BIG-IP', () => {
  /** Red when the key is not compared (`createPartitionReader` in partition.ts). */
  test('reads again what another client declared, and parses the same declaration only once', async () => {
    const bigip = await lab();
    const [device, other] = [connect(bigip), connect(bigip)];
    await declare(device, wanted());
    const [first, again] = [await device.read('k8s'), await device.read('k8s')];
    expect(again).toBe(first);
    for (const newer of [wanted(wanted(), 2, [1]), wanted(), wanted(wanted(), 3, [])]) {
      await declare(other, newer);
      expect(await device.read('k8s')).toMatchObject({ declared: { state: newer } });
    }
  });

  test('its own declaration reads back as on a connection that parses it', async () => {
    const bigip = await lab();
    const config = configOf(bigip);
    const device = opened(bigip, config);
    const members: Member[] = [
      { address: '10.0.0.1', port: 80, availability: 'ready' },
      { address: '10.0.0.2', port: 80, availability: 'draining' },
    ];
    const one = exposure({ port: 443, members });
    const state = planPartition('k8s', EMPTY_STATE, [slice(1, [one, exposure()])], {
      sameFleet: () => false,
    }).next;
    await declare(device, state);
    const reading = await device.read('k8s');
    expect(reading).toEqual(await connect(bigip).read('k8s'));
    const { password, ca } = bigip;
    const nodes = openNodeAccess(
      config,
      { password: () => Promise.resolve(password), ca },
      { clock: processClock, random: Math.random },
    );
    open.push(nodes);
    expect(reading.kind === 'ours' && reading.declared.state).toBe(await nodes.declared('k8s'));
  });

  test('tells a wrong password, an untrusted certificate, no AS3 and an unreachable device apart', async () => {
    const bigip = await lab();
    await expect(connect(bigip, {}, { password: 'wrong' }).read('k8s')).rejects.toMatchObject({
      code: 'BIP401',
      fault: 'device',
    });
    await expect(connect(bigip, {}, { ca: undefined }).read('k8s')).rejects.toMatchObject({
      code: 'BIP402',
      fault: 'device',
    });
    await expect(connect(await lab({ as3: 'absent' })).read('k8s')).rejects.toMatchObject({
      code: 'BIP404',
      fault: 'device',
    });
    await expect(connect(bigip, { url: 'https://127.0.0.1:1' }).read('k8s')).rejects.toMatchObject({
      code: 'BIP501',
      fault: 'transient',
    });
  });

  test('a pinned certificate is trusted without a CA, another one is not', async () => {
    const bigip = await lab();
    const wrong = connect(bigip, { tls: { fingerprint: 'ab'.repeat(32) } }, { ca: undefined });
    const said = await wrong.read('k8s').then(
      () => 'trusted',
      (error: Error) => error.message,
    );
    const seen = /SHA-256 ([0-9a-f]{64})/.exec(said)?.[1] ?? 'not said';
    const pinned = connect(
      bigip,
      { tls: { fingerprint: seen.toUpperCase().replaceAll(/(..)(?!$)/g, '$1:') } },
      { ca: undefined },
    );
    expect(await pinned.read('k8s')).toMatchObject({ kind: 'ours' });
  });

  test('refuses a partition that another client created, unless it should be adopted', async () => {
    const bigip = await lab();
    await fetchAs(bigip, 'POST', '/mgmt/tm/auth/partition', { name: 'k8s' });
    expect(await connect(bigip).read('k8s')).toMatchObject({ kind: 'refused', code: 'OWN303' });
    expect(await connect(bigip, { adoptPartitions: true }).read('k8s')).toMatchObject({
      kind: 'ours',
    });
  });

  test('expired tokens cost one new login, not a failure', async () => {
    const bigip = await lab();
    const device = connect(bigip);
    await device.read('k8s');
    bigip.faults.expireTokens();
    expect(await device.read('k8s')).toMatchObject({ kind: 'ours' });
  });

  test("a refusal by BIG-IP contains BIG-IP's message", async () => {
    const bigip = await lab();
    const device = connect(bigip);
    const bad = planPartition(
      'k8s',
      EMPTY_STATE,
      [slice(1, [exposure({ settings: { ...exposure().settings, iRules: ['/Common/nowhere'] } })])],
      { sameFleet: () => false },
    ).next;
    const error = await declare(device, bad).catch((e: unknown) => e);
    expect(error).toMatchObject({ fault: 'content', code: 'BIP424' });
    expect((error as { response: string }).response).toContain('/Common/nowhere');
  });

  test('referenced objects are looked up by kind; objects that cannot be looked up count as present', async () => {
    const bigip = await lab();
    const device = connect(bigip);
    const references = [
      { kind: 'iRule', path: '/Common/missing' },
      { kind: 'iRule', path: '/Common/_sys_https_redirect' },
      { kind: 'l4', path: '/Common/fastL4' },
      { kind: 'tcp', path: '/Common/mine/too' },
    ] as const;
    expect(await device.missing(references)).toEqual([
      { ...references[0], response: expect.stringMatching(/01020036.*\/Common\/missing/) },
      { ...references[3], response: expect.stringContaining('/Common/mine/too') },
    ]);
    bigip.faults.next(
      2,
      {
        kind: 'status',
        status: 404,
        body: { code: 404, message: 'Public URI path not registered' },
      },
      ({ path }) => path.startsWith('/mgmt/tm/ltm/rule'),
    );
    expect(await device.missing(references.slice(0, 2))).toEqual([]);
  });

  test('VLANs, SNAT pools and persistence profiles are looked up in all their collections', async () => {
    const bigip = await lab({
      common: {
        snatPools: ['/Common/snat'],
        objects: ['net/tunnels/tunnel /Common/vxlan', 'net/vlan-group /Common/group'],
      },
    });
    const there = [
      { kind: 'vlan', path: '/Common/internal' },
      { kind: 'vlan', path: '/Common/vxlan' },
      { kind: 'vlan', path: '/Common/group' },
      { kind: 'snatPool', path: '/Common/snat' },
      { kind: 'persistence', path: '/Common/source_addr' },
      { kind: 'persistence', path: '/Common/msrdp' },
    ] as const;
    const missing = [
      { kind: 'vlan', path: '/Common/none' },
      { kind: 'snatPool', path: '/Common/none' },
      { kind: 'persistence', path: '/Common/none' },
      { kind: 'persistence', path: '/Common/snat' },
      { kind: 'snatPool', path: '/Common/cookie' },
    ] as const;
    expect(await connect(bigip).missing([...there, ...missing])).toEqual([
      { ...missing[0], response: 'The requested VLAN (/Common/none) was not found.' },
      { ...missing[1], response: expect.stringMatching(/01020036.*\/Common\/none/) },
      {
        ...missing[2],
        response: 'The requested persistence profile (/Common/none) was not found.',
      },
      { ...missing[3], response: '/Common/snat is an SNAT pool, not a persistence profile' },
      { ...missing[4], response: '/Common/cookie is a persistence profile, not an SNAT pool' },
    ]);
  });

  test('an object of another kind is reported with its actual kind', async () => {
    const bigip = await lab({
      common: { objects: ['security/dos/profile /Common/dos', 'asm/policies /Common/waf'] },
    });
    const references = [
      { kind: 'clientSsl', path: '/Common/serverssl' },
      { kind: 'clientSsl', path: '/Common/clientssl' },
      { kind: 'http', path: '/Common/f5-tcp-wan' },
      { kind: 'firewallPolicy', path: '/Common/dos' },
      { kind: 'wafPolicy', path: '/Common/waf' },
      { kind: 'wafPolicy', path: '/Common/none' },
    ] as const;
    expect(await connect(bigip).missing(references)).toEqual([
      {
        ...references[0],
        response: '/Common/serverssl is a server SSL profile, not a client SSL profile',
      },
      { ...references[2], response: '/Common/f5-tcp-wan is a TCP profile, not an HTTP profile' },
      {
        ...references[3],
        response: '/Common/dos is a DoS profile, not a network firewall policy',
      },
      { ...references[5], response: expect.stringContaining('WAF policy (/Common/none)') },
    ]);
  });

  test('a module that is not provisioned is named; one of several is enough', async () => {
    const bigip = await lab({ common: { modules: ['afm'] } });
    const device = connect(bigip);
    const references = [
      { kind: 'module', path: 'asm' },
      { kind: 'module', path: 'afm,asm' },
      { kind: 'module', path: 'apm,asm' },
    ] as const;
    expect(await device.missing(references)).toEqual([
      {
        ...references[0],
        response:
          'ASM (Advanced WAF, Application Security Manager) is not provisioned on the device',
      },
      {
        ...references[2],
        response: expect.stringMatching(/^APM \(Access Policy Manager\) or ASM .* not provisioned/),
      },
    ]);
    const body = { code: 401, message: 'no', errorStack: [] };
    bigip.faults.next(1, { kind: 'status', status: 403, body }, ({ path }) =>
      path.startsWith('/mgmt/tm/sys/provision'),
    );
    expect(await device.missing(references)).toEqual([]);
  });

  test('every kind of exposure is accepted and verified', async () => {
    const device = connect(await lab());
    const kinds = [
      exposure({ port: 1, settings: { ...exposure().settings, mode: 'fastl4' } }),
      exposure({
        port: 2,
        settings: { ...exposure().settings, mode: 'http', persistence: ['cookie'] },
      }),
      exposure({
        port: 3,
        protocol: 'udp',
        settings: {
          ...exposure().settings,
          mode: 'udp',
          monitors: [{ type: 'icmp', interval: 5, timeout: 16 }],
        },
      }),
      exposure({
        port: 4,
        settings: {
          ...exposure().settings,
          connectionLimit: 10,
          snat: 'none',
          monitors: [
            {
              type: 'http',
              interval: 5,
              timeout: 16,
              port: 15_021,
              send: 'GET /healthz/ready HTTP/1.0\r\n\r\n',
              receive: '200',
            },
          ],
        },
      }),
      exposure({ port: 5, members: [] }),
      exposure({ port: 6, settings: { ...exposure().settings, reselectTries: 3 } }),
    ];
    const state = planPartition('k8s', EMPTY_STATE, [slice(1, kinds)], {
      sameFleet: () => false,
    }).next;
    expect(await declare(device, state)).toBe('applied');
    expect(await device.verify('k8s', state)).toEqual([]);
    expect(await device.read('k8s')).toMatchObject({ declared: { state } });
  });
});
