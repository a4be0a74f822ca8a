/** What matters to an ingress, by definition: every object is checked, nothing is cached. */
import type { IndexedObjects } from '../../../functions/watch/cache/cluster-index.ts';
import type {
  KubernetesObjects,
  Meta,
  Pod,
  Service,
  VirtualService,
} from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';

type Labels = Readonly<Record<string, string>>;

export function selectObjects(
  ingress: IngressRef,
  all: IndexedObjects,
  members: 'pods' | 'nodes',
): KubernetesObjects | undefined {
  const own = all.services.find(
    (service) =>
      service.meta.namespace === ingress.namespace && service.meta.name === ingress.service,
  );
  if (own === undefined) return undefined;
  const pods = all.pods.filter(
    (pod) => pod.meta.namespace === ingress.namespace && selects(own.selector, pod.meta.labels),
  );
  const services = all.services.filter(
    (service) => service === own || isSibling(service, own, pods),
  );
  const gateways = all.gateways.filter((gateway) => isForPods(gateway.selector, own, pods));
  const gatewayKeys = new Set(gateways.map((gateway) => keyOf(gateway.meta)));
  const chosen = selectMesh(ingress, all).filter(
    (service) => !services.some(({ meta }) => keyOf(meta) === keyOf(service.meta)),
  );
  const nodeNames = new Set(pods.map((pod) => pod.nodeName));
  return {
    gateways: gateways.sort(byKey),
    virtualServices: all.virtualServices.filter((route) => isBound(route, gatewayKeys)).sort(byKey),
    services: [...services, ...chosen].sort(byKey),
    pods: pods.sort(byKey),
    nodes: all.nodes
      .filter((node) => members === 'nodes' || nodeNames.has(node.meta.name))
      .sort(byKey),
    endpointSlices: all.endpointSlices
      .filter(
        (slice) => slice.meta.namespace === ingress.namespace && slice.service === ingress.service,
      )
      .sort(byKey),
    configMaps: all.configMaps
      .filter((map) => map.meta.namespace === ingress.namespace)
      .sort(byKey),
    ...selectGatewayApi(ingress.namespace, all),
    optionalKinds: {},
  };
}

/**
 * For each server with AUTO_PASSTHROUGH that no Service of the ingress fulfils, the oldest Service
 * of the cluster that does.
 */
