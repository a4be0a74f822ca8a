/** Collects the settings of all sources for each listening server. */
import type { MeshOptions } from '../../istio/mesh.ts';
import type { ServerReport } from '../../istio/port-mapping.ts';
import { assignConfigMaps, compareServerAge } from './assigned-configmaps.ts';
import type { IndexedIngress } from '../indexed-ingress.ts';
import {
  type SettingsLayer,
  type MergedSettings,
  mergeLayers,
  type Note,
  type ExposureRefusal,
} from '../settings/layers.ts';
import type { ServiceBundle } from '../settings/service-bundles.ts';
import {
  askingNamespace,
  gatewayKey,
  indexGateways,
  layersOf,
  lowestLayers,
  type ServerSources,
} from './server-layers.ts';

/** A listening server with the settings of all sources. */
export interface Candidate {
  /** What the port mapping says about the server. */
  readonly report: ServerReport;
  /** Position in the mapping's servers. */
  readonly position: number;
  /** `Gateway namespace/name`, for messages. */
  readonly object: string;
  /** That of the author, which the policy judges. */
  readonly namespace: string;
  /** RFC 3339; the oldest leads a shared virtual server. */
  readonly created: string;
  /** `Ingress namespace/name` that istiod makes the gateway of. */
  readonly ingress?: string;
  /** Of the gateway. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The settings of the gateway itself. */
  readonly own: SettingsLayer;
  /** The settings of all sources, highest precedence first. */
  readonly layers: readonly SettingsLayer[];
  /** The layers as one, with the source of each setting. */
  readonly merged: MergedSettings;
  /** Not empty: a source is invalid, so the server is not exposed. */
  readonly refusals: readonly ExposureRefusal[];
  /** The reason why it may only stay if it is already declared. */
  readonly doubt?: ExposureRefusal & { readonly verdict: ServerReport['verdict'] };
}

/**
 * The servers of one ingress that may become exposures, with the settings that were asked for each.
 */
export interface Candidates {
  /** Oldest gateway first. */
  readonly candidates: readonly Candidate[];
  readonly notes: readonly Note[];
}

/** The server as messages name it. */
export function serverInWords({ object, report }: Pick<Candidate, 'object' | 'report'>): string {
  return `${object} port ${report.port}`;
}

/** Merges the settings of all sources for one server, and words the disagreements. */
function candidateOf(
  shared: ServerSources,
  report: ServerReport,
  position: number,
): { readonly candidate: Candidate; readonly notes: readonly Note[] } {
  const { meta, ingress } = shared.index.gateways.get(gatewayKey(report)) ?? {};
  const object = `Gateway ${report.gateway}`;
  const layers = layersOf(shared, report, position);
  const merged = mergeLayers(layers);
  const disagreements = merged.disagreements.map(({ code, message }) => ({
    object,
    code,
    message: `port ${report.port}: ${message}`,
  }));
  const candidate = {
    report,
    position,
    object,
    namespace: askingNamespace(shared, report),
    created: meta?.created ?? '',
    annotations: meta?.annotations ?? {},
    ...(ingress && { ingress: `Ingress ${ingress.namespace}/${ingress.name}` }),
    own: layers[0],
    layers,
    merged,
    refusals: layers.flatMap((layer) => layer.refusals),
  };
  return { candidate, notes: [...layers.flatMap((layer) => layer.notes), ...disagreements] };
}

/** What the configuration says beside the ingress entry. */
export interface CandidateOptions {
  /** Services that the ConfigMaps of other ingresses belong to. */
  readonly otherIngresses?: readonly string[];
  readonly serviceBundles?: readonly ServiceBundle[];
}

/**
 * Collects the candidates. Includes servers that only the present version refuses, marked with
 * `doubt`, so that existing exposures stay (decision 49).
 */
export function collectCandidates(
  pool: IndexedIngress,
  mesh: MeshOptions,
  { otherIngresses = [], serviceBundles = [] }: CandidateOptions = {},
): Candidates {
  const configMaps = assignConfigMaps(pool, otherIngresses);
  const shared = {
    pool,
    index: indexGateways(pool, mesh),
    configMaps,
    bundles: serviceBundles,
    ...lowestLayers(pool),
  };
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
