/** networking.istio.io: v1, v1beta1 and v1alpha3 have one schema. */
import type {
  IstioGateway,
  RouteBlock,
  Server,
  VirtualService,
} from '../../domain/ingress/objects.ts';
import { shorten } from '../../domain/shorten.ts';
import { metaOf } from './meta.ts';
import type { Raw } from './read.ts';
import {
  isRecord,
  list,
  number,
  present,
  record,
  records,
  stringMap,
  text,
  texts,
} from './read.ts';

function shown(value: unknown): string {
  return value === undefined ? 'absent' : shorten(JSON.stringify(value), 200);
}

/** Why a server cannot be read at all; numbers and names that make no sense are left to the domain. */
function malformed(server: unknown): string | undefined {
  if (!isRecord(server)) return `it is ${shown(server)}, not an object`;
  const { port, hosts } = server;
  if (!isRecord(port)) return `port is ${shown(port)}; it needs number, name and protocol`;
  if (number(port['number']) === undefined)
    return `port.number is ${shown(port['number'])}, not a number`;
  if (text(port['protocol']) === undefined)
    return `port.protocol is ${shown(port['protocol'])}, not text`;
  if (
    hosts !== undefined &&
    (!Array.isArray(hosts) || hosts.some((host) => typeof host !== 'string'))
  )
    return `hosts is ${shown(hosts)}, not a list of names`;
  return undefined;
}

function tlsOf(value: unknown): { mode?: string; httpsRedirect?: boolean } | undefined {
  if (!isRecord(value)) return undefined;
  const redirect = value['httpsRedirect'];
  return present({
    mode: text(value['mode']),
    httpsRedirect: typeof redirect === 'boolean' ? redirect : undefined,
  });
}

function serverOf(raw: unknown): Server {
  const fault = malformed(raw);
  if (fault !== undefined) return { malformed: fault };
  const server = record(raw);
  const port = record(server['port']);
  return {
    ...present({
      name: text(server['name']),
      bind: text(server['bind']),
      tls: tlsOf(server['tls']),
    }),
    port: {
      number: number(port['number']) ?? 0,
      name: text(port['name']) ?? '',
      protocol: text(port['protocol']) ?? '',
    },
    hosts: texts(server['hosts']),
  };
}

export function normaliseGateway(value: unknown): IstioGateway {
  const raw = record(value);
  const spec = record(raw['spec']);
  return {
    meta: metaOf(raw),
    selector: stringMap(spec['selector']),
    servers: list(spec['servers']).map(serverOf),
  };
}

function matchOf(raw: Raw): RouteBlock['match'][number] {
  const { gateways, sniHosts } = raw;
  return present({
    port: number(raw['port']),
    gateways: Array.isArray(gateways) ? texts(gateways) : undefined,
    sniHosts: Array.isArray(sniHosts) ? texts(sniHosts) : undefined,
  });
}

function blockOf(raw: Raw): RouteBlock {
  return { match: records(raw['match']).map(matchOf), destinations: list(raw['route']).length };
}

export function normaliseVirtualService(value: unknown): VirtualService {
  const raw = record(value);
  const spec = record(raw['spec']);
  return {
    meta: metaOf(raw),
    hosts: texts(spec['hosts']),
    gateways: texts(spec['gateways']),
    exportTo: texts(spec['exportTo']),
    http: list(spec['http']).length,
    tcp: records(spec['tcp']).map(blockOf),
    tls: records(spec['tls']).map(blockOf),
  };
}
