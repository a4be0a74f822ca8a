/**
 * A cluster that drains, goes out, comes back, disappears and is forgotten, up to the state of the
 * device.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runExpressJob } from '../../../functions/express/device.ts';
import { openNodeAccess } from '../../../shared/bigip/node-access.ts';
import type { Inventory } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { call } from '../lab-bigip/client.ts';
import { startBench, type Bench } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const EAST = { device: 'bigip-1', cluster: 'east' } as const;
const members = (...last: readonly number[]): Slice['exposures'][number]['members'] =>
  last.map((n) => ({ address: `10.244.1.${n}`, port: 8443, availability: 'ready' }));
const east = (counter: number, ...last: readonly number[]): Slice =>
  slice(counter, [exposure({ members: members(...last) })]);

/** `address session state`, as iControl REST shows it. */
async function nodes(): Promise<readonly string[]> {
  const { body } = await call(bench.devices['bigip-1'], 'GET', '/mgmt/tm/ltm/node');
  return ((body['items'] ?? []) as { address: string; session: string; state: string }[])
    .map(
      ({ address, session, state }) =>
        `${address.split('.')[3]} ${session === 'user-disabled' ? 'disabled' : 'enabled'} ` +
        (state === 'user-down' ? 'down' : 'up'),
    )
    .sort();
}

describe('a drained cluster', () => {
  test('disables every node at once, including new members; no slice undoes it; enable restores them', async () => {
    await bench.sendSlice(east(1, 5, 6));
    await bench.apply();
    expect(await nodes()).toEqual(['5 enabled up', '6 enabled up']);
    await bench.steer({ ...EAST, action: 'drain', mode: 'drain', because: 'maintenance' });
    await bench.apply();
    expect(await nodes()).toEqual(['5 disabled up', '6 disabled up']);
    await bench.sendSlice(east(2, 6, 7));
    await bench.apply();
    expect(await nodes()).toEqual(['6 disabled up', '7 disabled up']);
    await bench.steer({ ...EAST, action: 'enable' });
    await bench.apply();
    expect(await nodes()).toEqual(['6 enabled up', '7 enabled up']);
  });

  test('is forced offline with out, and neither express nor a weaker order enables a node', async () => {
    await bench.sendSlice(east(1, 5, 6));
    await bench.steer({ ...EAST, action: 'drain', mode: 'out', because: 'power' });
    await bench.apply();
    expect(await nodes()).toEqual(['5 disabled down', '6 disabled down']);
    const { username, password, url, ca } = bench.devices['bigip-1'];
    const config = {
      name: 'bigip-1',
      url,
      username,
      password: 'env:P',
      loginProvider: 'tmos',
      tls: {},
      partitions: ['k8s'],
      spread: 'none' as const,
      networks: { partition: 'sluice-net', tunnels: {} },
      adoptPartitions: false,
      save: true,
      requestTimeout: 5,
    };
    const access = openNodeAccess(
      config,
      { ca, password: () => Promise.resolve(password) },
      { clock: bench.clock, random: () => 0.5 },
    );
    const wish = (n: number, availability: 'ready' | 'draining'): object => ({
      address: `10.244.1.${n}`,
      availability,
      because: availability === 'ready' ? 'back' : 'terminating',
      wholeNode: false,
    });
    const { owner, clusterUid } = slice(1, []);
    const event = {
      owner,
      clusterUid,
      device: 'bigip-1',
      partition: 'k8s',
      version: { epoch: 1, counter: 2, generation: 1 },
      wishes: [wish(5, 'ready'), wish(6, 'draining')],
    };
    const { decisions } = await runExpressJob({
      access,
      partition: 'k8s',
      events: [event as never],
    });
    await access.close();
    expect(decisions.map(({ verdict, reason }) => `${verdict}: ${reason}`)).toEqual([
      'left: cluster east is drained',
      'left: cluster east is drained',
    ]);
    await bench.sendSlice(east(2, 5, 6, 7));
    await bench.apply();
    expect(await nodes()).toEqual(['5 disabled down', '6 disabled down', '7 disabled down']);
    await bench.steer({ ...EAST, action: 'enable' });
    await bench.apply();
    expect(await nodes()).toEqual(['5 enabled up', '6 enabled up', '7 enabled up']);
  });

  test('keeps its virtual servers while it is drained, and leaves none when it is forgotten', async () => {
    await bench.sendSlice(east(1, 5));
    await bench.steer({ ...EAST, action: 'drain', mode: 'drain', because: 'it goes' });
    await bench.apply();
    expect(bench.virtualServers()).toEqual(['172.16.100.195:32400']);
    await bench.steer({
      ...EAST,
      action: 'forget',
      upTo: { [slice(1, []).owner]: { epoch: 1, counter: 1, generation: 1 } },
      whole: true,
    });
    await bench.apply();
    expect([bench.virtualServers(), await nodes()]).toEqual([[], []]);
    // A replay does not enable it; the next snapshot does, and it accepts connections.
    await bench.sendSlice(east(1, 5));
    await bench.apply();
    expect(bench.virtualServers()).toEqual([]);
    await bench.sendSlice(east(2, 5));
    await bench.apply();
    expect([bench.virtualServers(), await nodes()]).toEqual([
      ['172.16.100.195:32400'],
      ['5 enabled up'],
    ]);
  });
});

/**
 * Promise 1, nothing is lost silently: red when map drops inventories (`mapInventory` in
 * handler.ts).
 */
describe('an inventory', () => {
  const inventory = (counter: number, over: Partial<Inventory> = {}): Inventory => ({
    cluster: 'east',
    clusterUid: 'uid-east',
    revision: { epoch: 1, counter },
    ingresses: [],
    watched: [{ namespace: 'istio-system', service: 'istio-ingressgateway' }],
    ...over,
  });
  const both = async (): Promise<void> => {
    await bench.map();
    await bench.apply();
  };

  test('removes an ingress that was deleted while no watcher ran, and reports it', async () => {
    for (const device of ['bigip-1', 'bigip-2'])
      await bench.sendSlice(slice(1, [exposure()], { device, devices: ['bigip-1', 'bigip-2'] }));
    await bench.apply();
    await bench.settled();
    await bench.sendInventory(inventory(2));
    await both();
    expect([bench.virtualServers('bigip-1'), bench.virtualServers('bigip-2')]).toEqual([[], []]);
    const settled = await bench.settled();
    expect(
      settled.map((s) => `${s.device} ${s.version.counter} ${s.notes[0]?.code}`).toSorted(),
    ).toEqual(['bigip-1 2 OWN330', 'bigip-2 2 OWN330']);
  });

  test('that lists it, is older, or is of another cluster with this id changes nothing', async () => {
    await bench.sendSlice(east(5, 5));
    await bench.apply();
    await bench.sendInventory(
      inventory(9, { ingresses: [{ namespace: 'istio-system', service: 'istio-ingressgateway' }] }),
    );
    await bench.sendInventory(inventory(4));
    await bench.sendInventory(inventory(9, { clusterUid: 'uid-new' }));
    await both();
    expect(bench.virtualServers()).toEqual(['172.16.100.195:32400']);
  });

  test('without proof of its origin is a dead letter', async () => {
    await bench.sendInventory(inventory(1, { cluster: 'north' }));
    await bench.map();
    // The owner was only claimed.
    const letters = await bench.deadLetters('snapshots');
    expect(letters).toMatchObject([{ code: 'GW103' }]);
    expect(letters[0]).not.toHaveProperty('owner');
  });
});
