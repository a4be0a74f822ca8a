/**
 * The Kubernetes objects of a snapshot, reduced to the relevant fields.
 * `shared/kubernetes/objects` creates them from raw API objects; nothing here relies on validation
 * by the API server.
 */
import * as z from 'zod';
import { LabelSelector } from './label-selector.ts';
import { BlockAffinity, CiliumNode, NodeNetwork } from './node-network.ts';

const Labels = z.record(z.string(), z.string());

/** The metadata that rules depend on. `created` and `uid` are empty for objects from files. */
export const Meta = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string().default(''),
  /** creationTimestamp, RFC 3339; decides precedence. */
  created: z.string().default(''),
  resourceVersion: z.string().default(''),
  labels: Labels.default({}),
  /** Only annotations that Sluice reads; see `keptAnnotations` of the normaliser. */
  annotations: Labels.default({}),
});
export type Meta = z.infer<typeof Meta>;

/** One entry of `spec.servers`, or the reason why it cannot be read. */
export const Server = z.union([
  z.object({ malformed: z.string() }),
  z.object({
    name: z.string().optional(),
    port: z.object({ number: z.number(), name: z.string().default(''), protocol: z.string() }),
    bind: z.string().optional(),
    hosts: z.array(z.string()),
    tls: z
      .object({ mode: z.string().optional(), httpsRedirect: z.boolean().optional() })
      .optional(),
  }),
]);
export type Server = z.infer<typeof Server>;

/** networking.istio.io Gateway. */
export const IstioGateway = z.object({
  meta: Meta,
  selector: Labels,
  servers: z.array(Server),
  /** Annotations that ask a load balancer for something, and have no effect on a Gateway. */
  unheeded: z.array(z.string()).optional(),
});
export type IstioGateway = z.infer<typeof IstioGateway>;

/** A tcp or tls block of a VirtualService. */
export const RouteBlock = z.object({
  /** Without a match list, everything matches. */
  match: z.array(
    z.object({
      port: z.number().optional(),
      gateways: z.array(z.string()).optional(),
      sniHosts: z.array(z.string()).optional(),
    }),
  ),
  /** Number of destinations in `route`; a block without any does not count. */
  destinations: z.number(),
});
export type RouteBlock = z.infer<typeof RouteBlock>;

/** networking.istio.io VirtualService. */
export const VirtualService = z.object({
  meta: Meta,
  hosts: z.array(z.string()),
  gateways: z.array(z.string()),
  exportTo: z.array(z.string()),
  http: z.number().describe('number of http blocks'),
  tcp: z.array(RouteBlock),
  tls: z.array(RouteBlock),
});
export type VirtualService = z.infer<typeof VirtualService>;

/** A port of a Service. Files may omit `targetPort`, which then equals `port`. */
export const ServicePort = z.object({
  name: z.string().default(''),
  port: z.number(),
  protocol: z.string().default('TCP'),
  targetPort: z.union([z.number(), z.string()]).optional(),
  nodePort: z.number().optional(),
  appProtocol: z.string().optional(),
});
export type ServicePort = z.infer<typeof ServicePort>;

/** A Kubernetes Service, with the fields that concern load balancers. */
export const Service = z.object({
  meta: Meta,
  type: z.string().default('ClusterIP'),
  headless: z.boolean().default(false),
  selector: Labels,
  ports: z.array(ServicePort),
  externalTrafficPolicy: z.string().optional(),
  healthCheckNodePort: z.number().optional(),
  loadBalancerClass: z.string().optional(),
  /** `spec.loadBalancerSourceRanges`, or its annotation if that is empty. */
  sourceRanges: z.array(z.string()).optional(),
  loadBalancerIP: z.string().optional(),
  /** `spec.allocateLoadBalancerNodePorts` is false: no node ports by choice. */
  withoutNodePorts: z.boolean().optional(),
  /** Fields and annotations that ask a load balancer for something Sluice does not do. */
  unheeded: z.array(z.string()).optional(),
  ipFamilies: z.array(z.string()).default([]),
  /** status.loadBalancer.ingress, unchanged. */
  loadBalancerIngress: z
    .array(z.object({ ip: z.string().optional(), hostname: z.string().optional() }))
    .default([]),
  /** Sluice wrote `status.loadBalancer`, as its field manager shows. */
  statusIsOurs: z.boolean().optional(),
});
export type Service = z.infer<typeof Service>;

