/** networking.istio.io: v1, v1beta1 and v1alpha3 have one schema. */
import { isJsonObject, type JsonObject } from '../../domain/json-object.ts';
import type {
  IstioGateway,
  RouteBlock,
  Server,
  VirtualService,
} from '../../domain/snapshot/objects.ts';
import { shorten } from '../../domain/text/shorten.ts';
import { unheededOfGateway } from './core.ts';
import { metaOf } from './meta.ts';
import {
  readList,
  readNumber,
  withoutUndefined,
  readRecord,
  readRecords,
  stringMap,
  readText,
  readTexts,
} from './read.ts';

/** A value for a message, cut at 200 characters. */
function shown(value: unknown): string {
  return value === undefined ? 'absent' : shorten(JSON.stringify(value), 200);
}

/**
 * The reason why a server cannot be read at all; invalid numbers and names are left to the domain.
 */
function malformed(server: unknown): string | undefined {
  if (!isJsonObject(server)) return `it is ${shown(server)}, not an object`;
  const { port, hosts } = server;
  if (!isJsonObject(port)) return `port is ${shown(port)}; it needs number, name and protocol`;
  if (readNumber(port['number']) === undefined)
    return `port.number is ${shown(port['number'])}, not a number`;
  if (readText(port['protocol']) === undefined)
    return `port.protocol is ${shown(port['protocol'])}, not text`;
  if (
    hosts !== undefined &&
    (!Array.isArray(hosts) || hosts.some((host) => typeof host !== 'string'))
  )
    return `hosts is ${shown(hosts)}, not a list of names`;
  return undefined;
}

/** Only what decides about the listener: certificates stay with the gateway. */
function tlsOf(value: unknown): { mode?: string; httpsRedirect?: boolean } | undefined {
  if (!isJsonObject(value)) return undefined;
  const redirect = value['httpsRedirect'];
  return withoutUndefined({
    mode: readText(value['mode']),
    httpsRedirect: typeof redirect === 'boolean' ? redirect : undefined,
  });
}

/** A server, or what is malformed in it. */
function serverOf(raw: unknown): Server {
  const fault = malformed(raw);
  if (fault !== undefined) return { malformed: fault };
  const server = readRecord(raw);
  const port = readRecord(server['port']);
  return {
    ...withoutUndefined({
      name: readText(server['name']),
      bind: readText(server['bind']),
      tls: tlsOf(server['tls']),
    }),
    port: {
      number: readNumber(port['number']) ?? 0,
      name: readText(port['name']) ?? '',
      protocol: readText(port['protocol']) ?? '',
    },
    hosts: readTexts(server['hosts']),
  };
}

/** A server that cannot be read keeps its place, so that the indexes of the others stay. */
export function normaliseGateway(value: unknown): IstioGateway {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  return {
    meta: metaOf(raw),
    selector: stringMap(spec['selector']),
    servers: readList(spec['servers']).map(serverOf),
    ...withoutUndefined({ unheeded: unheededOfGateway(raw) }),
  };
}

/** `gateways` and `sniHosts` that are absent match everything; empty lists stay empty. */
function matchOf(raw: JsonObject): RouteBlock['match'][number] {
  const { gateways, sniHosts } = raw;
  return withoutUndefined({
    port: readNumber(raw['port']),
    gateways: Array.isArray(gateways) ? readTexts(gateways) : undefined,
    sniHosts: Array.isArray(sniHosts) ? readTexts(sniHosts) : undefined,
  });
}

/** How many destinations it has matters, not which. */
function blockOf(raw: JsonObject): RouteBlock {
  return {
    match: readRecords(raw['match']).map(matchOf),
    destinations: readList(raw['route']).length,
  };
}

/** For `http` only the number of routes matters, because HTTP servers listen without routes. */
export function normaliseVirtualService(value: unknown): VirtualService {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  return {
    meta: metaOf(raw),
    hosts: readTexts(spec['hosts']),
    gateways: readTexts(spec['gateways']),
    exportTo: readTexts(spec['exportTo']),
    http: readList(spec['http']).length,
    tcp: readRecords(spec['tcp']).map(blockOf),
    tls: readRecords(spec['tls']).map(blockOf),
  };
}
