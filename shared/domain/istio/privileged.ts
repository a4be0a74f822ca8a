/** istio-port-mapping.md §1.4 and the reserved ports of §1.7: ports that Envoy cannot open. */
import type { MeshOptions } from './mesh.ts';

/** `istioReservedPorts` of the agent, and Envoy's own static listeners. */
const RESERVED: ReadonlySet<number> = new Set([
  15_000, 15_001, 15_004, 15_006, 15_008, 15_020, 15_021, 15_053, 15_090,
]);

/**
 * Whether Envoy or its agent uses the port. The port of the health check is configurable as the
 * mesh option `statusPort`.
 */
export function isReserved(port: number, mesh: Pick<MeshOptions, 'statusPort'>): boolean {
  return port === mesh.statusPort || RESERVED.has(port);
}

/** Linux lets only privileged processes bind lower ports. */
const FIRST_UNPRIVILEGED_PORT = 1024;

/**
 * istiod skips the listener. The check comes after translation, so it applies to the port in the
 * pod.
 */
export function isSkippedAsPrivileged(port: number, unprivilegedPod: boolean): boolean {
  return unprivilegedPod && port < FIRST_UNPRIVILEGED_PORT;
}
