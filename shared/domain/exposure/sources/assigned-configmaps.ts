/** Which F5 ConfigMap configures which server, and notes on those that configure none. */
import type { ServerReport } from '../../istio/port-mapping.ts';
import { groupByKey, type IndexedIngress } from '../indexed-ingress.ts';
import type { Note, SettingsLayer } from '../settings/layers.ts';
import { type ConfigMapReading, readConfigMap } from './f5-configmap.ts';

/**
 * Numbers of the ingress Service's ports that lead to this server; before the port is added, the
 * gateway's own number.
 */
function servicePortsOf(pool: IndexedIngress, report: ServerReport): readonly number[] {
  const ports = report.servicePorts
    .filter((one) => one.service === pool.name && one.reachesListener)
    .map((one) => one.port);
  return ports.length > 0 ? ports : [report.port];
}

/** Oldest first, then by name; without a timestamp it counts as youngest. */
export function compareServerAge(
  a: { readonly created: string; readonly name: string },
  b: { readonly created: string; readonly name: string },
): number {
  const [x, y] = [a.created || '\uffff', b.created || '\uffff'];
  if (x !== y) return x < y ? -1 : 1;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** The F5 ConfigMaps of one ingress, assigned to the servers that they configure. */
export interface AssignedConfigMaps {
  /** By position in the mapping's servers. */
  readonly layers: ReadonlyMap<number, SettingsLayer>;
  readonly notes: readonly Note[];
}

/** Why the ConfigMap configures nothing, as exactly as can be said. */
function strayReason(pool: IndexedIngress, read: ConfigMapReading): string {
  if (read.namespace !== pool.ref.namespace || read.service !== pool.ref.service)
    return `it is for Service ${read.namespace}/${read.service}, not for the ingress gateway Service ${pool.name}`;
  const known = pool.service?.ports.some((one) => one.port === read.port) === true;
  return known
    ? `it is for port ${read.port} of Service ${pool.name}, which leads to no gateway server`
    : `it is for port ${read.port}, which Service ${pool.name} does not have`;
}

/**
 * Assigns each ConfigMap to the servers that its Service port leads to; the oldest one per server
 * wins. `others` are Services (`namespace/name`) whose ConfigMaps are reported elsewhere.
 */
export function assignConfigMaps(
  pool: IndexedIngress,
  others: readonly string[],
): AssignedConfigMaps {
  const all = pool.objects.configMaps
    .map(readConfigMap)
    .filter((read) => !others.includes(`${read.namespace}/${read.service}`));
  const reads = all.sort((a, b) =>
    compareServerAge(
      { created: a.created, name: a.layer.source },
      { created: b.created, name: b.layer.source },
    ),
  );
  const layers = new Map<number, SettingsLayer>();
  const notes: Note[] = [];
  const ends = pool.mapping.servers.flatMap((report, position) =>
    servicePortsOf(pool, report).map((port) => ({ port, position })),
  );
  const byPort = groupByKey(ends, (end) => end.port);
  for (const read of reads) {
    const object = read.layer.source;
    notes.push(
      ...read.layer.notes,
      ...read.layer.refusals.map(({ code, message }) => ({ object, code, message })),
    );
    const ours = read.namespace === pool.ref.namespace && read.service === pool.ref.service;
    const positions =
      ours && read.port !== undefined
        ? (byPort.get(read.port) ?? []).map((end) => end.position)
        : [];
    const elder = positions
      .map((position) => layers.get(position))
      .find((layer) => layer !== undefined);
    if (positions.length === 0 && read.layer.refusals.length === 0)
      notes.push({ object, code: 'GW128', message: `ignored, because ${strayReason(pool, read)}` });
    else if (elder !== undefined)
      notes.push({
        object,
        code: 'GW129',
        message: `ignored, because ${elder.source} comes first and is for the same Service and port`,
      });
    for (const position of positions) if (!layers.has(position)) layers.set(position, read.layer);
  }
  return { layers, notes };
}
