/**
 * All fields and annotations for load balancers, and how Sluice treats each. None is ignored
 * without a note.
 */
import type { JsonObject } from '../../json-object.ts';

/** One row of docs/reference/load-balancer-fields.md. */
export interface LoadBalancerField {
  /** `Gateway` is Istio's, `Gateway API` that of Kubernetes. */
  readonly object: 'Service' | 'Gateway' | 'Gateway API' | 'VirtualService' | 'ConfigMap';
  /** A path below the object, or several; or annotations. */
  readonly field: string;
  /**
   * `honoured`: it has its effect; `refused`: the exposure is refused with the reason; `noted`: a
   * note reports it; `others`: another component (Kubernetes, istiod, Envoy) implements it.
   */
  readonly treatment: 'honoured' | 'refused' | 'noted' | 'others';
  /** One sentence for the page: what it does here, or what to use instead. */
  readonly help: string;
  /** Only for `noted`: whether `spec` has a value other than the default. */
  readonly isSet?: (spec: JsonObject) => boolean;
}

/** Whether a field has a value other than the usual one, which the API server fills in. */
const isSet =
  (field: string, usual?: unknown) =>
  (spec: JsonObject): boolean => {
    const value = spec[field];
    return value !== undefined && value !== null && value !== usual && !isEmpty(value);
  };

/** An empty list asks for nothing. */
function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Fields of the ingress Service. */
const SERVICE: readonly LoadBalancerField[] = [
  {
    object: 'Service',
    field: 'spec.loadBalancerSourceRanges',
    treatment: 'honoured',
    help: 'The network of clients (setting `source`); refused where it does not come down to one (GW157).',
  },
  {
    object: 'Service',
    field: 'annotation service.beta.kubernetes.io/load-balancer-source-ranges',
    treatment: 'honoured',
    help: 'The same, where the field is empty.',
  },
  {
    object: 'Service',
    field: 'spec.loadBalancerIP',
    treatment: 'honoured',
    help: 'The virtual address where nothing else names one; otherwise noted (GW136).',
  },
  {
    object: 'Service',
    field: 'spec.loadBalancerClass',
    treatment: 'honoured',
    help: '`sluice.io/bigip`: Sluice writes `status.loadBalancer`.',
  },
  {
    object: 'Service',
    field: 'spec.allocateLoadBalancerNodePorts',
    treatment: 'honoured',
    help: '`false`: with `members: nodes` the exposure is refused and the field named (GW138).',
  },
  {
    object: 'Service',
    field: 'spec.ports[]',
    treatment: 'honoured',
    help: 'Number, target port, node port, protocol and name; see the port mapping.',
  },
  {
    object: 'Service',
    field: 'spec.ports[].appProtocol',
    treatment: 'others',
    help: 'istiod reads the protocol from it.',
  },
  {
    object: 'Service',
    field: 'spec.externalTrafficPolicy',
    treatment: 'honoured',
    help: 'With `members: nodes` and `Local`, only nodes with a gateway pod are members.',
  },
  {
    object: 'Service',
    field: 'spec.healthCheckNodePort',
    treatment: 'honoured',
    help: 'The monitor of nodes with `externalTrafficPolicy: Local`.',
  },
  { object: 'Service', field: 'spec.selector', treatment: 'honoured', help: 'The gateway pods.' },
  {
    object: 'Service',
    field: 'spec.ipFamilies, spec.ipFamilyPolicy',
    treatment: 'others',
    help: 'Kubernetes gives the pods their addresses; the virtual address decides which family is used.',
  },
  {
    object: 'Service',
    field: 'spec.internalTrafficPolicy, spec.trafficDistribution',
    treatment: 'others',
    help: 'Traffic inside the cluster; BIG-IP does not pass through it with `members: pods`.',
  },
  {
    object: 'Service',
    field: 'spec.publishNotReadyAddresses',
    treatment: 'others',
    help: 'EndpointSlices say that such pods are ready, and so they are members.',
  },
  {
    object: 'Service',
    field: 'spec.externalIPs',
    treatment: 'noted',
    help: 'Name the address in `sluice.io/virtual-address`.',
    isSet: isSet('externalIPs'),
  },
  {
    object: 'Service',
    field: 'spec.sessionAffinity',
    treatment: 'noted',
    help: 'Use `sluice.io/persistence: source-address`.',
    isSet: isSet('sessionAffinity', 'None'),
  },
  {
    object: 'Service',
    field: 'spec.externalName',
    treatment: 'noted',
    help: 'A Service without pods cannot be an ingress.',
    isSet: isSet('externalName'),
  },
  {
    object: 'Service',
    field: 'annotations sluice.io/, virtual-server.f5.com/, cis.f5.com/',
    treatment: 'honoured',
    help: 'See the reference of settings; what Sluice does not know is refused or noted (GW121, GW122).',
  },
  {
    object: 'Service',
    field: 'annotations of other load balancers',
    treatment: 'noted',
    help: 'Those of cloud providers and of MetalLB, kube-vip, Cilium and OpenStack.',
  },
];

