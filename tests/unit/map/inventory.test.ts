import { describe, expect, test } from '@jest/globals';
import { mapInventory } from '../../../functions/map/inventory.ts';
import type { Absence } from '../../../shared/domain/snapshot/absence.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Inventory } from '../../../shared/domain/snapshot/snapshot.ts';

const config = SluiceConfig.parse({
  generation: 3,
  devices: ['one', 'two'].map((name) => ({
    name,
    url: 'https://192.0.2.1',
    username: 'u',
    password: 'env:P',
    partitions: ['k8s'],
  })),
  clusters: [
    { id: 'east', senders: ['AROAEAST'] },
    { id: 'west', senders: ['AROAWEST'] },
  ],
  ingresses: [
    ['east', 'web/gateway'],
    ['east', 'apps/gateway'],
    ['west', 'web/gateway'],
  ].map(([cluster, service]) => ({
    cluster,
    service,
    devices: ['one'],
    virtualAddress: '172.16.100.195',
  })),
  failures: { kind: 'fs', replayers: ['AROAREPLAY'] },
});
const mapped = (
  over: Partial<Inventory> = {},
  sender: string | undefined = 'AROAEAST',
): readonly Absence[] =>
  mapInventory({
    inventory: {
      cluster: 'east',
      clusterUid: 'uid',
      revision: { epoch: 1, counter: 5 },
      ingresses: [{ namespace: 'web', service: 'gateway' }],
      ...over,
    },
    sender,
    config,
  });

describe('an inventory', () => {
  test('sends every device the missing owners of its cluster, at its own version', () => {
    const absence = {
      cluster: 'east',
      clusterUid: 'uid',
      version: { epoch: 1, counter: 5, generation: 3 },
      sender: 'AROAEAST',
      absent: ['east/apps/gateway'],
    };
    expect(mapped()).toEqual([
      { ...absence, device: 'one' },
      { ...absence, device: 'two' },
    ]);
  });

  test('that misses no owner sends nothing', () => {
    expect(
      mapped({
        ingresses: [
          { namespace: 'web', service: 'gateway' },
          { namespace: 'apps', service: 'gateway' },
        ],
      }),
    ).toEqual([]);
  });

  test('misses no ingress that its watcher does not follow', () => {
    expect(mapped({ watched: [{ namespace: 'web', service: 'gateway' }] })).toEqual([]);
  });

  test('that is replayed has no sender, because a replayer is no cluster', () => {
    expect(mapped({}, 'AROAREPLAY').map(({ sender }) => sender)).toEqual([undefined, undefined]);
  });
});
