/**
 * Drift of paths over the wire: somebody changes routes and entries on the lab, audit finds it and
 * asks apply, and apply restores it from the journal.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createDeviceGroup, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { AUDIT_EVENTS, INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { closeAll, lab, recordRequests } from '../../contract/bigip/support.ts';
import { macOf, pathSlice, podOn, tunnelTo } from '../../fixtures/paths.ts';
import { call } from '../lab-bigip/client.ts';
import { apply, audit, bench, type Bench } from './support.ts';

afterEach(closeAll);

const MINUTE = 60_000;
const [P1, P2] = [podOn(1), podOn(2)];
const FOR = { device: 'bigip-1', devices: ['bigip-1'] };
const SELF = { name: 'nodes', address: '192.0.2.200/24', vlan: 'internal' };
const RECORDS = 'net/fdb/tunnel/~Common~east/records';

async function byHand(unit: LabBigip, method: string, path: string, body?: object): Promise<void> {
  expect(await call(unit, method, `/mgmt/tm/${path}`, { body })).toMatchObject({ status: 200 });
}

async function listed(unit: LabBigip, path: string, key: string): Promise<readonly unknown[]> {
  const { body } = await call(unit, 'GET', `/mgmt/tm/${path}`);
  return ((body['items'] ?? []) as Record<string, unknown>[]).map((one) => one[key]);
}

/** The slice reaches the device. */
async function settle(site: Bench, slice: Slice): Promise<void> {
  await site.runtime.queues.queue('slices').send({
    group: 'bigip-1',
    deduplicationId: `slice ${slice.version.counter}`,
    body: serialiseEvent(INGRESS_DESIRED, slice, {
      id: 'e',
      cluster: 'east',
      subject: slice.owner,
      time: new Date(site.runtime.clock.now()).toISOString(),
    }),
  });
  await apply(site);
}

/** Audits, and resolves with code and object of each difference; that nobody sends is none. */
async function differences(site: Bench): Promise<readonly string[]> {
  const found = (await audit(site)).filter(({ kind }) => kind !== 'silent');
  return found.map(({ code, object }) => `${code} ${object}`);
}

function requestsOf({ sent }: Bench): readonly unknown[] {
  return sent.flatMap(({ body }) => {
    const event = parseEvent(body, AUDIT_EVENTS);
    return 'ok' in event ? [event.ok.data] : [];
  });
}

