/** BlockAffinities and CiliumNodes on their way from the API server into snapshots. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type {
  KubernetesObject,
  LabKubernetesOptions,
} from '../../../infra/lab/kubernetes/index.ts';
import { parseIp } from '../../../shared/domain/net/ip.ts';
import { findPaths } from '../../../shared/domain/paths/find-paths.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { rawBlock, rawCiliumNode, rawNode } from '../../fixtures/cni-nodes.ts';
import {
  type Bench,
  gateway,
  gatewayPod,
  ingressService,
  quiet,
  startBench,
  toldAll,
  until,
} from './support.ts';

const BLOCKS = 'blockaffinities.crd.projectcalico.org';
const CILIUM_NODES = 'ciliumnodes.cilium.io';

let at: Bench;
afterEach(() => at.close());

type Source = 'calico' | 'cilium' | 'auto';

/** The cluster has a gateway pod 10.244.1.5 on worker-1. */
async function bench(from: Source, options: LabKubernetesOptions = {}): Promise<void> {
  // Calico with its API server in front of the older group, or without it.
  const without = options.without ?? ['projectcalico.org'];
  at = await startBench({}, { ...options, without }, { network: { mode: 'routes', from } });
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
}

/** Everything that follows from the start is answered. */
async function started(from: Source, options: LabKubernetesOptions = {}): Promise<void> {
  await bench(from, options);
  await start();
}

async function start(): Promise<void> {
  await at.watcher().start();
  await until(() => at.snapshots().length > 0 && at.inventories().length > 0);
  at.settle({});
  await toldAll(at);
}

const block = (cidr: string, given: Parameters<typeof rawBlock>[1] = {}): KubernetesObject =>
  rawBlock(cidr, { node: 'worker-1', ...given }) as KubernetesObject;
const ciliumNode = (given: Parameters<typeof rawCiliumNode>[0], used?: number): KubernetesObject =>
  rawCiliumNode({ name: 'worker-1', ...given }, used) as KubernetesObject;

function kinds(): Snapshot['objects']['optionalKinds'] {
  return at.snapshots().at(-1)?.objects.optionalKinds;
}
const blocks = (): readonly (string | undefined)[] | undefined =>
  kinds()?.blockAffinities?.map(({ cidr }) => cidr);
const networks = (): readonly string[] | undefined =>
  kinds()?.ciliumNodes?.flatMap((one) => one.networks);

/** Past the debounce. */
async function debounced(): Promise<void> {
  await quiet();
  at.clock.advance(1_500);
  await quiet();
}

/** Until it holds, through the pauses of streams that have no right or no kind. */
async function passSlowly(what: () => boolean): Promise<void> {
  await at.passUntil(() => {
    at.clock.advance(10_000);
    return what();
  });
}

describe('a snapshot has the objects of the CNI that the configuration names', () => {
  test('the blocks of nodes with gateway pods, and of those the ones that contain one', async () => {
    await bench('calico');
    at.lab.store.apply(block('10.244.1.0/26'));
    at.lab.store.apply(block('10.244.7.0/26'));
    at.lab.store.apply(block('10.244.1.64/26', { node: 'worker-2' }));
    at.lab.store.apply(ciliumNode({ podCIDRs: ['10.244.1.0/24'] }));
    await start();
    expect(kinds()?.blockAffinities).toEqual([
      { name: 'worker-1-10-244-1-0-26', node: 'worker-1', cidr: '10.244.1.0/26' },
    ]);
    expect(kinds()).not.toHaveProperty('ciliumNodes');
    expect(at.lab.faults.requests({ resource: CILIUM_NODES })).toBe(0);
  });

  test('the BlockAffinities of Calico without its API server', async () => {
    await bench('calico', { without: ['crd.projectcalico.org'] });
    at.lab.store.apply({
      ...block('10.244.1.0/26', { deleted: false }),
      apiVersion: 'projectcalico.org/v3',
    });
    await start();
    expect(blocks()).toEqual(['10.244.1.0/26']);
  });

  test('the CiliumNodes of nodes with gateway pods, with the networks that contain one', async () => {
    await bench('cilium');
    at.lab.store.apply(ciliumNode({ pools: { a: ['10.244.1.0/27'], b: ['10.9.0.0/27'] } }));
    at.lab.store.apply(ciliumNode({ name: 'worker-2', podCIDRs: ['10.244.2.0/24'] }));
    await start();
    expect(kinds()?.ciliumNodes).toEqual([
      { name: 'worker-1', networks: ['10.244.1.0/27'], addresses: ['192.0.2.13'] },
    ]);
    expect(kinds()).not.toHaveProperty('blockAffinities');
  });

  test.each([
    ['calico', block('10.244.1.0/26')],
    ['cilium', ciliumNode({ podCIDRs: ['10.244.1.0/26'] })],
  ] as const)('of %s, so that the route follows from the snapshot alone', async (from, object) => {
    await bench(from);
    at.lab.store.apply(object);
    at.lab.store.apply(rawNode({ name: 'worker-1' }) as unknown as KubernetesObject);
    await start();
    const [snapshot] = at.snapshots();
    const ip = parseIp('10.244.1.5');
    if (snapshot === undefined || ip === undefined) throw new Error('nothing was sent');
    const { paths, notes } = findPaths(
      [{ address: '10.244.1.5', ip, nodeName: 'worker-1', leaving: false }],
      snapshot.objects,
      {
        about: 'Service a/b',
        cluster: 'east',
        mode: 'routes',
        from,
        routeDomain: 0,
        nodeNetworks: [],
        podNetworks: [],
      },
    );
    expect(paths).toMatchObject([{ network: '10.244.1.0/26', via: '192.0.2.13', source: from }]);
    expect(notes).toEqual([]);
  });

  test('none with auto, and the API server is not asked for them', async () => {
    await started('auto');
    expect(kinds()).not.toHaveProperty('ciliumNodes');
    expect(kinds()).not.toHaveProperty('blockAffinities');
    for (const resource of [BLOCKS, CILIUM_NODES])
      expect(at.lab.faults.requests({ resource })).toBe(0);
  });
});

