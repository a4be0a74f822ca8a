import { describe, expect, test } from '@jest/globals';
import { approvalsFor, checkWords } from '../../../shared/operations/approve/approve.ts';
import { planApproveChange } from '../../../shared/operations/changes/orders.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/declared-partitions.ts';
import { sendOrders } from '../../../shared/queue/steering.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { createWorld } from '../../promises/support/world.ts';

const { owner } = slice(1, []);
const common = { url: 'https://192.0.2.1', username: 'u', password: 'env:P', partitions: ['k8s'] };
const config = SluiceConfig.parse({
  generation: 1,
  devices: [
    { ...common, name: 'bigip-1' },
    { ...common, name: 'bigip-2' },
  ],
  clusters: [{ id: 'east' }],
  ingresses: [
    {
      cluster: 'east',
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip-1'],
      virtualAddress: '172.16.100.195',
    },
  ],
});

describe('sluice approve', () => {
  const key = (port: number): string => `172.16.100.195:${port}/tcp`;
  const version = { epoch: 1, counter: 2, generation: 1 };
  const seen = (
    device: string,
    held: readonly number[],
    there: readonly number[] = held,
  ): DeclaredPartitionView => ({
    device,
    partition: 'k8s',
    milliseconds: 1,
    state: {
      owners: {
        [owner]: {
          version,
          clusterUid: 'uid',
          ...(held.length === 0 ? {} : { held: held.map(key) }),
        },
      },
      exposures: Object.fromEntries(
        there.map((port) => [
          key(port),
          {
            ...exposure({ port }),
            contributions: [{ owner, gateways: [], since: '', members: [] }],
          },
        ]),
      ),
    },
  });
  const away: DeclaredPartitionView = {
    device: 'bigip-2',
    partition: 'k8s',
    code: 'BIP501',
    problem: 'not reachable',
  };

  test('names what is held now on each device, and the version of its owner that was shown', () => {
    expect(
      approvalsFor([seen('bigip-1', [1, 2], [1, 2, 3]), seen('bigip-2', [])], owner, undefined),
    ).toEqual([{ action: 'approve', device: 'bigip-1', owner, keys: [key(1), key(2)], version }]);
    expect(() => approvalsFor([seen('bigip-1', [])], owner, undefined)).toThrow(
      `no removal of ${owner} is held on bigip-1`,
    );
  });

  test('counts on each device the connections of what is held there, and of nothing else', async () => {
    const declared = [seen('bigip-1', [1], [1, 2]), seen('bigip-2', [2], [1, 2])];
    const runtime = { config };
    const context = {
      runtime,
      readPartitions: async () => declared,
    } as unknown as OperationContext;
    const { cuts } = await planApproveChange(context, { kind: 'approve', owner });
    expect(cuts).toEqual([
      { owner, device: 'bigip-1', keys: [key(1)] },
      { owner, device: 'bigip-2', keys: [key(2)] },
    ]);
  });

  test('names the given exposures, on devices that have them or do not answer', () => {
    expect(approvalsFor([seen('bigip-1', [], [1]), away], owner, [key(1), key(2)])).toEqual([
      { action: 'approve', device: 'bigip-1', owner, keys: [key(1)], version },
      { action: 'approve', device: 'bigip-2', owner, keys: [key(1), key(2)] },
    ]);
  });

  test('approves nothing on a device that cannot be read, unless it is named', () => {
    expect(() => approvalsFor([seen('bigip-1', [1]), away], owner, undefined)).toThrow(
      'bigip-2, partition k8s: BIP501: not reachable; removals held there cannot be ' +
        'listed. Name the exposures, or select a reachable device',
    );
  });

  test('reports an invalid owner, key or device, with the valid ones', () => {
    expect(() => checkWords(config, 'west/a/b', {})).toThrow(`known ingresses: ${owner}`);
    expect(() => checkWords(config, owner, { keys: ['10.0.0.1:80'] })).toThrow(
      'such as 172.16.100.195:32400/tcp',
    );
    expect(() => checkWords(config, owner, { device: 'x' })).toThrow('bigip-1, bigip-2');
    expect(() =>
      checkWords(config, owner, {
        device: 'bigip-2',
        keys: ['10.0.0.1:80/tcp', '[2001:db8::1]:53/udp'],
      }),
    ).not.toThrow();
  });

  test('its message lets apply remove held exposures', async () => {
    const world = createWorld();
    const many = [1, 2, 3, 4, 5].map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));
    await world.send(slice(1, many));
    await world.drain();
    await world.send(slice(2, []));
    await world.drain();
    expect(Object.keys(world.device.state().exposures)).toHaveLength(5);
    await sendOrders(
      { queues: world.queues, clock: world.clock, id: () => 'approval' },
      approvalsFor(
        [{ device: 'bigip-1', partition: 'k8s', milliseconds: 1, state: world.device.state() }],
        owner,
        undefined,
      ),
    );
    await world.drain();
    expect(world.device.state().exposures).toEqual({});
  });
});
