/**
 * Which part of a snapshot reaches which device, if clusters, ingresses and devices are configured
 * differently.
 */
import { describe, expect, test } from '@jest/globals';
import { mapInventory } from '../../../functions/map/inventory.ts';
import { mapSnapshot } from '../../../functions/map/map.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { ingressOf } from '../../bench/world.ts';

const { ref, objects } = ingressOf(2);
const SERVICE = `${ref.namespace}/${ref.service}`;
const POOL = { name: 'web', ranges: ['10.9.0.1-10.9.0.14'] };

interface Given {
  readonly clusters?: readonly object[];
  readonly ingresses?: readonly object[];
  /** Of the devices one and two. */
  readonly partitions?: readonly (readonly string[])[];
}

function configOf({
  clusters = [{ id: 'east' }],
  ingresses = [{}],
  partitions = [['k8s'], ['k8s']],
}: Given = {}): SluiceConfig {
  return SluiceConfig.parse({
    generation: 1,
    devices: ['one', 'two'].map((name, i) => ({
      name,
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: partitions[i],
    })),
    clusters,
    addressPools: [POOL],
    ingresses: ingresses.map((ingress) => ({
      cluster: 'east',
      service: SERVICE,
      devices: ['one'],
      virtualAddress: '172.16.100.195',
      ...ingress,
    })),
  });
}

function snapshot(over: Partial<Snapshot> = {}): Snapshot {
  return {
    cluster: 'east',
    clusterUid: 'uid',
    ingress: ref,
    revision: { epoch: 1, counter: 1 },
    changes: [],
    removed: false,
    objects,
    ...over,
  };
}

function mapped(
  config: SluiceConfig,
  over: Partial<Snapshot> = {},
  sender?: string,
): { readonly slices: readonly Slice[]; readonly express: readonly Express[] } {
  const result = mapSnapshot({ snapshot: snapshot(over), sender, config });
  if (result.kind === 'refused') throw new Error(result.reason);
  return result;
}

const offered = (slices: readonly Slice[]): Record<string, number> =>
  Object.fromEntries(slices.map(({ device, exposures }) => [device, exposures.length]));

describe('an ingress of one name in two clusters', () => {
  const ingresses = [{ cluster: 'west', devices: ['two'], virtualAddress: '172.16.100.7' }, {}];
  const config = configOf({ clusters: [{ id: 'west' }, { id: 'east' }], ingresses });

  test.each([
    ['east', { one: 2, two: 0 }],
    ['west', { one: 0, two: 2 }],
  ])('is offered where its own cluster (%s) has it', (cluster, expected) => {
    expect(offered(mapped(config, { cluster }).slices)).toEqual(expected);
  });

  test.each([
    ['east', 2],
    ['west', 0],
  ])('is mapped by the mesh options of its own cluster (%s)', (cluster, expected) => {
    const clusters = [{ id: 'west', mesh: { scopeGatewayToNamespace: true } }, { id: 'east' }];
    expect(
      mapped(
        configOf({ clusters, ingresses: ingresses.map((i) => ({ ...i, devices: ['one'] })) }),
        { cluster },
      ).slices[0]?.exposures,
    ).toHaveLength(expected);
    const turned = clusters.toReversed();
    expect(
      mapped(configOf({ clusters: turned, ingresses }), { cluster }).slices.flatMap(
        ({ exposures }) => exposures,
      ),
    ).toHaveLength(expected);
  });

  test('is missed in its own cluster only', () => {
    const inventory = {
      cluster: 'east',
      clusterUid: 'uid',
      revision: { epoch: 1, counter: 1 },
      ingresses: [],
    };
    const both = configOf({
      clusters: [{ id: 'west' }, { id: 'east' }],
      ingresses: [{}, { cluster: 'west', service: 'apps/gateway' }],
    });
    expect(
      mapInventory({ inventory, sender: undefined, config: both }).map(({ absent }) => absent),
    ).toEqual([[`east/${SERVICE}`], [`east/${SERVICE}`]]);
  });
});