describe('changes', () => {
  test('that concern a gateway pod make a snapshot', async () => {
    await started('calico');
    expect(blocks()).toEqual([]);
    at.lab.store.apply(block('10.244.1.0/26', { state: 'pending' }));
    await debounced();
    expect(at.snapshots()).toHaveLength(1);
    at.lab.store.apply(block('10.244.1.0/26'));
    await at.passUntil(() => blocks()?.length === 1);
    at.settle({});
    at.lab.store.apply(block('10.244.1.0/26', { state: 'pendingDeletion' }));
    await at.passUntil(() => blocks()?.length === 0);
  });

  test('of blocks of other nodes or of other pods make none', async () => {
    await started('calico');
    at.lab.store.apply(block('10.244.7.0/26'));
    at.lab.store.apply(block('10.244.1.0/26', { node: 'worker-2' }));
    await debounced();
    expect(at.snapshots()).toHaveLength(1);
  });

  test('of the status of a CiliumNode, of its pools for other pods, and of other nodes make none', async () => {
    await bench('cilium');
    at.lab.store.apply(ciliumNode({ pools: { a: ['10.244.1.0/27'] } }));
    await start();
    at.lab.store.apply(ciliumNode({ pools: { a: ['10.244.1.0/27'] } }, 7));
    at.lab.store.apply(ciliumNode({ pools: { a: ['10.244.1.0/27', '10.244.5.0/27'] } }));
    at.lab.store.apply(ciliumNode({ name: 'worker-2', podCIDRs: ['10.244.1.0/24'] }));
    await debounced();
    expect(at.snapshots()).toHaveLength(1);
    at.lab.store.apply(ciliumNode({ pools: { a: ['10.244.1.0/26'] } }));
    await at.passUntil(() => networks()?.[0] === '10.244.1.0/26');
  });

  test('are seen after the stream was cut', async () => {
    await started('calico');
    expect(at.lab.faults.cutWatches({ resource: BLOCKS })).toBe(1);
    at.lab.store.apply(block('10.244.1.0/26'));
    await at.passUntil(() => blocks()?.length === 1);
  });

  test('are seen after the stream was cut and the history is gone', async () => {
    await bench('calico');
    at.lab.store.apply(block('10.244.1.0/26'));
    await start();
    const allow = at.lab.faults.add({ resource: BLOCKS }, { kind: 'cut' });
    at.lab.faults.cutWatches({ resource: BLOCKS });
    at.lab.store.delete('crd.projectcalico.org/v1', 'BlockAffinity', '', 'worker-1-10-244-1-0-26');
    at.lab.faults.compact();
    allow();
    await passSlowly(() => blocks()?.length === 0);
  });
});

describe.each([
  ['calico', BLOCKS],
  ['cilium', CILIUM_NODES],
] as const)('objects of %s', (from, resource) => {
  const object = (): KubernetesObject =>
    from === 'calico' ? block('10.244.1.0/26') : ciliumNode({ podCIDRs: ['10.244.1.0/26'] });
  const list = (): readonly unknown[] | undefined =>
    from === 'calico' ? kinds()?.blockAffinities : kinds()?.ciliumNodes;

  test('that may not be read delay nothing, and are used once the right is granted', async () => {
    await bench(from);
    at.lab.store.apply(object());
    const allow = at.lab.faults.deny({ resource });
    await start();
    expect(list()).toBeUndefined();
    expect(at.snapshots()[0]?.objects.pods).toHaveLength(1);
    expect(at.logs.filter(({ message }) => message.includes('may not be read'))).toHaveLength(1);
    allow();
    await passSlowly(() => list()?.length === 1);
  });

  test('that the cluster does not serve delay nothing, and are used once it does', async () => {
    await bench(from, { without: [resource, 'projectcalico.org'] });
    await start();
    expect(list()).toBeUndefined();
    expect(at.snapshots()[0]?.objects.pods).toHaveLength(1);
    at.lab.serve(resource, true);
    at.lab.store.apply(object());
    await passSlowly(() => list()?.length === 1);
  });

  test('stay as they were last known if the right or the kind is taken away', async () => {
    await bench(from);
    at.lab.store.apply(object());
    await start();
    const allow = at.lab.faults.deny({ resource });
    at.lab.faults.cutWatches({ resource });
    at.lab.store.apply(gateway('echo', 32400));
    await passSlowly(() => at.snapshots().length > 1);
    expect(list()).toHaveLength(1);
    allow();
    at.settle({});
    at.lab.serve(resource, false);
    at.lab.faults.cutWatches({ resource });
    const sent = at.snapshots().length;
    at.lab.store.apply(gateway('other', 32401));
    await passSlowly(() => at.snapshots().length > sent);
    expect(list()).toHaveLength(1);
  });

  test('are known to be absent if there are none', async () => {
    await started(from);
    expect(list()).toEqual([]);
  });
});
