/**
 * What Istio does with these objects, by listener and server; with a configuration, also the
 * exposures. Pure.
 */
import type { SluiceConfig } from '../../config/schema.ts';
import { type Exposure, exposureKey } from '../../domain/exposure/exposure.ts';
import { mapAll } from '../../domain/istio/map-ingress.ts';
import type { MeshOptions } from '../../domain/istio/mesh.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import type { PortMapping, ServerReport } from '../../domain/istio/port-mapping.ts';
import { mergePaths, type Path } from '../../domain/paths/path.ts';
import { offlineIngresses } from '../offline/ingresses.ts';
import type { OfflineIngress } from '../offline/ingresses.ts';

/** Objects from files or from a cluster. */
export interface MapQuestion {
  readonly objects: KubernetesObjects;
  readonly mesh: MeshOptions;
  /** Adds the exposures of this cluster, and the refusals by its settings and policy. */
  readonly configured?: { readonly config: SluiceConfig; readonly clusterId: string } | undefined;
}

/** The data of `sluice map`. */
export interface ObjectMapping {
  readonly ingresses: readonly PortMapping[];
  readonly exposures: readonly Exposure[];
  /** How the members are reached. */
  readonly paths: readonly Path[];
  /** Notes on annotations and ConfigMaps. */
  readonly notes: OfflineIngress['built']['notes'];
  /** Configured ingress Services (`namespace/name`) that are not among the objects. */
  readonly absent: readonly string[];
}

/**
 * Maps all ingresses among the objects. Exposures that several ingresses request are decided as on
 * a device (OWN301).
 */
export function mapObjects({ objects, mesh, configured }: MapQuestion): ObjectMapping {
  const offered =
    configured === undefined
      ? { ingresses: [], absent: [] }
      : offlineIngresses(objects, { ...configured, mesh });
  const claims = offered.ingresses.flatMap((ingress) =>
    ingress.built.exposures
      .filter(({ refusedIfNew }) => refusedIfNew === undefined)
      .map((exposure): Claim => ({ exposure, ingress })),
  );
  return {
    ingresses: mapAll(objects, mesh).map((mapping) => withRefusals(mapping, offered.ingresses)),
    exposures: claims.filter((claim) => holderOf(claim, claims) === claim).map(exposureIn),
    paths: mergePaths(offered.ingresses.flatMap(({ built }) => built.reach?.paths ?? [])),
    notes: [...offered.ingresses.flatMap(({ built }) => built.notes), ...lostClaims(claims)],
    absent: offered.absent,
  };
}

/** An exposure and the ingress that requests it. */
interface Claim {
  readonly exposure: Exposure;
  readonly ingress: OfflineIngress;
}

/** The exposure of a claim that won. */
function exposureIn({ exposure }: Claim): Exposure {
  return exposure;
}

/** `namespace/name` of the Service. */
function nameOf({ ref }: OfflineIngress): string {
  return `${ref.namespace}/${ref.service}`;
}

/** As on a device: of several ingresses, the one with the oldest gateway has address and port. */
function holderOf(claim: Claim, claims: readonly Claim[]): Claim {
  const age = ({ exposure, ingress }: Claim): string => `${exposure.since} ${nameOf(ingress)}`;
  const rivals = claims.filter(
    ({ exposure, ingress }) =>
      exposureKey(exposure) === exposureKey(claim.exposure) &&
      ingress.devices.some((device) => claim.ingress.devices.includes(device)),
  );
  return rivals.toSorted((a, b) => (age(a) < age(b) ? -1 : 1))[0] ?? claim;
}

/** A note for each claim that another ingress won, as the device would report it. */
function lostClaims(claims: readonly Claim[]): ObjectMapping['notes'] {
  return claims.flatMap((claim) => {
    const holder = holderOf(claim, claims);
    if (holder === claim) return [];
    const message =
      `${exposureKey(claim.exposure)} belongs to ingress ${nameOf(holder.ingress)} ` +
      `(${holder.exposure.gateways.join(', ')}); choose another port or virtual address, ` +
      'because two ingresses of one cluster cannot share them';
    return [{ object: `Service ${nameOf(claim.ingress)}`, code: 'OWN301', message }];
  });
}

/** Replaces the verdict of servers that listen but are refused by settings or policy. */
function withRefusals(mapping: PortMapping, offered: readonly OfflineIngress[]): PortMapping {
  const here = offered.filter((ingress) => mapping.services.includes(nameOf(ingress)));
  const isOffered = (server: ServerReport): boolean =>
    here.some(({ built }) =>
      built.servers.some((one) => isSame(one, server) && one.verdict === 'listening'),
    );
  // Of several ingresses with the same pods, one that offers it is enough.
  const refused = here.flatMap((ingress) => ingress.refused).filter((one) => !isOffered(one));
  const servers = mapping.servers.map(
    (server) => refused.find((one) => isSame(one, server)) ?? server,
  );
  return { ...mapping, servers };
}

/** Both APIs may have a Gateway of the same name, so the API is compared too. */
function isSame(a: ServerReport, b: ServerReport): boolean {
  return a.gateway === b.gateway && a.api === b.api && a.server === b.server;
}

/** Whether every server of every Gateway listens and, with a configuration, is exposed. */
export function isObjectReached({ ingresses }: ObjectMapping): boolean {
  return ingresses.every(({ servers }) => servers.every(({ verdict }) => verdict === 'listening'));
}

/** Whether `--fail-on notes` applies. */
export function hasNotes({ ingresses, notes }: ObjectMapping): boolean {
  return notes.length > 0 || ingresses.some((ingress) => (ingress.notes ?? []).length > 0);
}
