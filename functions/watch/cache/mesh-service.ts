import type { Service } from '../../../shared/domain/snapshot/objects.ts';

const NOTHING = {};

/** What decides whether it opens a port: its name, its age, and whether it has a port for TCP. There may be tens of thousands. */
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
