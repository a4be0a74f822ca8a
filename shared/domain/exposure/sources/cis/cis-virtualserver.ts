/**
 * CIS's VirtualServer (cis.f5.com/v1): a virtual server of layer 7, which must lead only to the
 * gateway.
 */
import { isJsonObject, type JsonObject } from '../../../json-object.ts';
import { takeAddress } from './cis-address.ts';
import { blockImport, type Draft, draftOf, reportLost } from './cis-draft.ts';
import { takeFields } from './cis-fields.ts';
import { finishSettings } from './cis-fitting.ts';
import { type CisObject, isEmpty, type Reading, textOf } from './cis-object.ts';
import { mergePolicy, readPolicy, usedPolicy } from './cis-policy.ts';
import { readTarget, servicesOf, virtualServerOf } from './cis-resources.ts';
import { takeTlsProfile, type TlsEnd } from './cis-tls.ts';

/** The Service port that a pool leads to. */
interface TargetsRead {
  readonly service: string;
  readonly port: number;
}

/**
 * The common target of all pools; undefined if there are several, which BIG-IP would distinguish by
 * path. The default pool of a Policy counts if the object has none.
 */
function targetOf(
  draft: Draft,
  object: CisObject,
  all: readonly CisObject[],
  policyPool: JsonObject | undefined,
): TargetsRead | undefined {
  const { spec } = object;
  const services = servicesOf(all);
  const list = Array.isArray(spec['pools']) ? (spec['pools'] as unknown[]) : [];
  const own = isJsonObject(spec['defaultPool']) ? spec['defaultPool'] : undefined;
  const pools = [
    ...list.filter(isJsonObject).map((pool, i) => ({ pool, prefix: `spec.pools[${i}]` })),
    ...(own === undefined ? [] : [{ pool: own, prefix: 'spec.defaultPool' }]),
    ...(policyPool === undefined || own !== undefined
      ? []
      : [{ pool: policyPool, prefix: 'spec.policyName: defaultPool' }]),
  ];
  const targets = pools.map(({ pool, prefix }) => {
    takeFields(draft, 'pool', pool, `${prefix}.`);
    return readTarget(draft, pool, { object, services, prefix });
  });
  const [first] = targets;
  if (first === undefined || targets.includes(undefined)) {
    if (targets.length === 0) reportLost(draft, 'spec.pools', 'is missing, or is no list of pools');
    draft.blocked = true;
    return undefined;
  }
  if (targets.some((one) => one?.service !== first.service || one.port !== first.port))
    blockImport(
      draft,
      'spec.pools',
      'paths that lead to several Services or ports belong in a VirtualService',
    );
  return first;
}

/** Mode and port of the virtual server, by where the TLS of clients ends. */
const FRONTENDS = {
  none: { mode: 'http', field: 'virtualServerHTTPPort', usual: 80, persistence: 'cookie' },
  gateway: {
    mode: 'tcp',
    field: 'virtualServerHTTPSPort',
    usual: 443,
    persistence: 'tls-session-id',
  },
  bigip: { mode: 'https', field: 'virtualServerHTTPSPort', usual: 443, persistence: 'cookie' },
} as const satisfies Readonly<Record<TlsEnd, unknown>>;

/** The number in a field of `spec`; CIS takes 0 as none. */
function portIn({ spec }: CisObject, field: string, usual: number): number {
  const port = spec[field];
  return typeof port === 'number' && port > 0 ? port : usual;
}

/** What CIS does at the port for plain HTTP if it has one for TLS, too. */
function takeHttpTraffic(draft: Draft, object: CisObject, end: TlsEnd): void {
  const traffic = textOf(object.spec['httpTraffic']);
  if (end === 'none') {
    if (traffic !== undefined)
      reportLost(draft, 'spec.httpTraffic', 'has no effect without a TLSProfile');
    if (!isEmpty(object.spec['virtualServerHTTPSPort']))
      reportLost(draft, 'spec.virtualServerHTTPSPort', 'has no effect without a TLSProfile');
    return;
  }
  const port = portIn(object, 'virtualServerHTTPPort', 80);
  if (end === 'bigip' && traffic === 'redirect' && port === 80) {
    draft.wanted.redirect80 = true;
    return;
  }
  const isOpen = traffic === 'allow' || traffic === 'redirect';
  if (isOpen)
    reportLost(
      draft,
      'spec.httpTraffic',
      `${traffic}: port ${port} is not carried; ` +
        `let a Gateway open it${traffic === 'redirect' ? ' with httpsRedirect' : ''}`,
    );
  else if (traffic !== undefined && traffic !== 'none')
    reportLost(draft, 'spec.httpTraffic', `${traffic} is not one of allow, none, redirect`);
}

/**
 * Reads a VirtualServer with its TLSProfile and its Policy. Returns a virtual server, or only the
 * list of what is lost.
 */
export function readVirtualServer(object: CisObject, all: readonly CisObject[]): Reading {
  const draft = draftOf(object);
  const { spec } = object;
  takeFields(draft, 'VirtualServer', spec, 'spec.');
  const end = takeTlsProfile(draft, object, all);
  const { mode, field, usual, persistence } = FRONTENDS[end];
  draft.wanted.mode = mode;
  takeHttpTraffic(draft, object, end);
  const named = {
    field: 'spec.policyName',
    name: spec['policyName'],
    namespace: textOf(spec['policyNamespace']) ?? object.namespace,
  };
  const use = { kind: 'VirtualServer', secure: end !== 'none' } as const;
  const policy = readPolicy(draft, named, use, all);
  const target = targetOf(draft, object, all, policy?.defaultPool);
  if (policy !== undefined) mergePolicy(draft, policy);
  finishSettings(draft, persistence);
  if (target === undefined || draft.blocked) return { notCarried: draft.lost };
  takeAddress(draft, spec['ipamLabel'], object.status['vsAddress']);
  return {
    server: virtualServerOf(draft, object, target, {
      virtualPort: portIn(object, field, usual),
      needsGateway: true,
      ...(policy !== undefined && usedPolicy(draft.wanted, policy)),
    }),
    notCarried: draft.lost,
  };
}
