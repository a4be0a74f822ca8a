/** CIS's TransportServer and IngressLink (cis.f5.com/v1). */
import * as z from 'zod';
import { checkedMonitors, readAddress, monitorTimes } from '../annotation-values.ts';
import { BALANCE_METHODS, DevicePath, type Monitor } from '../../exposure.ts';
import {
  annotationsFor,
  type ImportedObject,
  type CisObject,
  cisObjectName,
} from './cis-configmap.ts';
import type { NotCarried } from './import-cis.ts';
import type { SourceSettings } from '../../settings/settings.ts';

type Draft = { -readonly [K in keyof SourceSettings]?: SourceSettings[K] };
type Raw = Readonly<Record<string, unknown>>;

interface Reading {
  readonly object: string;
  readonly wanted: Draft;
  readonly lost: NotCarried[];
}

function lose(reading: Reading, field: string, reason: string): void {
  reading.lost.push({ object: reading.object, field, reason });
}

function isRecord(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function paths(reading: Reading, field: string, value: unknown): readonly string[] | undefined {
  const list = z.array(DevicePath).safeParse(value);
  if (!list.success) lose(reading, field, 'is not a list of full paths such as /Common/name');
  return list.success ? list.data : undefined;
}

type Take = (reading: Reading, value: unknown, field: string) => void;

const CisMonitor = z.object({
  type: z.enum(['tcp', 'udp', 'http', 'https', 'tcp-half-open', 'icmp']),
  interval: z.int().min(1).optional(),
  timeout: z.int().min(1).optional(),
  targetPort: z.int().min(0).max(65_535).optional(),
  send: z.string().optional(),
  recv: z.string().optional(),
});

/** 0 is CIS's word for the member's own port. */
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

const takeMonitors: Take = (reading, value, field) => {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  const parsed = list.map((one) => CisMonitor.safeParse(one));
  const monitors = parsed.flatMap((one) => (one.success ? [monitorOf(one.data)] : []));
  if (monitors.length < list.length)
    lose(
      reading,
      field,
      'refers to a monitor on the device or has a type Sluice does not make; it uses the gateway’s readiness and a TCP connect by default',
    );
  const read = checkedMonitors(monitors);
  if ('problem' in read) lose(reading, field, read.problem);
  else if (monitors.length > 0) reading.wanted.monitors = monitors;
};

const POOL: Readonly<Record<string, Take | null>> = {
  service: null,
  servicePort: null,
  serviceNamespace: null,
  loadBalancingMethod: (reading, value, field) => {
    const method = BALANCE_METHODS.find((known) => known === value);
    if (method === undefined) lose(reading, field, `is none of ${BALANCE_METHODS.join(', ')}`);
    else reading.wanted.balance = method;
  },
  monitor: takeMonitors,
  monitors: takeMonitors,
  nodeMemberLabel: (reading, value, field) =>
    lose(reading, field, `is a setting of the ingress: nodeSelector with ${JSON.stringify(value)}`),
  multiClusterServices: (reading, _, field) =>
    lose(reading, field, 'clusters that share a virtual server are a fleet in sluice.yaml'),
  alternateBackends: (reading, _, field) =>
    lose(reading, field, 'weights between Services belong in the VirtualService'),
};

const takeIRules: Take = (reading, value, field) => {
  const found = paths(reading, field, value);
  if (found !== undefined) reading.wanted.iRules = found;
};

const COMMON: Readonly<Record<string, Take | null>> = {
  partition: null,
  pool: null,
  selector: null,
  virtualServerAddress: (reading, value, field) => {
    const read = readAddress(String(value));
    if ('problem' in read) lose(reading, field, read.problem);
    else reading.wanted.virtualAddress = String(read.value);
  },
  virtualServerPort: (reading, value, field) => {
    const port = z.int().min(1).max(65_535).safeParse(value);
    if (port.success) reading.wanted.port = port.data;
    else lose(reading, field, 'is not a port (1 to 65535)');
  },
  type: (reading, value, field) => {
    if (value !== 'tcp')
      lose(
        reading,
        field,
        `${JSON.stringify(value)} is not possible: Istio gateways listen on TCP, and on UDP only for HTTP/3, which Sluice offers by itself`,
      );
  },
  mode: (reading, value, field) => {
    if (value === 'performance') reading.wanted.mode = 'fastl4';
    else if (value !== 'standard') lose(reading, field, 'is neither standard nor performance');
  },
  snat: (reading, value, field) => {
    const snat = z.union([z.enum(['auto', 'none', 'self']), DevicePath]).safeParse(value);
    if (snat.success) reading.wanted.snat = snat.data;
    else lose(reading, field, 'is neither auto, none, self nor the path of a SNAT pool');
  },
  allowVlans: (reading, value, field) => {
    const found = paths(reading, field, value);
    if (found !== undefined) reading.wanted.vlans = found;
  },
  iRules: takeIRules,
  profileL4: (reading, value, field) => {
    if (DevicePath.safeParse(value).success) reading.wanted.profileL4 = String(value);
    else lose(reading, field, 'is not a full path; the default FastL4 profile is used');
  },
  persistenceProfile: (reading, value, field) => {
    const named = z
      .union([
        z.enum(['cookie', 'destination-address', 'msrdp', 'source-address', 'tls-session-id']),
        DevicePath,
      ])
      .safeParse(value);
    if (named.success) reading.wanted.persistence = [named.data];
    else if (value === 'none') reading.wanted.persistence = [];
    else lose(reading, field, 'is neither a method of AS3 nor a full path');
  },
  monitors: takeMonitors,
  ipamLabel: (reading, _, field) =>
    lose(
      reading,
      field,
      'addresses come from sluice.yaml, annotations and ConfigMaps, not from IPAM; name the address',
    ),
  virtualServerName: (reading, _, field) =>
    lose(reading, field, 'names on the device are derived from address and port'),
  host: (reading, _, field) => lose(reading, field, 'hosts come from the gateway'),
  tls: (reading, _, field) =>
    lose(reading, field, 'TLS is terminated by the gateway, not by BIG-IP'),
};

function take(
  reading: Reading,
  spec: Raw,
  table: Readonly<Record<string, Take | null>>,
  prefix: string,
): void {
  for (const [key, value] of Object.entries(spec)) {
    const taken = Object.hasOwn(table, key) ? table[key] : undefined;
    if (taken === undefined) lose(reading, `${prefix}${key}`, 'has no counterpart in Sluice');
    else taken?.(reading, value, `${prefix}${key}`);
  }
}

export function readTransportServer(object: CisObject): ImportedObject {
  const reading: Reading = { object: cisObjectName(object), wanted: {}, lost: [] };
  const pool = isRecord(object.spec['pool']) ? object.spec['pool'] : {};
  take(reading, object.spec, COMMON, 'spec.');
  take(reading, pool, POOL, 'spec.pool.');
  const service = text(pool['service']);
  const port = typeof pool['servicePort'] === 'number' ? pool['servicePort'] : undefined;
  if (service === undefined) lose(reading, 'spec.pool.service', 'is missing');
  if (port === undefined)
    lose(reading, 'spec.pool.servicePort', 'is not a number; write the Service port’s number');
  const namespace = text(pool['serviceNamespace']) ?? object.namespace;
  return {
    object: reading.object,
    service: service === undefined || port === undefined ? '' : `${namespace}/${service}`,
    servicePort: port,
    partition: text(object.spec['partition']),
    annotations: annotationsFor(reading.wanted, port),
    notCarried: reading.lost,
  };
}

function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted =
    isRecord(selector) && isRecord(selector['matchLabels'])
      ? Object.entries(selector['matchLabels'])
      : [];
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** CIS takes the oldest Service that the selector finds, and publishes every port of it but 8081. */
export function readIngressLink(
  object: CisObject,
  services: readonly CisObject[],
): readonly ImportedObject[] {
  const reading: Reading = { object: cisObjectName(object), wanted: {}, lost: [] };
  const chosen = services.find(
    (one) => one.namespace === object.namespace && selects(object.spec['selector'], one.labels),
  );
  take(reading, object.spec, COMMON, 'spec.');
  if (chosen === undefined)
    lose(
      reading,
      'spec.selector',
      'finds none of the given Services; give the ingress gateway Service too',
    );
  else
    lose(
      reading,
      'spec.selector',
      `CIS publishes every port of Service ${chosen.namespace}/${chosen.name}; Sluice publishes the ports that a Gateway opens`,
    );
  return [
    {
      object: reading.object,
      service: chosen === undefined ? '' : `${chosen.namespace}/${chosen.name}`,
      servicePort: undefined,
      partition: text(object.spec['partition']),
      annotations: annotationsFor(reading.wanted, undefined),
      notCarried: reading.lost,
    },
  ];
}
