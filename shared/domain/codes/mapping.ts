import type { CodeTable } from './entry.ts';

/** MAP2xx: why a server has no listener or no way to it. */
export const MAPPING_CODES = {
  MAP201: {
    title: 'Gateway selects no gateway pod',
    cause: 'No pod that runs as a router carries all labels of the selector of the Gateway.',
    fix: 'Compare spec.selector with the labels of the gateway pods (kubectl get pods --show-labels); every label must be on the pod.',
    retryable: false,
  },
  MAP202: {
    title: 'Gateway is outside the namespace of the pods',
    cause:
      'istiod runs with PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true: pods read only Gateways of their own namespace.',
    fix: 'Move the Gateway to the namespace of the gateway pods, or correct the mesh option scopeGatewayToNamespace in sluice.yaml.',
    retryable: false,
  },
  MAP203: {
    title: 'Gateway belongs to another revision',
    cause:
      'The label istio.io/rev of the Gateway names another revision than the one that serves the gateway pods.',
    fix: 'Remove or change the label, or correct the mesh option revision in sluice.yaml.',
    retryable: false,
  },
  MAP204: {
    title: 'Gateway is dropped by strict merging',
    cause:
      'The pods belong to a managed Gateway API Gateway, and since Istio 1.31 Istio Gateways of other namespaces are dropped there.',
    fix: 'Move the Gateway to the namespace of the pods, or set PILOT_ENABLE_STRICT_GATEWAY_MERGING=false and the mesh option strictGatewayMerging alike.',
    retryable: false,
  },
  MAP205: {
    title: 'Gateway selects sidecars only',
    cause:
      'The pods that carry the labels run as sidecars; only pods whose agent is started as "proxy router" read Gateways.',
    fix: 'Point the selector at the gateway pods, or inject the pods with the gateway template (inject.istio.io/templates: gateway).',
    retryable: false,
  },
  MAP206: {
    title: 'Class is not an ingress class of Istio',
    cause:
      'gatewayClassName names a class that Istio does not program as an ingress gateway of this cluster.',
    fix: 'Use class istio; a class of your own with controller istio.io/gateway-controller goes into the mesh option gatewayClasses.',
    retryable: false,
  },
  MAP207: {
    title: 'Gateway API Gateway has no Service with pods',
    cause:
      'The Service that the Gateway names (or that istiod makes for it) is missing, has no ports, selects no gateway pod, or is in another namespace.',
    fix: 'Check spec.addresses: host names of Services in the namespace of the Gateway, or none for a managed deployment.',
    retryable: true,
  },
  MAP210: {
    title: 'Port is held by an older server',
    cause:
      'Two servers resolve to one port and bind in the pod, and their protocols cannot share it; the older keeps it, with or without a route.',
    fix: 'Give one of them another port or bind. Gateway ports 80 and 8080 collide when the Service leads 80 to 8080.',
    retryable: false,
  },
  MAP211: {
    title: 'Host is already served on this port',
    cause:
      'Servers with TLS settings share a port by SNI, so a host may be there only once; the later server is dropped as a whole.',
    fix: 'Remove the repeated host from one of the Gateways.',
    retryable: false,
  },
  MAP212: {
    title: 'Port name is repeated in the Gateway',
    cause:
      'Two terminating HTTPS servers of one Gateway have the same port.name on one port; istiod names their routes after it.',
    fix: 'Give every port of the Gateway its own name.',
    retryable: false,
  },
  MAP213: {
    title: 'Filter chain equals an older one',
    cause:
      'Hosts that differ only in their namespace (such as ./* in two namespaces) pass the merge but make equal chains, and Envoy refuses the listener.',
    fix: 'Use different hosts, ports or binds; until then running pods keep the listener they had.',
    retryable: false,
  },
  MAP214: {
    title: "Port is reserved for Istio's proxy",
    cause:
      'Envoy or its agent already has this port in every gateway pod (status, statistics, administration, tunnels).',
    fix: 'Use another port; the status port of the mesh is the mesh option statusPort.',
    retryable: false,
  },
  MAP215: {
    title: 'Listener conflicts with an earlier one',
    cause:
      'Two listeners of one Gateway (or its ListenerSets) have the same port and the same host name, or one of them is TCP.',
    fix: 'Give them different ports or host names.',
    retryable: false,
  },
  MAP216: {
    title: 'ListenerSet is not allowed',
    cause:
      'spec.allowedListeners of the parent Gateway does not allow ListenerSets of this namespace; the default allows none.',
    fix: 'Set spec.allowedListeners.namespaces.from of the Gateway to Same, All or Selector.',
    retryable: false,
  },
  MAP220: {
    title: 'Port is privileged',
    cause:
      'The resolved port is below 1024 and the gateway pods say that they are unprivileged, so istiod leaves the listener out.',
    fix: 'Let the Service lead the port to a targetPort of 1024 or more, or let the pods bind low ports and drop ISTIO_META_UNPRIVILEGED_POD.',
    retryable: false,
  },
  MAP230: {
    title: 'No VirtualService names the Gateway',
    cause:
      'TCP and TLS servers have a listener only with a route, and no VirtualService lists the Gateway under gateways.',
    fix: 'Add a VirtualService with a tcp block (tls for passthrough) that names the Gateway as namespace/name.',
    retryable: false,
  },
  MAP231: {
    title: 'No route matches the server',
    cause:
      'VirtualServices name the Gateway, but none has a block that matches: hosts, match port, match gateways, exportTo, kind of block or empty route.',
    fix: 'The reason names what differs for each of them; the match port is the number in the Gateway, not the target port.',
    retryable: false,
  },
  MAP232: {
    title: 'No mesh service for AUTO_PASSTHROUGH',
    cause:
      'AUTO_PASSTHROUGH opens the port for mesh services under the hosts of the server, and none is known.',
    fix: 'Check the hosts of the server (such as *.local) against namespace and name of the Services.',
    retryable: false,
  },
  MAP233: {
    title: 'No route is attached to the listener',
    cause:
      'A TCP or TLS listener without an attached TCPRoute or TLSRoute that has a backend has no listener in Envoy.',
    fix: 'Attach a route: parentRefs, sectionName, port, allowedRoutes and host names must agree, and a rule needs backendRefs.',
    retryable: false,
  },
  MAP234: {
    title: 'SNI host is routed already',
    cause:
      'Every tls match for this server repeats an SNI host that an older VirtualService routes on the same port; istiod skips repeated ones.',
    fix: 'Use different sniHosts, or a Gateway port of its own.',
    retryable: false,
  },
  MAP240: {
    title: 'Service has no port with the number of the listener',
    cause:
      'Listeners of Gateway API lead through a Service port of the same number; there is no fall-back to a pod port.',
    fix: 'Add the port to the Service, or use the number of a Service port instead of a target port.',
    retryable: true,
  },
  MAP250: {
    title: 'Bound to loopback',
    cause: 'bind is a loopback address, so only the pod itself reaches the listener.',
    fix: 'Remove bind.',
    retryable: false,
  },
  MAP251: {
    title: 'Bound to an address that no pod has',
    cause:
      'bind names an address that is on none of the gateway pods, so Envoy cannot open the listener.',
    fix: 'Remove bind.',
    retryable: false,
  },
  MAP252: {
    title: 'Bound to a Unix socket',
    cause: 'bind is unix://PATH: the listener has no port.',
    fix: 'Use a port number and no bind for what BIG-IP is to reach.',
    retryable: false,
  },
} as const satisfies CodeTable;