/** A gateway pod. Only its addresses, ports, labels and state matter. */
export const Pod = z.object({
  meta: Meta,
  ips: z.array(z.string()),
  nodeName: z.string().default(''),
  containerPorts: z.array(
    z.object({
      name: z.string().default(''),
      port: z.number(),
      protocol: z.string().default('TCP'),
    }),
  ),
  /**
   * A gateway runs as `proxy router`; a sidecar with matching labels does not count. `unknown`
   * counts as a gateway.
   */
  proxy: z.enum(['router', 'sidecar', 'unknown']).default('unknown'),
  /** ISTIO_META_UNPRIVILEGED_POD is set to a true value. */
  unprivileged: z.boolean().default(false),
  /** Readiness condition of the Pod. */
  ready: z.boolean(),
  terminating: z.boolean().default(false),
  /**
   * No longer in the cluster: the watcher keeps it for a while, so that its connections can end.
   */
  gone: z.boolean().optional(),
  /** Every TCP listener of this pod expects the PROXY protocol (gatewayTopology.proxyProtocol). */
  proxyProtocol: z.boolean().default(false),
  /** It has no PROXY_CONFIG, so the defaults of the mesh may decide about the PROXY protocol. */
  meshDefaults: z.literal(true).optional(),
});
export type Pod = z.infer<typeof Pod>;

/** A node with its addresses, and what it says about the networks of its pods. */
export const Node = z.object({
  meta: Meta,
  addresses: z.array(z.object({ type: z.string(), address: z.string() })),
  ready: z.boolean(),
  unschedulable: z.boolean().default(false),
  /** Absent if the node says nothing. */
  network: NodeNetwork.optional(),
});
export type Node = z.infer<typeof Node>;

/** An EndpointSlice with the Service that it belongs to (label `kubernetes.io/service-name`). */
export const EndpointSlice = z.object({
  meta: Meta,
  service: z.string(),
  addressType: z.string(),
  endpoints: z.array(
    z.object({
      addresses: z.array(z.string()),
      /** Absent conditions count as true, as the API defines. */
      ready: z.boolean(),
      serving: z.boolean(),
      terminating: z.boolean(),
      pod: z.string().optional(),
      nodeName: z.string().optional(),
    }),
  ),
});
export type EndpointSlice = z.infer<typeof EndpointSlice>;

/** A ConfigMap labelled `f5type: virtual-server`. */
export const ConfigMap = z.object({ meta: Meta, data: z.record(z.string(), z.string()) });
export type ConfigMap = z.infer<typeof ConfigMap>;

/**
 * A reference of a listener. Absent fields have the API's defaults: group core, kind Secret, the
 * namespace of the listener.
 */
export const CertificateRef = z.object({
  group: z.string().optional(),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string(),
});
export type CertificateRef = z.infer<typeof CertificateRef>;

/** gateway.networking.k8s.io Gateway of a class that Istio implements. */
export const ApiListener = z.object({
  name: z.string(),
  hostname: z.string().optional(),
  port: z.number(),
  protocol: z.string(),
  tlsMode: z.string().optional(),
  /** Absent if it was not read. */
  certificateRefs: z.array(CertificateRef).optional(),
  /** CAs for client certificates, from the Gateway's settings for the listener's port. */
  caCertificateRefs: z.array(CertificateRef).optional(),
  /** `gateway.istio.io/tls-terminate-mode` */
  terminateMode: z.string().optional(),
  /**
   * A condition of the listener's status with status False and the current generation, by which the
   * controller reports that it drops the listener.
   */
  dropped: z.object({ type: z.string(), reason: z.string(), message: z.string() }).optional(),
  allowedKinds: z.array(z.string()).default([]),
  allowedNamespaces: z.enum(['All', 'Same', 'Selector', 'None']).default('Same'),
  allowedSelector: Labels.optional(),
  /** A selector that labels alone cannot express; then `allowedSelector` is absent. */
  allowedExpressions: LabelSelector.optional(),
});
export type ApiListener = z.infer<typeof ApiListener>;

const ParentRef = z.object({
  kind: z.string().default('Gateway'),
  namespace: z.string(),
  name: z.string(),
  sectionName: z.string().optional(),
  port: z.number().optional(),
});

/** A Gateway of Gateway API. `class` is its gatewayClassName. */
export const ApiGateway = z.object({
  meta: Meta,
  class: z.string(),
  addresses: z.array(z.object({ type: z.string(), value: z.string() })),
  listeners: z.array(ApiListener),
  /** As those of an Istio Gateway. */
  unheeded: z.array(z.string()).optional(),
  allowedListeners: z.enum(['All', 'Same', 'Selector', 'None']).default('None'),
  allowedListenersSelector: Labels.optional(),
  /** As `allowedExpressions`. */
  allowedListenersExpressions: LabelSelector.optional(),
});
export type ApiGateway = z.infer<typeof ApiGateway>;

