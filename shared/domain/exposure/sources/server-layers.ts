/** The sources of settings for one server, in the order of their precedence. */
import { ingressGateways } from '../../istio/ingress-objects.ts';
import type { MeshOptions } from '../../istio/mesh.ts';
import { isAuto, poolNamedBy } from '../../address-pools/auto-address.ts';
import type { Meta } from '../../snapshot/objects.ts';
import type { ServerReport } from '../../istio/port-mapping.ts';
import { readAddress, type AnnotationTarget } from '../settings/annotation-values.ts';
import { readAnnotations } from './annotations.ts';
import type { AssignedConfigMaps } from './assigned-configmaps.ts';
import { groupByKey, type IndexedIngress } from '../indexed-ingress.ts';
import { ingressEntryLayer } from './ingress-entry-layer.ts';
import type { SettingsLayer } from '../settings/layers.ts';
import {
  type BundleRequest,
  bundleLayer,
  SERVICE_BUNDLE_ANNOTATION,
  type ServiceBundle,
} from '../settings/service-bundles.ts';

/** The object that asks for a server. */
interface Asker {
  /** Of the Ingress that istiod makes the gateway of. */
  readonly ingress?: Meta;
  readonly meta: Meta | undefined;
  /** IP addresses of `spec.addresses`; empty for kinds without the field. */
  readonly addresses: readonly string[];
}

/** Gateways by kind and name. */
export interface GatewayIndex {
  /** By {@link gatewayKey}; a gateway made of an Ingress has the Ingress' metadata, too. */
  readonly gateways: ReadonlyMap<string, Asker>;
  /** By the same key: all servers of the gateway, which annotations with ports refer to. */
  readonly siblings: ReadonlyMap<string, readonly ServerReport[]>;
}

/** Gateways of both APIs may have the same name. */
export function gatewayKey(report: Pick<ServerReport, 'api' | 'gateway'>): string {
  return `${report.api} ${report.gateway}`;
}

/** Finds the metadata and addresses of a gateway by its kind and name. */
export function indexGateways(pool: IndexedIngress, mesh: MeshOptions): GatewayIndex {
  const { gateways, apiGateways, listenerSets } = pool.objects;
  const named = (api: ServerReport['api'], meta: Meta): string =>
    gatewayKey({ api, gateway: `${meta.namespace}/${meta.name}` });
  const ofIngresses = ingressGateways(pool.objects, mesh);
  const askers = [
    ...ofIngresses.map(
      ({ ingress, gateway: { meta } }) =>
        [named('istio', meta), { meta, addresses: [], ingress: ingress.meta }] as const,
    ),
    ...gateways.map(({ meta }) => [named('istio', meta), { meta, addresses: [] }] as const),
    ...listenerSets.map(
      ({ meta }) => [named('gateway-api', meta), { meta, addresses: [] }] as const,
    ),
    ...apiGateways.map(
      ({ meta, addresses }) =>
        [
          named('gateway-api', meta),
          {
            meta,
            addresses: addresses.filter((one) => one.type === 'IPAddress').map((one) => one.value),
          },
        ] as const,
    ),
  ];
  return {
    gateways: new Map<string, Asker>(askers),
    siblings: groupByKey(pool.mapping.servers, gatewayKey),
  };
}

/** `spec.addresses` of a Gateway API Gateway is the standard way to request an address. */
function addressLayer(object: string, addresses: readonly string[]): SettingsLayer {
  const source = `${object} (spec.addresses)`;
  const [first, ...more] = addresses;
  if (first === undefined) return { source, wanted: {}, refusals: [], notes: [] };
  const read = readAddress(first);
  const notes =
    more.length === 0
      ? []
      : [
          {
            object,
            code: 'GW136',
            message:
              `spec.addresses names ${addresses.length} addresses; ` +
              `Sluice uses the first and ignores ${more.join(', ')}`,
          },
        ];
  if ('problem' in read)
    return {
      source,
      wanted: {},
      refusals: [{ code: 'GW143', message: `${source}: "${first}": ${read.problem}` }],
      notes,
    };
  return { source, wanted: { virtualAddress: String(read.value) }, refusals: [], notes };
}

/** What all servers of one ingress have in common. */
export interface ServerSources {
  readonly pool: IndexedIngress;
  readonly index: GatewayIndex;
  /** F5 ConfigMaps by the server that they are for. */
  readonly configMaps: AssignedConfigMaps;
  /** All of sluice.yaml; a layer uses the one that it names. */
  readonly bundles: readonly ServiceBundle[];
  /** The sources with the lowest precedence. */
  readonly entry: SettingsLayer;
  readonly loadBalancerIp: SettingsLayer;
}

