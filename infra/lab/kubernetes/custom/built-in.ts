/**
 * Fields of built-in kinds that people and Sluice apply, so that server-side apply refuses unknown
 * ones.
 */
import type { Definition, Structural } from './schema.ts';

const any: Structural = { 'x-kubernetes-preserve-unknown-fields': true };

function known(names: string, inner: Readonly<Record<string, Structural>> = {}): Structural {
  const open = Object.fromEntries(names.split(' ').map((name) => [name, any]));
  return { properties: { ...open, ...inner } };
}

function kind(properties: Readonly<Record<string, Structural>>): Definition {
  return { rules: false, schema: { properties } };
}

const servicePort = known('appProtocol name nodePort port protocol targetPort');
const ingress = known('hostname ip ipMode ports');

/** By storage; `x-kubernetes-list-map-keys` as in the published OpenAPI. */
export const builtInFields: Readonly<Record<string, Definition>> = {
  services: kind({
    spec: known(
      'allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName ' +
        'externalTrafficPolicy healthCheckNodePort internalTrafficPolicy ipFamilies ' +
        'ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges ' +
        'publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig ' +
        'trafficDistribution type',
      {
        ports: { items: servicePort, 'x-kubernetes-list-map-keys': ['port', 'protocol'] },
      },
    ),
    status: known('conditions', { loadBalancer: known('', { ingress: { items: ingress } }) }),
  }),
  configmaps: kind({ data: any, binaryData: any, immutable: any }),
  'leases.coordination.k8s.io': kind({
    spec: known(
      'acquireTime holderIdentity leaseDurationSeconds leaseTransitions preferredHolder renewTime strategy',
    ),
  }),
};
