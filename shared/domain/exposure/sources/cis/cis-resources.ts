/** CIS's TransportServer and IngressLink (cis.f5.com/v1). */
import { SETTING_ROWS, type SettingName } from '../../settings/catalogue/catalogue.ts';
import {
  annotationsFor,
  type ImportedObject,
  type CisObject,
  cisObjectName,
} from './cis-object.ts';
import type { NotCarried } from './cis-object.ts';

type Raw = Readonly<Record<string, unknown>>;

interface Reading {
  readonly object: string;
  readonly wanted: Partial<Record<SettingName, unknown>>;
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

/** A field that becomes no setting: why its value is lost, or undefined where another part of the import reads it. */
type Loss = (value: unknown) => string | undefined;
type Take = (reading: Reading, value: unknown, field: string) => void;

const elsewhere: Loss = () => undefined;

/** The fields of `spec` or `pool`: those of the catalogue, and those that become no setting. */
function fieldsOf(
  object: 'spec' | 'pool',
  losses: Readonly<Record<string, Loss>>,
): Readonly<Record<string, Take>> {
  const settings = SETTING_ROWS.flatMap(([name, { cis = [] }]) =>
    cis
      .filter((one) => one.object === object)
      .map(({ field, read }): [string, Take] => [
        field,
        (reading, value, path) => {
          const { value: taken, problems = [] } = read(value);
          for (const problem of problems) lose(reading, path, problem);
          if (taken !== undefined) reading.wanted[name] = taken;
        },
      ]),
  );
  const lost = Object.entries(losses).map(([field, why]): [string, Take] => [
    field,
    (reading, value, path) => {
      const reason = why(value);
      if (reason !== undefined) lose(reading, path, reason);
    },
  ]);
  return Object.fromEntries([...settings, ...lost]);
}

const POOL = fieldsOf('pool', {
  service: elsewhere,
  servicePort: elsewhere,
  serviceNamespace: elsewhere,
  nodeMemberLabel: (value) => `is set per ingress: nodeSelector with ${JSON.stringify(value)}`,
  multiClusterServices: () =>
    'define clusters that share a virtual server as a fleet in sluice.yaml',
  alternateBackends: () => 'set weights between Services in the VirtualService',
});

const SPEC = fieldsOf('spec', {
  partition: elsewhere,
  pool: elsewhere,
  selector: elsewhere,
  type: (value) =>
    value === 'tcp'
      ? undefined
      : `${JSON.stringify(value)} is not possible: Istio gateways listen on TCP, and on UDP only for HTTP/3, which Sluice exposes automatically`,
  ipamLabel: () =>
    'addresses come from sluice.yaml, annotations and ConfigMaps, not from IPAM; set the address explicitly',
  virtualServerName: () => 'Sluice derives names on the device from address and port',
  host: () => 'hosts are taken from the gateway',
  tls: () => 'the gateway terminates TLS, not BIG-IP',
});

function take(
  reading: Reading,
  spec: Raw,
  table: Readonly<Record<string, Take>>,
  prefix: string,
): void {
  for (const [key, value] of Object.entries(spec)) {
    const taken = Object.hasOwn(table, key) ? table[key] : undefined;
    if (taken === undefined) lose(reading, `${prefix}${key}`, 'has no equivalent in Sluice');
    else taken(reading, value, `${prefix}${key}`);
  }
}

export function readTransportServer(object: CisObject): ImportedObject {
  const reading: Reading = { object: cisObjectName(object), wanted: {}, lost: [] };
  const pool = isRecord(object.spec['pool']) ? object.spec['pool'] : {};
  take(reading, object.spec, SPEC, 'spec.');
  take(reading, pool, POOL, 'spec.pool.');
  const service = text(pool['service']);
  const port = typeof pool['servicePort'] === 'number' ? pool['servicePort'] : undefined;
  if (service === undefined) lose(reading, 'spec.pool.service', 'is missing');
  if (port === undefined)
    lose(reading, 'spec.pool.servicePort', 'is not a number; use the number of the Service port');
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
  take(reading, object.spec, SPEC, 'spec.');
  if (chosen === undefined)
    lose(
      reading,
      'spec.selector',
      'matches none of the given Services; include the ingress gateway Service',
    );
  else
    lose(
      reading,
      'spec.selector',
      `CIS publishes every port of Service ${chosen.namespace}/${chosen.name}; Sluice publishes only the ports that a Gateway opens`,
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