/** Read once for all servers. */
export function lowestLayers(
  pool: IndexedIngress,
): Pick<ServerSources, 'entry' | 'loadBalancerIp'> {
  return { entry: ingressEntryLayer(pool.entry), loadBalancerIp: loadBalancerIpLayer(pool) };
}

/**
 * Sources with settings for a server, highest precedence first; the gateway's own annotations come
 * first.
 */
export function layersOf(
  shared: ServerSources,
  report: ServerReport,
  position: number,
): readonly [SettingsLayer, ...SettingsLayer[]] {
  const { pool, index, configMaps, bundles, entry, loadBalancerIp } = shared;
  const { meta, addresses = [] } = index.gateways.get(gatewayKey(report)) ?? {};
  const object = `Gateway ${report.gateway}`;
  const at: AnnotationTarget = {
    port: report.port,
    protocol: report.protocol,
    servers: index.siblings.get(gatewayKey(report)) ?? [],
    strictPorts: true,
  };
  const configMap = configMaps.layers.get(position);
  const own = withPool(readAnnotations(object, meta?.annotations ?? {}, at), entry);
  const ofService = readAnnotations(`Service ${pool.name}`, pool.service?.meta.annotations ?? {}, {
    ...at,
    servers: pool.mapping.servers,
    strictPorts: false,
  });
  const service: SettingsLayer = { ...withPool(ofService, entry), isDefault: true };
  const request = bundleRequest(shared, report, { own, service, entry });
  const below = (layer: SettingsLayer): readonly SettingsLayer[] =>
    request?.asker === layer ? [layer, bundleLayer(bundles, request)] : [layer];
  const [, ...ofOwn] = below(own);
  return [
    own,
    ...ofOwn,
    addressLayer(object, addresses),
    // Its notes are reported with the ConfigMap, whether or not a server listens.
    ...(configMap === undefined ? [] : [{ ...configMap, notes: [] }]),
    ...below(service),
    ...below(entry),
    loadBalancerIp,
  ];
}

/** Namespace of the object that asks for a server. */
export function askingNamespace({ index }: ServerSources, report: ServerReport): string {
  const { ingress } = index.gateways.get(gatewayKey(report)) ?? {};
  return ingress?.namespace ?? report.gateway.slice(0, report.gateway.indexOf('/'));
}

/**
 * The bundle that the Gateway requests, else the Service, else the ingress entry. Only one applies,
 * because two bundles may not fit together.
 */
function bundleRequest(
  shared: ServerSources,
  report: ServerReport,
  { own, service, entry }: Readonly<Record<'own' | 'service' | 'entry', SettingsLayer>>,
): BundleRequest | undefined {
  const { pool, index } = shared;
  const { meta } = index.gateways.get(gatewayKey(report)) ?? {};
  const named = (
    annotations: Readonly<Record<string, string>> | undefined,
    asker: SettingsLayer,
    namespace: string,
  ): BundleRequest | undefined => {
    const name = annotations?.[SERVICE_BUNDLE_ANNOTATION]?.trim();
    const source = `${asker.source} (${SERVICE_BUNDLE_ANNOTATION})`;
    return name === undefined ? undefined : { name, asker, source, namespace };
  };
  const { serviceBundle: name } = pool.entry;
  return (
    named(meta?.annotations, own, askingNamespace(shared, report)) ??
    named(pool.service?.meta.annotations, service, pool.service?.meta.namespace ?? '') ??
    (name === undefined ? undefined : { name, asker: entry, source: entry.source })
  );
}

/** Deprecated, and not read by 0.1.0: every other source of an address takes precedence. */
function loadBalancerIpLayer({ name, service }: IndexedIngress): SettingsLayer {
  const source = `Service ${name} (spec.loadBalancerIP)`;
  const layer = { source, wanted: {}, refusals: [], notes: [] };
  const address = service?.loadBalancerIP;
  if (address === undefined) return layer;
  const read = readAddress(address);
  if ('problem' in read) {
    const note = {
      object: `Service ${name}`,
      code: 'GW143',
      message: `spec.loadBalancerIP "${address}": ${read.problem}; ignored`,
    };
    return { ...layer, notes: [note] };
  }
  return { ...layer, wanted: { virtualAddress: String(read.value) } };
}

/** `auto` without a name means the pool of the ingress in sluice.yaml, if it has one. */
function withPool(layer: SettingsLayer, entry: SettingsLayer): SettingsLayer {
  const [wish = '', named = ''] = [layer.wanted.virtualAddress, entry.wanted.virtualAddress];
  if (!isAuto(wish) || poolNamedBy(wish) !== undefined || poolNamedBy(named) === undefined)
    return layer;
  return { ...layer, wanted: { ...layer.wanted, virtualAddress: named } };
}
