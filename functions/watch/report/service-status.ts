/** `status.loadBalancer.ingress` of the ingress Service, the EXTERNAL-IP column. */
import { LOAD_BALANCER_CLASS } from '../../../shared/domain/exposure/pool-claims.ts';
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import {
  KubernetesError,
  type KubernetesClient,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import { STATUS_MANAGER, type ServiceOwnership } from '../cache/ownership.ts';
import { SERVICES } from './event-targets.ts';

/** Addresses to write, or the reason not to. */
export type StatusDecision =
  | { readonly kind: 'leave'; readonly reason: string }
  | { readonly kind: 'write'; readonly addresses: readonly string[] };

/**
 * Only for a Service that Sluice owns by class or configuration, and never over another
 * controller's entry.
 */
export function decideStatus(
  service: Service,
  owned: ServiceOwnership,
  rule: { readonly writeStatus: boolean },
  addresses: readonly string[],
): StatusDecision {
  const leave = (reason: string): StatusDecision => ({ kind: 'leave', reason });
  if (service.type !== 'LoadBalancer') return leave('the Service is not of type LoadBalancer');
  if (service.loadBalancerClass !== LOAD_BALANCER_CLASS && !rule.writeStatus)
    return leave(`the loadBalancerClass is not ${LOAD_BALANCER_CLASS} and writeStatus is off`);
  const present = service.loadBalancerIngress
    .map((entry) => entry.ip ?? entry.hostname ?? '')
    .sort();
  if (present.length > 0 && !owned.status)
    return leave(`another controller wrote ${present.join(', ')}`);
  if (present.join(' ') === addresses.join(' ')) return leave('it already has this value');
  return { kind: 'write', addresses };
}

/** An empty list takes our entry away. */
export async function writeStatus(
  client: KubernetesClient,
  service: Service,
  addresses: readonly string[],
): Promise<void> {
  try {
    await client.apply(SERVICES, statusObject(service, addresses, true), {
      manager: STATUS_MANAGER,
      subresource: 'status',
    });
  } catch (error) {
    // Clusters before 1.29 do not know ipMode.
    if (!(error instanceof KubernetesError) || !error.message.includes('ipMode')) throw error;
    await client.apply(SERVICES, statusObject(service, addresses, false), {
      manager: STATUS_MANAGER,
      subresource: 'status',
    });
  }
}

function statusObject(service: Service, addresses: readonly string[], ipMode: boolean): RawObject {
  const { namespace, name, uid } = service.meta;
  const ingress = addresses.map((ip) => (ipMode ? { ip, ipMode: 'Proxy' } : { ip }));
  return {
    metadata: { namespace, name, uid },
    status: { loadBalancer: addresses.length === 0 ? {} : { ingress } },
  };
}
