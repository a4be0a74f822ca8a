/** Reads fields of a Service that was not validated yet. */
import { fieldAt, fieldsOf, isFields, listOf, textAt } from '../fields.ts';
import type { Fields, KubernetesObject } from '../types.ts';

/** Empty without one. */
export function specOf(service: KubernetesObject | undefined): Fields {
  return fieldsOf(service?.['spec']);
}

/** Without what is no object. */
export function portsOf(service: KubernetesObject | undefined): readonly Fields[] {
  return listOf(specOf(service)['ports']).filter(isFields);
}

/** ClusterIP if it names none. */
export function typeOf(service: KubernetesObject | undefined): string {
  return textAt(specOf(service), 'type') || 'ClusterIP';
}

/** Whether it wants no cluster address. */
export function isHeadless(service: KubernetesObject): boolean {
  return specOf(service)['clusterIP'] === 'None';
}

/** Whether it is reached from outside the cluster. */
export function isExternal(service: KubernetesObject | undefined): boolean {
  return ['NodePort', 'LoadBalancer'].includes(typeOf(service));
}

/** LoadBalancers may do without them. */
export function wantsNodePorts(service: KubernetesObject | undefined): boolean {
  return (
    typeOf(service) === 'NodePort' ||
    (typeOf(service) === 'LoadBalancer' &&
      specOf(service)['allocateLoadBalancerNodePorts'] !== false)
  );
}

/** The node port that tells load balancers whether the node has pods of the Service. */
export function wantsHealthCheckPort(service: KubernetesObject | undefined): boolean {
  return typeOf(service) === 'LoadBalancer' && specOf(service)['externalTrafficPolicy'] === 'Local';
}

/** 0 without one. */
export function nodePortOf(port: Fields): number {
  return Number(fieldAt(port, 'nodePort') ?? 0);
}

/** A shallow copy. */
export function withSpec(service: KubernetesObject, spec: Fields): KubernetesObject {
  return { ...service, spec };
}
