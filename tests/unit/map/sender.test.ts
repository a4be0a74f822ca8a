import { describe, expect, test } from '@jest/globals';
import { mapSnapshot } from '../../../functions/map/map.ts';
import type { MapResult } from '../../../functions/map/map.ts';
import { checkOrigin } from '../../../shared/queue/origin.ts';
import type { Origin } from '../../../shared/queue/origin.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';

const config = SluiceConfig.parse({
  generation: 1,
  devices: ['one', 'two'].map((name) => ({
    name,
    url: 'https://192.0.2.1',
    username: 'u',
    password: 'env:P',
    partitions: ['k8s'],
  })),
  clusters: [
    { id: 'east', senders: ['AROAEAST'] },
    { id: 'west', senders: ['AROAWEST', 'AROABOTH'] },
  ],
  ingresses: ['east', 'west'].map((cluster) => ({
    cluster,
    service: 'istio-system/istio-ingressgateway',
    devices: ['one'],
    virtualAddress: '172.16.100.195',
  })),
  failures: { kind: 'fs', replayers: ['AROAREPLAY', 'AROABOTH'] },
});
const NOTHING = {
  gateways: [],
  virtualServices: [],
  services: [],
  pods: [],
  nodes: [],
  endpointSlices: [],
  configMaps: [],
  apiGateways: [],
  listenerSets: [],
  apiRoutes: [],
  namespaces: [],
};

const snapshotOf = (cluster: string): Snapshot => ({
  cluster,
  clusterUid: 'uid',
  ingress: { namespace: 'istio-system', service: 'istio-ingressgateway' },
  revision: { epoch: 1, counter: 1 },
  changes: [],
  removed: true,
  objects: NOTHING,
});

function mapped(cluster: string, sender: string | undefined): MapResult {
  return mapSnapshot({ snapshot: snapshotOf(cluster), sender, config });
}

const keys = {
  find: () => Promise.reject(new Error('no key is needed where only senders are checked')),
};

function judged(cluster: string, sender: string | undefined, using = config): Promise<Origin> {
  return checkOrigin({
    claimed: {
      cluster,
      subject: `${cluster}/istio-system/istio-ingressgateway`,
      signature: undefined,
    },
    sender,
    config: using,
    keys,
  });
}
const sendersOf = (result: MapResult): readonly (string | undefined)[] =>
  result.kind === 'slices' ? result.slices.map(({ sender }) => sender) : [];

describe('which senders are accepted for a cluster', () => {
  test('its own senders are, and every slice names the sender', () => {
    expect(sendersOf(mapped('east', 'AROAEAST'))).toEqual(['AROAEAST', 'AROAEAST']);
  });

  test('a sender of another cluster is refused, by a message that names it and the accepted ones', async () => {
    const refusal = (subject: string): object => ({
      kind: 'refused',
      code: 'OWN320',
      reason:
        `in the name of ${subject}: sender AROAWEST may not speak for cluster east; ` +
        'clusters[].senders names AROAEAST',
    });
    expect(await judged('east', 'AROAWEST')).toEqual(
      refusal('east/istio-system/istio-ingressgateway'),
    );
    expect(
      await checkOrigin({
        claimed: { cluster: 'east', subject: 'east', signature: undefined },
        sender: 'AROAWEST',
        config,
        keys,
      }),
    ).toEqual(refusal('east'));
  });

  test('an event without a sender is accepted in one process, and refused on a queue server', async () => {
    expect(await judged('east', undefined)).toEqual({ kind: 'trusted' });
    const server = SluiceConfig.parse({
      ...config,
      queue: { kind: 'sqs', region: 'x', endpoint: 'http://192.0.2.9' },
    });
    expect(await judged('east', undefined, server)).toMatchObject({
      kind: 'refused',
      code: 'OWN320',
      reason: expect.stringContaining('use clusters[].verifyKeys'),
    });
  });

  test('a replayer may repeat the events of any cluster, and no slice names it as the sender', async () => {
    expect(await judged('east', 'AROAREPLAY')).toEqual({ kind: 'trusted' });
    const result = mapped('east', 'AROAREPLAY');
    expect(result.kind).toBe('slices');
    expect(sendersOf(result)).toEqual([undefined, undefined]);
  });

  test('a sender of this cluster that is also a replayer counts as the sender', () => {
    expect(sendersOf(mapped('west', 'AROABOTH'))).toEqual(['AROABOTH', 'AROABOTH']);
    expect(sendersOf(mapped('east', 'AROABOTH'))).toEqual([undefined, undefined]);
  });
});
