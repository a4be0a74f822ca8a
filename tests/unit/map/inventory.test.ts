import { describe, expect, test } from '@jest/globals';
import { mapInventory } from '../../../functions/map/inventory.ts';
import type { InventoryResult } from '../../../functions/map/inventory.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Inventory } from '../../../shared/domain/ingress/snapshot.ts';

const config = SluiceConfig.parse({
  generation: 3,
  devices: ['one', 'two'].map((name) => ({ name, url: 'https://192.0.2.1', username: 'u', password: 'env:P', partitions: ['k8s'] })),
  clusters: [{ id: 'east', senders: ['AROAEAST'] }, { id: 'west', senders: ['AROAWEST'] }],
  ingresses: [['east', 'web/gateway'], ['east', 'apps/gateway'], ['west', 'web/gateway']].map(([cluster, service]) => ({ cluster, service, devices: ['one'], virtualAddress: '172.16.100.195' })),
  failures: { kind: 'fs', replayers: ['AROAREPLAY'] },
});
const mapped = (over: Partial<Inventory> = {}, sender: string | undefined = 'AROAEAST'): InventoryResult =>
  mapInventory({ inventory: { cluster: 'east', clusterUid: 'uid', revision: { epoch: 1, counter: 5 }, ingresses: [{ namespace: 'web', service: 'gateway' }], ...over }, sender, config, now: 1_000 });

describe('an inventory', () => {
  test('tells every device which owners of its cluster it misses, at its own version', () => {
    const absence = { cluster: 'east', clusterUid: 'uid', version: { epoch: 1, counter: 5, generation: 3 }, sender: 'AROAEAST', absent: ['east/apps/gateway'] };
    expect(mapped()).toEqual({ kind: 'absences', absences: [{ ...absence, device: 'one' }, { ...absence, device: 'two' }] });
  });

  test('that misses nothing says nothing', () => {
    expect(mapped({ ingresses: [{ namespace: 'web', service: 'gateway' }, { namespace: 'apps', service: 'gateway' }] })).toEqual({ kind: 'absences', absences: [] });
  });

  test('misses nothing that its watcher does not look for', () => {
    expect(mapped({ watched: [{ namespace: 'web', service: 'gateway' }] })).toEqual({ kind: 'absences', absences: [] });
  });

  /** Red without `refuse` in inventory.ts. */
  test.each<[string, Partial<Inventory>, string, string]>([
    ['of an unknown cluster', { cluster: 'north' }, 'AROAEAST', 'GW103'],
    ['by a sender of another cluster', {}, 'AROAWEST', 'OWN320'],
    ['from the future', { revision: { epoch: 301_001, counter: 1 } }, 'AROAEAST', 'GW105'],
  ])('%s is refused like a snapshot', (_what, over, sender, code) => {
    expect(mapped(over, sender)).toMatchObject({ kind: 'refused', code });
  });

  test('that is replayed carries no sender, because a replayer speaks for nobody', () => {
    const result = mapped({}, 'AROAREPLAY');
    expect(result.kind === 'absences' && result.absences.map(({ sender }) => sender)).toEqual([undefined, undefined]);
  });
});
