/** The Deployment of F5 CIS, as its Helm chart makes it. */
import type { KubernetesObject } from '../kubernetes/types.ts';

/** With the status that the cluster would give it. */
export function deploymentOf(partition: string, url: string, replicas: 0 | 1): KubernetesObject {
  const labels = { app: 'k8s-bigip-ctlr' };
  const args = [
    `--bigip-url=${url}`,
    `--bigip-partition=${partition}`,
    '--custom-resource-mode=true',
    '--pool-member-type=nodeport',
    '--agent=as3',
    '--log-as3-response=true',
  ];
  const container = {
    name: 'k8s-bigip-ctlr',
    image: 'f5networks/k8s-bigip-ctlr:2.20.2',
    command: ['/app/bin/k8s-bigip-ctlr'],
    args,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'k8s-bigip-ctlr', namespace: 'kube-system', labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
    status: { replicas, readyReplicas: replicas, availableReplicas: replicas },
  };
}