/** Fields of other objects. */
const OTHERS: readonly LoadBalancerField[] = [
  {
    object: 'Gateway',
    field: 'spec.selector',
    treatment: 'honoured',
    help: 'The pods that open the ports.',
  },
  {
    object: 'Gateway',
    field: 'spec.servers[].port.number, .protocol, .name',
    treatment: 'honoured',
    help: 'What is offered; see the port mapping.',
  },
  {
    object: 'Gateway',
    field: 'spec.servers[].port.targetPort',
    treatment: 'others',
    help: 'Without effect in Istio.',
  },
  {
    object: 'Gateway',
    field: 'spec.servers[].bind',
    treatment: 'honoured',
    help: 'An address that BIG-IP cannot reach is refused (MAP250 to MAP252).',
  },
  {
    object: 'Gateway',
    field: 'spec.servers[].hosts',
    treatment: 'honoured',
    help: 'Conflicts on a port; the names themselves are Envoy\u2019s to match.',
  },
  {
    object: 'Gateway',
    field: 'spec.servers[].tls',
    treatment: 'honoured',
    help: 'The mode decides about the listener. Certificates stay with the gateway: BIG-IP passes TLS through.',
  },
  {
    object: 'Gateway',
    field: 'spec.servers[].defaultEndpoint',
    treatment: 'others',
    help: 'Without effect on gateways.',
  },
  {
    object: 'Gateway',
    field: 'annotation sluice.io/expose',
    treatment: 'honoured',
    help: 'Whether the Gateway, or which of its ports, is offered.',
  },
  {
    object: 'Gateway',
    field: 'annotations of other load balancers',
    treatment: 'noted',
    help: 'GW159, also on a Gateway of Gateway API: they belong on the Service, where nothing reads them either.',
  },
  {
    object: 'Gateway',
    field: 'labels sluice.io/',
    treatment: 'noted',
    help: 'GW121, also on the Service: settings are annotations.',
  },
  {
    object: 'Gateway API',
    field: 'spec.addresses',
    treatment: 'honoured',
    help: 'An IP address is the virtual address; host names are Services.',
  },
  {
    object: 'Gateway API',
    field: 'spec.listeners[]',
    treatment: 'honoured',
    help: 'Port, protocol, hostname, allowedRoutes, tls; what istiod drops is refused (MAP217, MAP218).',
  },
  {
    object: 'Gateway API',
    field: 'spec.infrastructure',
    treatment: 'others',
    help: 'istiod copies it to the Service it keeps, where Sluice reads it.',
  },
  {
    object: 'Gateway API',
    field: 'spec.tls.frontend',
    treatment: 'honoured',
    help: 'References of certificates decide about the listener.',
  },
  {
    object: 'VirtualService',
    field: 'spec.gateways, hosts, exportTo, tcp, tls',
    treatment: 'honoured',
    help: 'Whether a TCP-like server has a route, and so a listener.',
  },
  {
    object: 'VirtualService',
    field: 'spec.http',
    treatment: 'others',
    help: 'Envoy routes; BIG-IP sees connections.',
  },
  {
    object: 'VirtualService',
    field: 'annotations sluice.io/, virtual-server.f5.com/, cis.f5.com/',
    treatment: 'noted',
    help: 'GW121, also on routes of Gateway API: settings belong on the Gateway.',
  },
  {
    object: 'VirtualService',
    field: 'match[].sourceSubnets, destinationSubnets',
    treatment: 'others',
    help:
      'Envoy matches them. It sees the address of BIG-IP unless `sluice.io/snat: ' +
      'none` or the PROXY protocol tells it the client\u2019s.',
  },
  {
    object: 'ConfigMap',
    field: 'F5 virtualServer.frontend, .backend',
    treatment: 'honoured',
    help: 'Field by field, see the reference of settings; what cannot be declared is refused (GW143).',
  },
  {
    object: 'ConfigMap',
    field: 'F5 frontend.iapp',
    treatment: 'refused',
    help: 'GW126.',
  },
  {
    object: 'ConfigMap',
    field: 'mesh: discoverySelectors',
    treatment: 'honoured',
    help: 'Namespaces that are not read open no port (MAP208).',
  },
  {
    object: 'ConfigMap',
    field: 'mesh: defaultConfig.gatewayTopology.proxyProtocol',
    treatment: 'noted',
    help: 'For gateway pods without PROXY_CONFIG (GW141); those of injected pods are honoured.',
  },
];

/** All known fields and annotations, in the order of the reference page. */
export const LOAD_BALANCER_FIELDS: readonly LoadBalancerField[] = [...SERVICE, ...OTHERS];

/** Fields of a Service that are reported with a note if they are set. */
export const UNHEEDED_SERVICE_FIELDS = SERVICE.flatMap(({ field, isSet: test }) =>
  test === undefined ? [] : [{ field, isSet: test }],
);

/**
 * Prefixes of annotations for other load balancers, except those of Kubernetes itself that Sluice
 * reads.
 */
export const FOREIGN_ANNOTATIONS: readonly RegExp[] = [
  /^service\.beta\.kubernetes\.io\/(?!load-balancer-source-ranges$)/,
  /^service\.kubernetes\.io\/(aws|azure|ibm|qcloud|local|loadbalance|tke)/,
  /^service\.cloud\.ibm\.com\//,
  /^(networking\.gke\.io|cloud\.google\.com)\//,
  /^(metallb\.universe\.tf|metallb\.io|purelb\.io|kube-vip\.io)\//,
  /^(io\.cilium|lbipam\.cilium\.io|service\.cilium\.io)\//,
  /^(loadbalancer\.openstack\.org|load-balancer\.hetzner\.cloud|oci\.oraclecloud\.com|oci-network-load-balancer\.oraclecloud\.com)\//,
  /^alb\.ingress\.kubernetes\.io\//,
  /^(kubernetes\.civo\.com|kubernetes\.digitalocean\.com|yawol\.stackit\.cloud|ako\.vmware\.com)\//,
  /^(openelb\.(alpha\.)?kubesphere\.io|lb\.kubesphere\.io|loxilb\.io|tailscale\.com)\//,
  /^(kubernetes\.io\/elb\.|projectcalico\.org\/loadBalancer)/,
];

/**
 * Whether the annotation belongs to the load balancer of another vendor. Such annotations are
 * reported (GW159).
 */
export function isForeignAnnotation(name: string): boolean {
  return FOREIGN_ANNOTATIONS.some((pattern) => pattern.test(name));
}