describe('routes', () => {
  let bigip: LabBigip;
  let site: Bench;
  const gateways = (): Promise<readonly unknown[]> => listed(bigip, 'net/route', 'gw');

  const start = async (drift: 'repair' | 'adopt' | 'report' = 'repair'): Promise<void> => {
    bigip = await lab();
    await byHand(bigip, 'POST', 'net/self', SELF);
    site = bench([bigip], { drift, more: { cluster: { network: { mode: 'routes' } } } });
    await settle(site, pathSlice(1, [P1, P2], undefined, FOR));
    expect(await gateways()).toEqual(['192.0.2.1', '192.0.2.2']);
  };
  const ROUTE = 'net/route/~sluice-net~sluice-0-10.244.1.0-24';
  const SECOND = ROUTE.replace('10.244.1', '10.244.2');

  test('that match the journal are no difference, and no repair is requested', async () => {
    await start();
    expect(await differences(site)).toEqual([]);
    expect(requestsOf(site)).toEqual([]);
  });

  test.each(['repair', 'adopt'] as const)(
    'that were deleted or changed are restored with policy.drift: %s, without a declare',
    async (drift) => {
      await start(drift);
      await byHand(bigip, 'DELETE', ROUTE);
      await byHand(bigip, 'PATCH', SECOND, { gw: '192.0.2.99' });
      expect(await differences(site)).toEqual([
        'BIP490 route 10.244.1.0/24',
        'BIP491 route 10.244.2.0/24',
      ]);
      expect(requestsOf(site)).toMatchObject([
        { partitions: [], reason: expect.stringContaining('- route 10.244.1.0/24') },
      ]);
      const seen = recordRequests(bigip);
      await apply(site);
      expect(new Set(await gateways())).toEqual(new Set(['192.0.2.1', '192.0.2.2']));
      expect(
        seen.filter(({ method, path }) => method === 'POST' && path.includes('declare')),
      ).toEqual([]);
      expect(await differences(site)).toEqual([]);
    },
  );

  test('are only reported with policy.drift: report', async () => {
    await start('report');
    await byHand(bigip, 'DELETE', ROUTE);
    expect(await differences(site)).toEqual(['BIP490 route 10.244.1.0/24']);
    expect(requestsOf(site)).toEqual([]);
  });

  test('that nobody needs are removed after their grace period, even if no slice arrives', async () => {
    await start();
    await settle(site, pathSlice(2, [P1], undefined, FOR));
    expect(await differences(site)).toEqual([]);
    site.pass(30 * MINUTE);
    expect(await differences(site)).toEqual(['BIP492 route 10.244.2.0/24']);
    await apply(site);
    expect(await gateways()).toEqual(['192.0.2.1']);
    expect(await differences(site)).toEqual([]);
  });

  test('that the device refuses are requested once, and again after they existed', async () => {
    await start();
    for (const path of [ROUTE, SECOND, 'net/self/nodes']) await byHand(bigip, 'DELETE', path);
    const both = ['BIP490 route 10.244.1.0/24', 'BIP490 route 10.244.2.0/24'];
    expect(await differences(site)).toEqual(both);
    await apply(site);
    expect(await differences(site)).toEqual(both);
    expect(requestsOf(site)).toHaveLength(1);
    await byHand(bigip, 'POST', 'net/self', SELF);
    await settle(site, pathSlice(2, [P1, P2], undefined, FOR));
    expect(await differences(site)).toEqual([]);
    for (const path of [ROUTE, SECOND]) await byHand(bigip, 'DELETE', path);
    expect(await differences(site)).toEqual(both);
    expect(requestsOf(site)).toHaveLength(2);
  });

  test('of a device whose journal was changed are not judged', async () => {
    await start();
    await byHand(bigip, 'PATCH', 'ltm/data-group/internal/~sluice-net~sluice-paths-1', {
      records: [{ name: 'route 10.244.1.0/24', data: 'nonsense' }],
    });
    expect(await differences(site)).toEqual(['BIP474 /sluice-net']);
    expect(requestsOf(site)).toEqual([]);
  });

  test('that could not be written are tried again for members that wait, once that is possible', async () => {
    await start();
    const journal = 'ltm/data-group/internal/~sluice-net~sluice-paths-1';
    await byHand(bigip, 'PATCH', journal, { records: [{ name: 'x', data: 'nonsense' }] });
    await settle(site, pathSlice(2, [P1, P2, podOn(3)], undefined, FOR));
    const resyncs = (): readonly string[] =>
      site.sent.flatMap(({ queue, body }) =>
        queue === 'settled-east' && body.includes('are tried again') ? [queue] : [],
      );
    expect(await differences(site)).toEqual(['BIP474 /sluice-net']);
    expect(resyncs()).toEqual([]);
    await byHand(bigip, 'DELETE', journal);
    await differences(site);
    expect(resyncs()).toEqual(['settled-east']);
    await differences(site);
    expect(resyncs()).toHaveLength(1);
  });

  test('are handled as usual beside a data group with an absurd number, which is named', async () => {
    await start();
    await byHand(bigip, 'POST', 'ltm/data-group/internal', {
      name: 'sluice-paths-999999999999999',
      partition: 'sluice-net',
      type: 'string',
    });
    const named = ['BIP493 /sluice-net/sluice-paths-999999999999999'];
    expect(await differences(site)).toEqual(named);
    await settle(site, pathSlice(2, [P1, P2, podOn(3)], undefined, FOR));
    expect(await gateways()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  });
});

test('with mode: none, no request concerns paths', async () => {
  const bigip = await lab();
  const site = bench([bigip]);
  await settle(site, pathSlice(1, [P1], [], FOR));
  const seen = recordRequests(bigip);
  expect(await differences(site)).toEqual([]);
  expect(seen.filter(({ path }) => path.includes('/net/'))).toEqual([]);
});

describe('entries of a pair', () => {
  let active: LabBigip;
  let standby: LabBigip;
  let site: Bench;

  beforeEach(async () => {
    const group = createDeviceGroup('pair');
    active = await lab({ group, hostname: 'unit-a' });
    standby = await lab({ group, hostname: 'unit-b' });
    standby.faults.standby();
    for (const unit of [active, standby]) {
      await byHand(unit, 'POST', 'net/tunnels/vxlan', { name: 'fl', floodingType: 'none' });
      await byHand(unit, 'POST', 'net/tunnels/tunnel', {
        name: 'east',
        profile: '/Common/fl',
        key: 1,
      });
    }
    site = bench([active], {
      peer: standby,
      more: {
        cluster: { network: { mode: 'vxlan', from: 'flannel' } },
        device: { syncTo: 'pair', networks: { tunnels: { east: '/Common/east' } } },
      },
    });
    await settle(site, pathSlice(1, [P1], [tunnelTo(P1)], FOR));
  });

  test('that were deleted on the standby unit only are written there again', async () => {
    expect(await differences(site)).toEqual([]);
    await byHand(standby, 'DELETE', `${RECORDS}/${macOf(1)}`);
    expect(await differences(site)).toEqual([
      `BIP490 fdb /Common/east ${macOf(1)} on the standby unit`,
    ]);
    await apply(site);
    expect(await listed(standby, RECORDS, 'endpoint')).toEqual(['192.0.2.1']);
    expect(await differences(site)).toEqual([]);
  });
});
