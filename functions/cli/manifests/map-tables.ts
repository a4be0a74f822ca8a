/** Text output of `sluice map`. */
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import type { PortMapping, ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { formatTable } from '../terminal/output.ts';

/** `exposures` is absent without a configuration. `width`: of the terminal, in characters. */
export function mapTables(
  ingresses: readonly PortMapping[],
  exposures: readonly Exposure[] | undefined,
  width?: number,
): string {
  if (ingresses.length === 0) return 'No Gateway and no gateway pod in these files.';
  const parts = ingresses.map((ingress) =>
    [
      `${visible(title(ingress))}\nEnvoy listens on ${visible(listens(ingress))}`,
      ...serverTable(ingress.servers),
    ].join('\n\n'),
  );
  return [...parts, ...(exposures === undefined ? [] : [exposureTable(exposures, width)])].join(
    '\n\n',
  );
}

/**
 * Names the ingress. Without pods in the files, it says where the pods were taken from, or how to
 * give them.
 */
function title({ namespace, services, pods }: PortMapping): string {
  const count = pods.length === 1 ? '1 pod' : `${pods.length} pods`;
  if (services.length > 0)
    return (
      `Ingress ${services.join(', ')} ` +
      `(${pods.length === 0 ? 'no pods in these files; the selector of the Service is used instead' : count})`
    );
  if (pods.length > 0) return `Gateway pods in ${namespace} that no Service selects (${count})`;
  return (
    'No gateway pods for these Gateways: add Pods or the ingress Service to the files, ' +
    'or use --pod-labels and --pod-namespace'
  );
}

/**
 * The sockets of Envoy, such as `8443/tcp https`. The address is shown only if it is not the
 * wildcard.
 */
function listens({ listeners }: PortMapping): string {
  const sockets = listeners.map(
    (l) =>
      `${l.bind === undefined ? '' : `${l.bind}:`}${l.port}/${l.transport} ${l.kinds.join('+')}`,
  );
  return sockets.join(', ') || 'no Gateway port';
}

/** Empty without servers. */
function serverTable(servers: readonly ServerReport[]): readonly string[] {
  if (servers.length === 0) return [];
  const rows = servers.map((s) => [
    s.gateway,
    String(s.server),
    `${s.port}/${s.protocol}`,
    s.verdict,
    s.code,
    s.envoyPorts.join(',') || '-',
    servicePorts(s),
    s.reason,
  ]);
  return [
    formatTable(['GATEWAY', '#', 'PORT', 'VERDICT', 'CODE', 'ENVOY', 'SERVICE PORT', 'WHY'], rows),
  ];
}

/**
 * The Service ports that lead to the listener. `missing`: the Service has to get such a port first.
 */
function servicePorts(s: ServerReport): string {
  const reaching = s.servicePorts
    .filter((p) => p.reachesListener)
    .map(
      (p) =>
        `${p.service}:${p.port}→${p.targetPort}${p.nodePort === null ? '' : ` (node ${p.nodePort})`}`,
    );
  return reaching.join(', ') || (s.missingInService ? 'missing' : '-');
}

/**
 * What BIG-IP would publish. `width` is that of the terminal.
 */
function exposureTable(exposures: readonly Exposure[], width?: number): string {
  if (exposures.length === 0) return 'Nothing is exposed.';
  const rows = exposures.map((e) => [
    addressOf(e),
    e.partition,
    e.settings.mode,
    e.settings.balance,
    String(e.members.length),
    e.gateways.join(', '),
  ]);
  return `Exposures\n\n${formatTable(['ADDRESS', 'PARTITION', 'MODE', 'BALANCE', 'MEMBERS', 'GATEWAYS'], rows, width)}`;
}

/** In one column, which wraps, because the table is as wide as a terminal. */
function addressOf(exposure: Exposure): string {
  const { source } = exposure.settings;
  return [exposureKey(exposure), ...(source === undefined ? [] : [`from ${source}`])].join(' ');
}
