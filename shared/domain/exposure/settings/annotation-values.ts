/** Parsers of annotation values: text to a value or an error message. */
import * as z from 'zod';
import { isAuto } from '../../address-pools/auto-address.ts';
import { formatIp, isUsableVirtualAddress, parseIp } from '../../net/ip.ts';
import { isClientNetworks } from '../client-networks.ts';
import { readSettingJson } from '../setting-json.ts';
import {
  BALANCE_METHODS,
  DevicePath,
  isDevicePath,
  MODES,
  Monitor,
  monitorProblem,
  PERSISTENCE_METHODS,
  SNAT_WORDS,
} from './values.ts';

/** The server for which an annotation is read, and all servers of the annotated object. */
export interface AnnotationTarget {
  /** Of the server that the annotation is read for. */
  readonly port: number;
  readonly protocol: string;
  /** All servers of the object; ports in values must be among theirs. */
  readonly servers: readonly { readonly port: number; readonly protocol: string }[];
  /** False for a Service, which outlives its gateways: a port in its map may have no server. */
  readonly strictPorts: boolean;
}

/** `value` undefined: the annotation does not apply to this server. */
export type AnnotationValue = { readonly value: unknown } | { readonly problem: string };
/** Parses the text of one annotation for one server. */
export type AnnotationReader = (text: string, at: AnnotationTarget) => AnnotationValue;

