/**
 * Codes about the settings of an exposure: their sources, their values, and what the policy allows.
 */
import type { CodeTable } from './entry.ts';

/** GW12x to GW14x: annotations, F5 ConfigMaps, settings and policy. */
export const SETTING_CODES = {
  // Annotations.
  GW120: {
    title: 'An annotation has an invalid value',
    cause:
      'The value of an annotation on a Gateway or Service is not valid for its setting. The ' +
      'exposure is refused, because a different exposure from the one requested would be worse ' +
      'than none.',
    fix: 'Correct the value; docs/reference/configuration.md lists the annotations.',
    retryable: false,
    keepsRunning: true,
  },
  GW121: {
    title: 'An annotation is unknown',
    cause:
      'Sluice does not know a `sluice.io/`, `virtual-server.f5.com/` or `cis.f5.com/` ' +
      'annotation. If the name resembles a known one, the exposure is refused; otherwise the ' +
      'annotation is only reported.',
    fix: 'Correct the spelling, or remove the annotation.',
    retryable: false,
    keepsRunning: true,
  },
  GW122: {
    title: 'An F5 annotation is not supported',
    cause:
      'The annotation requests something that Sluice does not support. The exposure is refused ' +
      'if ignoring the annotation would make it less protected or different; otherwise this is ' +
      'only a note.',
    fix: 'Remove the annotation and use the alternative that the message names.',
    retryable: false,
    keepsRunning: true,
  },
  // F5 ConfigMaps.
  GW123: {
    title: 'The schema of an F5 ConfigMap is unknown',
    cause:
      '`data.schema` is missing or is none of f5schemadb://bigip-virtual-server_v0.1.0.json to ' +
      'v0.1.7.json.',
    fix: 'Set `data.schema` to the schema that the document follows.',
    retryable: false,
    keepsRunning: true,
  },
  GW124: {
    title: 'An F5 ConfigMap is not JSON',
    cause:
      '`data.data` is not valid JSON, or exceeds a limit: 2,000 values, 32 levels of nesting, ' +
      '64 KiB in one string. If the Service and port can still be determined, that exposure is ' +
      'refused; otherwise the ConfigMap is ignored.',
    fix: 'Correct the JSON at the place that the message names.',
    retryable: false,
    keepsRunning: true,
  },
  GW125: {
    title: 'An F5 ConfigMap does not follow its schema',
    cause:
      'The document has a key that this schema version does not know, lacks a required key, or ' +
      'has a value that the schema does not allow.',
    fix: 'Correct the path that the message names, or set `data.schema` to a later version.',
    retryable: false,
    keepsRunning: true,
  },
  GW126: {
    title: 'An F5 ConfigMap deploys an iApp',
    cause: 'iApps cannot be declared through AS3.',
    fix: 'Rewrite the ConfigMap as a virtual server, or use annotations.',
    retryable: false,
    keepsRunning: true,
  },
  GW127: {
    title: 'An F5 ConfigMap holds an AS3 declaration',
    cause: 'The ConfigMap has `template` or the label `as3`. Sluice writes its own declarations.',
    fix: 'Move the settings to annotations or to a virtual-server ConfigMap, and delete this one.',
    retryable: false,
    keepsRunning: true,
  },
  GW128: {
    title: 'An F5 ConfigMap matches no exposure',
    cause:
      'Its Service is not the ingress gateway Service, the Service has no such port, or no ' +
      'gateway server is reachable through the port.',
    fix: 'Correct `serviceName` and `servicePort`, or open the port with a Gateway.',
    retryable: false,
  },
  GW129: {
    title: 'An older F5 ConfigMap configures the same port',
    cause: 'Two ConfigMaps name the same Service and port. Sluice uses the older one.',
    fix: 'Delete one of them.',
    retryable: false,
  },
  // Address, port, partition, references, and requests that contradict each other.
  GW130: {
    title: 'No virtual address',
    cause: 'No annotation, F5 ConfigMap or ingress entry gives a virtual address for the port.',
    fix:
      'Set `sluice.io/virtual-address` on the Gateway (an address, or `auto`), or ' +
      '`virtualAddress` of the ingress in sluice.yaml.',
    retryable: false,
  },
  GW131: {
    title: 'The partition is not configured for Sluice',
    cause:
      'The exposure requests Common, or a partition that `devices[].partitions` does not list ' +
      'for every device of the ingress.',
    fix: 'Request a partition that `devices[].partitions` lists, or add this one to it.',
    retryable: false,
    keepsRunning: true,
  },
  GW132: {
    title: 'A reference is not allowed',
    cause:
      'The exposure refers to an iRule, profile, SNAT pool, persistence profile or VLAN on the ' +
      'device that `policy.references` does not list.',
    fix:
      'Add the path to `policy.references` (a trailing `*` matches any suffix), or remove the ' +
      'reference.',
    retryable: false,
    keepsRunning: true,
  },
  GW133: {
    title: 'The policy refuses the exposure',
    cause:
      'A policy rule refuses this namespace, port, address or partition, or the policy has ' +
      'rules and none of them allows the exposure.',
    fix:
      'Change what the Gateway requests, or add an allowing rule before the rule that the ' +
      'message names.',
    retryable: false,
  },
  GW134: {
    title: 'The port is reserved',
    cause:
      'Envoy, its agent or ztunnel uses port 15000, 15001, 15004, 15006, 15008, 15020, 15021, ' +
      '15053 or 15090.',
    fix:
      'Use another port. To expose the reserved port on purpose, add a policy rule that allows ' +
      'exactly this virtual port.',
    retryable: false,
  },
  GW135: {
    title: 'Address and port are already used in the ingress',
    cause:
      'Two servers request the same virtual address and port for different listeners or ' +
      'partitions. The older Gateway keeps it.',
    fix: 'Choose another virtual port or address for the younger Gateway.',
    retryable: false,
  },
  GW136: {
    title: 'Two sources disagree',
    cause:
      'Two sources set one setting to different values. The source with the higher precedence ' +
      'wins: Gateway, F5 ConfigMap, Service, sluice.yaml, defaults. Among Gateways the oldest ' +
      'wins.',
    fix: 'If this is not intended, remove the value that is ignored.',
    retryable: false,
  },
  GW137: {
    title: 'Settings contradict each other',
    cause:
      'A setting requires another mode, the intervals of a monitor contradict each other, its ' +
      'type ignores `send` and `receive`, or the mode does not suit the listener.',
    fix: 'Change one of the two settings that the message names; it also names where each was set.',
    retryable: false,
    keepsRunning: true,
  },
  // Members.
  GW138: {
    title: 'No node port yet',
    cause:
      'The members are nodes, and no port of the ingress Service with a node port leads to the ' +
      'listener.',
    fix:
      'Add the port to the Service (with `servicePorts: manage` the watcher adds it), and use ' +
      'Service type NodePort or LoadBalancer.',
    retryable: false,
  },
  GW139: {
    title: 'No member has an address of the required family',
    cause:
      'The virtual address is IPv6 and the members have only IPv4 addresses, or the other way ' +
      'round.',
    fix: 'Use a virtual address of the same family as the members, or make the cluster dual-stack.',
    retryable: false,
  },
  GW140: {
    title: 'No member is ready, so all members stay',
    cause:
      'Kubernetes reports every member as not ready. Sluice never removes the last members on ' +
      "that information alone; BIG-IP's monitors decide.",
    fix: 'Find out why the gateway pods or nodes are not ready.',
    retryable: true,
  },
  // Values and combinations that cannot be declared as requested.
  GW141: {
    title: 'PROXY protocol mismatch',
    cause:
      'The gateway pods expect the PROXY protocol and nothing sends it, or something sends it ' +
      'and they do not expect it. BIG-IP sends it only through an iRule.',
    fix:
      'Create the iRule on the device, list it in `policy.references` and name it in ' +
      '`sluice.io/proxy-protocol`; or configure the pods not to expect the PROXY protocol.',
    retryable: false,
    keepsRunning: true,
  },
  GW142: {
    title: 'The address is already in another partition',
    cause:
      'Two exposures of the ingress request one virtual address in two partitions. BIG-IP ' +
      'refuses that.',
    fix: 'Use one partition for all exposures on the address.',
    retryable: false,
  },
  GW143: {
    title: 'A value is not supported',
    cause:
      'An address, monitor, SSL profile or balancing method of an F5 ConfigMap (or an address ' +
      'of a Gateway) is well-formed, but Sluice cannot declare it.',
    fix: 'Replace the value that the message names.',
    retryable: false,
    keepsRunning: true,
  },
  GW144: {
    title: 'An F5 ConfigMap is pool-only',
    cause:
      'The ConfigMap has no `virtualAddress`. CIS created a pool without a virtual server. ' +
      'Sluice uses its settings, and takes address and port from the source with the next lower ' +
      'precedence.',
    fix: 'Nothing to do, unless the ConfigMap is meant to set the address: then add `virtualAddress`.',
    retryable: false,
  },
  GW145: {
    title: 'Not applied to HTTP/3',
    cause:
      'An HTTPS server with HTTP/3 also has a UDP virtual server. A setting that suits only TCP ' +
      'is not applied to it, or that virtual server cannot be created.',
    fix: 'Nothing to do if the setting, or the exposure, is meant for TCP only.',
    retryable: false,
  },
  // Whether a server is offered at all.
  GW146: {
    title: 'The port is internal',
    cause:
      'Another Service of the gateway pods leads to the listener, and the ingress Service does ' +
      'not, so the port was not meant for clients outside. It is not offered anew, and no port ' +
      'is added to the ingress Service. What is declared already stays and follows the pods.',
    fix:
      'Nothing to do if it is meant to stay internal. To offer it, set `sluice.io/expose: "true"` on ' +
      'the Gateway, add a port that leads there to the ingress Service, or allow it by a policy ' +
      'rule with `internal: true`. To take away what is declared, set `sluice.io/expose: "false"`.',
    retryable: false,
  },
  GW147: {
    title: 'The exposure is not requested',
    cause:
      'The ingress has `expose: annotated` in sluice.yaml, and the Gateway has no annotation ' +
      '`sluice.io/expose`. It is not offered anew; what is declared already stays.',
    fix: 'Set `sluice.io/expose: "true"` on the Gateway, or list the ports to offer.',
    retryable: false,
  },
  GW148: {
    title: 'The author keeps it off BIG-IP',
    cause: 'The annotation `sluice.io/expose` is `false`, or lists other ports.',
    fix: 'Change or remove the annotation, if the port is to be offered.',
    retryable: false,
  },
  // The ingress Service: its ports, and its fields for load balancers.
  GW149: {
    title: 'The Service has another number for the port',
    cause:
      'The Gateway names the port in the pods (8080), and the Service port that leads there has ' +
      'another number (80). The virtual server has the number of the Gateway.',
    fix: 'Nothing to do if that is intended. Otherwise set `sluice.io/port`, or name the Service port in the Gateway.',
    retryable: false,
  },
  GW157: {
    title: 'The networks of clients cannot be declared',
    cause:
      'The ingress Service (spec.loadBalancerSourceRanges), an annotation or sluice.yaml restricts ' +
      'who may connect. AS3 takes one network for a virtual server, of the family of its address. ' +
      'Without the restriction, every client could connect, so the exposure is refused.',
    fix:
      'Name one network that contains them all (10.0.0.0/25 and 10.0.0.128/25 count as 10.0.0.0/24), ' +
      'or remove the ranges and filter in an iRule or an Istio AuthorizationPolicy.',
    retryable: false,
    keepsRunning: true,
  },
  GW158: {
    title: 'Still open to every client',
    cause:
      'The Service restricts its clients (spec.loadBalancerSourceRanges). An earlier version did not read that, so every client can connect to the exposure. It is ' +
      'restricted when the Service or Gateway changes, not by the upgrade alone.',
    fix: 'Set the annotation `sluice.io/source` to the network on the Service; it applies at once.',
    retryable: false,
  },
  GW159: {
    title: 'A field for load balancers is ignored',
    cause:
      'The ingress Service has a field or annotation that requests something that Sluice does not do, or that is meant for another load balancer.',
    fix: 'Remove it, or use what docs/reference/load-balancer-fields.md names instead.',
    retryable: false,
  },
  GW166: {
    title: 'TLS is terminated in front of a server that expects it',
    cause:
      'BIG-IP has client SSL profiles and no server SSL profile, so it sends plain data, and the ' +
      "gateway's server terminates TLS or passes it through. No client could connect.",
    fix:
      'Name a server SSL profile (`sluice.io/server-tls`), or use protocol HTTP or TCP without ' +
      '`tls` in the Gateway, or remove the client SSL profiles.',
    retryable: false,
    keepsRunning: true,
  },
  GW167: {
    title: 'TLS is sent to a server that takes plain HTTP',
    cause: "BIG-IP has a server SSL profile, and the gateway's server is a plain HTTP server.",
    fix: 'Remove the server SSL profile, or use protocol HTTPS with `tls` in the Gateway.',
    retryable: false,
    keepsRunning: true,
  },
  GW168: {
    title: 'Settings need or exclude each other',
    cause:
      'A setting needs another one that is not set, or excludes one that is. AS3 or BIG-IP refuses ' +
      'the combination, or ignores one of the two.',
    fix: 'Set or remove what the message names; it also names where each was set.',
    retryable: false,
    keepsRunning: true,
  },
  GW169: {
    title: 'Exposures on one address disagree about it',
    cause:
      'ARP, ICMP echo, route advertisement, spanning, scope and traffic group belong to the virtual ' +
      'address, and two exposures on the address request different values.',
    fix: 'Request the same value on both, for instance with an annotation on the ingress Service.',
    retryable: false,
    keepsRunning: true,
  },
  GW173: {
    title: 'BIG-IP may send the wrong server name',
    cause:
      "BIG-IP encrypts again towards the gateway, whose server chooses by the client's server name " +
      '(SNI). BIG-IP sends the Server Name of its server SSL profile, and none if the profile has ' +
      'none; the gateway then closes the connection, or takes another server.',
    fix:
      'Set Server Name of the profile on BIG-IP to the host of the server. For several hosts, name a ' +
      'profile for each and set `sluice.io/server-tls-use-sni: "true"`; or pass TLS through.',
    retryable: false,
  },
  GW174: {
    title: 'The redirect leads to another port',
    cause:
      'The redirect from port 80 (`redirect80`) leads clients to port 443, and the virtual server ' +
      'has another port.',
    fix: 'Set the virtual port to 443 (`sluice.io/port`), or remove `redirect80`.',
    retryable: false,
  },
  // Service bundles and requirements.
  GW170: {
    title: 'The service bundle cannot be used',
    cause:
      'A Gateway or the ingress Service requests a service bundle that sluice.yaml does not have, ' +
      'or that its namespace may not use.',
    fix: 'Correct the name in the annotation `sluice.io/service-bundle`, or extend `serviceBundles` in sluice.yaml.',
    retryable: false,
    keepsRunning: true,
  },
  GW171: {
    title: 'A setting contradicts the service bundle',
    cause: 'One object requests a service bundle, and sets one of its settings to another value.',
    fix: 'Remove the setting or the request for the bundle, or put the value into the bundle.',
    retryable: false,
    keepsRunning: true,
  },
  GW172: {
    title: 'A required setting is missing',
    cause:
      'The policy requires a setting for this namespace, address, port and partition ' +
      '(`policy.requirements`). The exposure lacks it, has another value, or has a mode that ' +
      'does not support it. It is not newly published; what is declared already stays with its ' +
      'settings, at its address, and follows the pods.',
    fix: 'Request the service bundle that the message names, or remove the setting that differs.',
    retryable: false,
    keepsRunning: true,
    refusesMoves: true,
  },
} as const satisfies CodeTable;
