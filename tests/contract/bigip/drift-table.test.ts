import { afterEach, describe, expect, test } from '@jest/globals';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { Difference } from '../../../shared/device/difference.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import {
  composeSettings,
  namedSettings,
} from '../../../shared/domain/exposure/settings/compose.ts';
import type { Settings } from '../../../shared/domain/exposure/settings/settings.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { MODES } from '../../../shared/domain/exposure/settings/values.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import { DRIFT_CASES, driftState, PATHS, rowsWithoutCase } from './drift-cases.ts';
import { closeAll, connect, declare, lab, recordRequests } from './support.ts';

afterEach(closeAll);

async function declared(
  state = driftState(),
): Promise<{ bigip: LabBigip; device: Device; drift: () => Promise<readonly Difference[]> }> {
  const bigip = await lab();
  const device = connect(bigip);
  await declare(device, state);
  return { bigip, device, drift: () => device.drift('k8s', state) };
}

async function byHand(bigip: LabBigip, path: string, body: unknown): Promise<void> {
  expect((await call(bigip, 'PATCH', path, { body })).status).toBe(200);
}

test('every row of the table has a manual change in these tests', () => {
  expect(rowsWithoutCase()).toEqual([]);
});

describe('a property changed by hand', () => {
  test.each(DRIFT_CASES)(
    '$name is detected, and repaired by $heal',
    async ({ path, patch, heal }) => {
      const { bigip, device, drift } = await declared();
      expect(await drift()).toEqual([]);
      await byHand(bigip, path, patch);
      const found = await drift();
      expect(found.map((one) => one.heal)).toEqual([heal]);
      if (heal === 'patch') {
        expect(await device.writeBack('k8s', found)).toEqual([path]);
        expect(await drift()).toEqual([]);
      }
      // A declare neither hides the change nor fails because of it.
      await declare(device, driftState());
      expect(await drift()).toEqual([]);
    },
  );

  test('several properties of one object are restored in one request', async () => {
    const { bigip, device, drift } = await declared();
    await byHand(bigip, PATHS.node, { connectionLimit: 5, rateLimit: '5', dynamicRatio: 2 });
    const sent = recordRequests(bigip);
    await device.writeBack('k8s', await drift());
    expect(sent.filter(({ method }) => method !== 'GET').map(({ body }) => body)).toEqual([
      { connectionLimit: 0, rateLimit: 'disabled', dynamicRatio: 1 },
    ]);
    expect(await drift()).toEqual([]);
  });

  test('that the device refuses to restore does not prevent other repairs', async () => {
    const { bigip, device, drift } = await declared();
    await byHand(bigip, PATHS.node, { connectionLimit: 5 });
    await byHand(bigip, PATHS.address, { enabled: 'no' });
    const body = { code: 400, message: '01070734:3: Configuration error', errorStack: [] };
    bigip.faults.next(
      1,
      { kind: 'status', status: 400, body },
      ({ method, path }) => method === 'PATCH' && path === PATHS.node,
    );
    expect(await device.writeBack('k8s', await drift())).toEqual([PATHS.address]);
    expect((await drift()).map(({ path }) => path)).toEqual(['/k8s/10.244.1.5']);
  });

  test('is detected with read requests only', async () => {
    const { bigip, drift } = await declared();
    const sent = recordRequests(bigip);
    await drift();
    expect(sent.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});

describe('the virtual server that redirects from port 80', () => {
  const PATH = '/k8s/gw-172_16_100_195-443-tcp/virtual-Redirect-';
  const URL = `/mgmt/tm/ltm/virtual/${PATH.replaceAll('/', '~')}`;
  const redirecting = (): DeclaredState =>
    planPartition(
      'k8s',
      EMPTY_STATE,
      [
        slice(1, [
          exposure({
            port: 443,
            settings: composeSettings({
              ...namedSettings(SETTINGS),
              mode: 'https',
              redirect80: true,
              connectionLimit: 9,
            }) as Settings,
          }),
        ]),
      ],
      { sameFleet: () => false },
    ).next;

  test('is reported as missing by drift and by verify when it was deleted', async () => {
    const { bigip, device, drift } = await declared(redirecting());
    expect(await drift()).toEqual([]);
    expect(await device.verify('k8s', redirecting())).toEqual([]);
    expect((await call(bigip, 'DELETE', URL)).status).toBe(200);
    expect(await drift()).toMatchObject([{ kind: 'missing', path: PATH, heal: 'declare' }]);
    expect(await device.verify('k8s', redirecting())).toEqual([
      `virtual server ${PATH} is missing`,
    ]);
    await declare(device, redirecting());
    expect(await drift()).toEqual([]);
  });

  test.each<object>([
    { rules: [] },
    { disabled: true },
    { connectionLimit: 5 },
    { rateLimit: '5' },
    { mirror: 'enabled' },
    { destination: '/k8s/172.16.100.195:81' },
    { vlansEnabled: true },
    { source: '10.0.0.0/8' },
    { sourceAddressTranslation: { type: 'none' } },
    { profiles: [{ name: 'tcp', partition: 'Common', context: 'all' }] },
  ])('is compared: %j', async (patch) => {
    const { bigip, device, drift } = await declared(redirecting());
    await byHand(bigip, URL, patch);
    expect(await drift()).toMatchObject([{ kind: 'differs', path: PATH, heal: 'declare' }]);
    await declare(device, redirecting());
    expect(await drift()).toEqual([]);
  });
});

describe('objects in /Common', () => {
  const shared = (): DeclaredState => ({ ...driftState(), shareNodes: true });

  test('shared nodes are reported and not changed', async () => {
    const { bigip, device, drift } = await declared(shared());
    const node = '/mgmt/tm/ltm/node/~Common~10.244.1.5';
    await byHand(bigip, node, { connectionLimit: 5, session: 'user-disabled' });
    const found = await drift();
    expect(found).toEqual([
      expect.objectContaining({
        path: '/Common/10.244.1.5',
        heal: 'told',
        message: expect.stringMatching(/^has connection limit 5 instead of 0; it is outside/),
      }),
      expect.objectContaining({
        heal: 'told',
        message: expect.stringMatching(/^has session user-disabled instead of user-enabled; /),
      }),
    ]);
    expect(await device.writeBack('k8s', found)).toEqual([]);
    expect((await call(bigip, 'GET', node)).body['connectionLimit']).toBe(5);
  });

  test('reports an address of another client', async () => {
    const bigip = await lab();
    const address = { name: '172.16.100.195', partition: 'Common', address: '172.16.100.195' };
    await call(bigip, 'POST', '/mgmt/tm/ltm/virtual-address', { body: address });
    const device = connect(bigip);
    await declare(device, driftState());
    await byHand(bigip, '/mgmt/tm/ltm/virtual-address/~Common~172.16.100.195', { enabled: 'no' });
    expect(await device.drift('k8s', driftState())).toMatchObject([
      { path: '/Common/172.16.100.195', heal: 'told' },
    ]);
  });
});

describe('a declared state has no differences', () => {
  const path = '/Common/x';
  test.each([
    ...MODES.map((mode) => [`mode ${mode}`, { mode }] as const),
    ['snat self', { snat: 'self' }] as const,
    ['a SNAT pool', { snat: path }] as const,
    ['iRules', { iRules: [path] }] as const,
    ['VLANs', { vlans: ['/Common/internal', '/Common/external'] }] as const,
    ['persistence', { persistence: ['source-address', 'destination-address'] }] as const,
    ['a persistence profile', { persistence: [path] }] as const,
    ['a TCP profile', { profiles: { tcp: path } }] as const,
    [
      'every monitor',
      {
        monitors: (['tcp', 'tcp-half-open', 'http', 'https', 'udp', 'icmp'] as const).map(
          (type) => ({
            type,
            interval: 5,
            timeout: 16,
          }),
        ),
      },
    ] as const,
    [
      'line ends in an unusual form',
      {
        monitors: [{ type: 'tcp', interval: 5, timeout: 16, send: 'a\r\nb', receive: 'c' }],
      },
    ] as const,
    ['no monitors', { monitors: [] }] as const,
    ['a source', { source: '10.0.0.0/8' }] as const,
    ['mirroring', { mirroring: 'L4' }] as const,
    ['limits', { connectionLimit: 5, reselectTries: 2 }] as const,
  ])('with %s', async (_what, over) => {
    const bigip = await lab({
      common: { iRules: [path], snatPools: [path], profiles: [path], persistence: [path] },
    });
    const device = connect(bigip);
    const e = exposure();
    const state = {
      ...driftState(),
      exposures: {
        '172.16.100.195:32400/tcp': {
          address: e.address,
          port: e.port,
          protocol: 'mode' in over && over.mode === 'udp' ? ('udp' as const) : ('tcp' as const),
          settings: { ...SETTINGS, ...over },
          contributions: [
            {
              owner: 'east/istio-system/istio-ingressgateway',
              gateways: e.gateways,
              since: e.since,
              members: e.members,
            },
          ],
        },
      },
    } as DeclaredState;
    await declare(device, state);
    expect(await device.drift('k8s', state)).toEqual([]);
  });
});
