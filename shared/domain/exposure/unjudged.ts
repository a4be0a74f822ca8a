/** Reports facts that affect a port and cannot be read, at the object concerned. */
import { namespacedName } from '../istio/object-age.ts';
import { unjudgedReferences } from '../istio/gateway-api/listener-tls.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import { appliesTo } from '../istio/envoy-filters.ts';
import type { MeshOptions } from '../istio/mesh.ts';
import { meshConfigOf } from '../istio/discovery.ts';
import { REVISION_LABEL } from '../istio/mesh.ts';
import type { KubernetesObjects, MeshConfig, OptionalKinds, Service } from '../snapshot/objects.ts';
import type { Note } from './settings/layers.ts';

/** All of it for one ingress. */
export function unjudgedNotes(pool: IndexedIngress, mesh: MeshOptions): readonly Note[] {
  return [
    ...unjudgedCertificates(pool.objects, mesh),
    ...unheededFields(pool.service),
    ...changedListeners(pool, mesh),
    ...deadPorts(pool),
    ...unreadKinds(pool, mesh),
  ];
}

/** Load balancer features that the ingress Service requests and Sluice does not implement. */
function unheededFields(service: Service | undefined): readonly Note[] {
  const { unheeded = [] } = service ?? {};
  if (service === undefined || unheeded.length === 0) return [];
  const message = `${unheeded.join(', ')}: ignored; docs/reference/load-balancer-fields.md says what to use instead`;
  return [{ object: `Service ${namespacedName(service.meta)}`, code: 'GW159', message }];
}

/** Ports of the ingress Service whose named target is on none of the gateway pods. */
function deadPorts({ name, service, pods }: IndexedIngress): readonly Note[] {
  if (pods.length === 0) return [];
  const named = new Set(
    pods.flatMap(({ pod }) => pod.containerPorts.map((one) => `${one.name}/${one.protocol}`)),
  );
  return (service?.ports ?? []).flatMap(({ port, targetPort, protocol }) => {
    if (typeof targetPort !== 'string' || named.has(`${targetPort}/${protocol}`)) return [];
    const message =
      `port ${port} leads nowhere: ` +
      `no container of the gateway pods has a ${protocol} port named ${targetPort}; ` +
      'name the container port, or write its number as targetPort';
    return [{ object: `Service ${name}`, code: 'GW164', message }];
  });
}

/** EnvoyFilters on listeners of the gateway pods, whose effect is unknown. */
function changedListeners(
  { name, objects, pods }: IndexedIngress,
  { rootNamespace }: MeshOptions,
): readonly Note[] {
  return (objects.optionalKinds?.envoyFilters ?? []).flatMap((filter) => {
    if (filter.patches.length === 0) return [];
    if (!pods.some(({ pod }) => appliesTo(filter, pod, rootNamespace))) return [];
    const what = filter.patches.map(({ applyTo, operation, port }) =>
      [operation || 'changes', applyTo, port === undefined ? '' : `of port ${port}`]
        .join(' ')
        .trim(),
    );
    const proxy = filter.patches.some(({ proxyProtocol }) => proxyProtocol)
      ? 'it speaks of the PROXY protocol: without its header Envoy drops every connection, ' +
        'so name the iRule that sends it in sluice.io/proxy-protocol; '
      : '';
    const message =
      `EnvoyFilter ${namespacedName(filter.meta)} changes listeners of the gateway pods ` +
      `(${[...new Set(what)].join(', ')}); ` +
      `${proxy}Sluice cannot judge whether ports are opened, closed or changed by it`;
    return [{ object: `Service ${name}`, code: 'GW163', message }];
  });
}

/** Certificates in other namespaces, while ReferenceGrants cannot be read. */
function unjudgedCertificates(
  { apiGateways, optionalKinds = {} }: KubernetesObjects,
  { gatewayClasses }: MeshOptions,
): readonly Note[] {
  const grants = optionalKinds.referenceGrants;
  return apiGateways
    .filter((gateway) => gatewayClasses.includes(gateway.class))
    .flatMap((gateway) => {
      const owner = { kind: 'Gateway', meta: gateway.meta } as const;
      const refs = gateway.listeners.flatMap((listener) =>
        unjudgedReferences({ gateway, owner, listener, grants }),
      );
      if (refs.length === 0) return [];
      const message =
        `whether ${[...new Set(refs)].join(', ')} may be referred to from namespace ` +
        `${gateway.meta.namespace} is not known, because ReferenceGrants cannot be read; ` +
        'grant list and watch of referencegrants.gateway.networking.k8s.io, or if the cluster ' +
        'does not serve this kind, install its CRD of the Gateway API';
      return [{ object: `Gateway ${namespacedName(gateway.meta)}`, code: 'GW161', message }];
    });
}

/**
 * The mesh ConfigMap by whose defaults the gateway pods expect the PROXY protocol, if they have no
 * configuration of their own. Their agents decide, so this refuses nothing.
 */
export function meshProxyProtocol(
  { objects, pods }: IndexedIngress,
  mesh: MeshOptions,
): MeshConfig | undefined {
  return pods
    .filter(({ pod }) => pod.meshDefaults === true)
    .map(({ pod }) => meshConfigOf(pod.meta.labels[REVISION_LABEL] ?? mesh.revision, objects, mesh))
    .find((config) => config?.proxyProtocol === true);
}

/** An optional kind, and what is not known without it. */
interface UnreadKind {
  readonly kind: keyof OptionalKinds;
  readonly message: (mesh: MeshOptions) => string;
}

/** ReferenceGrants are reported at the Gateways that depend on them. */
const UNREAD: readonly UnreadKind[] = [
  {
    kind: 'ingresses',
    message: () =>
      'Ingresses cannot be read, so ports that istiod opens for them are unknown; grant ' +
      'list and watch of ingresses.networking.k8s.io',
  },
  {
    kind: 'envoyFilters',
    message: () =>
      'EnvoyFilters cannot be read, so changes of the listeners by them are unknown; ' +
      'grant list and watch of envoyfilters.networking.istio.io',
  },
  {
    kind: 'meshConfigs',
    message: ({ rootNamespace }) =>
      `the mesh ConfigMap in namespace ${rootNamespace} cannot be read, so every ` +
      'namespace counts as read by istiod; grant get, list and watch of configmaps ' +
      'there, or set the mesh option discoverySelectors',
  },
];

/** Optional kinds that the watcher could not read. Versions that read none send no such list. */
function unreadKinds(
  { name, objects: { optionalKinds } }: IndexedIngress,
  mesh: MeshOptions,
): readonly Note[] {
  if (optionalKinds === undefined) return [];
  return UNREAD.filter(({ kind }) => optionalKinds[kind] === undefined)
    .filter(({ kind }) => kind !== 'meshConfigs' || mesh.discoverySelectors === undefined)
    .map(({ message }) => ({
      object: `Service ${name}`,
      code: 'GW161',
      message: message(mesh),
    }));
}
