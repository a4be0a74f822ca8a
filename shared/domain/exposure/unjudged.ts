/** Reports facts that affect a port and cannot be read, at the object concerned. */
import { namespacedName } from '../istio/object-age.ts';
import { unjudgedReferences } from '../istio/gateway-api/listener-tls.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import { appliesTo } from '../istio/envoy-filters.ts';
import type { MeshOptions } from '../istio/mesh.ts';
import type { KubernetesObjects, Service } from '../snapshot/objects.ts';
import type { Note } from './settings/layers.ts';

/** Load balancer features that the ingress Service requests and Sluice does not implement. */
export function unheededFields(service: Service | undefined): readonly Note[] {
  const { unheeded = [] } = service ?? {};
  if (service === undefined || unheeded.length === 0) return [];
  const message = `${unheeded.join(', ')}: not heeded; docs/reference/load-balancer-fields.md says what to use instead`;
  return [{ object: `Service ${namespacedName(service.meta)}`, code: 'GW159', message }];
}

/** Ports of the ingress Service whose named target is on none of the gateway pods. */
export function deadPorts({ name, service, pods }: IndexedIngress): readonly Note[] {
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
export function changedListeners(
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
export function unjudgedCertificates(
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
        'grant list and watch of referencegrants.gateway.networking.k8s.io';
      return [{ object: `Gateway ${namespacedName(gateway.meta)}`, code: 'GW161', message }];
    });
}