/** A ListenerSet of Gateway API, whose listeners join those of its parent. */
export const ListenerSet = z.object({
  meta: Meta,
  parent: ParentRef,
  listeners: z.array(ApiListener),
});
export type ListenerSet = z.infer<typeof ListenerSet>;

/** A route of Gateway API, whatever its kind. */
export const ApiRoute = z.object({
  kind: z.enum(['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute']),
  meta: Meta,
  parents: z.array(ParentRef),
  hostnames: z.array(z.string()),
  /** Rules with at least one backend. */
  rules: z.number(),
});
export type ApiRoute = z.infer<typeof ApiRoute>;

/** gateway.networking.k8s.io ReferenceGrant: allowed references into its namespace. */
export const ReferenceGrant = z.object({
  meta: Meta,
  from: z.array(z.object({ group: z.string(), kind: z.string(), namespace: z.string() })),
  /** Without a name, all objects of the kind. */
  to: z.array(z.object({ group: z.string(), kind: z.string(), name: z.string().optional() })),
});
export type ReferenceGrant = z.infer<typeof ReferenceGrant>;

/** The parts of an istiod's mesh configuration that affect the port mapping. */
export const MeshConfig = z.object({
  meta: Meta,
  /** `default` for ConfigMap `istio`. */
  revision: z.string(),
  discoverySelectors: z.array(LabelSelector),
  /** `defaultConfig.gatewayTopology.proxyProtocol` is set. */
  proxyProtocol: z.literal(true).optional(),
});
export type MeshConfig = z.infer<typeof MeshConfig>;

/** networking.k8s.io Ingress; istiod makes a Gateway of one of its class. */
export const IngressObject = z.object({
  meta: Meta,
  /** As the annotation says, else `ingressClassName`. */
  class: z.string().optional(),
  tls: z.array(z.object({ hosts: z.array(z.string()), secret: z.boolean() })),
});
export type IngressObject = z.infer<typeof IngressObject>;

/** networking.istio.io EnvoyFilter: its patches on listeners of gateways. */
export const EnvoyFilter = z.object({
  meta: Meta,
  selector: Labels,
  /** Names of Gateway API Gateways in its namespace; then the selector does not count. */
  gateways: z.array(z.string()),
  patches: z.array(
    z.object({
      applyTo: z.string(),
      operation: z.string(),
      proxyProtocol: z.boolean(),
      port: z.number().optional(),
    }),
  ),
});
export type EnvoyFilter = z.infer<typeof EnvoyFilter>;

/**
 * Kinds that are not required. A list is absent if the kind could not be read, so that missing
 * objects prove nothing.
 */
export const OptionalKinds = z.object({
  referenceGrants: z.array(ReferenceGrant).optional(),
  meshConfigs: z.array(MeshConfig).optional(),
  ingresses: z.array(IngressObject).optional(),
  envoyFilters: z.array(EnvoyFilter).optional(),
  /** Read only with `clusters[].network.from: cilium`. */
  ciliumNodes: z.array(CiliumNode).optional(),
  /** Read only with `clusters[].network.from: calico`. */
  blockAffinities: z.array(BlockAffinity).optional(),
});
export type OptionalKinds = z.infer<typeof OptionalKinds>;

/** All objects of a cluster that can affect an ingress. Order never matters. */
export const KubernetesObjects = z.object({
  gateways: z.array(IstioGateway).default([]),
  virtualServices: z.array(VirtualService).default([]),
  services: z.array(Service).default([]),
  pods: z.array(Pod).default([]),
  nodes: z.array(Node).default([]),
  endpointSlices: z.array(EndpointSlice).default([]),
  configMaps: z.array(ConfigMap).default([]),
  apiGateways: z.array(ApiGateway).default([]),
  listenerSets: z.array(ListenerSet).default([]),
  apiRoutes: z.array(ApiRoute).default([]),
  /** Labels of namespaces, for the selectors of Gateway API. */
  namespaces: z.array(z.object({ name: z.string(), labels: Labels })).default([]),
  optionalKinds: OptionalKinds.optional(),
});
export type KubernetesObjects = z.infer<typeof KubernetesObjects>;

/** All lists by name, including optional ones. */
export type ObjectLists = Omit<KubernetesObjects, 'optionalKinds'> & OptionalLists;
/** The optional kinds with all lists present, for code that reads them. */
export type OptionalLists = {
  [K in keyof OptionalKinds]-?: NonNullable<OptionalKinds[K]>;
};