export function selectMesh(ingress: IngressRef, all: IndexedObjects): readonly Service[] {
  const own = all.services.find(
    (service) =>
      service.meta.namespace === ingress.namespace && service.meta.name === ingress.service,
  );
  if (own === undefined) return [];
  const pods = all.pods.filter(
    (pod) => pod.meta.namespace === ingress.namespace && selects(own.selector, pod.meta.labels),
  );
  const near = all.services.filter((service) => service === own || isSibling(service, own, pods));
  const { apiGateways, listenerSets } = selectGatewayApi(ingress.namespace, all);
  const istio = all.gateways
    .filter((gateway) => isForPods(gateway.selector, own, pods))
    .flatMap(({ servers }) =>
      servers.flatMap((server) =>
        'malformed' in server || server.tls?.mode !== 'AUTO_PASSTHROUGH'
          ? []
          : [server.hosts.map((host) => host.replace(/^.*\//, ''))],
      ),
    );
  const listeners = [...apiGateways, ...listenerSets].flatMap((object) =>
    object.listeners.filter(({ tlsMode }) => tlsMode === 'AUTO_PASSTHROUGH'),
  );
  const wishes = [...istio, ...listeners.map(({ hostname = '*' }) => [hostname])];
  const chosen = wishes.flatMap((hosts) =>
    near.some((service) => fulfils(service, hosts))
      ? []
      : all.meshServices
          .filter((service) => fulfils(service, hosts))
          .sort(byAge)
          .slice(0, 1),
  );
  return [...new Set(chosen)];
}

function fulfils({ meta, type, ports }: Service, hosts: readonly string[]): boolean {
  const name = `${meta.name}.${meta.namespace}.svc.cluster.local`;
  return (
    type !== 'ExternalName' &&
    ports.some(({ protocol }) => protocol !== 'UDP') &&
    hosts.some((host) => (host.startsWith('*') ? name.endsWith(host.slice(1)) : name === host))
  );
}

function byAge(a: Service, b: Service): number {
  return (
    Date.parse(a.meta.created) - Date.parse(b.meta.created) ||
    compare(`${a.meta.name}.${a.meta.namespace}`, `${b.meta.name}.${b.meta.namespace}`)
  );
}

type GatewayApi = 'apiGateways' | 'listenerSets' | 'apiRoutes' | 'namespaces';

function selectGatewayApi(
  namespace: string,
  all: KubernetesObjects,
): Pick<KubernetesObjects, GatewayApi> {
  const apiGateways = all.apiGateways.filter((gateway) => gateway.meta.namespace === namespace);
  const gateways = new Set(apiGateways.map((gateway) => `Gateway ${keyOf(gateway.meta)}`));
  const listenerSets = all.listenerSets.filter((set) =>
    gateways.has(`Gateway ${keyOf(set.parent)}`),
  );
  const parents = new Set([
    ...gateways,
    ...listenerSets.map((set) => `ListenerSet ${keyOf(set.meta)}`),
  ]);
  const apiRoutes = all.apiRoutes.filter((route) =>
    route.parents.some((parent) => parents.has(`${parent.kind} ${keyOf(parent)}`)),
  );
  const asked = new Set([...listenerSets, ...apiRoutes].map((object) => object.meta.namespace));
  return {
    apiGateways: apiGateways.sort(byKey),
    listenerSets: listenerSets.sort(byKey),
    apiRoutes: apiRoutes.sort((a, b) =>
      compare(`${a.kind} ${keyOf(a.meta)}`, `${b.kind} ${keyOf(b.meta)}`),
    ),
    namespaces: all.namespaces
      .filter((entry) => asked.has(entry.name))
      .sort((a, b) => compare(a.name, b.name)),
  };
}

/** An empty Service selector selects nothing. */
function selects(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

/** While there is no pod, the selector of the ingress Service is used. */
function isSibling(service: Service, own: Service, pods: readonly Pod[]): boolean {
  const labels = pods.length === 0 ? [own.selector] : pods.map((pod) => pod.meta.labels);
  return (
    service.meta.namespace === own.meta.namespace &&
    labels.some((one) => selects(service.selector, one))
  );
}

/**
 * An empty Gateway selector selects every gateway pod. Without pods, the Service's own selector is
 * used.
 */
function isForPods(selector: Labels, own: Service, pods: readonly Pod[]): boolean {
  if (Object.keys(selector).length === 0) return true;
  return selects(selector, own.selector) || pods.some((pod) => selects(selector, pod.meta.labels));
}

function isBound(route: VirtualService, gateways: ReadonlySet<string>): boolean {
  const named = [
    ...route.gateways,
    ...[...route.tcp, ...route.tls].flatMap((block) =>
      block.match.flatMap((match) => match.gateways ?? []),
    ),
  ];
  return named.some((entry) =>
    candidates(entry, route.meta.namespace).some((key) => gateways.has(key)),
  );
}

/**
 * `ns/name`, `./name`, `name`, and the old format `name.ns[.svc…]`; a name may contain dots, so
 * both interpretations count.
 */
function candidates(entry: string, namespace: string): readonly string[] {
  const [before = '', after] = entry.split('/');
  if (after !== undefined) return [`${before === '.' ? namespace : before}/${after}`];
  const [name = '', legacyNamespace] = entry.split('.');
  return legacyNamespace === undefined
    ? [`${namespace}/${entry}`]
    : [`${namespace}/${entry}`, `${legacyNamespace}/${name}`];
}

function keyOf(meta: Pick<Meta, 'namespace' | 'name'>): string {
  return `${meta.namespace}/${meta.name}`;
}

function byKey(a: { readonly meta: Meta }, b: { readonly meta: Meta }): number {
  return compare(keyOf(a.meta), keyOf(b.meta));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
