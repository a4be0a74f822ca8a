/** Pure: everything of a cluster → what matters to one ingress. */
import type { KubernetesObjects, Meta, Pod, Service, VirtualService } from '../../shared/domain/ingress/objects.ts';
import type { IngressRef } from '../../shared/domain/ingress/snapshot.ts';
import { selectGatewayApi } from './snapshot-gateway-api.ts';

export interface SnapshotRules {
  readonly members: 'pods' | 'nodes';
}

type Labels = Readonly<Record<string, string>>;

/** Undefined where the ingress Service does not exist. */
export function selectObjects(ingress: IngressRef, all: KubernetesObjects, rules: SnapshotRules): KubernetesObjects | undefined {
  const own = all.services.find((service) => service.meta.namespace === ingress.namespace && service.meta.name === ingress.service);
  if (own === undefined) return undefined;
  const pods = all.pods.filter((pod) => pod.meta.namespace === ingress.namespace && selects(own.selector, pod.meta.labels));
  const services = all.services.filter((service) => service === own || isSibling(service, ingress.namespace, pods));
  const gateways = all.gateways.filter((gateway) => isForPods(gateway.selector, own, pods));
  const gatewayKeys = new Set(gateways.map((gateway) => keyOf(gateway.meta)));
  const nodeNames = new Set(pods.map((pod) => pod.nodeName));
  return {
    gateways: gateways.map(trim).sort(byKey),
    virtualServices: all.virtualServices.filter((route) => isBound(route, gatewayKeys)).map(trim).sort(byKey),
    services: services.map(trim).sort(byKey),
    pods: pods.map(trim).sort(byKey),
    nodes: all.nodes.filter((node) => rules.members === 'nodes' || nodeNames.has(node.meta.name)).map(trim).sort(byKey),
    endpointSlices: all.endpointSlices.filter((slice) => slice.meta.namespace === ingress.namespace && slice.service === ingress.service).map(trim).sort(byKey),
    configMaps: all.configMaps.filter((map) => map.meta.namespace === ingress.namespace).map(trim).sort(byKey),
    ...mapLists(selectGatewayApi(ingress.namespace, all)),
  };
}

function mapLists(found: ReturnType<typeof selectGatewayApi>): ReturnType<typeof selectGatewayApi> {
  return {
    apiGateways: found.apiGateways.map(trim).sort(byKey),
    listenerSets: found.listenerSets.map(trim).sort(byKey),
    apiRoutes: found.apiRoutes.map(trim).sort((a, b) => compare(`${a.kind} ${keyOf(a.meta)}`, `${b.kind} ${keyOf(b.meta)}`)),
    namespaces: found.namespaces.toSorted((a, b) => compare(a.name, b.name)),
  };
}

/** An empty Service selector selects nothing. */
function selects(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

function isSibling(service: Service, namespace: string, pods: readonly Pod[]): boolean {
  return service.meta.namespace === namespace && pods.some((pod) => selects(service.selector, pod.meta.labels));
}

/** An empty Gateway selector selects every gateway pod. With no pod at this moment, the Service's own selector stands for them. */
function isForPods(selector: Labels, own: Service, pods: readonly Pod[]): boolean {
  if (Object.keys(selector).length === 0) return true;
  return selects(selector, own.selector) || pods.some((pod) => selects(selector, pod.meta.labels));
}

function isBound(route: VirtualService, gateways: ReadonlySet<string>): boolean {
  const named = [...route.gateways, ...[...route.tcp, ...route.tls].flatMap((block) => block.match.flatMap((match) => match.gateways ?? []))];
  return named.some((entry) => candidates(entry, route.meta.namespace).some((key) => gateways.has(key)));
}

/** `ns/name`, `./name`, `name`, and the legacy `name.ns[.svc…]`; a name may itself hold dots, so both readings count. */
function candidates(entry: string, namespace: string): readonly string[] {
  const [before = '', after] = entry.split('/');
  if (after !== undefined) return [`${before === '.' ? namespace : before}/${after}`];
  const [name = '', legacyNamespace] = entry.split('.');
  return legacyNamespace === undefined ? [`${namespace}/${entry}`] : [`${namespace}/${entry}`, `${legacyNamespace}/${name}`];
}

/** Labels that change often or are many, and decide nothing. */
const NOISE = /^(pod-template-hash|controller-revision-hash|pod-template-generation|helm\.sh\/.*|beta\.kubernetes\.io\/.*|feature\.node\.kubernetes\.io\/.*|nvidia\.com\/.*|csi\..*|topology\.ebs\.csi\..*)$/;

/** The version counts writes, not content: heartbeats would make every snapshot new. Changes carry it instead. */
function trim<T extends { readonly meta: Meta }>(object: T): T {
  const labels = Object.fromEntries(Object.entries(object.meta.labels).filter(([name]) => !NOISE.test(name)).sort(([a], [b]) => compare(a, b)));
  return { ...object, meta: { ...object.meta, labels, resourceVersion: '' } };
}

function keyOf(meta: Meta): string {
  return `${meta.namespace}/${meta.name}`;
}

function byKey(a: { readonly meta: Meta }, b: { readonly meta: Meta }): number {
  return compare(keyOf(a.meta), keyOf(b.meta));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
