import { mapIngress } from '../../../shared/domain/istio/map-ingress.ts';
import type { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { PortMapping, ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { INGRESS, mesh } from '../../fixtures/kubernetes.ts';

/** The mapping of the ingress in the fixtures. */
export function mapped(
  objects: KubernetesObjects,
  options: Partial<MeshOptions> = {},
): PortMapping {
  return mapIngress(INGRESS, objects, mesh(options));
}

export function reportIn(mapping: PortMapping, gateway: string, server = 0): ServerReport {
  const key = gateway.includes('/') ? gateway : `default/${gateway}`;
  const report = mapping.servers.find((one) => one.gateway === key && one.server === server);
  if (report === undefined)
    throw new Error(
      `no report of ${key} server ${server} among ` +
        mapping.servers.map((one) => `${one.gateway}#${one.server}`).join(', '),
    );
  return report;
}

/** `verdict code` of one server: what tables of cases compare. */
export function said(mapping: PortMapping, gateway: string, server = 0): string {
  const { verdict, code } = reportIn(mapping, gateway, server);
  return `${verdict} ${code}`;
}

/** `8080/tcp HTTP`, with the bind before the port if there is one. */
export function listens(mapping: PortMapping): string[] {
  return mapping.listeners.map(
    ({ port, bind, transport, kinds }) =>
      `${bind === undefined ? '' : `${bind}:`}${port}/${transport} ${kinds.join('+')}`,
  );
}
