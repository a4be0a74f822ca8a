/** Parsers of values in F5 ConfigMaps and CIS custom resources: JSON to a value or an error. */
import * as z from 'zod';
import {
  ANNOTATION_READERS,
  type AnnotationValue,
  checkedMonitors,
  monitorTimes,
  NO_SSL_PROFILE,
  readAddress,
} from './annotation-values.ts';
import { isClientNetworks } from '../client-networks.ts';
import { isJsonObject } from '../../json-object.ts';
import { mergeCidrs, parseCidrList } from '../../net/cidr-list.ts';
import type { CisReading } from './row.ts';
import {
  BALANCE_METHODS,
  DevicePath,
  ignoresPayload,
  isDevicePath,
  type Monitor,
  PERSISTENCE_METHODS,
  SNAT_WORDS,
} from './values.ts';

/** A health monitor of an F5 ConfigMap, as its schema allows it. */
export interface F5Monitor {
  readonly protocol: 'http' | 'tcp' | 'udp';
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
  readonly send?: string | undefined;
  readonly recv?: string | undefined;
}

/** `protocol` of the ConfigMap is the type of the monitor. */
function configMapMonitors(value: unknown): AnnotationValue {
  return checkedMonitors(
    (value as readonly F5Monitor[]).map(({ protocol, interval, timeout, send, recv }) => ({
      type: protocol,
      ...monitorTimes(interval, timeout),
      ...(send !== undefined && { send }),
      ...(recv !== undefined && { receive: recv }),
    })),
  );
}

/**
 * Client SSL profiles of an F5 ConfigMap, such as `Common/clientssl`. An object without names means
 * none.
 */
function configMapSslProfiles(value: unknown): AnnotationValue {
  const { f5ProfileName, f5ProfileNames = [] } = value as {
    readonly f5ProfileName?: string;
    readonly f5ProfileNames?: readonly string[];
  };
  const names = [...f5ProfileNames, ...(f5ProfileName === undefined ? [] : [f5ProfileName])];
  const paths = names.map((name) => (name.startsWith('/') ? name : `/${name}`));
  const bad = paths.findIndex((path) => !isDevicePath(path));
  if (bad >= 0) return { problem: `"${names[bad]}" is not ${NO_SSL_PROFILE}` };
  return { value: paths.length === 0 ? undefined : paths };
}

/** Parsers for fields of F5 ConfigMaps. Each returns a value or a problem that quotes the value. */
export const CONFIGMAP_READERS = {
  plain: (value: unknown): AnnotationValue => ({ value }),
  address: (value: unknown): AnnotationValue => {
    const read = ANNOTATION_READERS.address(String(value));
    return 'problem' in read ? { problem: `"${String(value)}": ${read.problem}` } : read;
  },
  balance: (value: unknown): AnnotationValue =>
    BALANCE_METHODS.some((known) => known === value)
      ? { value }
      : { problem: `"${String(value)}" is not one of ${BALANCE_METHODS.join(', ')}` },
  monitors: configMapMonitors,
  sslProfiles: configMapSslProfiles,
} as const;

/** A monitor of a CIS resource, as far as Sluice reads it. */
const CisMonitor = z.object({
  type: z.enum(['tcp', 'udp', 'http', 'https', 'tcp-half-open', 'icmp']),
  interval: z.int().min(1).optional(),
  timeout: z.int().min(1).optional(),
  targetPort: z.int().min(0).max(65_535).optional(),
  send: z.string().optional(),
  recv: z.string().optional(),
});

/** 0 means the member's own port in CIS. */
function monitorOf(monitor: z.infer<typeof CisMonitor>): Monitor {
  const { type, interval, timeout, targetPort = 0, send, recv } = monitor;
  return {
    type,
    ...monitorTimes(interval, timeout),
    ...(targetPort > 0 && { port: targetPort }),
    ...(send !== undefined && { send }),
    ...(recv !== undefined && { receive: recv }),
  };
}

/** CIS passes on what such a monitor ignores. */
function withoutIgnored(monitor: Monitor): Monitor {
  const { send: _send, receive: _receive, ...rest } = monitor;
  return ignoresPayload(monitor) ? rest : monitor;
}

/**
 * One monitor or a list of them. Monitors of other types, and fields without effect, become
 * problems.
 */
