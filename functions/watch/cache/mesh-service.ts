/** The part of a Service of the mesh that listeners with AUTO_PASSTHROUGH depend on. */
import type { Service } from '../../../shared/domain/snapshot/objects.ts';

const NOTHING = {};

/**
 * The fields that decide whether it opens a port: name, age, and whether it has a TCP port. There
 * may be tens of thousands.
 */
export function meshService({ meta: { namespace, name, created }, type, ports }: Service): Service {
  return {
    meta: {
      namespace,
      name,
      uid: '',
      created,
      resourceVersion: '',
      labels: NOTHING,
      annotations: NOTHING,
    },
    type,
    headless: false,
    selector: NOTHING,
    ports: ports
      .filter(({ protocol }) => protocol !== 'UDP')
      .slice(0, 1)
      .map(({ port, protocol }) => ({ name: '', port, protocol })),
    ipFamilies: [],
    loadBalancerIngress: [],
  };
}
