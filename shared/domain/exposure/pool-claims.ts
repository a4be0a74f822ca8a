/** Input for the address assignment of an ingress. */
import type { ExposureContext } from './context.ts';
import type { Exposure, Note } from './exposure.ts';
import type { Service } from '../snapshot/objects.ts';
import { type AutoAddresses, poolOfAutoAddress } from '../address-pools/auto-address.ts';

/** For Services of this class, Sluice assigns the address. */
export const LOAD_BALANCER_CLASS = 'sluice.io/bigip';

/** The addresses that the exposures of an ingress request from pools. */
export interface PoolClaims {
  readonly auto: AutoAddresses;
  readonly notes: readonly Note[];
}

/** Undefined if every exposure has a literal address. */
export function poolClaims(
  exposures: readonly Exposure[],
  service: Service | undefined,
  context: ExposureContext,
): PoolClaims | undefined {
  const names = new Set(exposures.flatMap((e) => poolOfAutoAddress(e.address) ?? []));
  const { addressPools = [], addressSeed = '', ingress } = context;
  if (names.size === 0) return undefined;
  const pools = addressPools
    .filter(({ name }) => names.has(name))
    .map(({ name, ranges, reserved }) => [name, { ranges, reserved }] as const);
  return {
    auto: { pools: Object.fromEntries(pools), claims: claimsOf(service), seed: addressSeed },
    notes: service === undefined ? [] : unclaimed(service, ingress),
  };
}

/** The address in the status counts only if only Sluice can have written it. */
function claimsOf(service: Service | undefined): string[] {
  if (service === undefined || service.type !== 'LoadBalancer') return [];
  const ours = service.statusIsOurs === true || service.loadBalancerClass === LOAD_BALANCER_CLASS;
  return ours ? service.loadBalancerIngress.flatMap(({ ip }) => ip ?? []) : [];
}

/** Without a status, the assignment cannot be restored after the device is wiped. */
function unclaimed(
  { meta, type, loadBalancerClass }: Service,
  { writeStatus }: ExposureContext['ingress'],
): readonly Note[] {
  if (type === 'LoadBalancer' && (writeStatus || loadBalancerClass === LOAD_BALANCER_CLASS))
    return [];
  const remedy =
    type === 'LoadBalancer'
      ? // The API server refuses the class on a Service that is a load balancer already.
        'set writeStatus: true for the ingress in sluice.yaml, ' +
        `or delete the Service and create it with loadBalancerClass ${LOAD_BALANCER_CLASS}`
      : 'make it type LoadBalancer';
  return [
    {
      object: `Service ${meta.namespace}/${meta.name}`,
      code: 'GW156',
      message:
        'its automatic address is stored only on BIG-IP, ' +
        `so it may change if that device loses its configuration; ${remedy}`,
    },
  ];
}
