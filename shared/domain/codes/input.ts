/**
 * Codes about input: `sluice.yaml`, the servers of Gateways, keys, address pools, and objects that
 * cannot be read.
 */
import type { CodeTable } from './entry.ts';

/** GW1xx except GW12x to GW14x: configuration, events, Gateways, keys, address pools. */
export const INPUT_CODES = {
  // Configuration and events.
  GW100: {
    title: 'The configuration cannot be read',
    cause: 'The file is missing, is not valid YAML or JSON, or contains the same key twice.',
    fix: 'Correct the file at the place that the message names.',
    retryable: false,
  },
  GW101: {
    title: 'The configuration is invalid',
    cause:
      'A key is unknown, a value does not match the schema, or two entries contradict each ' +
      'other. Nothing starts with an invalid configuration.',
    fix:
      'Correct every path that the message lists; docs/reference/configuration.md describes ' +
      'each key.',
    retryable: false,
  },
  GW102: {
    title: 'A secret cannot be read',
    cause:
      'The environment variable, file, Secrets Manager secret or SSM parameter that a reference ' +
      'names is missing, empty or not readable by this process.',
    fix: 'Create it, or grant this process read access. Messages never contain secret values.',
    retryable: true,
  },
  GW103: {
    title: 'Unknown cluster',
    cause: 'A snapshot names a cluster id that is not in `clusters` of sluice.yaml.',
    fix: "Add the cluster to sluice.yaml, or correct the cluster id in the watcher's configuration.",
    retryable: false,
  },
  GW104: {
    title: 'Unknown ingress',
    cause: 'A snapshot is about a Service that no entry of `ingresses` names for that cluster.',
    fix: "Add the entry, or remove the Service from the watcher's configuration.",
    retryable: false,
  },
  GW105: {
    title: "The watcher's clock is wrong",
    cause:
      'The clock of the machine that runs the watcher differs by more than a minute from the ' +
      'clock of the Kubernetes API server. Nothing is refused: a new epoch starts from the API ' +
      "server's time, and an epoch that lies ahead is continued.",
    fix:
      'Correct whichever clock is wrong (NTP). The watcher does not need a restart. Dead ' +
      'letters with this code come from 0.1.0, which refused epochs that lie ahead: archive ' +
      'them; later snapshots carry the same content.',
    retryable: false,
  },
  GW106: {
    title: 'Unknown device',
    cause: 'A slice is for a device that is not in `devices` of sluice.yaml.',
    fix: 'Add the device to `devices`, or remove it from `ingresses[].devices`.',
    retryable: false,
  },

  // Servers and listeners.
  GW110: {
    title: 'A server cannot be read',
    cause:
      'An entry of `servers` is not an object, or its `port` or `hosts` does not match the ' +
      'schema of Gateway. The other servers of the Gateway are still served.',
    fix: 'Give the server a `port` with number, name and protocol, and `hosts` as a list of names.',
    retryable: false,
  },
  GW111: {
    title: 'The port number is invalid',
    cause:
      'The number of a server or listener is not a whole number from 1 to 65535. Istio takes 0 ' +
      'only with a unix:// bind.',
    fix: 'Use a number from 1 to 65535.',
    retryable: false,
  },
  GW112: {
    title: 'The protocol is unknown',
    cause:
      'Istio gateways create no listener for the protocol of this server or listener. UDP is ' +
      'one of these protocols.',
    fix:
      'Use HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, REDIS or MYSQL. With Gateway ' +
      'API, use HTTP, HTTPS, TLS or TCP.',
    retryable: false,
  },
  GW113: {
    title: 'A server has no hosts',
    cause: '`hosts` of the server is empty or missing.',
    fix: 'Add at least one host to `hosts`; `*` matches all hosts.',
    retryable: false,
  },
  GW114: {
    title: 'The bind address is invalid',
    cause:
      '`bind` of the server is neither an IP address nor unix://PATH. Envoy refuses such a ' +
      'listener.',
    fix: 'Correct or remove `bind`.',
    retryable: false,
  },
  GW115: {
    title: 'The TLS mode is invalid',
    cause:
      'Istio does not know the value of `tls.mode`, or the mode does not suit the protocol of ' +
      'the listener.',
    fix:
      'Use PASSTHROUGH, SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL or AUTO_PASSTHROUGH. With ' +
      'Gateway API, Passthrough requires protocol TLS.',
    retryable: false,
  },
  GW116: {
    title: 'A Gateway has no servers',
    cause:
      '`spec.servers` (`spec.listeners` with Gateway API) is empty or missing, so the Gateway ' +
      'opens no port.',
    fix: 'Add a server, or delete the Gateway.',
    retryable: false,
  },

  // Keys and signatures.
  GW150: {
    title: 'A public key is invalid',
    cause:
      'A reference in clusters[].verifyKeys does not lead to an Ed25519 public key in PEM ' +
      'format. Events signed with a key that cannot be read wait.',
    fix: 'Store the .pub file of "sluice keys new" there; Sluice reads it without a restart.',
    retryable: true,
  },
  GW151: {
    title: "The watcher's private key is invalid",
    cause:
      'clusters[].signKey does not lead to an Ed25519 private key in PEM format. The watcher ' +
      'sends no unsigned events.',
    fix: 'Store the .key file of "sluice keys new" there; the watcher reads it without a restart.',
    retryable: true,
  },
  GW152: {
    title: 'The keys of a cluster do not match',
    cause:
      'The public key that belongs to clusters[].signKey is not in clusters[].verifyKeys, so ' +
      'every event of the watcher is refused. "sluice doctor" reports this where it can read ' +
      'both keys.',
    fix: 'Add the public key of the same key pair to clusters[].verifyKeys.',
    retryable: false,
  },
  // Address pools.
  GW155: {
    title: 'The address pool does not exist',
    cause:
      'A Gateway or Service requests an automatic address (`auto`, `auto:<pool>`), and ' +
      '`addressPools` of sluice.yaml has no such pool.',
    fix: 'Correct the name of the pool, or add the pool to `addressPools`.',
    retryable: false,
    keepsRunning: true,
  },
  GW156: {
    title: 'An automatic address is stored only on BIG-IP',
    cause:
      'The ingress gateway Service is not of type LoadBalancer, or Sluice may not write its ' +
      'status, so the status does not hold the address. If the configuration of the device is ' +
      'lost, Sluice allocates the address again; usually it is the same one.',
    fix:
      'Set `loadBalancerClass: sluice.io/bigip` on the Service, or set `writeStatus` of the ' +
      'ingress in sluice.yaml.',
    retryable: false,
  },
  // What cannot be read or judged, and notes.
  GW160: {
    title: 'The Services of the cluster cannot be read',
    cause:
      'A server with tls.mode AUTO_PASSTHROUGH opens its port only if a Service in any ' +
      'namespace matches its hosts. The Kubernetes API refuses to list the Services of the ' +
      'whole cluster, so such a port counts as closed. Everything else continues to work.',
    fix:
      'Grant the service account of Sluice list and watch on services for the whole cluster, as ' +
      'ClusterRole sluice-cluster in infra/kubernetes/base does. Sluice notices without a ' +
      'restart.',
    retryable: false,
    keepsRunning: true,
  },
  GW161: {
    title: 'An optional kind cannot be read',
    cause:
      'The Kubernetes API does not let Sluice read ReferenceGrants, EnvoyFilters, Ingresses or the ' +
      'mesh ConfigMap, or does not serve the kind. Notes and verdicts that depend on it are left ' +
      'out; everything else works.',
    fix:
      'Grant the rights of ClusterRole sluice-cluster in infra/kubernetes/base, or if the cluster ' +
      'does not serve the kind, install its CRD. Both take effect without a restart.',
    retryable: false,
  },
  GW162: {
    title: 'The configuration is newer than the declaration',
    cause:
      'sluice.yaml was changed, and some owners on the device were mapped with an earlier ' +
      'version of it.',
    fix:
      'Nothing to do: Sluice asks the watchers for a full resync, and maps the snapshots with ' +
      'the new configuration.',
    retryable: true,
  },
  GW163: {
    title: 'An EnvoyFilter changes the listeners',
    cause:
      'An EnvoyFilter patches listeners of the gateway pods (LISTENER, LISTENER_FILTER or ' +
      'FILTER_CHAIN). Sluice cannot judge whether it opens or closes ports, or whether the PROXY ' +
      'protocol is expected.',
    fix:
      'Check the ports with "sluice ports". If the filter expects the PROXY protocol, create the ' +
      'iRule that sends it and name it in `sluice.io/proxy-protocol`; gatewayTopology.proxyProtocol ' +
      'is the way that Sluice understands.',
    retryable: false,
  },
  GW164: {
    title: 'A Service port leads nowhere',
    cause:
      'The targetPort of a port of the ingress Service is a name that no container port of the ' +
      'gateway pods has, so Kubernetes and istiod drop the port.',
    fix: 'Name the container port in the pods, or write its number as targetPort.',
    retryable: false,
  },
  GW165: {
    title: 'A default is overridden',
    cause:
      'A Gateway or its F5 ConfigMap sets what sluice.yaml or an annotation of the ingress Service ' +
      'sets differently for all Gateways of the ingress, or the annotation differs from ' +
      'sluice.yaml. The more precise source counts.',
    fix: 'Nothing to do if it is intended. Otherwise remove the setting from the source that counts.',
    retryable: false,
  },
} as const satisfies CodeTable;
