/** What the watcher may do in the cluster, and why. The manifests in `infra/kubernetes` grant exactly this. */

export interface RbacRule {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** `ingress`: in the namespaces of ingresses; `own`: in the watcher's namespace; `cluster`: everywhere. */
  readonly scope: 'cluster' | 'ingress' | 'own';
  readonly why: string;
}

const READ = ['get', 'list', 'watch'];

export const RBAC_RULES: readonly RbacRule[] = [
  {
    group: 'networking.istio.io',
    resources: ['gateways', 'virtualservices'],
    verbs: READ,
    scope: 'cluster',
    why: 'what is to be exposed; a Gateway may live in any namespace',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['listenersets', 'httproutes', 'grpcroutes', 'tlsroutes', 'tcproutes', 'udproutes'],
    verbs: READ,
    scope: 'cluster',
    why: 'the same for Gateway API; routes and listener sets may live in any namespace',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['gateways'],
    verbs: READ,
    scope: 'ingress',
    why: 'a Gateway shares the namespace of its Service',
  },
  {
    group: '',
    resources: ['services', 'pods', 'configmaps'],
    verbs: READ,
    scope: 'ingress',
    why: 'the ingress Service, its pods, and F5 ConfigMaps',
  },
  {
    group: '',
    resources: ['services'],
    verbs: ['list', 'watch'],
    scope: 'cluster',
    why: 'which Services there are, while a server with AUTO_PASSTHROUGH opens its port for them',
  },
  {
    group: 'discovery.k8s.io',
    resources: ['endpointslices'],
    verbs: READ,
    scope: 'ingress',
    why: 'which pods serve',
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
    why: 'tells results on Gateways and Services, and remembers what it told',
  },
  {
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    scope: 'own',
    why: 'keeps the epoch',
  },
];
