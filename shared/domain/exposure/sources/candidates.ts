/** Collects the settings of all sources for each listening server. */
import { ingressGateways } from '../../istio/ingress-objects.ts';
import type { MeshOptions } from '../../istio/mesh.ts';
import { isAuto, poolNamedBy } from '../../address-pools/auto-address.ts';
import type { Meta } from '../../snapshot/objects.ts';
import type { ServerReport } from '../../istio/port-mapping.ts';
import { readAddress, type AnnotationTarget } from '../settings/annotation-values.ts';
import { readAnnotations } from './annotations.ts';
import {
  type AssignedConfigMaps,
  assignConfigMaps,
  compareServerAge,
} from './assigned-configmaps.ts';
import { groupByKey, type IndexedIngress } from '../indexed-ingress.ts';
import { ingressEntryLayer } from './ingress-entry-layer.ts';
import {
  type SettingsLayer,
  type MergedSettings,
  mergeLayers,
  type Note,
  type ExposureRefusal,
} from '../settings/layers.ts';

/** A listening server with the settings of all sources. */
export interface Candidate {
  readonly report: ServerReport;
  /** Position in the mapping's servers. */
  readonly position: number;
  readonly object: string;
  readonly namespace: string;
  readonly created: string;
  /** `Ingress namespace/name` that istiod makes the gateway of. */
  readonly ingress?: string;
  /** Of the gateway. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The settings of the gateway itself. */
  readonly own: SettingsLayer;
  readonly merged: MergedSettings;
  readonly refusals: readonly ExposureRefusal[];
  /** The reason why it may only stay if it is already declared. */
  readonly doubt?: ExposureRefusal & { readonly verdict: ServerReport['verdict'] };
}

/** The object that asks for a server. */
interface Asker {
  /** Of the Ingress that istiod makes the gateway of. */
  readonly ingress?: Meta;
  readonly meta: Meta | undefined;
  readonly addresses: readonly string[];
}

/** Gateways by kind and name. */
interface Index {
  readonly gateways: ReadonlyMap<string, Asker>;
  readonly siblings: ReadonlyMap<string, readonly ServerReport[]>;
}

/** Gateways of both APIs may have the same name. */
function keyOf(report: Pick<ServerReport, 'api' | 'gateway'>): string {
  return `${report.api} ${report.gateway}`;
}

/** Finds the metadata and addresses of a gateway by its kind and name. */
function indexOf(pool: IndexedIngress, mesh: MeshOptions): Index {
  const { gateways, apiGateways, listenerSets } = pool.objects;
  const named = (api: ServerReport['api'], meta: Meta): string =>
    keyOf({ api, gateway: `${meta.namespace}/${meta.name}` });
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
    siblings: groupByKey(pool.mapping.servers, keyOf),
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

/**
 * The servers of one ingress that may become exposures, with the settings that were asked for each.
 */
export interface Candidates {
  /** Oldest gateway first. */
  readonly candidates: readonly Candidate[];
  readonly notes: readonly Note[];
}

/** What all servers of one ingress have in common. */
interface Shared {
  readonly pool: IndexedIngress;
  readonly index: Index;
  readonly configMaps: AssignedConfigMaps;
}

/**
 * Sources with settings for a server, highest precedence first; the gateway's own annotations come
 * first.
 */
function layersOf(
  { pool, index, configMaps }: Shared,
  report: ServerReport,
  position: number,
): readonly [SettingsLayer, ...SettingsLayer[]] {
  const { meta, addresses = [] } = index.gateways.get(keyOf(report)) ?? {};
  const object = `Gateway ${report.gateway}`;
  const at: AnnotationTarget = {
    port: report.port,
    protocol: report.protocol,
    servers: index.siblings.get(keyOf(report)) ?? [],
    strictPorts: true,
  };
  const configMap = configMaps.layers.get(position);
  const entry = ingressEntryLayer(pool.entry);
  const ofService = readAnnotations(`Service ${pool.name}`, pool.service?.meta.annotations ?? {}, {
    ...at,
    servers: pool.mapping.servers,
    strictPorts: false,
  });
  return [
    withPool(readAnnotations(object, meta?.annotations ?? {}, at), entry),
    addressLayer(object, addresses),
    // Its notes are reported with the ConfigMap, whether or not a server listens.
    ...(configMap === undefined ? [] : [{ ...configMap, notes: [] }]),
    { ...withPool(ofService, entry), isDefault: true },
    entry,
    loadBalancerIpLayer(pool),
  ];
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

/** Merges the settings of all sources for one server, and words the disagreements. */
function candidateOf(
  shared: Shared,
  report: ServerReport,
  position: number,
): { readonly candidate: Candidate; readonly notes: readonly Note[] } {
  const { meta, ingress } = shared.index.gateways.get(keyOf(report)) ?? {};
  const object = `Gateway ${report.gateway}`;
  const layers = layersOf(shared, report, position);
  const merged = mergeLayers(layers);
  const disagreements = merged.disagreements.map(({ code, message }) => ({
    object,
    code,
    message: `port ${report.port}: ${message}`,
  }));
  const namespace = ingress?.namespace ?? report.gateway.slice(0, report.gateway.indexOf('/'));
  const candidate = {
    report,
    position,
    object,
    namespace,
    created: meta?.created ?? '',
    annotations: meta?.annotations ?? {},
    ...(ingress && { ingress: `Ingress ${ingress.namespace}/${ingress.name}` }),
    own: layers[0],
    merged,
    refusals: layers.flatMap((layer) => layer.refusals),
  };
  return { candidate, notes: [...layers.flatMap((layer) => layer.notes), ...disagreements] };
}

/**
 * Collects the candidates. Includes servers that only the present version refuses, marked with
 * `doubt`, so that existing exposures stay (decision 49). `others` are Services that the ConfigMaps
 * of other ingresses belong to.
 */
export function collectCandidates(
  pool: IndexedIngress,
  mesh: MeshOptions,
  others: readonly string[] = [],
): Candidates {
  const configMaps = assignConfigMaps(pool, others);
  const shared = { pool, index: indexOf(pool, mesh), configMaps };
  const { servers, tolerated = [] } = pool.mapping;
  const listening = servers.flatMap((report, position) =>
    report.verdict === 'listening' ? [candidateOf(shared, report, position)] : [],
  );
  const kept = tolerated.flatMap(({ report, position }) => {
    const { code, reason: message, verdict } = servers[position] ?? report;
    const { candidate } = candidateOf(shared, report, position);
    return [{ candidate: { ...candidate, doubt: { code, message, verdict } }, notes: [] }];
  });
  const found: readonly { readonly candidate: Candidate; readonly notes: readonly Note[] }[] = [
    ...listening,
    ...kept,
  ];
  const order = (one: Candidate): { created: string; name: string } => ({
    created: one.created,
    name: one.report.gateway,
  });
  const candidates = found
    .map((one) => one.candidate)
    .sort(
      (a, b) =>
        compareServerAge(order(a), order(b)) ||
        a.report.server - b.report.server ||
        a.position - b.position,
    );
  return { candidates, notes: [...configMaps.notes, ...found.flatMap((one) => one.notes)] };
}
