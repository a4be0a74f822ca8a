/** CIS's TransportServer and IngressLink (cis.f5.com/v1): virtual servers of layer 4. */
import { isJsonObject } from '../../../json-object.ts';
import {
  block,
  draftOf,
  dropUnfit,
  elsewhere,
  fieldsOf,
  lose,
  takeAddress,
  takeFields,
  type Draft,
} from './cis-fields.ts';
import { type CisObject, type Reading, textOf, type WantedSettings } from './cis-object.ts';
import { portsOf, servicePortOf } from './service-port.ts';

/** The fields of a pool in all custom resources of CIS. */
export const POOL = fieldsOf('pool', {
  service: elsewhere,
  servicePort: elsewhere,
  serviceNamespace: elsewhere,
  name: () => 'Sluice derives names on the device from address and port',
  weight: () => 'set weights between Services in the VirtualService',
});

const SPEC = fieldsOf('spec', {
  partition: elsewhere,
  pool: elsewhere,
  selector: elsewhere,
  type: elsewhere,
  ipamLabel: elsewhere,
});

/**
 * There is a setting for an iRule that sends the PROXY protocol; the iRule is recognised by its
 * name.
 */
export function withProxyProtocol(wanted: WantedSettings): WantedSettings {
  const iRules = Array.isArray(wanted.iRules) ? (wanted.iRules as readonly string[]) : [];
  const proxy = iRules.find((path) => /proxy[-_.]?protocol/i.test(path));
  if (proxy === undefined || wanted.mode === 'fastl4') return wanted;
  const { iRules: _, ...rest } = wanted;
  const others = iRules.filter((path) => path !== proxy);
  return { ...rest, proxyProtocol: proxy, ...(others.length > 0 && { iRules: others }) };
}

/** A pool, and where it is, for messages. */
interface PoolPlace {
  readonly object: CisObject;
  readonly services: readonly CisObject[];
  /** The path of the pool in the object. */
  readonly prefix: string;
}

/** The Service that a pool names, and the number of the requested port. */
export function readTarget(
  draft: Draft,
  pool: Readonly<Record<string, unknown>>,
  { object, services, prefix }: PoolPlace,
): { readonly service: string; readonly port: number } | undefined {
  const name = textOf(pool['service']);
  const namespace = textOf(pool['serviceNamespace']) ?? object.namespace;
  const found = services.find((one) => one.namespace === namespace && one.name === name);
  const port = servicePortOf(pool['servicePort'], found);
  if (name === undefined) lose(draft, `${prefix}.service`, 'is missing');
  if ('problem' in port) lose(draft, `${prefix}.servicePort`, port.problem);
  return name === undefined || 'problem' in port
    ? undefined
    : { service: `${namespace}/${name}`, port: port.port };
}

/**
 * Reads a TransportServer. Returns a virtual server, or only the list of what is lost if Sluice
 * would publish something else.
 */
export function readTransportServer(object: CisObject, services: readonly CisObject[]): Reading {
  const draft = draftOf(object);
  const pool = isJsonObject(object.spec['pool']) ? object.spec['pool'] : {};
  takeFields(draft, object.spec, SPEC, 'spec.');
  takeFields(draft, pool, POOL, 'spec.pool.');
  const type = object.spec['type'] ?? 'tcp';
  if (type !== 'tcp')
    block(
      draft,
      'spec.type',
      `${JSON.stringify(type)} is not possible: Istio gateways listen on TCP, ` +
        'and on UDP only for HTTP/3, which Sluice exposes automatically',
    );
  const target = readTarget(draft, pool, { object, services, prefix: 'spec.pool' });
  if (target === undefined || draft.blocked) return { notCarried: draft.lost };
  dropUnfit(draft);
  takeAddress(draft, object.spec['ipamLabel'], object.status['vsAddress']);
  const { port, ...wanted } = draft.wanted;
  return {
    server: {
      object: draft.object,
      service: target.service,
      servicePort: target.port,
      virtualPort: typeof port === 'number' ? port : undefined,
      partition: textOf(object.spec['partition']),
      wanted: withProxyProtocol(wanted),
      stays: false,
      needsGateway: false,
    },
    notCarried: draft.lost,
  };
}

/** Label expressions are not evaluated, so a selector with them selects nothing. */
function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  if (!isJsonObject(selector) || selector['matchExpressions'] !== undefined) return false;
  const wanted = isJsonObject(selector['matchLabels'])
    ? Object.entries(selector['matchLabels'])
    : [];
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/**
 * CIS uses the oldest Service that matches the selector, and publishes all its ports except 8081.
 */
export function readIngressLink(object: CisObject, services: readonly CisObject[]): Reading {
  const draft = draftOf(object);
  const chosen = services.find(
    (one) => one.namespace === object.namespace && selects(object.spec['selector'], one.labels),
  );
  takeFields(draft, object.spec, SPEC, 'spec.');
  if (chosen === undefined) {
    lose(
      draft,
      'spec.selector',
      'matches none of the given Services; include the ingress gateway Service',
    );
    return { notCarried: draft.lost };
  }
  lose(draft, 'spec.selector', everyPort(chosen));
  if (draft.blocked) return { notCarried: draft.lost };
  dropUnfit(draft);
  takeAddress(draft, object.spec['ipamLabel'], object.status['vsAddress']);
  const { port: _, ...wanted } = draft.wanted;
  return {
    server: {
      object: draft.object,
      service: `${chosen.namespace}/${chosen.name}`,
      servicePort: undefined,
      virtualPort: undefined,
      partition: textOf(object.spec['partition']),
      wanted: withProxyProtocol(wanted),
      stays: false,
      needsGateway: false,
    },
    notCarried: draft.lost,
  };
}

/**
 * The note that CIS publishes all ports of a Service (except 8081), and Sluice only those of
 * Gateways.
 */
export function everyPort(service: CisObject): string {
  const ports = portsOf(service)
    .map(({ port }) => port)
    .filter((port) => port !== 8081)
    .join(', ');
  return (
    'CIS publishes every port of Service ' +
    `${service.namespace}/${service.name}${ports === '' ? '' : ` (${ports})`}; ` +
    'Sluice publishes only the ports that a Gateway opens'
  );
}
