/**
 * Codes of the port mapping. They describe what Istio does with a server, whether or not BIG-IP is
 * involved; see `docs/reference/istio-port-mapping.md`.
 */
import type { CodeTable } from './entry.ts';

/** MAP2xx: why a server has no listener, or why its listener is not reachable. */
export const MAPPING_CODES = {
  // The Gateway does not reach any gateway pod.
  MAP201: {
    title: 'Gateway selects no gateway pod',
    cause: 'No pod that runs as a router has all the labels in the selector of the Gateway.',
    fix:
      'Compare spec.selector with the labels of the gateway pods (kubectl get pods ' +
      '--show-labels). The pod must have every label of the selector.',
    retryable: false,
  },
  MAP202: {
    title: 'Gateway is outside the namespace of the pods',
    cause:
      'istiod runs with PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true, so pods read only the Gateways ' +
      'of their own namespace.',
    fix:
      'Move the Gateway to the namespace of the gateway pods, or correct the mesh option ' +
      'scopeGatewayToNamespace in sluice.yaml.',
    retryable: false,
  },
  MAP203: {
    title: 'Gateway belongs to another revision',
    cause:
      'The label istio.io/rev of the Gateway names a different revision from the one that ' +
      'serves the gateway pods.',
    fix: 'Remove or change the label, or correct the mesh option revision in sluice.yaml.',
    retryable: false,
  },
  MAP204: {
    title: 'Gateway is dropped by strict merging',
    cause:
      'The pods belong to a managed Gateway API Gateway. Since Istio 1.31, such pods ignore ' +
      'Istio Gateways of other namespaces.',
    fix:
      'Move the Gateway to the namespace of the pods, or set ' +
      'PILOT_ENABLE_STRICT_GATEWAY_MERGING=false in istiod and the mesh option ' +
      'strictGatewayMerging to match.',
    retryable: false,
  },
  MAP205: {
    title: 'Gateway selects sidecars only',
    cause:
      'The pods with these labels run as sidecars. Only pods whose agent starts as "proxy ' +
      'router" read Gateways.',
    fix:
      'Point the selector at the gateway pods, or inject the pods with the gateway template ' +
      '(inject.istio.io/templates: gateway).',
    retryable: false,
  },
  MAP206: {
    title: 'Class is not an Istio ingress class',
    cause:
      'Istio does not program the class in gatewayClassName as an ingress gateway of this cluster.',
    fix:
      'Use class istio, or add your own class with controller istio.io/gateway-controller to ' +
      'the mesh option gatewayClasses.',
    retryable: false,
  },
  MAP207: {
    title: 'Gateway API Gateway has no Service with pods',
    cause:
      'The Service that the Gateway names (or that istiod creates for it) is missing, has no ' +
      'ports, selects no gateway pod, or is in another namespace.',
    fix:
      'Check spec.addresses: list host names of Services in the namespace of the Gateway, or ' +
      'leave it empty for a managed deployment.',
    retryable: true,
  },
  MAP208: {
    title: 'The mesh does not read the namespace',
    cause:
      'meshConfig.discoverySelectors selects namespaces by their labels, and the namespace of the ' +
      'Gateway is none of them, so istiod knows nothing of it. It is not offered anew; what is ' +
      'declared already stays.',
    fix:
      'Label the namespace as a selector wants it. If the selectors that the message names are ' +
      'not those of the mesh, correct the mesh option discoverySelectors in sluice.yaml. To take ' +
      'away what is declared, delete the Gateway.',
    retryable: false,
  },
  // Envoy opens no listener for the server, or another server has it.
  MAP210: {
    title: 'Port is held by an older server',
    cause:
      'Two servers resolve to the same port and bind address in the pod, and their protocols ' +
      'cannot share it. The older server keeps the port, with or without a route.',
    fix:
      'Give one of them another port or bind address. Gateway ports 80 and 8080 collide when ' +
      'the Service maps 80 to 8080.',
    retryable: false,
  },
  MAP211: {
    title: 'Host is already served on this port',
    cause:
      'Servers with TLS settings share a port by SNI, so each host may appear only once. Istio ' +
      'drops the later server as a whole.',
    fix: 'Remove the duplicate host from one of the Gateways.',
    retryable: false,
  },
  MAP212: {
    title: 'Duplicate port name in the Gateway',
    cause:
      'Two terminating HTTPS servers of one Gateway have the same port.name on one port, and ' +
      'istiod names their routes after it.',
    fix: 'Give every port of the Gateway a unique name.',
    retryable: false,
  },
  MAP213: {
    title: 'Duplicate filter chain',
    cause:
      "Hosts that differ only in their namespace (such as ./* in two namespaces) pass Istio's " +
      'merge but produce identical filter chains, and Envoy refuses the listener.',
    fix:
      'Use different hosts, ports or bind addresses. Until then, running pods keep their ' +
      'previous listener.',
    retryable: false,
  },
  MAP214: {
    title: "Port is reserved for Istio's proxy",
    cause:
      'Envoy or its agent uses this port in every gateway pod (status, statistics, ' +
      'administration, tunnels).',
    fix: 'Use another port. The mesh option statusPort sets the status port of the mesh.',
    retryable: false,
  },
  MAP215: {
    title: 'Listener conflicts with an earlier one',
    cause:
      'Two listeners of one Gateway (or its ListenerSets) have the same port and host name, or ' +
      'one of them is TCP.',
    fix: 'Give them different ports or host names.',
    retryable: false,
  },
  MAP216: {
    title: 'ListenerSet is not allowed',
    cause:
      'spec.allowedListeners of the parent Gateway does not allow ListenerSets from this ' +
      'namespace. The default allows none.',
    fix: 'Set spec.allowedListeners.namespaces.from of the Gateway to Same, All or Selector.',
    retryable: false,
  },
  MAP217: {
    title: 'The listener has no usable TLS settings',
    cause:
      'istiod drops a listener of Gateway API whose TLS settings it cannot use: HTTPS or TLS ' +
      'without `tls`, no or too many certificateRefs, a reference to another kind than Secret, or ' +
      'to another namespace without a ReferenceGrant there; for certificates of clients likewise. ' +
      'It opens no port and takes none from others. What is declared already stays, unless a ' +
      'valid listener claims the port.',
    fix: 'Correct what the message names. To take away what is declared, delete the listener.',
    retryable: false,
  },
  MAP218: {
    title: 'istiod reports that it drops the listener',
    cause:
      'A condition of the listener is False for the present generation (Accepted, Programmed with ' +
      'reason Invalid, or ResolvedRefs of a certificate). It is not offered anew; what is ' +
      'declared already stays.',
    fix: 'Read the conditions of the listener (kubectl describe) and correct what they name.',
    retryable: true,
  },
  MAP220: {
    title: 'Port is privileged',
    cause:
      'The resolved port is below 1024, and the gateway pods declare themselves unprivileged, ' +
      'so istiod omits the listener.',
    fix:
      'Map the Service port to a targetPort of 1024 or more, or allow the pods to bind low ' +
      'ports and remove ISTIO_META_UNPRIVILEGED_POD.',
    retryable: false,
  },
  // The listener has no route or no target.
  MAP230: {
    title: 'No VirtualService refers to the Gateway',
    cause:
      'TCP and TLS servers have a listener only if they have a route, and no VirtualService ' +
      'lists the Gateway under `gateways`.',
    fix:
      'Add a VirtualService with a tcp block (tls for passthrough) that lists the Gateway as ' +
      'namespace/name.',
    retryable: false,
  },
  MAP231: {
    title: 'No route matches the server',
    cause:
      'VirtualServices refer to the Gateway, but none has a matching block. The mismatch can be ' +
      'in the hosts, match port, match gateways, exportTo, kind of block, or an empty route.',
    fix:
      'Correct the mismatch that the reason names for each VirtualService. The match port is ' +
      'the port number in the Gateway, not the target port.',
    retryable: false,
  },
  MAP232: {
    title: 'No mesh Service for AUTO_PASSTHROUGH',
    cause:
      'AUTO_PASSTHROUGH opens the port only if a mesh Service matches the hosts of the server, ' +
      'and none does.',
    fix:
      'Compare the hosts of the server (such as *.local) with the namespaces and names of the ' +
      'Services.',
    retryable: false,
  },
  MAP233: {
    title: 'No route is attached to the listener',
    cause:
      'Envoy has no listener for a TCP or TLS listener unless a TCPRoute or TLSRoute with a ' +
      'backend is attached to it.',
    fix:
      'Attach a route: parentRefs, sectionName, port, allowedRoutes and host names must match, ' +
      'and a rule needs backendRefs.',
    retryable: false,
  },
  MAP234: {
    title: 'SNI host is already routed',
    cause:
      'Every tls match for this server repeats an SNI host that an older VirtualService routes ' +
      'on the same port. istiod skips duplicates.',
    fix: 'Use different sniHosts, or a separate Gateway port.',
    retryable: false,
  },
  // The listener is open, and no Service port leads there.
  MAP240: {
    title: "Service has no port with the listener's number",
    cause:
      'A Gateway API listener is reached through a Service port of the same number; there is no ' +
      'fallback to a pod port.',
    fix: 'Add the port to the Service, or use the number of a Service port instead of a target port.',
    retryable: true,
  },
  // The listener is bound to an address that BIG-IP cannot reach.
  MAP250: {
    title: 'Bound to loopback',
    cause: '`bind` is a loopback address, so the listener is reachable only from inside the pod.',
    fix: 'Remove `bind`.',
    retryable: false,
  },
  MAP251: {
    title: 'Bound to an address that no pod has',
    cause: 'No gateway pod has the address in `bind`, so Envoy cannot open the listener.',
    fix: 'Remove `bind`.',
    retryable: false,
  },
  MAP252: {
    title: 'Bound to a Unix socket',
    cause: '`bind` is unix://PATH, so the listener has no port.',
    fix: 'Use a port number without `bind` for listeners that BIG-IP must reach.',
    retryable: false,
  },
} as const satisfies CodeTable;
