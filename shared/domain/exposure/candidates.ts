/** Collects, for each listening server, what every source says about it. */
import type { Meta } from '../ingress/objects.ts';
import type { ServerReport } from '../ingress/verdict.ts';
import { readAddress, type ReadFor } from './annotation-values.ts';
import { readAnnotations } from './annotations.ts';
import { type ReadConfigMap, readConfigMap } from './f5-configmap.ts';
import type { Pool } from './members.ts';
import { entryLayer } from './resolve.ts';
import { type Layer, type Merged, mergeLayers, type Note, type Refusal } from './source.ts';

export interface Candidate {
  readonly report: ServerReport;
  /** Position in the mapping's servers. */
  readonly position: number;
  readonly object: string;
  readonly namespace: string;
  readonly created: string;
  /** What the gateway itself says. */
  readonly own: Layer;
  readonly merged: Merged;
  readonly refusals: readonly Refusal[];
}

function metaOf(pool: Pool, report: ServerReport): { readonly meta: Meta | undefined; readonly addresses: readonly string[] } {
  const { objects } = pool;
  const named = (one: { readonly meta: Meta }): boolean => `${one.meta.namespace}/${one.meta.name}` === report.gateway;
  if (report.api === 'istio') return { meta: objects.gateways.find(named)?.meta, addresses: [] };
  const gateway = objects.apiGateways.find(named);
  const addresses = (gateway?.addresses ?? []).filter((one) => one.type === 'IPAddress').map((one) => one.value);
  return { meta: gateway?.meta ?? objects.listenerSets.find(named)?.meta, addresses };
}

/** `spec.addresses` of a Gateway API Gateway is the standard way to ask for an address. */
function addressLayer(object: string, addresses: readonly string[]): Layer {
  const source = `${object} (spec.addresses)`;
  const [first, ...more] = addresses;
  if (first === undefined) return { source, wanted: {}, refusals: [], notes: [] };
  const read = readAddress(first);
  const notes = more.length === 0 ? [] : [{ object, code: 'GW136', message: `spec.addresses names ${addresses.length} addresses; the first is used, ${more.join(', ')} ignored` }];
  if ('problem' in read) return { source, wanted: {}, refusals: [{ code: 'GW143', message: `${source}: "${first}": ${read.problem}` }], notes };
  return { source, wanted: { virtualAddress: String(read.value) }, refusals: [], notes };
}

/** Numbers of the ingress Service's ports that lead to this server; before the port is added, the gateway's own number. */
function servicePortsOf(pool: Pool, report: ServerReport): readonly number[] {
  const service = `${pool.ref.namespace}/${pool.ref.service}`;
  const ports = report.servicePorts.filter((one) => one.service === service && one.reachesListener).map((one) => one.port);
  return ports.length > 0 ? ports : [report.port];
}

