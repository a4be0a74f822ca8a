/**
 * A permission of the watcher in the cluster, with its reason. The manifests in `infra/kubernetes`
 * grant exactly these.
 */
import type { CniSource } from '../domain/paths/network-config.ts';
import { CNI_KINDS, type CniKind } from './cni-kinds.ts';

/** A rule of a Role or ClusterRole. */
export interface RbacRule {
  /** API group; empty for the core group. */
  readonly group: string;
  /** Plural names, with `/status` for the subresource. */
  readonly resources: readonly string[];
  /** Only what is used; nothing is ever deleted. */
  readonly verbs: readonly string[];
  /**
   * `ingress`: in the namespaces of ingresses; `own`: in the watcher's namespace; `cluster`:
   * everywhere.
   */
  readonly scope: 'cluster' | 'ingress' | 'own';
  /** Without it only some information is missing, and the rest works. */
  readonly optional?: true;
  /** Only needed if Sluice adds ports, not with `servicePorts: observe`. */
  readonly manages?: true;
  /**
   * Only needed with this `clusters[].network.from`. The component `network-<source>` grants it.
   */
  readonly network?: CniSource;
  /** Why the watcher needs it; `sluice doctor` shows it for a missing permission. */
  readonly why: string;
}

/** What a stream needs. */
const READ = ['get', 'list', 'watch'];

/** One for each group that may serve the kind. */
function networkRules(network: CniSource, why: string): readonly RbacRule[] {
  const { group, otherGroup, plural }: CniKind = CNI_KINDS[network];
  const groups = [group, ...(otherGroup === undefined ? [] : [otherGroup.group])];
  return groups.map((one) => ({
    group: one,
    resources: [plural],
    verbs: READ,
    scope: 'cluster',
    optional: true,
    network,
    why,
  }));
}

/** All permissions of the watcher; a test compares them with the manifests. */
export const RBAC_RULES: readonly RbacRule[] = [
  {
    group: 'networking.istio.io',
    resources: ['gateways', 'virtualservices'],
    verbs: READ,
    scope: 'cluster',
    why: 'the Gateways to expose; a Gateway may be in any namespace',
  },
  {
    group: 'networking.istio.io',
    resources: ['envoyfilters'],
    verbs: READ,
    scope: 'cluster',
    optional: true,
    why: 'points out those that change listeners of gateway pods',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['listenersets', 'httproutes', 'grpcroutes', 'tlsroutes', 'tcproutes', 'udproutes'],
    verbs: READ,
    scope: 'cluster',
    why: 'the same for Gateway API; routes and ListenerSets may be in any namespace',
  },
  {
    group: 'networking.k8s.io',
    resources: ['ingresses'],
    verbs: READ,
    scope: 'cluster',
    optional: true,
    why: 'those of class istio, of which istiod makes Gateways',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['referencegrants'],
    verbs: READ,
    scope: 'cluster',
    optional: true,
    why: 'whether a listener may use a certificate of another namespace',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['gateways'],
    verbs: READ,
    scope: 'ingress',
    why: 'a Gateway is in the namespace of its Service',
  },
  {
    group: '',
    resources: ['services', 'pods', 'configmaps'],
    verbs: READ,
    scope: 'ingress',
    why: 'the ingress Service, its pods, F5 ConfigMaps, and where istiod is its mesh ConfigMap',
  },
  {
    group: '',
    resources: ['services'],
    verbs: ['list', 'watch'],
    scope: 'cluster',
    optional: true,
    why: 'finds matching Services while a server with AUTO_PASSTHROUGH needs them',
  },
  {
    group: 'discovery.k8s.io',
    resources: ['endpointslices'],
    verbs: READ,
    scope: 'ingress',
    why: 'finds the pods that serve',
  },
  {
    group: '',
    resources: ['nodes', 'namespaces'],
    verbs: READ,
    scope: 'cluster',
    why: 'node addresses as members; labels of namespaces; the UID of kube-system',
  },
  {
    group: '',
    resources: ['services'],
    verbs: ['patch'],
    scope: 'ingress',
    manages: true,
    why: 'adds missing ports (not with servicePorts: observe)',
  },
  {
    group: '',
    resources: ['services/status'],
    verbs: ['patch'],
    scope: 'ingress',
    why: 'writes the external address',
  },
  {
    group: '',
    resources: ['events'],
    verbs: ['get', 'list', 'create', 'patch'],
    scope: 'cluster',
    why: 'records Events on Gateways and Services, and finds earlier ones',
  },
  ...networkRules('calico', 'the blocks of pod addresses of each node'),
  ...networkRules('cilium', 'the pod networks and addresses of each node'),
  {
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    scope: 'own',
    why: 'stores the epoch',
  },
];