/** Describes the allowed text for a schema; only for schemas that text can express. */
function spelling(schema: z.ZodType): string {
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(', ')}`;
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodNumber)
    return `a number from ${schema.minValue} to ${schema.maxValue}`;
  throw new TypeError(
    'a value of this schema is spelled in no way yet; give it a reader of its own',
  );
}

/** Parser for enumerations, booleans and whole numbers, derived from the schema. */
export function readerOf(schema: z.ZodType): AnnotationReader {
  const problem = `must be ${spelling(schema)}`;
  return (text) => {
    const value =
      schema instanceof z.ZodBoolean
        ? { true: true, false: false }[text]
        : schema instanceof z.ZodNumber
          ? /^-?\d{1,15}$/.test(text)
            ? Number(text)
            : undefined
          : text;
    return schema.safeParse(value).success ? { value } : { problem };
  };
}

/**
 * A reader for comma-separated lists; `none` is the empty list. The first item that does not fit is
 * reported.
 */
function listOf(item: (text: string) => boolean, what: string): AnnotationReader {
  return (text) => {
    const items = text.split(',').map((part) => part.trim());
    if (text === 'none') return { value: [] };
    const bad = items.find((part) => !item(part));
    return bad === undefined ? { value: items } : { problem: `"${bad}" is not ${what}` };
  };
}

/** An address in canonical form. Only members have route domains (decision 21). */
export function readAddress(text: string): AnnotationValue {
  const [plain = '', domain = '0'] = text.split('%');
  const ip = parseIp(plain);
  if (ip === undefined) return { problem: 'must be an IPv4 or IPv6 address' };
  if (domain !== '0')
    return {
      problem: `route domain %${domain} is not supported; use an address of route domain 0`,
    };
  if (!isUsableVirtualAddress(ip))
    return { problem: 'must be a unicast address that clients can reach' };
  return { value: formatIp(ip) };
}

/** Undefined unless the text is a port from 1 to 65535. */
function portNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/**
 * One number for all servers would put several gateway ports on one virtual port, so it is refused
 * if there are several.
 */
function singlePort(text: string, at: AnnotationTarget): AnnotationValue {
  const port = portNumber(text);
  if (port === undefined)
    return { problem: 'must be a port (1 to 65535) or a map such as 32400=31400,443=8443' };
  const ports = [...new Set(at.servers.map((server) => server.port))].sort((a, b) => a - b);
  if (ports.length > 1)
    return {
      problem:
        `one port for ${ports.length} gateway ports (${ports.join(', ')}); ` +
        `use a map such as ${ports[0]}=${port}`,
    };
  return { value: port };
}

/**
 * A port, or a map from gateway port to virtual port, which sets nothing for the gateway ports that
 * it omits.
 */
const readPort: AnnotationReader = (text, at) => {
  if (!text.includes('=')) return singlePort(text, at);
  let value: number | undefined;
  const seen = new Set<number>();
  for (const pair of text.split(',')) {
    const [from, to, ...rest] = pair.split('=').map((part) => portNumber(part.trim()));
    if (from === undefined || to === undefined || rest.length > 0)
      return { problem: `"${pair.trim()}" is not gatewayPort=virtualPort` };
    if (seen.has(from)) return { problem: `gateway port ${from} is listed twice` };
    seen.add(from);
    if (at.strictPorts && !at.servers.some((server) => server.port === from))
      return { problem: `no server on port ${from}` };
    if (from === at.port) value = to;
  }
  return { value };
};

/** Protocols in which the gateway receives plain HTTP. */
const PLAIN_HTTP = ['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB'];

/**
 * `virtual-server.f5.com/http-port` and `/https-port`: one virtual port for all servers of that
 * kind.
 */
function protocolPort(plain: boolean): AnnotationReader {
  const concerned = (protocol: string): boolean =>
    PLAIN_HTTP.includes(protocol.toUpperCase()) === plain &&
    (plain || ['HTTPS', 'TLS'].includes(protocol.toUpperCase()));
  return (text, at) => {
    if (!concerned(at.protocol)) return { value: undefined };
    return singlePort(text, {
      ...at,
      servers: at.servers.filter((server) => concerned(server.protocol)),
    });
  };
}

/** Health checks in the format of F5's annotations. */
const F5Health = z.strictObject({
  path: z.string().optional(),
  type: z.enum(['tcp', 'tcp-half-open', 'http', 'https', 'udp', 'icmp']).optional(),
  interval: z.int().min(1).optional(),
  timeout: z.int().min(1).optional(),
  send: z.string().min(1).optional(),
  recv: z.string().min(1).optional(),
  targetPort: z.int().min(1).max(65_535).optional(),
});

const OwnMonitor = Monitor.partial({ interval: true, timeout: true });

/** The first issue of a failed validation, with its path. */
export function formatIssue(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  const path = (issue?.path ?? []).map(String).join('.');
  return `${path === '' ? '' : `${path}: `}${issue?.message ?? 'invalid'}`;
}

/** BIG-IP's defaults if only one of the two is set: 5 s, and three intervals plus one second. */
export function monitorTimes(
  interval: number | undefined,
  timeout: number | undefined,
): { readonly interval: number; readonly timeout: number } {
  if (interval !== undefined) return { interval, timeout: timeout ?? 3 * interval + 1 };
  return {
    interval: timeout === undefined ? 5 : Math.max(1, Math.min(5, Math.floor((timeout - 1) / 3))),
    timeout: timeout ?? 16,
  };
}

/** Returns the monitors, or the first problem that AS3 would have with one of them. */
export function checkedMonitors(monitors: readonly Monitor[]): AnnotationValue {
  const problem = monitors.map(monitorProblem).find((found) => found !== undefined);
  return problem === undefined ? { value: monitors } : { problem };
}

const readF5Health =
  (defaultType: Monitor['type']): AnnotationReader =>
  (text) => {
    const parsed = readSettingJson(text);
    if ('problem' in parsed) return parsed;
    const list = z
      .array(F5Health)
      .safeParse(Array.isArray(parsed.json) ? parsed.json : [parsed.json]);
    if (!list.success) return { problem: formatIssue(list.error) };
    return checkedMonitors(
      list.data.map(({ type, send, recv, interval, timeout, targetPort }) => ({
        type: type ?? defaultType,
        ...monitorTimes(interval, timeout),
        ...(targetPort !== undefined && { port: targetPort }),
        ...(send !== undefined && { send }),
        ...(recv !== undefined && { receive: recv }),
      })),
    );
  };

/** `none`, types such as `tcp,http`, or a JSON list of monitors. */
const readMonitors: AnnotationReader = (text) => {
  if (text === 'none') return { value: [] };
  if (!text.startsWith('[')) {
    const types = text.split(',').map((part) => ({ type: part.trim() }));
    const list = z.array(OwnMonitor).safeParse(types);
    if (!list.success)
      return {
        problem: `must be none, monitor types (${Monitor.shape.type.options.join(', ')}) or a JSON list of monitors`,
      };
    return {
      value: list.data.map((monitor) => ({ ...monitor, ...monitorTimes(undefined, undefined) })),
    };
  }
  const parsed = readSettingJson(text);
  if ('problem' in parsed) return parsed;
  const list = z.array(OwnMonitor).safeParse(parsed.json);
  return list.success
    ? checkedMonitors(
        list.data.map((monitor) => ({
          ...monitor,
          ...monitorTimes(monitor.interval, monitor.timeout),
        })),
      )
    : { problem: formatIssue(list.error) };
};

/** Parser for whole numbers; `hint` explains the lowest value. */
function wholeNumber(highest: number, hint: string): AnnotationReader {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : -1;
    return number >= 0 && number <= highest
      ? { value: number }
      : { problem: `must be a number from 0 (${hint}) to ${highest}` };
  };
}

/** Ways of finding the router for answers, beside a pool of routers. */
export const LAST_HOPS = ['default', 'auto', 'disable'] as const;

/** Either one of the words, or a path. */
function wordOrPath(words: readonly string[], what: string): AnnotationReader {
  return (text) =>
    words.includes(text) || isDevicePath(text)
      ? { value: text }
      : { problem: `must be ${words.join(', ')} or the path of ${what}` };
}

/** Where SSL profiles are expected; a name without a path is one of a Secret in F5 CIS. */
export const NO_SSL_PROFILE =
  'a full path such as /Common/name; profiles have to be on BIG-IP, ' +
  'because Sluice reads no certificates from Secrets';

/** Paths separated by commas, or F5's JSON list of them. */
const readSslProfiles: AnnotationReader = (text, at) => {
  if (!text.startsWith('[')) return listOf(isDevicePath, NO_SSL_PROFILE)(text, at);
  const parsed = readSettingJson(text);
  if ('problem' in parsed) return parsed;
  const list = z.array(DevicePath).safeParse(parsed.json);
  return list.success
    ? { value: list.data }
    : { problem: 'is not a list of full paths such as /Common/name' };
};

/** The names that AS3 accepts for a tenant. */
const PARTITION = /^[A-Za-z][0-9A-Za-z_.-]{0,189}$/;

/**
 * F5's value for "the address configured in the controller": uses the sources with lower
 * precedence.
 */
const readAddressOrDefault = (text: string): AnnotationValue =>
  text === 'controller-default' ? { value: undefined } : readAddress(text);

/**
 * Parsers by kind of value. Each takes the text of an annotation and returns a value or a problem;
 * none throws.
 */
export const ANNOTATION_READERS = {
  address: readAddressOrDefault,
  addressOrAuto: (text) => {
    if (isAuto(text)) return { value: text };
    return text.startsWith('auto')
      ? { problem: 'must be an address, auto, or auto:<pool>' }
      : readAddressOrDefault(text);
  },
  port: readPort,
  httpPort: protocolPort(true),
  httpsPort: protocolPort(false),
  partition: (text) =>
    PARTITION.test(text)
      ? { value: text }
      : { problem: 'must start with a letter and contain only letters, digits, _ . -' },
  mode: readerOf(z.enum(MODES)),
  balance: readerOf(z.enum(BALANCE_METHODS)),
  snat: (text) =>
    (SNAT_WORDS as readonly string[]).includes(text) || isDevicePath(text)
      ? { value: text }
      : { problem: 'must be auto, none, self or the path of a SNAT pool' },
  persistence: listOf(
    (text) => (PERSISTENCE_METHODS as readonly string[]).includes(text) || isDevicePath(text),
    `one of ${PERSISTENCE_METHODS.join(', ')} or a path such as /Common/name`,
  ),
  path: (text) =>
    isDevicePath(text) ? { value: text } : { problem: 'must be a full path such as /Common/name' },
  networks: (text) =>
    isClientNetworks(text)
      ? { value: text }
      : { problem: 'must be networks such as 10.20.0.0/16, separated by commas' },
  paths: listOf(isDevicePath, 'a full path such as /Common/name'),
  sslProfiles: readSslProfiles,
  persistenceMethod: wordOrPath(PERSISTENCE_METHODS, 'a persistence profile'),
  lastHop: wordOrPath(LAST_HOPS, 'a pool'),
  limit: wholeNumber(2_147_483_647, 'unlimited'),
  tries: wholeNumber(65_535, 'no other member is tried'),
  monitors: readMonitors,
  ingressHealth: readF5Health('http'),
  serviceHealth: readF5Health('tcp'),
} as const satisfies Record<string, AnnotationReader>;
