import { describe, expect, test } from '@jest/globals';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { PathReading } from '../../../shared/device/paths.ts';
import { checkWords } from '../../../shared/operations/approve/approve.ts';
import { heldPaths } from '../../../shared/operations/approve/paths.ts';
import { record, records, route } from '../paths/support.ts';

const owner = 'east/istio-system/gateway';
const config = SluiceConfig.parse({
  generation: 1,
  devices: [
    { name: 'b', url: 'https://192.0.2.1', username: 'u', password: 'env:P', partitions: ['k8s'] },
  ],
  clusters: [{ id: 'east', network: { mode: 'routes' } }],
  ingresses: [{ cluster: 'east', service: 'istio-system/gateway', devices: ['b'] }],
});
const nets = Array.from({ length: 5 }, (_, i) => `10.244.${i}.0/24`);
const reading = (left: number, by = owner): PathReading => ({
  journal: {
    number: 1,
    records: records(...nets.map((net) => record(route(net, '192.0.2.9'), { left, owner: by }))),
  },
  active: [],
});
const at = (now: number): Parameters<typeof heldPaths>[0] => ({
  config,
  clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
});

describe('removals of paths that wait for an approval', () => {
  const HOUR = 3_600_000;

  test('are those past their grace, if they are many', () => {
    expect(heldPaths(at(HOUR), reading(0), owner)).toEqual(nets.map((net) => `route ${net}`));
    expect(heldPaths(at(30_000), reading(0), owner)).toEqual([]);
  });

  test('are listed for their owner only', () => {
    expect(heldPaths(at(HOUR), reading(0, 'east/istio-system/other'), owner)).toEqual([]);
    expect(heldPaths(at(HOUR), reading(0, 'west/istio-system/gateway'), owner)).toEqual([]);
  });

  test('are unknown without a journal', () => {
    const unreadable = { journal: { unreadable: 'x' }, active: [] };
    expect(heldPaths(at(HOUR), unreadable, owner)).toEqual([]);
  });

  test('are named as the note names them', () => {
    const words = (key: string) => (): void =>
      checkWords(config, owner, { keys: [key], device: undefined });
    for (const key of [
      'route 10.244.3.0%2/24',
      'arp 10.244.3.5',
      'fdb /Common/east 0a:00:00:00:00:01',
    ])
      expect(words(key)).not.toThrow();
    for (const key of ['route', 'vlan x', 'route a b c'])
      expect(words(key)).toThrow(/^exposure .*: write it as/);
  });
});