describe('a device', () => {
  test('that does not serve the ingress gets an empty slice, so that its exposures there are removed', () => {
    const [one, two] = mapped(configOf({ ingresses: [{ virtualAddress: 'auto' }] })).slices;
    expect([one?.exposures.length, one?.auto === undefined]).toEqual([2, false]);
    expect([two?.exposures, 'auto' in two!]).toEqual([[], false]);
  });

  test('gets events ahead of the slices if it has one partition, whatever the others have', () => {
    const [pod] = objects.pods;
    const pods = ['a', 'b'].map((name, i) => ({
      ...pod!,
      meta: { ...pod!.meta, name },
      ips: [`10.1.0.${i + 1}`],
      ready: true,
      terminating: i === 0,
    }));
    const both = [{ devices: ['one', 'two'] }];
    const heard = (partitions: readonly (readonly string[])[]): string[] =>
      mapped(configOf({ ingresses: both, partitions }), {
        objects: { ...objects, pods },
      }).express.map(({ device, partition }) => `${device} ${partition}`);
    expect(heard([['k8s'], ['k8s', 'edge']])).toEqual(['one k8s']);
    expect(heard([['k8s', 'edge'], ['k8s']])).toEqual(['two k8s']);
  });
});

test('only the devices of the ingress get the paths to its pods', () => {
  const addresses = [{ type: 'InternalIP', address: '192.0.2.13' }];
  const meta = { ...objects.pods[0]!.meta, namespace: '', name: 'node-1' };
  const nodes = [{ meta, addresses, ready: true, unschedulable: false }];
  const routed = configOf({ clusters: [{ id: 'east', network: { mode: 'routes' } }] });
  const [one, two] = mapped(routed, { objects: { ...objects, nodes } }).slices;
  expect(one?.paths).toHaveLength(objects.pods.length);
  expect(two?.paths).toBeUndefined();
});

test('slices say since when everything is settled, if the watcher says so', () => {
  const settledSince = { epoch: 1, counter: 3 };
  const said = mapped(configOf(), { settledSince }).slices.map((slice) => slice.settledSince);
  expect(said).toEqual([settledSince, settledSince]);
});

test('an ingress that is removed has no exposures, whatever else the snapshot holds', () => {
  const { slices } = mapped(configOf(), { removed: true });
  expect(
    slices.map(({ removed, exposures, servers, notes }) => ({
      removed,
      exposures,
      servers,
      notes,
    })),
  ).toEqual(slices.map(() => ({ removed: true, exposures: [], servers: [], notes: [] })));
});

test.each<['pods' | 'nodes', string]>([
  ['pods', 'ready'],
  ['nodes', 'draining'],
])(
  'a cordoned node concerns its own address where members are nodes (here: %s), not a pod on the same one',
  (members, expected) => {
    const node = (i: number) => ({
      meta: { ...objects.pods[0]!.meta, namespace: '', name: `n${i}` },
      addresses: [{ type: 'InternalIP', address: `10.1.0.${i}` }],
      ready: true,
      unschedulable: i === 1,
    });
    const pods = [1, 2].map((i) => ({
      ...objects.pods[0]!,
      meta: { ...objects.pods[0]!.meta, name: `p${i}` },
      ips: [`10.1.0.${i}`],
      nodeName: `n${i}`,
    }));
    const [slice] = mapped(configOf({ ingresses: [{ members }] }), {
      objects: { ...objects, pods, nodes: [node(1), node(2)] },
    }).slices;
    const found = slice?.exposures[0]?.members.map(
      ({ address, availability }) => `${address} ${availability}`,
    );
    expect(found).toEqual([`10.1.0.1 ${expected}`, '10.1.0.2 ready']);
  },
);

test('an unknown sender is kept in the slice, because it is no replayer', () => {
  expect(mapped(configOf(), {}, 'AROAX').slices.map(({ sender }) => sender)).toEqual([
    'AROAX',
    'AROAX',
  ]);
});
