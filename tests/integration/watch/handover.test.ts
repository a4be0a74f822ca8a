/** Changes that happen while no watcher runs, from the cluster to the device. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import type { Watcher, WatcherOptions } from '../../../functions/watch/main.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { startBench as startPipeline, type Bench as Pipeline } from '../pipeline/bench.ts';
import {
  gateway,
  gatewayPod,
  ingressService,
  OWNER,
  route,
  startBench,
  toldAll,
  type Bench,
} from './support.ts';

let at: Bench;
let pipeline: Pipeline;
beforeEach(async () => {
  at = await startBench();
  pipeline = await startPipeline();
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply(gateway('echo', 32_400));
  at.lab.store.apply(route('echo', 'echo', 32_400));
});
afterEach(async () => {
  await pipeline.close();
  await at.close();
});

const ROOT = 'istio-root';
const RANGES = { loadBalancerSourceRanges: ['10.20.0.0/16'] };

/** Starts a watcher, applies its first snapshot to the device, and sends it the result. */
async function watchOnce(options: Partial<WatcherOptions> = {}): Promise<Watcher> {
  const before = at.snapshots().length;
  const watcher = at.watcher(options);
  await watcher.start();
  await at.passUntil(() => at.snapshots().length > before);
  const sent = at.snapshots().at(-1)!;
  await declare(sent);
  const { epoch, counter } = sent.revision;
  for (const device of ['bigip-1', 'bigip-2'])
    at.settle({
      version: { epoch, counter, generation: 1 },
      device,
      devices: ['bigip-1', 'bigip-2'],
    });
  await toldAll(at);
  return watcher;
}

async function declare(snapshot: Snapshot): Promise<void> {
  await pipeline.sendSnapshot(snapshot);
  await pipeline.map();
  await pipeline.apply();
}

/** `source` of the virtual server. */
function source(): unknown {
  const { virtuals = [] } = pipeline.devices['bigip-1'].snapshotState().config;
  return (virtuals as readonly { readonly source: string }[])[0]?.source;
}

describe('networks of clients that come while no watcher runs', () => {
  test('restrict the virtual server with the first snapshot of the next one', async () => {
    await (await watchOnce()).stop();
    expect(source()).toBe('0.0.0.0/0');
    at.lab.store.apply(ingressService(RANGES));
    await watchOnce();
    expect(source()).toBe('10.20.0.0/16');
  });

  test('restrict it also if other networks were requested before, and held open by an upgrade', async () => {
    at.lab.store.apply(ingressService(RANGES));
    await declaredBy010();
    await (await watchOnce()).stop();
    expect(source()).toBe('0.0.0.0/0');
    at.lab.store.apply(ingressService({ loadBalancerSourceRanges: ['10.30.0.0/16'] }));
    await watchOnce();
    expect(source()).toBe('10.30.0.0/16');
  });

  test('do not restrict it by an upgrade alone, however often the watcher starts', async () => {
    at.lab.store.apply(ingressService(RANGES));
    await declaredBy010();
    await (await watchOnce()).stop();
    await (await watchOnce()).stop();
    await watchOnce();
    expect(source()).toBe('0.0.0.0/0');
  });
});

async function declaredBy010(): Promise<void> {
  const cluster = at.lab.store.get('v1', 'Namespace', undefined, 'kube-system');
  for (const device of ['bigip-1', 'bigip-2'])
    await pipeline.sendSlice(
      slice(1, [exposure({ gateways: ['default/echo'] })], {
        owner: OWNER,
        clusterUid: cluster?.metadata.uid ?? '',
        device,
        devices: ['bigip-1', 'bigip-2'],
      }),
    );
  await pipeline.apply();
}

describe('a mesh ConfigMap that cannot be read after a restart', () => {
  const config = (mesh: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: ROOT, name: 'istio' },
    data: { mesh },
  });
  const SELECTORS =
    'discoverySelectors: [{matchLabels: {kubernetes.io/metadata.name: istio-system}}]';
  const watch = (): Promise<Watcher> => {
    const { config: given } = at.runtime;
    const clusters = given.clusters.map((one) => ({
      ...one,
      mesh: { ...one.mesh, rootNamespace: ROOT },
    }));
    return watchOnce({ runtime: { ...at.runtime, config: { ...given, clusters } } });
  };
  const known = (): unknown =>
    at
      .snapshots()
      .at(-1)
      ?.objects.optionalKinds?.meshConfigs?.map((one) => one.discoverySelectors);

  beforeEach(async () => {
    at.lab.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ROOT } });
    at.lab.store.apply(config(SELECTORS));
    await (await watch()).stop();
  });

  test.each<[string, () => void]>([
    ['because it is gone', () => at.lab.store.delete('v1', 'ConfigMap', ROOT, 'istio')],
    ['because it is invalid', () => at.lab.store.apply(config('discoverySelectors: ['))],
    [
      'because it is forbidden',
      () => void at.lab.faults.deny({ resource: 'configmaps', namespace: ROOT }),
    ],
  ])('%s holds as last known', async (_why, fault) => {
    const before = known();
    fault();
    await watch();
    expect(before).toHaveLength(1);
    expect(known()).toEqual(before);
  });

  test('is replaced once it can be read', async () => {
    at.lab.store.apply(config('discoverySelectors: []'));
    await watch();
    expect(known()).toEqual([[]]);
  });
});
