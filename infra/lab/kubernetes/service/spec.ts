/** Reads fields of a Service that was not validated yet. */
import { fieldAt, fieldsOf, isFields, listOf, textAt } from '../fields.ts';
import type { Fields, KubernetesObject } from '../types.ts';

export function specOf(service: KubernetesObject | undefined): Fields {
  return fieldsOf(service?.['spec']);
}

export function portsOf(service: KubernetesObject | undefined): readonly Fields[] {
  return listOf(specOf(service)['ports']).filter(isFields);
}

export function typeOf(service: KubernetesObject | undefined): string {
  return textAt(specOf(service), 'type') || 'ClusterIP';
}

export function isHeadless(service: KubernetesObject): boolean {
  return specOf(service)['clusterIP'] === 'None';
}

export function isExternal(service: KubernetesObject | undefined): boolean {
  return ['NodePort', 'LoadBalancer'].includes(typeOf(service));
}

export function wantsNodePorts(service: KubernetesObject | undefined): boolean {
  return (
    typeOf(service) === 'NodePort' ||
    (typeOf(service) === 'LoadBalancer' &&
      specOf(service)['allocateLoadBalancerNodePorts'] !== false)
  );
}

export function wantsHealthCheckPort(service: KubernetesObject | undefined): boolean {
  return typeOf(service) === 'LoadBalancer' && specOf(service)['externalTrafficPolicy'] === 'Local';
}

export function nodePortOf(port: Fields): number {
  return Number(fieldAt(port, 'nodePort') ?? 0);
}

export function withSpec(service: KubernetesObject, spec: Fields): KubernetesObject {
  return { ...service, spec };
}
