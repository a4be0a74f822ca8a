/**
 * By what a node is known to go away, or to be meant for no load balancer. Every row leads to the
 * same: it leaves the pools by drain, and never as the last member.
 */

/** Excluded whatever the value: the node never becomes a member, and drains where it is one. */
export const EXCLUDING_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

/**
 * Taints of those who are about to remove the node: the one that the service controller of
 * Kubernetes looks at first, then those of node life-cycle controllers.
 */
export const LEAVING_TAINTS: ReadonlySet<string> = new Set([
  'ToBeDeletedByClusterAutoscaler',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
  'node.kubernetes.io/out-of-service',
  'node.cloudprovider.kubernetes.io/shutdown',
  'cloud.google.com/impending-node-termination',
  'aws-node-termination-handler/asg-lifecycle-termination',
  'aws-node-termination-handler/scheduled-maintenance',
  'aws-node-termination-handler/spot-itn',
]);
