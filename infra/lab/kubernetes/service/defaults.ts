import { fieldAt, fieldsOf, isFields, listOf, withoutFields } from '../fields.ts';
import type { Fields, KubernetesObject } from '../types.ts';
import {
  isExternal,
  isHeadless,
  nodePortOf,
  portsOf,
  specOf,
  typeOf,
  wantsHealthCheckPort,
  withSpec,
} from './spec.ts';

/** Fields that the API server fills in before any other step. */
export function defaultService(service: KubernetesObject): KubernetesObject {
  const type = typeOf(service);
  const spec: Fields = { sessionAffinity: 'None', type, ...specOf(service) };
  const ports = portsOf(service).map((port) => ({
    protocol: 'TCP',
    ...port,
    targetPort: port['targetPort'] ?? port['port'],
  }));
  if (ports.length > 0) spec['ports'] = ports;
  if (type !== 'ExternalName') spec['internalTrafficPolicy'] ??= 'Cluster';
  if (isExternal(service)) spec['externalTrafficPolicy'] ??= 'Cluster';
  if (type === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true;
  return defaultStatus({ ...service, spec });
}

function defaultStatus(service: KubernetesObject): KubernetesObject {
  const status = fieldsOf(service['status']);
  const balancer = fieldsOf(status['loadBalancer']);
  const ingress = listOf(balancer['ingress']);
  const filled = ingress.map((entry) =>
    isFields(entry) && entry['ip'] ? { ...entry, ipMode: entry['ipMode'] ?? 'VIP' } : entry,
  );
  return {
    ...service,
    status: {
      ...status,
      loadBalancer: { ...balancer, ...(ingress.length > 0 && { ingress: filled }) },
    },
  };
}

/**
 * An update that omits allocated values keeps them; a changed type releases those that it does not
 * use.
 */
export function keepAllocated(before: KubernetesObject, after: KubernetesObject): KubernetesObject {
  const old = specOf(before);
  const spec = { ...specOf(after) };
  if (typeOf(before) !== 'ExternalName' && typeOf(after) !== 'ExternalName') {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
      spec[field] ??= old[field];
  }
  if (wantsHealthCheckPort(before) && wantsHealthCheckPort(after))
    spec['healthCheckNodePort'] ??= old['healthCheckNodePort'];
  return dropped(before, withPorts(before, withSpec(after, defined(spec))));
}

function defined(spec: Fields): Fields {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

/** Node ports are matched by the NAME of the port, as in Kubernetes. */
function withPorts(before: KubernetesObject, after: KubernetesObject): KubernetesObject {
  if (!isExternal(before) || !isExternal(after)) return after;
  const explicit = new Set(portsOf(after).map(nodePortOf));
  const byName = new Map(portsOf(before).map((port) => [fieldAt(port, 'name'), nodePortOf(port)]));
  const ports = portsOf(after).map((port) => {
    const kept = byName.get(fieldAt(port, 'name')) ?? 0;
    return nodePortOf(port) !== 0 || kept === 0 || explicit.has(kept)
      ? port
      : { ...port, nodePort: kept };
  });
  return portsOf(after).length === 0 ? after : withSpec(after, { ...specOf(after), ports });
}

/** Fields that only the old type has are dropped, unless the update changes them. */
function dropped(before: KubernetesObject, after: KubernetesObject): KubernetesObject {
  let spec = specOf(after);
  if (isExternal(before) && !isExternal(after)) {
    const old = new Set(portsOf(before).map(nodePortOf));
    spec = {
      ...spec,
      ports: portsOf(after).map((port) =>
        old.has(nodePortOf(port)) ? withoutFields(port, 'nodePort') : port,
      ),
    };
    if (spec['externalTrafficPolicy'] === specOf(before)['externalTrafficPolicy'])
      spec = withoutFields(spec, 'externalTrafficPolicy');
  }
  if (typeOf(before) === 'LoadBalancer' && typeOf(after) !== 'LoadBalancer')
    spec = withoutFields(spec, 'allocateLoadBalancerNodePorts', 'loadBalancerClass');
  if (wantsHealthCheckPort(before) && !wantsHealthCheckPort(after))
    spec = withoutFields(spec, 'healthCheckNodePort');
  if (typeOf(after) === 'ExternalName' && !isHeadless(after))
    spec = withoutFields(
      spec,
      'clusterIP',
      'clusterIPs',
      'ipFamilies',
      'ipFamilyPolicy',
      'internalTrafficPolicy',
    );
  const lost = typeOf(before) === 'LoadBalancer' && typeOf(after) !== 'LoadBalancer';
  const status = { ...fieldsOf(after['status']), loadBalancer: {} };
  return withSpec(lost ? { ...after, status } : after, spec);
}
