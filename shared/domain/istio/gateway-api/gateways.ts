/**
 * istio-port-mapping.md §3: which Services, and through them which pods, a Gateway API Gateway
 * applies to.
 */
import { namespacedName } from '../object-age.ts';
import type { MeshOptions } from '../mesh.ts';
import type { CodedReason } from '../model.ts';
import type { ApiGateway, Service } from '../../snapshot/objects.ts';

/**
 * Managed: istiod creates and maintains the Service. Manual: the Gateway names existing Services.
 */
export type Deployment =
  | { readonly mode: 'managed'; readonly services: readonly string[] }
  | { readonly mode: 'manual'; readonly services: readonly string[] }
  | ({ readonly mode: 'none' } & CodedReason);

/** Annotation with the name of the Service that istiod creates for a Gateway. */
const NAME_OVERRIDE = 'gateway.istio.io/name-override';
const MANAGED_LABEL = 'gateway.istio.io/managed';
/** Istio classes that are not ingress gateways of this cluster's own pods. */
const OTHER_CLASSES: Readonly<Record<string, string>> = {
  'istio-remote': 'is never programmed by istiod',
  'istio-waypoint': 'makes waypoints, which are not ingress gateways',
  'istio-east-west': 'makes ambient east-west gateways, which carry HBONE only',
};

/** A Gateway for which Istio creates nothing, with the code and the reason. */
function none(gateway: ApiGateway, code: string, why: string): Deployment {
  return {
    mode: 'none',
    code,
    reason: `Gateway ${namespacedName(gateway.meta)} opens no port: ${why}`,
  };
}

/** A short name is in the Gateway's namespace; `name.namespace.svc…` must be in it too. */
function serviceOf(host: string, namespace: string): string | undefined {
  const [name = '', inNamespace = namespace] = host.split('.');
  return name !== '' && inNamespace === namespace ? `${namespace}/${name}` : undefined;
}

function isAddress(type: string): boolean {
  return type === '' || type === 'IPAddress';
}

/** A gateway that names existing Services in its addresses. */
function manual(gateway: ApiGateway): Deployment {
  const services = gateway.addresses.flatMap(
    ({ value }) => serviceOf(value, gateway.meta.namespace) ?? [],
  );
  if (services.length > 0) return { mode: 'manual', services };
  const hosts = gateway.addresses.map(({ value }) => value).join(', ');
  return none(
    gateway,
    'MAP207',
    `spec.addresses (${hosts}) names no Service in namespace ${gateway.meta.namespace}, ` +
      'and Services in other namespaces are not used',
  );
}

/**
 * The Services of a Gateway: the one that istiod creates (`managed`), those that its addresses name
 * (`manual`), or the reason why it has none. Only classes in the mesh option `gatewayClasses`
 * count.
 */
export function deploymentOf(
  gateway: ApiGateway,
  mesh: Pick<MeshOptions, 'gatewayClasses'>,
): Deployment {
  if (!mesh.gatewayClasses.includes(gateway.class)) {
    const why =
      OTHER_CLASSES[gateway.class] ??
      "is not one of Istio's ingress classes (mesh option gatewayClasses)";
    return none(gateway, 'MAP206', `gatewayClassName ${gateway.class} ${why}`);
  }
  const [first] = gateway.addresses;
  if (first === undefined || (gateway.addresses.length === 1 && isAddress(first.type))) {
    const name = gateway.meta.annotations[NAME_OVERRIDE] ?? `${gateway.meta.name}-${gateway.class}`;
    return { mode: 'managed', services: [`${gateway.meta.namespace}/${name}`] };
  }
  if (gateway.addresses.every(({ type }) => type === 'Hostname')) return manual(gateway);
  return none(
    gateway,
    'MAP207',
    'spec.addresses must contain one IP address, or only host names of Services',
  );
}

/** Sluice only reads such a Service, because istiod sets its ports from the listeners. */
export function isManagedService(service: Service, managed: ReadonlySet<string>): boolean {
  return MANAGED_LABEL in service.meta.labels || managed.has(namespacedName(service.meta));
}
