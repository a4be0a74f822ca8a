import { describe, expect, test } from '@jest/globals';
import { mapSnapshot } from '../../../functions/map/map.ts';
import type { MapResult } from '../../../functions/map/map.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';

const config = SluiceConfig.parse({
  generation: 1,
  devices: ['one', 'two'].map((name) => ({ name, url: 'https://192.0.2.1', username: 'u', password: 'env:P', partitions: ['k8s'] })),
  clusters: [{ id: 'east', senders: ['AROAEAST'] }, { id: 'west', senders: ['AROAWEST', 'AROABOTH'] }],
  ingresses: ['east', 'west'].map((cluster) => ({ cluster, service: 'istio-system/istio-ingressgateway', devices: ['one'], virtualAddress: '172.16.100.195' })),
  failures: { kind: 'fs', replayers: ['AROAREPLAY', 'AROABOTH'] },
});
const NOTHING = { gateways: [], virtualServices: [], services: [], pods: [], nodes: [], endpointSlices: [], configMaps: [], apiGateways: [], listenerSets: [], apiRoutes: [], namespaces: [] };

function mapped(cluster: string, sender: string | undefined): MapResult {
  const snapshot = { cluster, clusterUid: 'uid', ingress: { namespace: 'istio-system', service: 'istio-ingressgateway' }, revision: { epoch: 1, counter: 1 }, changes: [], removed: true, objects: NOTHING };
  return mapSnapshot({ snapshot, sender, config, now: 1_000 });
}
const sendersOf = (result: MapResult): readonly (string | undefined)[] => (result.kind === 'slices' ? result.slices.map(({ sender }) => sender) : []);

describe('who may speak for a cluster', () => {
  test("its own senders may, and every slice carries who it was", () => {
    expect(sendersOf(mapped('east', 'AROAEAST'))).toEqual(['AROAEAST', 'AROAEAST']);
  });

  test('a sender of another cluster may not, and the refusal names him and those who may', () => {
    expect(mapped('east', 'AROAWEST')).toEqual({ kind: 'refused', code: 'OWN320', reason: 'sender AROAWEST may not speak for cluster east; clusters[].senders names AROAEAST' });
  });

  test('a replayer may repeat the events of any cluster, and no slice takes him for the one who said it', () => {
    const result = mapped('east', 'AROAREPLAY');
    expect(result.kind).toBe('slices');
    expect(sendersOf(result)).toEqual([undefined, undefined]);
  });

  test('one who is a sender of this cluster and a replayer too speaks for himself', () => {
    expect(sendersOf(mapped('west', 'AROABOTH'))).toEqual(['AROABOTH', 'AROABOTH']);
    expect(sendersOf(mapped('east', 'AROABOTH'))).toEqual([undefined, undefined]);
  });
});
