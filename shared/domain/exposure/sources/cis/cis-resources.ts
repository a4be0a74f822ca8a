/** CIS's TransportServer and IngressLink (cis.f5.com/v1): virtual servers of layer 4. */
import { isJsonObject } from '../../../json-object.ts';
import { takeAddress } from './cis-address.ts';
import { blockImport, type Draft, draftOf, reportLost } from './cis-draft.ts';
import { takeFields } from './cis-fields.ts';
import { finishSettings } from './cis-fitting.ts';
import {
  type CisObject,
  type CisVirtualServer,
  type Reading,
  textOf,
  type UsedPolicy,
  type WantedSettings,
} from './cis-object.ts';
import { mergePolicy, readPolicy, usedPolicy } from './cis-policy.ts';
import { onBigIp } from './cis-tls.ts';
import { portsOf, servicePortOf } from './service-port.ts';

/** The method of AS3 for TCP if nothing sets one. */
export const USUAL_TCP_PERSISTENCE = 'source-address';

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

/** Services of the core API. */
export const servicesOf = (all: readonly CisObject[]): readonly CisObject[] =>
  all.filter(({ group, kind }) => group === '' && kind === 'Service');

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
  if (pool['reference'] === 'bigip') {
    blockImport(
      draft,
      `${prefix}.reference`,
      'the pool is one on BIG-IP; members come from the gateway’s pods or nodes',
    );
    return undefined;
  }
  const name = textOf(pool['service']);
  const namespace = textOf(pool['serviceNamespace']) ?? object.namespace;
  const found = services.find((one) => one.namespace === namespace && one.name === name);
  const port = servicePortOf(pool['servicePort'], found);
  if (name === undefined) reportLost(draft, `${prefix}.service`, 'is missing');
  if ('problem' in port) reportLost(draft, `${prefix}.servicePort`, port.problem);
  return name === undefined || 'problem' in port
    ? undefined
    : { service: `${namespace}/${name}`, port: port.port };
}

/** The Service and its port, of which there may be none in particular. */
interface Target {
  readonly service: string;
  readonly port: number | undefined;
}

/** The virtual server of a draft that is not blocked. `port` on BIG-IP: that of the settings. */
export function virtualServerOf(
  draft: Draft,
  object: CisObject,
  target: Target,
  more: Pick<CisVirtualServer, 'virtualPort' | 'needsGateway'> & { readonly policy?: UsedPolicy },
): CisVirtualServer {
  const { port: _, ...wanted } = draft.wanted;
  const { policy } = more;
  return {
    object: draft.object,
    service: target.service,
    servicePort: target.port,
    partition: textOf(object.spec['partition']),
    wanted: withProxyProtocol(wanted),
    stays: false,
    ...more,
    ...(policy !== undefined && {
      policy: { ...policy, settings: withProxyProtocol(policy.settings) },
    }),
  };
}

/**
 * Reads a TransportServer. Returns a virtual server, or only the list of what is lost if Sluice
 * would publish something else.
 */
export function readTransportServer(object: CisObject, all: readonly CisObject[]): Reading {
  const draft = draftOf(object);
  const { spec } = object;
  const pool = isJsonObject(spec['pool']) ? spec['pool'] : {};
  const tls = isJsonObject(spec['tls']) ? { tls: onBigIp(draft, spec['tls']) } : {};
  takeFields(draft, 'TransportServer', { ...spec, ...tls }, 'spec.');
  takeFields(draft, 'pool', pool, 'spec.pool.');
  const type = spec['type'] ?? 'tcp';
  if (type !== 'tcp')
    blockImport(
      draft,
      'spec.type',
      `${JSON.stringify(type)} is not possible: Istio gateways listen on TCP, ` +
        'and on UDP only for HTTP/3, which Sluice exposes automatically',
    );
  const named = {
    field: 'spec.policyName',
    name: spec['policyName'],
    namespace: textOf(spec['policyNamespace']) ?? object.namespace,
  };
  const policy = readPolicy(draft, named, { kind: 'TransportServer', secure: false }, all);
  if (policy !== undefined) mergePolicy(draft, policy);
  const target = readTarget(draft, pool, {
    object,
    services: servicesOf(all),
    prefix: 'spec.pool',
  });
  finishSettings(draft, USUAL_TCP_PERSISTENCE);
  if (target === undefined || draft.blocked) return { notCarried: draft.lost };
  takeAddress(draft, spec['ipamLabel'], object.status['vsAddress']);
  const { port } = draft.wanted;
  return {
    server: virtualServerOf(draft, object, target, {
      virtualPort: typeof port === 'number' ? port : undefined,
      needsGateway: false,
      ...(policy !== undefined && usedPolicy(draft.wanted, policy)),
    }),
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
export function readIngressLink(object: CisObject, all: readonly CisObject[]): Reading {
  const draft = draftOf(object);
  const chosen = servicesOf(all).find(
    (one) => one.namespace === object.namespace && selects(object.spec['selector'], one.labels),
  );
  takeFields(draft, 'IngressLink', object.spec, 'spec.');
  if (chosen === undefined) {
    reportLost(
      draft,
      'spec.selector',
      'matches none of the given Services; include the ingress gateway Service',
    );
    return { notCarried: draft.lost };
  }
  reportLost(draft, 'spec.selector', everyPort(chosen));
  finishSettings(draft, USUAL_TCP_PERSISTENCE);
  if (draft.blocked) return { notCarried: draft.lost };
  takeAddress(draft, object.spec['ipamLabel'], object.status['vsAddress']);
  const target = { service: `${chosen.namespace}/${chosen.name}`, port: undefined };
  return {
    server: virtualServerOf(draft, object, target, { virtualPort: undefined, needsGateway: false }),
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