function cisMonitors(value: unknown): CisReading {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  const parsed = list.map((one) => CisMonitor.safeParse(one));
  const monitors = parsed.flatMap((one) => (one.success ? [monitorOf(one.data)] : []));
  const read = checkedMonitors(monitors.map(withoutIgnored));
  const problems = [
    ...(monitors.length < list.length
      ? [
          'refers to a monitor on the device, or has a type that Sluice does not support; ' +
            'by default Sluice uses the gateway’s readiness and a TCP connect',
        ]
      : []),
    ...(monitors.some(ignoresPayload)
      ? ['has send or recv on a type that ignores both; they are left out']
      : []),
    ...('problem' in read ? [read.problem] : []),
  ];
  return 'problem' in read || monitors.length === 0 ? { problems } : { ...read, problems };
}

/** The same rules as for the annotation. */
function address(value: unknown): CisReading {
  const read = readAddress(String(value));
  return 'problem' in read ? { problems: [read.problem] } : read;
}

/** `standard` is the default of Sluice, so it sets nothing. */
function mode(value: unknown): CisReading {
  if (value === 'performance') return { value: 'fastl4' };
  return value === 'standard' ? {} : { problems: ['is neither standard nor performance'] };
}

/** A method that AS3 knows, or the path of a profile on the device. */
const Persistence = z.union([z.enum(PERSISTENCE_METHODS), DevicePath]);

/** `none` is the empty list. */
function persistence(value: unknown): CisReading {
  if (value === 'none') return { value: [] };
  return Persistence.safeParse(value).success
    ? { value: [value] }
    : { problems: ['is neither an AS3 method nor a full path'] };
}

/** Accepts values that match the schema. */
function matching(schema: z.ZodType, problem: string): (value: unknown) => CisReading {
  return (value) => (schema.safeParse(value).success ? { value } : { problems: [problem] });
}

/** Of the profiles Sluice has the one for TCP, which is the same for clients and servers. */
function tcpProfile(value: unknown): CisReading {
  const given = value ?? {};
  if (!isJsonObject(given)) return { problems: ['is no object of profiles'] };
  const { tcp, ...others } = given;
  const { client, server, ...rest } = isJsonObject(tcp) ? tcp : { client: tcp ?? undefined };
  const problems = [...Object.keys(others), ...Object.keys(rest).map((key) => `tcp.${key}`)].map(
    (key) => `${key} has no equivalent in Sluice`,
  );
  if (client === undefined && server === undefined) return { problems };
  if (client === server && isDevicePath(client)) return { value: client, problems };
  return {
    problems: [
      ...problems,
      'tcp names no path, or not the same one for client and server, as profileTcp wants it',
    ],
  };
}

/** AS3 takes one network for a virtual server, so several have to merge into one per family. */
function networks(value: unknown): CisReading {
  const list = z.array(z.string()).safeParse(value);
  const text = list.success ? list.data.join(',') : '';
  if (list.success && text === '') return {};
  if (!isClientNetworks(text))
    return { problems: ['is not a list of networks such as 10.20.0.0/16'] };
  const all = parseCidrList(text) ?? [];
  const several = ([4, 6] as const).some(
    (family) => mergeCidrs(all.filter(({ ip }) => ip.family === family)).length > 1,
  );
  return several
    ? {
        problems: [
          'names several networks, and AS3 takes one for a virtual server; ' +
            'name one that contains them, ' +
            'or use an iRule by reference or an Istio AuthorizationPolicy',
        ],
      }
    : { value: text };
}

/**
 * Parsers for fields of CIS custom resources. A value without an equivalent in Sluice becomes a
 * problem, which the import lists.
 */
export const CIS_READERS = {
  address,
  port: matching(z.int().min(1).max(65_535), 'is not a port (1 to 65535)'),
  mode,
  balance: matching(z.enum(BALANCE_METHODS), `is not one of ${BALANCE_METHODS.join(', ')}`),
  snat: matching(
    z.union([z.enum(SNAT_WORDS), DevicePath]),
    'is neither auto, none, self nor the path of a SNAT pool',
  ),
  persistence,
  paths: matching(z.array(DevicePath), 'is not a list of full paths such as /Common/name'),
  l4Profile: (value: unknown): CisReading =>
    isDevicePath(value)
      ? { value }
      : { problems: ['is not a full path; Sluice uses the default FastL4 profile'] },
  monitors: cisMonitors,
  networks,
  reselectTries: matching(z.int().min(0).max(65_535), 'is not a number from 0 to 65535'),
  mirroring: matching(z.enum(['L4', 'none']), 'is neither L4 nor none'),
  tcpProfile,
} as const;
