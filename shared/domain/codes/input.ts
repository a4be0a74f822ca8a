import type { CodeTable } from './entry.ts';

/** GW1xx: what came in cannot be used. */
export const INPUT_CODES = {
  // Configuration and events.
  GW100: {
    title: 'The configuration cannot be read',
    cause: 'The file is missing, is not YAML or JSON, or names a key twice.',
    fix: 'Correct the place that the message names.',
    retryable: false,
  },
  GW101: {
    title: 'The configuration is wrong',
    cause:
      'A key is unknown, a value is not what the schema expects, or two entries contradict each other. Nothing starts with half a configuration.',
    fix: 'The message lists every problem with its path; see docs/reference/configuration.md.',
    retryable: false,
  },
  GW102: {
    title: 'A secret cannot be had',
    cause:
      'The environment variable, file, Secrets Manager secret or SSM parameter that a reference names is missing, empty or not readable for this process.',
    fix: 'Create it, or give this process the right to read it. Values are never part of the message.',
    retryable: true,
  },
  GW103: {
    title: 'Unknown cluster',
    cause: 'A snapshot names a cluster id that is not in `clusters` of sluice.yaml.',
    fix: 'Add the cluster to sluice.yaml, or correct the id the watcher was given.',
    retryable: false,
  },
  GW104: {
    title: 'Unknown ingress',
    cause: 'A snapshot is about a Service that no entry of `ingresses` names for that cluster.',
    fix: "Add the entry, or take it out of the watcher's configuration.",
    retryable: false,
  },
  GW105: {
    title: "The watcher's clock is wrong",
    cause:
      "The clock of the machine that runs the watcher is more than a minute from that of the Kubernetes API server. Nothing is refused for it: a new epoch starts from the API server's time, and one that lies ahead is continued.",
    fix: 'Set whichever of the two clocks is wrong (NTP). The watcher need not be restarted. Dead letters with this code are of 0.1.0, which refused epochs that lie ahead; archive them, later snapshots say the same.',
    retryable: false,
  },
  GW106: {
    title: 'Unknown device',
    cause: 'A slice is for a device that is not in `devices` of sluice.yaml.',
    fix: 'Add the device, or take it out of `ingresses[].devices`.',
    retryable: false,
  },

  // Servers and listeners.
  GW110: {
    title: 'A server cannot be read',
    cause:
      'An entry of `servers` is not an object, or its `port` or `hosts` is not what the schema of Gateway says. The other servers are served.',
    fix: 'Write port with number, name and protocol, and hosts as a list of names.',
    retryable: false,
  },
  GW111: {
    title: 'The port number is impossible',
    cause:
      'The number of a server or listener is not a whole number from 1 to 65535. Istio takes 0 only with a unix:// bind.',
    fix: 'Use a number from 1 to 65535.',
    retryable: false,
  },
  GW112: {
    title: 'The protocol is unknown',
    cause:
      'The protocol of a server or listener is not one for which an Istio gateway makes a listener; UDP is among those it does not.',
    fix: 'Use HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, REDIS or MYSQL; HTTP, HTTPS, TLS or TCP with Gateway API.',
    retryable: false,
  },
  GW113: {
    title: 'A server has no hosts',
    cause: '`hosts` of a server is empty or missing.',
    fix: 'Name at least one host, `*` for all.',
    retryable: false,
  },
  GW114: {
    title: 'The bind is impossible',
    cause:
      '`bind` of a server is neither an IP address nor unix://PATH, and Envoy refuses such a listener.',
    fix: 'Correct or remove `bind`.',
    retryable: false,
  },
  GW115: {
    title: 'The TLS mode is impossible',
    cause:
      '`tls.mode` is not one that Istio knows, or does not go with the protocol of the listener.',
    fix: 'Use PASSTHROUGH, SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL or AUTO_PASSTHROUGH; with Gateway API, Passthrough needs protocol TLS.',
    retryable: false,
  },
  GW116: {
    title: 'A Gateway has no servers',
    cause:
      '`spec.servers` (`spec.listeners` with Gateway API) is empty or missing, so the Gateway opens no port.',
    fix: 'Add a server, or delete the Gateway.',
    retryable: false,
  },

  // Settings, ConfigMaps, annotations, policy.
  GW120: {
    title: 'An annotation has a wrong value',
    cause:
      'The value of an annotation on a Gateway or Service cannot be read as its setting. The exposure is refused, because another one than was asked for would be worse than none.',
    fix: 'Correct the value; docs/reference/configuration.md lists the annotations.',
    retryable: false,
    keepsRunning: true,
  },
  GW121: {
    title: 'An annotation is unknown',
    cause:
      'A `sluice.io/`, `virtual-server.f5.com/` or `cis.f5.com/` annotation has a name that Sluice does not know. One that looks like a known name refuses the exposure; any other is only reported.',
    fix: 'Correct the spelling, or remove the annotation.',
    retryable: false,
    keepsRunning: true,
  },
  GW122: {
    title: 'An F5 annotation is not supported',
    cause:
      'The annotation asks for something Sluice does not do. Where leaving it out would make the exposure less protected or different, the exposure is refused; otherwise this is a note.',
    fix: 'Remove the annotation and use what the message names instead.',
    retryable: false,
    keepsRunning: true,
  },
  GW123: {
    title: 'The schema of an F5 ConfigMap is unknown',
    cause:
      '`data.schema` is missing or is none of f5schemadb://bigip-virtual-server_v0.1.0.json to v0.1.7.json.',
    fix: 'Name the schema that the document follows.',
    retryable: false,
    keepsRunning: true,
  },
  GW124: {
    title: 'An F5 ConfigMap is not JSON',
    cause:
      '`data.data` cannot be parsed, or holds more than is read: 2,000 values, 32 levels, 64 KiB in one string. If the Service and port can still be made out, that exposure is refused; otherwise the ConfigMap is ignored.',
    fix: 'Correct the JSON at the place named.',
    retryable: false,
    keepsRunning: true,
  },
  GW125: {
    title: 'An F5 ConfigMap does not follow its schema',
    cause:
      'A key is unknown in that version, is missing, or has a value that the schema does not allow.',
    fix: 'Correct the path that the message names, or name a later schema version.',
    retryable: false,
    keepsRunning: true,
  },
  GW126: {
    title: 'An F5 ConfigMap deploys an iApp',
    cause: 'iApps cannot be declared through AS3.',
    fix: 'Write the virtual server form of the ConfigMap, or annotations.',
    retryable: false,
    keepsRunning: true,
  },
  GW127: {
    title: 'An F5 ConfigMap holds an AS3 declaration',
    cause:
      'The ConfigMap carries `template` or the label `as3`. Sluice makes its own declarations.',
    fix: 'Write the settings as annotations or as a virtual-server ConfigMap, and delete this one.',
    retryable: false,
    keepsRunning: true,
  },
  GW128: {
    title: 'An F5 ConfigMap is for nothing here',
    cause:
      'Its Service is not the ingress gateway Service, the Service has no such port, or no gateway server is behind the port.',
    fix: 'Correct `serviceName` and `servicePort`, or open the port with a Gateway.',
    retryable: false,
  },
  GW129: {
    title: 'An older F5 ConfigMap is for the same port',
    cause: 'Two ConfigMaps name the same Service and port. The older one counts.',
    fix: 'Delete one of them.',
    retryable: false,
  },
  GW130: {
    title: 'No virtual address',
    cause:
      'No annotation, F5 ConfigMap or ingress entry says at which address the port is to be offered.',
    fix: 'Set `sluice.io/virtual-address` on the Gateway (an address, or `auto`), or `virtualAddress` of the ingress in sluice.yaml.',
    retryable: false,
  },
  GW131: {
    title: "The partition is not one of Sluice's",
    cause:
      'An exposure asks for Common, or for a partition that `devices[].partitions` does not list for every device of the ingress.',
    fix: 'Ask for a partition that is listed, or list it.',
    retryable: false,
    keepsRunning: true,
  },
  GW132: {
    title: 'A reference is not allowed',
    cause:
      'A setting refers to an iRule, profile, SNAT pool, persistence profile or VLAN on the device that `policy.references` does not list.',
    fix: 'Add the path to `policy.references` (a `*` at the end matches any rest), or remove the reference.',
    retryable: false,
    keepsRunning: true,
  },
  GW133: {
    title: 'The policy refuses',
    cause:
      'A rule of the policy refuses this namespace, port, address or partition, or there are rules and none allows it.',
    fix: 'Change what the Gateway asks for, or add a rule before the one named.',
    retryable: false,
  },
  GW134: {
    title: 'The port is reserved',
    cause:
      'Port 15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053 or 15090 belongs to Envoy, its agent or ztunnel.',
    fix: 'Use another port. Where it is meant, name the virtual port alone in a rule that allows it.',
    retryable: false,
  },
  GW135: {
    title: 'Address and port are taken within the ingress',
    cause:
      'Two servers want the same virtual address and port for different listeners or partitions. The older Gateway keeps it.',
    fix: 'Choose another virtual port or address for the younger one.',
    retryable: false,
  },
  GW136: {
    title: 'Two sources disagree',
    cause:
      'Two sources say different things about one setting. The higher one counts: Gateway, F5 ConfigMap, Service, sluice.yaml, defaults; among Gateways the oldest.',
    fix: 'Remove the one that is ignored, if it is not meant.',
    retryable: false,
  },
  GW137: {
    title: 'Settings do not go together',
    cause:
      "A setting needs another mode, a monitor's times contradict each other, or the mode does not suit the listener.",
    fix: 'Follow the message: it names both settings and who set them.',
    retryable: false,
    keepsRunning: true,
  },
  GW138: {
    title: 'No node port yet',
    cause:
      'Members are nodes, and no port of the ingress Service with a node port leads to the listener.',
    fix: 'Add the port to the Service (with `servicePorts: manage` the watcher does it) and use type NodePort or LoadBalancer.',
    retryable: false,
  },
  GW139: {
    title: 'No member has an address of that family',
    cause:
      'The virtual address is IPv6 and the members have IPv4 addresses only, or the other way round.',
    fix: "Use a virtual address of the members' family, or make the cluster dual-stack.",
    retryable: false,
  },
  GW140: {
    title: 'Nobody is ready, so all stay',
    cause:
      "Every member would have been taken out. The last ones are never taken out on the word of Kubernetes alone: BIG-IP's monitors judge.",
    fix: 'See why the gateway pods or nodes are not ready.',
    retryable: true,
  },
  GW141: {
    title: 'PROXY protocol',
    cause:
      'The gateway pods expect the PROXY protocol and nothing sends it, or something sends it that they do not expect. BIG-IP sends it only through an iRule.',
    fix: 'Create the iRule on the device, list it in `policy.references` and name it in `sluice.io/proxy-protocol`; or switch the expectation off in the pods.',
    retryable: false,
    keepsRunning: true,
  },
  GW142: {
    title: 'The address is in another partition',
    cause:
      'Two exposures of the ingress have one virtual address in two partitions, which BIG-IP refuses.',
    fix: 'Use one partition for the address.',
    retryable: false,
  },
  GW143: {
    title: 'A value cannot be used',
    cause:
      'An address, monitor, SSL profile or balance method of an F5 ConfigMap (or an address of a Gateway) is well-formed but nothing Sluice can declare.',
    fix: 'Follow the message.',
    retryable: false,
    keepsRunning: true,
  },
  GW144: {
    title: 'An F5 ConfigMap is pool-only',
    cause:
      'It has no `virtualAddress`. CIS made a pool without virtual server; Sluice takes its settings, and address and port from the next source.',
    fix: 'Nothing, or add `virtualAddress`.',
    retryable: false,
  },
  GW145: {
    title: 'Left out for HTTP/3',
    cause:
      'A setting that only suits TCP does not apply to the UDP virtual server of an HTTPS server with HTTP/3, or that virtual server cannot be made.',
    fix: 'Nothing, if TCP alone is meant to have it.',
    retryable: false,
  },
  GW150: {
    title: 'A public key cannot be used',
    cause:
      'What a reference in clusters[].verifyKeys leads to is no Ed25519 public key in PEM. While the key of an event is not among those that can be read, the events of that cluster wait.',
    fix: 'Put the .pub file of "sluice keys new" there; it is taken up without a restart.',
    retryable: true,
  },
  GW151: {
    title: 'The key of the watcher cannot be used',
    cause:
      'What clusters[].signKey leads to is no Ed25519 private key in PEM. The watcher sends nothing that is not signed.',
    fix: 'Put the .key file of "sluice keys new" there; it is taken up without a restart.',
    retryable: true,
  },
  GW152: {
    title: 'The two keys of a cluster do not belong together',
    cause:
      'The public half of clusters[].signKey is none of clusters[].verifyKeys, so all that the watcher says is refused. "sluice doctor" finds it where both can be read.',
    fix: 'Put the public half that was made with the private key into clusters[].verifyKeys.',
    retryable: false,
  },
  GW155: {
    title: 'No such address pool',
    cause:
      'A Gateway or Service asks for an automatic address (`auto`, `auto:<pool>`), and sluice.yaml has no such pool in `addressPools`.',
    fix: 'Correct the name, or add the pool.',
    retryable: false,
    keepsRunning: true,
  },
  GW156: {
    title: 'An automatic address is noted on BIG-IP only',
    cause:
      "The ingress gateway Service is not of type LoadBalancer, or its status is not Sluice's to write, so that it does not hold the address. After the loss of the device the address is chosen anew; mostly it is the same one.",
    fix: 'Set `loadBalancerClass: sluice.io/bigip` on the Service, or `writeStatus` of the ingress in sluice.yaml.',
    retryable: false,
  },
  GW160: {
    title: 'The Services of the cluster cannot be read',
    cause:
      'A server with tls.mode AUTO_PASSTHROUGH opens its port only if a Service under its hosts exists, in any namespace, and the Kubernetes API refuses to list Services of the whole cluster. Everything else goes on; a port that waits for such a Service counts as closed.',
    fix: 'Grant list and watch of services to the service account of Sluice for the whole cluster, as ClusterRole sluice-cluster in infra/kubernetes/base does. It is taken up without a restart.',
    retryable: false,
    keepsRunning: true,
  },
  GW162: {
    title: 'The configuration is newer than what is declared',
    cause:
      'sluice.yaml was changed, and owners on the device were mapped under an earlier generation of it.',
    fix: 'Nothing: the watchers are asked to say everything again, and what they say is mapped under the new configuration.',
    retryable: true,
  },
} as const satisfies CodeTable;