/** Oldest first, then by name; a missing time counts as youngest. */
export function byAge(a: { readonly created: string; readonly name: string }, b: { readonly created: string; readonly name: string }): number {
  const [x, y] = [a.created || '\uffff', b.created || '\uffff'];
  if (x !== y) return x < y ? -1 : 1;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

interface ConfigMaps {
  /** By position in the mapping's servers. */
  readonly layers: ReadonlyMap<number, Layer>;
  readonly notes: readonly Note[];
}

function strayReason(pool: Pool, read: ReadConfigMap): string {
  const service = `${pool.ref.namespace}/${pool.ref.service}`;
  if (read.service === undefined || read.port === undefined) return 'names no Service and port';
  if (read.namespace !== pool.ref.namespace || read.service !== pool.ref.service) return `is for Service ${read.namespace}/${read.service}, not for the ingress gateway Service ${service}`;
  const known = pool.objects.services.find((one) => `${one.meta.namespace}/${one.meta.name}` === service)?.ports.some((one) => one.port === read.port);
  return known === true ? `is for port ${read.port} of Service ${service}, which leads to no server of a gateway` : `is for port ${read.port}, which Service ${service} does not have`;
}

function assignConfigMaps(pool: Pool): ConfigMaps {
  const reads = pool.objects.configMaps.map(readConfigMap).sort((a, b) => byAge({ created: a.created, name: a.layer.source }, { created: b.created, name: b.layer.source }));
  const layers = new Map<number, Layer>();
  const notes: Note[] = [];
  const targets = pool.mapping.servers.map((report) => servicePortsOf(pool, report));
  for (const read of reads) {
    const object = read.layer.source;
    notes.push(...read.layer.notes, ...read.layer.refusals.map(({ code, message }) => ({ object, code, message })));
    const ours = read.namespace === pool.ref.namespace && read.service === pool.ref.service;
    const positions = targets.flatMap((ports, position) => (ours && read.port !== undefined && ports.includes(read.port) ? [position] : []));
    const elder = positions.map((position) => layers.get(position)).find((layer) => layer !== undefined);
    if (positions.length === 0 && read.layer.refusals.length === 0) notes.push({ object, code: 'GW128', message: `${strayReason(pool, read)}; ignored` });
    else if (elder !== undefined) notes.push({ object, code: 'GW129', message: `${elder.source}, which is older, is for the same Service and port; ignored` });
    for (const position of positions) if (!layers.has(position)) layers.set(position, read.layer);
  }
  return { layers, notes };
}

export interface Candidates {
  /** Oldest gateway first. */
  readonly candidates: readonly Candidate[];
  readonly notes: readonly Note[];
}

function candidateOf(pool: Pool, position: number, configMap: Layer | undefined): { readonly candidate: Candidate; readonly notes: readonly Note[] } | undefined {
  const report = pool.mapping.servers[position];
  if (report === undefined) return undefined;
  const { meta, addresses } = metaOf(pool, report);
  const object = `Gateway ${report.gateway}`;
  const siblings = pool.mapping.servers.filter((one) => one.gateway === report.gateway && one.api === report.api);
  const at: ReadFor = { port: report.port, protocol: report.protocol, servers: siblings, strictPorts: true };
  const service = pool.objects.services.find((one) => one.meta.namespace === pool.ref.namespace && one.meta.name === pool.ref.service);
  const own = readAnnotations(object, meta?.annotations ?? {}, at);
  const layers = [
    own,
    addressLayer(object, addresses),
    ...(configMap === undefined ? [] : [configMap]),
    readAnnotations(`Service ${pool.ref.namespace}/${pool.ref.service}`, service?.meta.annotations ?? {}, { ...at, servers: pool.mapping.servers, strictPorts: false }),
    entryLayer(pool.entry),
  ];
  const merged = mergeLayers(layers);
  const notes = [
    ...layers.filter((layer) => layer !== configMap).flatMap((layer) => layer.notes),
    ...merged.disagreements.map(({ message }) => ({ object, code: 'GW136', message: `port ${report.port}: ${message}` })),
  ];
  const namespace = meta?.namespace ?? report.gateway.split('/')[0] ?? '';
  const candidate = { report, position, object, namespace, created: meta?.created ?? '', own, merged, refusals: layers.flatMap((layer) => layer.refusals) };
  return { candidate, notes };
}

export function collectCandidates(pool: Pool): Candidates {
  const configMaps = assignConfigMaps(pool);
  const found = pool.mapping.servers.flatMap((report, position) => {
    if (report.verdict !== 'listening') return [];
    return candidateOf(pool, position, configMaps.layers.get(position)) ?? [];
  });
  const order = (one: Candidate): { created: string; name: string } => ({ created: one.created, name: one.report.gateway });
  const candidates = found.map((one) => one.candidate).sort((a, b) => byAge(order(a), order(b)) || a.report.server - b.report.server || a.position - b.position);
  return { candidates, notes: [...configMaps.notes, ...found.flatMap((one) => one.notes)] };
}
