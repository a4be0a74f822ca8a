/** Clouds drop packets for addresses that they did not give to a machine, unless they are told. */
import { formatCount } from '../../../domain/text/counts.ts';
import { okFinding, type DoctorFinding } from '../finding.ts';
import type { Reached } from './reached.ts';

/** By the start of `spec.providerID`. */
const CLOUDS: Readonly<Record<string, string>> = {
  aws: 'EC2: switch off the source/destination check of the instances',
  azure: 'Azure: switch on IP forwarding at the network interfaces',
  openstack:
    'OpenStack: add the pod networks to the allowed address pairs of the ports, or switch off port security',
};

/** Not visible in the cluster, so it is said and never judged. */
export function cloudRows({ cluster, seen }: Reached): readonly DoctorFinding[] {
  if (cluster.network.mode !== 'routes' || seen === undefined) return [];
  const clouds = Map.groupBy(seen.nodes, ({ providerId = '' }) => providerId.split(':')[0] ?? '');
  return [...clouds].flatMap(([cloud, nodes]) => {
    const advice = CLOUDS[cloud];
    if (advice === undefined) return [];
    const checked = { id: 'network-cloud', what: `cloud of ${cluster.id}` };
    return [
      okFinding(
        checked,
        `${formatCount(nodes.length, 'node')} must accept packets for pod addresses, which is not checked. ${advice}`,
      ),
    ];
  });
}
