/** Snapshot → port mapping → exposures → one slice per device. Pure. */
import { exposureContext } from '../../shared/config/context.ts';
import type { IngressConfig, SluiceConfig } from '../../shared/config/schema.ts';
import { buildExposures } from '../../shared/domain/exposure/build.ts';
import { pathFields } from '../../shared/domain/exposure/member-paths.ts';
import type { BuiltExposures } from '../../shared/domain/exposure/build.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { withCordons } from '../../shared/domain/express/cordon.ts';
import type { Express } from '../../shared/domain/express/event.ts';
import type { ServerReport } from '../../shared/domain/istio/port-mapping.ts';
import { mapIngress } from '../../shared/domain/istio/map-ingress.ts';
import { ownerKey } from '../../shared/domain/snapshot/snapshot.ts';
import type { Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import type { OriginRefusal } from '../../shared/queue/origin.ts';
import { serverVerdicts } from '../../shared/failures/verdicts.ts';
import type { ServerVerdict } from '../../shared/failures/verdicts.ts';
import { expressEvents } from './express.ts';

/** A snapshot with verified origin (`origin.ts`). */
export interface MapInput {
  readonly snapshot: Snapshot;
  /** Role id of the sender, if the queue reports it. */
  readonly sender: string | undefined;
  readonly config: SluiceConfig;
}

/** Slices by device, or a refusal of the snapshot. */
export type MapResult =
  | {
      readonly kind: 'slices';
      readonly slices: readonly Slice[];
      readonly express: readonly Express[];
      readonly notes: BuiltExposures['notes'];
      /** With the exposures that are requested, whatever the devices say. */
      readonly verdicts: readonly ServerVerdict[];
    }
  | ({ readonly kind: 'refused' } & OriginRefusal);

/** Pure. A refusal has a code and a message with the remedy. */
export function mapSnapshot(input: MapInput): MapResult {
  const { snapshot, config } = input;
  const service = `${snapshot.ingress.namespace}/${snapshot.ingress.service}`;
  const ingress = config.ingresses.find(
    (i) => i.cluster === snapshot.cluster && i.service === service,
  );
  if (!ingress)
    return {
      kind: 'refused',
      code: 'GW104',
      reason:
        `ingresses: no entry for Service ${service} of cluster ${snapshot.cluster}; ` +
        "add it to sluice.yaml here, or remove it from the watcher's configuration",
    };
  const built = build(snapshot, ingress, config);
  // The slice carries the sender only as proof of its cluster. See `isClustersOwnSender`.
  const sender = isClustersOwnSender(input) ? input.sender : undefined;
  // Devices that the ingress does not use get an empty slice, which removes what an earlier
  // configuration declared there.
  const slices = config.devices.map((device): Slice => ({
    owner: ownerKey(snapshot.cluster, snapshot.ingress),
    clusterUid: snapshot.clusterUid,
    device: device.name,
    devices: ingress.devices,
    version: { ...snapshot.revision, generation: config.generation },
    ...(snapshot.settledSince && { settledSince: snapshot.settledSince }),
    ...(sender === undefined ? {} : { sender }),
    exposures: ingress.devices.includes(device.name) ? [...built.exposures] : [],
    changes: snapshot.changes,
    removed: snapshot.removed,
    servers: [...built.servers],
    sources: built.sources,
    notes: [...built.notes],
    ...(built.auto && ingress.devices.includes(device.name) && { auto: built.auto }),
    ...(built.excludedNodes && { excludedNodes: [...built.excludedNodes] }),
    ...(ingress.devices.includes(device.name) && pathFields(built)),
  }));
  return {
    kind: 'slices',
    slices,
    express: expressEvents(slices, snapshot, ingress, config),
    notes: built.notes,
    verdicts: serverVerdicts(built.servers, built.exposures, hostsIn(snapshot)),
  };
}

/**
 * The exposures of one ingress. A removed ingress has none, which is not an error: its empty slices
 * remove what is declared. A cluster without an entry uses the mesh options of the first one.
 */
function build(snapshot: Snapshot, ingress: IngressConfig, config: SluiceConfig): BuiltExposures {
  if (snapshot.removed)
    return { exposures: [], servers: [], notes: [], sources: {}, staying: new Map() };
  const cluster = config.clusters.find((c) => c.id === snapshot.cluster);
  const mesh = cluster?.mesh ?? config.clusters[0]!.mesh;
  const mapping = mapIngress(snapshot.ingress, snapshot.objects, mesh);
  const built = buildExposures(
    snapshot.ingress,
    snapshot.objects,
    mapping,
    exposureContext(config, ingress, mesh),
  );
  return withCordons(built, snapshot.ingress, { ...snapshot.objects, members: ingress.members });
}

/** The origin fields of both kinds of events. */
export type OriginClaim = Omit<MapInput, 'snapshot'> & {
  readonly snapshot: Pick<Snapshot, 'cluster'>;
};

/**
 * False for replayers, who send events of other clusters: their name proves nothing about the
 * cluster, so slices do not contain it.
 */
export function isClustersOwnSender({ snapshot, sender, config }: OriginClaim): boolean {
  if (sender === undefined || !config.failures.replayers.includes(sender)) return true;
  return config.clusters.some(
    ({ id, senders }) => id === snapshot.cluster && senders.includes(sender),
  );
}

/** The hosts of each server of Istio's gateways, without the namespaces that may bind to them. */
function hostsIn({
  objects,
}: Pick<Snapshot, 'objects'>): (server: ServerReport) => readonly string[] {
  const gateways = new Map(
    objects.gateways.map(({ meta, servers }) => [`${meta.namespace}/${meta.name}`, servers]),
  );
  return ({ api, gateway, server }) => {
    const found = api === 'istio' ? gateways.get(gateway)?.[server] : undefined;
    if (found === undefined || !('hosts' in found)) return [];
    return found.hosts.map((host) => host.slice(host.indexOf('/') + 1));
  };
}
