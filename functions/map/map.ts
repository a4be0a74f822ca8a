/** Snapshot → port mapping → exposures → one slice for each device. Pure. */
import { exposureContext } from '../../shared/config/context.ts';
import type { IngressConfig, SluiceConfig } from '../../shared/config/schema.ts';
import { buildExposures } from '../../shared/domain/exposure/build.ts';
import type { BuiltExposures } from '../../shared/domain/exposure/build.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { drainCordoned } from '../../shared/domain/express/cordon.ts';
import type { Express } from '../../shared/domain/express/event.ts';
import { mapIngress } from '../../shared/domain/ingress/mapping.ts';
import { ownerKey } from '../../shared/domain/ingress/snapshot.ts';
import type { Snapshot } from '../../shared/domain/ingress/snapshot.ts';
import { expressEvents } from './express.ts';

/** An epoch further ahead than this many milliseconds is a broken clock, and would fence out everything after it. */
const MAX_EPOCH_AHEAD = 5 * 60_000;

export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

export interface MapInput {
  readonly snapshot: Snapshot;
  /** Role id of the sender, where the queue knows it. */
  readonly sender: string | undefined;
  readonly config: SluiceConfig;
  readonly now: number;
}

export type MapResult = { readonly kind: 'slices'; readonly slices: readonly Slice[]; readonly express: readonly Express[]; readonly notes: BuiltExposures['notes'] } | ({ readonly kind: 'refused' } & Refusal);

export function mapSnapshot(input: MapInput): MapResult {
  const { snapshot, config } = input;
  const refusal = refuse(input);
  if (refusal) return { kind: 'refused', ...refusal };
  const service = `${snapshot.ingress.namespace}/${snapshot.ingress.service}`;
  const ingress = config.ingresses.find((i) => i.cluster === snapshot.cluster && i.service === service);
  if (!ingress) return { kind: 'refused', code: 'GW104', reason: `ingresses: no entry for Service ${service} of cluster ${snapshot.cluster}; add it to sluice.yaml here, or take it out of the watcher's` };
  const built = build(snapshot, ingress, config);
  const sender = speaks(input) ? input.sender : undefined;
  const slices = config.devices.map((device): Slice => ({
    owner: ownerKey(snapshot.cluster, snapshot.ingress),
    clusterUid: snapshot.clusterUid,
    device: device.name,
    devices: ingress.devices,
    version: { ...snapshot.revision, generation: config.generation },
    ...(sender === undefined ? {} : { sender }),
    exposures: ingress.devices.includes(device.name) ? [...built.exposures] : [],
    changes: snapshot.changes,
    removed: snapshot.removed,
    servers: [...built.servers],
    sources: built.sources,
    notes: [...built.notes],
    ...(built.auto && ingress.devices.includes(device.name) && { auto: built.auto }),
  }));
  return { kind: 'slices', slices, express: expressEvents(slices, snapshot, ingress, config), notes: built.notes };
}

function build(snapshot: Snapshot, ingress: IngressConfig, config: SluiceConfig): BuiltExposures {
  if (snapshot.removed) return { exposures: [], servers: [], notes: [], sources: {} };
  const cluster = config.clusters.find((c) => c.id === snapshot.cluster);
  const mesh = cluster?.mesh ?? config.clusters[0]!.mesh;
  const mapping = mapIngress(snapshot.ingress, snapshot.objects, mesh);
  const built = buildExposures(snapshot.ingress, snapshot.objects, mapping, exposureContext(config, ingress, mesh));
  return ingress.members === 'nodes' ? withCordons(built, snapshot) : built;
}

function withCordons(built: BuiltExposures, { ingress, objects }: Snapshot): BuiltExposures {
  const { exposures, stayed } = drainCordoned(built.exposures, objects.nodes);
  if (stayed.length === 0) return { ...built, exposures };
  const message = `cordoned or not ready, yet they stay members: ${stayed.join(', ')}; without them more than half of a pool, or its last member, would go, so BIG-IP's monitors judge them`;
  return { ...built, exposures, notes: [...built.notes, { object: `Service ${ingress.namespace}/${ingress.service}`, code: 'GW140', message }] };
}

/** A replayer repeats what others said: its name proves nothing about the cluster, so no slice carries it. */
function speaks({ snapshot, sender, config }: MapInput): boolean {
  if (sender === undefined || !config.failures.replayers.includes(sender)) return true;
  return config.clusters.some(({ id, senders }) => id === snapshot.cluster && senders.includes(sender));
}

/** Why a snapshot may not be believed. */
function refuse({ snapshot, sender, config, now }: MapInput): Refusal | undefined {
  const cluster = config.clusters.find((c) => c.id === snapshot.cluster);
  if (!cluster) return { code: 'GW103', reason: `cluster: ${snapshot.cluster} is not in clusters of sluice.yaml; add it, or correct the watcher's cluster id` };
  if (sender !== undefined && cluster.senders.length > 0 && !cluster.senders.includes(sender) && !config.failures.replayers.includes(sender)) {
    return { code: 'OWN320', reason: `sender ${sender} may not speak for cluster ${cluster.id}; clusters[].senders names ${cluster.senders.join(', ')}` };
  }
  if (snapshot.revision.epoch > now + MAX_EPOCH_AHEAD) {
    return { code: 'GW105', reason: `revision.epoch ${new Date(snapshot.revision.epoch).toISOString()} is more than 5 minutes ahead; correct the clock of the watcher's node` };
  }
  return undefined;
}
