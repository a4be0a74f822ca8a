/** `status.loadBalancer.ingress` of the ingress Service, which `kubectl` shows as EXTERNAL-IP. */
import { LOAD_BALANCER_CLASS } from '../../../shared/domain/exposure/pool-claims.ts';
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import {
  KubernetesError,
  type KubernetesClient,
  SERVICES,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import {
  STATUS_CLUSTER,
  STATUS_MANAGER,
  writersOf,
  type ServiceOwnership,
} from '../../../shared/kubernetes/ownership.ts';

/**
 * Leave the status as it is, with the reason, or write these addresses. `force` takes over fields
 * of another manager.
 */
export type StatusDecision =
  | { readonly kind: 'leave'; readonly reason: string; readonly isForeign?: boolean }
  | { readonly kind: 'write'; readonly addresses: readonly string[]; readonly force: boolean };

/** What decides whether Sluice may write the status. */
export interface StatusRules {
  readonly writeStatus: boolean;
  /** The id of the own cluster: another Sluice writes under the same field manager. */
  readonly cluster: string;
  /** Another writer keeps changing it. */
  readonly isContested?: boolean;
}

/** The addresses in the status of a Service, sorted, so that two lists can be compared. */
export function statusAddressesOf({ loadBalancerIngress }: Service): readonly string[] {
  return loadBalancerIngress.map((entry) => entry.ip ?? entry.hostname ?? '').sort();
}

/**
 * Only Services with Sluice's class, or with `writeStatus`, are written. With the class, no other
 * controller owns the status, so an entry of another writer is replaced; with `writeStatus` it
 * stays and is reported. An empty list is only written over what this cluster wrote.
 */
export function decideStatus(
  service: Service,
  owned: ServiceOwnership,
  rules: StatusRules,
  addresses: readonly string[],
): StatusDecision {
  const leave = (reason: string, isForeign = false): StatusDecision => ({
    kind: 'leave',
    reason,
    isForeign,
  });
  const hasClass = service.loadBalancerClass === LOAD_BALANCER_CLASS;
  if (service.type !== 'LoadBalancer') return leave('the Service is not of type LoadBalancer');
  if (!hasClass && !rules.writeStatus)
    return leave(`the loadBalancerClass is not ${LOAD_BALANCER_CLASS} and writeStatus is off`);
  const present = statusAddressesOf(service);
  if (present.join(' ') === addresses.join(' ')) return leave('the status is already correct');
  if (present.length === 0 || isOwn(owned, rules))
    return { kind: 'write', addresses, force: false };
  const reason = `${writersOf(owned)} wrote ${present.join(', ')}`;
  if (addresses.length === 0) return leave(reason);
  return hasClass ? { kind: 'write', addresses, force: true } : leave(reason, true);
}

/** Versions before 0.2 did not note their cluster. */
function isOwn(
  { status, statusCluster }: ServiceOwnership,
  { cluster, isContested }: StatusRules,
): boolean {
  return status && (statusCluster === cluster || (statusCluster === undefined && !isContested));
}

/** An empty list takes our entry away. Returns the Service as it is then. */
export async function writeStatus(
  client: KubernetesClient,
  service: Service,
  { addresses, force }: Extract<StatusDecision, { kind: 'write' }>,
  cluster: string,
): Promise<RawObject> {
  const options = { manager: STATUS_MANAGER, subresource: 'status', force } as const;
  const object = (ipMode: boolean): RawObject =>
    statusObject(service, addresses, { cluster, ipMode });
  try {
    return await client.apply(SERVICES, object(true), options);
  } catch (error) {
    // Clusters before 1.29 do not know ipMode.
    if (!(error instanceof KubernetesError) || !error.message.includes('ipMode')) throw error;
    return client.apply(SERVICES, object(false), options);
  }
}

/** The annotation and the addresses are one write, so that they always match. */
function statusObject(
  service: Service,
  addresses: readonly string[],
  { cluster, ipMode }: { readonly cluster: string; readonly ipMode: boolean },
): RawObject {
  const { namespace, name, uid } = service.meta;
  const ingress = addresses.map((ip) => (ipMode ? { ip, ipMode: 'Proxy' } : { ip }));
  const isEmpty = addresses.length === 0;
  return {
    metadata: {
      namespace,
      name,
      uid,
      ...(isEmpty ? {} : { annotations: { [STATUS_CLUSTER]: cluster } }),
    },
    status: { loadBalancer: isEmpty ? {} : { ingress } },
  };
}
