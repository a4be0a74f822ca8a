/**
 * Routes to the pods of many clusters, through map and apply on a real queue: sizes, the first
 * contact with an empty device, and a node with a new address.
 */
import type { LabRequest } from '../../../infra/lab/bigip/index.ts';
import { createOnDevice, read } from '../../../infra/lab/demo/network/entries.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { table } from '../measure.ts';
import { startFleetSite, type FleetSite } from './site.ts';
import { CLUSTERS, sliceOf, snapshotOfCluster } from './world.ts';

/** Of 10 in each cluster; the others have no gateway pod, so nobody hears of them. */
const NODES_WITH_PODS = 5;
const NODES = 10 * CLUSTERS;
/** Milliseconds that the device needs for each request. */
const EACH_MS = 50;

/** `moved`: the first node of the cluster has another address. */
function snapshotWithNodes(index: number, counter: number, moved = false): Snapshot {
  const numbers = Array.from({ length: NODES_WITH_PODS }, (_, n) => n);
  const snapshot = snapshotOfCluster({ index, gateways: 1, pods: numbers, counter });
  const name = (n: number): string => `worker-${n}`;
  return Snapshot.parse({
    ...snapshot,
    ...(counter > 1 && { settledSince: { ...snapshot.revision, counter: counter - 1 } }),
    objects: {
      ...snapshot.objects,
      pods: snapshot.objects.pods.map((pod, n) => ({
        ...pod,
        nodeName: name(n),
        ips: [`10.${index + 1}.${n}.5`],
      })),
      nodes: numbers.map((n) => ({
        meta: {
          namespace: '',
          name: name(n),
          uid: `${index}-${n}`,
          labels: {},
          annotations: {},
          created: '',
          resourceVersion: String(counter),
        },
        addresses: [
          { type: 'InternalIP', address: `172.30.${index}.${moved && n === 0 ? 99 : n + 10}` },
        ],
        ready: true,
        network: { podCIDRs: [`10.${index + 1}.${n}.0/24`] },
      })),
    },
  });
}

interface Cost {
  readonly requests: number;
  readonly writes: number;
  readonly declares: number;
  readonly seconds: number;
}

/** The requests to the device while the snapshots are settled. */
async function costOf(
  site: FleetSite,
  seen: LabRequest[],
  snapshots: readonly Snapshot[],
): Promise<Cost> {
  seen.length = 0;
  const started = performance.now();
  await Promise.all(snapshots.map((one) => site.send(one)));
  const seconds = (performance.now() - started) / 1_000;
  // What is saved after the results belongs to it.
  await processClock.sleep(1_000);
  const writes = seen.filter(({ method }) => method !== 'GET');
  const isDeclare = ({ path }: LabRequest): boolean => path.startsWith('/mgmt/shared/appsvcs');
  return {
    requests: seen.length,
    writes: writes.filter((one) => !isDeclare(one) && !one.path.includes('/authn/')).length,
    declares: writes.filter(isDeclare).length,
    seconds,
  };
}

function kilobytes(value: unknown): number {
  return JSON.stringify(value).length / 1_024;
}

function sizes(
  config: SluiceConfig,
  snapshots: readonly Snapshot[],
): readonly (readonly number[])[] {
  const slices = snapshots.map((one) => sliceOf(one, config));
  const bare = slices.map(({ paths: _paths, ...rest }) => rest);
  const sum = (all: readonly object[]): number =>
    all.reduce((total, one) => total + kilobytes(one), 0);
  const [first, plain] = [slices[0] ?? {}, bare[0] ?? {}];
  return [[kilobytes(first), kilobytes(first) - kilobytes(plain), sum(slices)]];
}

/** KB of the newest journal on the device. */
async function journalSize({ bigip }: FleetSite): Promise<number> {
  const { items = [] } = await read(bigip, 'ltm/data-group/internal');
  return kilobytes(items.at(-1) ?? {});
}

export async function benchPaths(): Promise<void> {
  const site = await startFleetSite({
    queue: 'sqlite',
    clusters: CLUSTERS,
    declare: EACH_MS,
    network: { mode: 'routes' },
  });
  await createOnDevice(site.bigip, 'net/self', {
    name: 'nodes',
    address: '172.30.255.1/16',
    vlan: 'internal',
  });
  const seen: LabRequest[] = [];
  site.bigip.faults.latency(/./, EACH_MS);
  site.bigip.faults.inject({
    match: (request) => seen.push(request) === 0,
    response: { kind: 'reset' },
  });
  const snapshots = Array.from({ length: CLUSTERS }, (_, index) => snapshotWithNodes(index, 1));
  const rows: (readonly [string, Cost])[] = [
    ['first contact of all clusters', await costOf(site, seen, snapshots)],
    ['one node has a new address', await costOf(site, seen, [snapshotWithNodes(0, 2, true)])],
  ];
  const journal = await journalSize(site);
  const size = sizes(site.config, snapshots);
  await site.close();
  const about = `${CLUSTERS} clusters, ${NODES} nodes, ${CLUSTERS * NODES_WITH_PODS} gateway pods`;
  table(
    `Paths: ${about}; KB`,
    ['a slice', 'of it paths', 'all slices', 'journal'],
    size.map((one) => [...one, journal]),
  );
  table(
    `Paths: ${about}; ${EACH_MS} ms for each request, routes four at a time`,
    ['', 'requests', 'writes besides declares', 'declares', 'seconds'],
    rows.map(([what, { requests, writes, declares, seconds }]) => [
      what,
      String(requests),
      String(writes),
      String(declares),
      seconds,
    ]),
  );
}
