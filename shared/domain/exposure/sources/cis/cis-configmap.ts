import type { ConfigMap } from '../../../snapshot/objects.ts';
import type { NotCarried } from './import-cis.ts';
import { readConfigMap } from '../f5-configmap.ts';
import type { SourceSettings } from '../../settings/settings.ts';

/** A Kubernetes object, as far as the import looks at it. */
export interface CisObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, string>>;
}

/** What one CIS object becomes. `service` is empty where it could not be told. */
export interface ImportedObject {
  readonly object: string;
  readonly service: string;
  /** Absent: every port of the Service. */
  readonly servicePort: number | undefined;
  readonly partition: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly notCarried: readonly NotCarried[];
}

export function cisObjectName(object: CisObject): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}

/** The annotations that say the same; `port` only where it differs from the Service's. */
export function annotationsFor(
  wanted: Partial<SourceSettings>,
  servicePort: number | undefined,
): Readonly<Record<string, string>> {
  const {
    virtualAddress,
    port,
    mode,
    balance,
    snat,
    iRules,
    proxyProtocol,
    vlans,
    persistence,
    connectionLimit,
    monitors,
    profileL4,
    profileTcp,
  } = wanted;
  const list = (values: readonly string[] | undefined): string | undefined =>
    values === undefined ? undefined : values.length === 0 ? 'none' : values.join(',');
  const all: Readonly<Record<string, string | undefined>> = {
    'sluice.io/virtual-address': virtualAddress,
    'sluice.io/port':
      port === undefined || port === servicePort || servicePort === undefined
        ? undefined
        : `${servicePort}=${port}`,
    'sluice.io/mode': mode,
    'sluice.io/balance': balance,
    'sluice.io/snat': snat,
    'sluice.io/irules': list(iRules),
    'sluice.io/proxy-protocol': proxyProtocol,
    'sluice.io/vlans': list(vlans),
    'sluice.io/persistence': list(persistence),
    'sluice.io/profile-l4': profileL4,
    'sluice.io/profile-tcp': profileTcp,
    'sluice.io/connection-limit':
      connectionLimit === undefined ? undefined : String(connectionLimit),
    'sluice.io/monitors':
      monitors === undefined
        ? undefined
        : monitors.length === 0
          ? 'none'
          : JSON.stringify(monitors),
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

export function readCisConfigMap(object: CisObject): ImportedObject {
  const meta: ConfigMap['meta'] = {
    namespace: object.namespace,
    name: object.name,
    uid: '',
    created: object.created,
    resourceVersion: '',
    labels: { ...object.labels },
    annotations: { ...object.annotations },
  };
  const read = readConfigMap({ meta, data: { ...object.data } });
  const { wanted, refusals, notes } = read.layer;
  const { partition, ...rest } = wanted;
  const usable = refusals.every((refusal) => refusal.code === 'GW143');
  const lost = [...refusals, ...notes].map(({ code, message }) => ({
    object: cisObjectName(object),
    field: code,
    reason: message.replace(`${cisObjectName(object)}: `, ''),
  }));
  return {
    object: cisObjectName(object),
    service: usable && read.service !== undefined ? `${read.namespace}/${read.service}` : '',
    servicePort: read.port,
    partition,
    annotations: annotationsFor(rest, read.port),
    notCarried: lost,
  };
}
